//! How the story looks on the screen.

use std::time::Duration;

use posthorn_explain::{Explanation, Level, Tone, to_text};
use posthorn_queue::AttemptRow;

use super::internet::{DemoNode, Internet};
use super::script::Spoken;
use crate::output;

/// The screen.
pub(super) struct Show {
    color: bool,
}

/// The longest line of a dialogue that is shown whole.
const WIDTH: usize = 110;
/// Characters of a column, when several stand side by side.
const COLUMN: usize = 40;

impl Show {
    pub(super) fn new(color: bool) -> Self {
        Self { color }
    }

    pub(super) fn line(&self, text: impl AsRef<str>) {
        // Nobody reads any more: the story goes on all the same.
        drop(output::print(text.as_ref()));
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn title(&self, internet: &Internet) {
        self.line(self.paint("1", "Posthorn: a private internet on this machine"));
        self.line("");
        self.line(format!("  name server    {}", internet.dns.local_addr()));
        for node in &internet.nodes {
            self.line(format!(
                "  {:<14} {} at {}",
                node.domain.to_string(),
                node.hostname,
                node.ip
            ));
        }
    }

    pub(super) fn step(&self, text: &str) {
        self.line("");
        self.line(self.paint("1;36", text));
        self.line("");
    }

    /// The dialogue as it was spoken; a reply of several lines is drawn as one.
    pub(super) fn dialogue(&self, lines: &[Spoken]) {
        let mut reply = String::new();
        for spoken in lines {
            match spoken {
                Spoken::Client(line) => self.line(format!("    {} {}", self.paint("32", "C:"), cut(line))),
                Spoken::Server(line) => {
                    let (code, text) = line.split_at_checked(4).unwrap_or((line, ""));
                    let is_reply = code.bytes().take(3).all(|c| c.is_ascii_digit());
                    if is_reply && !reply.is_empty() {
                        reply.push_str(" · ");
                        reply.push_str(text);
                    } else {
                        reply.push_str(line);
                    }
                    if is_reply && code.ends_with('-') {
                        continue;
                    }
                    self.wrapped(&std::mem::take(&mut reply));
                }
            }
        }
    }

    /// A line of the server, on as many lines of the screen as it takes.
    fn wrapped(&self, line: &str) {
        let mut label = self.paint("33", "S:");
        let mut rest = String::new();
        for word in line.split_inclusive(" · ") {
            if rest.chars().count() + word.chars().count() > WIDTH && !rest.is_empty() {
                self.line(format!("    {label} {}", rest.trim_end()));
                rest.clear();
                label = "  ".to_owned();
            }
            rest.push_str(word);
        }
        self.line(format!("    {label} {}", cut(&rest)));
    }

    pub(super) fn delivery(&self, from: &DemoNode, to: &DemoNode, found: &str, attempt: Option<&AttemptRow>) {
        self.step(&format!(
            "{} keeps it safe in its queue, asks DNS where {} takes mail, and carries it there.",
            from.hostname, to.domain
        ));
        self.line(format!("    DNS: {found}"));
        let Some(attempt) = attempt else {
            self.line("    (no attempt has ended yet)");
            return;
        };
        let host = attempt.host.as_deref().unwrap_or("?");
        let ip = attempt.ip.as_deref().unwrap_or("?");
        let tls = attempt.tls_version.as_deref().unwrap_or("in the clear");
        self.line(format!(
            "    connection to {host} [{ip}], {tls}, {} ms",
            attempt.duration.as_millis()
        ));
        let lines: Vec<Spoken> = attempt.lines.iter().map(|line| spoken(line)).collect();
        self.dialogue(&lines);
    }

    pub(super) fn arrived(&self, to: &DemoNode, took: Duration) {
        self.line("");
        let text = format!(
            "    {} said 250: the message is on stable storage and in the mailbox, {} ms after \"send\".",
            to.hostname,
            took.as_millis()
        );
        self.line(self.paint("1;32", &text));
    }

    pub(super) fn done(&self, took: Duration) {
        self.line("");
        let text = format!(
            "The message really arrived; from \"send\" to the mailbox it took {} ms.",
            took.as_millis()
        );
        self.line(self.paint("1;32", &text));
    }

    /// Explanations side by side, or one below the other where the screen is too narrow.
    pub(super) fn explanations(&self, explanations: &[(&str, &Explanation)]) {
        let columns: Vec<Vec<String>> = explanations
            .iter()
            .map(|(title, explanation)| {
                let text = to_text(explanation, Level::Plain, COLUMN);
                let lines = text.trim_end().lines().map(str::to_owned);
                std::iter::once((*title).to_owned()).chain(lines).collect()
            })
            .collect();
        let color = |at: usize| match explanations.get(at).map(|(_, explanation)| explanation.tone) {
            Some(Tone::Good) => "32",
            Some(Tone::Caution) => "33",
            Some(Tone::Danger) => "31",
            Some(Tone::Neutral) | None => "0",
        };
        if output::columns() < (COLUMN + 2) * columns.len() + 2 {
            for (at, column) in columns.iter().enumerate() {
                for (line, text) in column.iter().enumerate() {
                    let code = if line == 0 {
                        format!("1;{}", color(at))
                    } else {
                        color(at).to_owned()
                    };
                    self.line(format!("    {}", self.paint(&code, text)));
                }
                self.line("");
            }
            return;
        }
        let height = columns.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut row = String::from("  ");
            for (at, column) in columns.iter().enumerate() {
                let text = column.get(line).map_or("", String::as_str);
                let code = if line == 0 {
                    format!("1;{}", color(at))
                } else {
                    color(at).to_owned()
                };
                row.push_str(&self.paint(&code, &format!("{text:<COLUMN$}")));
                row.push_str("  ");
            }
            self.line(row.trim_end());
        }
    }

    /// How to join in with an ordinary mail client.
    pub(super) fn connect(&self, internet: &Internet) {
        self.step("Now you. Point any mail client at it (accept the self-signed certificate):");
        for person in &internet.people {
            let Some(node) = internet.nodes.get(person.node) else {
                continue;
            };
            let port = |protocol| {
                node.addresses()
                    .first(protocol)
                    .map_or(0, |address| address.port())
            };
            self.line(format!(
                "    {}  password {}",
                self.paint("1", &format!("{:<20}", person.address.to_string())),
                person.password.declassify()
            ));
            self.line(format!(
                "        server {}  IMAP {} (TLS {})  POP3 {} (TLS {})  SMTP submission {} (TLS {})",
                node.ip,
                port("imap"),
                port("imaps"),
                port("pop3"),
                port("pop3s"),
                port("submission"),
                port("submissions")
            ));
        }
        if let Some((person, node)) = internet
            .people
            .first()
            .and_then(|person| Some((person, internet.nodes.get(person.node)?)))
            && let Some(imaps) = node.addresses().first("imaps")
        {
            self.line("");
            self.line(format!(
                "    curl -k -u '{}' imaps://{imaps}/INBOX",
                login(person)
            ));
        }
        for node in &internet.nodes {
            if let Some(http) = node.addresses().first("http") {
                self.line(format!("    http://{http}/ is the web page of {}", node.hostname));
            }
        }
        self.line("");
        self.line(format!("    everything is kept in {}", internet.dir.display()));
        self.line(self.paint("1", "    Ctrl-C ends it."));
    }
}

fn login(person: &super::internet::Person) -> String {
    format!("{}:{}", person.address, person.password.declassify())
}

/// The queue notes lines with their direction in front: `C: …` and `S: …`.
fn spoken(line: &str) -> Spoken {
    match line.strip_prefix("C: ") {
        Some(text) => Spoken::Client(text.to_owned()),
        None => Spoken::Server(line.strip_prefix("S: ").unwrap_or(line).to_owned()),
    }
}

fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    let mut shown: String = line.chars().take(WIDTH).collect();
    shown.push('…');
    shown
}
