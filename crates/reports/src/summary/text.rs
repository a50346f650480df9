//! The summary as a person reads it in a terminal.

use crate::coach::{Verdict, number};
use crate::report::Failure;
use crate::source::Source;
use crate::summary::Summary;
use crate::tls_summary::TlsSummary;

/// The narrowest text that is still readable.
const MIN_WIDTH: usize = 40;

impl Summary {
    /// The summary in lines of at most `width` characters (at least 40): what to do about the policy, the
    /// sources, TLS, failures.
    #[must_use]
    pub fn to_text(&self, width: usize) -> String {
        let mut page = Page {
            width: width.max(MIN_WIDTH),
            out: String::new(),
        };
        page.line(
            0,
            &format!("Reports about {}, {} to {}", self.domain, self.since, self.until),
        );
        page.blank();
        self.write_figures(&mut page);
        page.blank();
        page.line(0, &format!("Policy: {}", self.policy()));
        for sentence in &self.coach.sentences {
            page.line(2, sentence);
        }
        for source in &self.sources {
            page.blank();
            write_source(&mut page, source);
        }
        if self.more_sources > 0 {
            page.blank();
            let more = number(self.more_sources, "smaller source");
            page.line(0, &format!("There are {more} besides."));
        }
        if let Some(tls) = &self.tls {
            page.blank();
            write_tls(&mut page, tls);
        }
        if !self.failures.is_empty() {
            page.blank();
            self.write_failures(&mut page);
        }
        page.out
    }

    fn policy(&self) -> String {
        let current = match self.coach.current {
            Some(policy) if self.coach.testing => format!("{policy}, being tested (t=y)"),
            Some(policy) => policy.to_string(),
            None => "not known".to_owned(),
        };
        let word = match self.coach.verdict {
            Verdict::NoReports => "no reports yet",
            Verdict::Wait => "too early to tell",
            Verdict::Mend => "something is to be mended",
            Verdict::Tighten => "may be tightened",
            Verdict::Keep => "as it should be",
        };
        format!("{current} \u{2014} {word}")
    }

    fn write_figures(&self, page: &mut Page) {
        let from = match self.reporters.as_slice() {
            [] => String::new(),
            [one] => format!(" from {one}"),
            many => format!(
                " from {}",
                number(u64::try_from(many.len()).unwrap_or(0), "receiver")
            ),
        };
        page.line(
            0,
            &format!(
                "{}{from}: {} in your name, {} passed DMARC{}.",
                number(self.reports, "report"),
                number(self.messages, "message"),
                self.passed,
                rate(self.passed, self.messages)
            ),
        );
        if self.repeated > 0 {
            let repeated = number(self.repeated, "report");
            page.line(0, &format!("{repeated} came again and counted once."));
        }
        if self.unvouched > 0 {
            let what = number(self.unvouched, "report");
            page.line(
                0,
                &format!(
                    "{what} came in mail that nobody vouches for, and is not counted: anybody can write one."
                ),
            );
        }
        if self.left_out > 0 {
            let what = number(self.left_out, "message");
            page.line(
                0,
                &format!("Very large reports told of {what} more, which no source below has."),
            );
        }
    }

    fn write_failures(&self, page: &mut Page) {
        page.line(
            0,
            &format!("Failure reports: {}", number(self.failed_messages, "message")),
        );
        for failure in &self.failures {
            page.line(2, &describe(failure));
        }
    }
}

fn describe(failure: &Failure) -> String {
    let mut text = failure
        .source
        .map_or_else(|| "An unknown address".to_owned(), |ip| ip.to_string());
    text.push_str(&format!(" sent as {}", failure.domain));
    if let Some(from) = failure.envelope_from.as_ref().filter(|from| !from.is_empty()) {
        text.push_str(&format!(" with a reverse path at {from}"));
    }
    let outcome = match failure.delivery.as_deref() {
        Some("delivered") => "; it was delivered",
        Some("spam") => "; it was put into Junk",
        Some("reject") => "; it was refused",
        Some(_) | None => "",
    };
    text.push_str(&format!("{outcome} (reported by {}).", failure.reporter));
    text
}

fn write_source(page: &mut Page, source: &Source) {
    let addresses = match (source.addresses, source.examples.first()) {
        (1, Some(only)) => only.to_string(),
        (count, Some(first)) => format!("{first} and {} more", count.saturating_sub(1)),
        (_, None) => String::new(),
    };
    page.line(0, &format!("{} ({addresses})", source.name));
    page.line(
        2,
        &format!(
            "{}, {} passed{}; DKIM {}, SPF {}; {} to {}",
            number(source.messages, "message"),
            source.passed,
            rate(source.passed, source.messages),
            source.dkim_aligned,
            source.spf_aligned,
            source.first_seen,
            source.last_seen
        ),
    );
    page.line(2, &source.action);
}

fn write_tls(page: &mut Page, tls: &TlsSummary) {
    page.line(
        0,
        &format!(
            "TLS: {} from {}: {} went well, {} failed.",
            number(tls.reports, "report"),
            tls.reporters.join(", "),
            number(tls.successes, "connection"),
            tls.failures
        ),
    );
    for problem in &tls.problems {
        let at = if problem.hosts.is_empty() {
            String::new()
        } else {
            format!(" at {}", problem.hosts.join(", "))
        };
        page.line(
            2,
            &format!("{} ({}{at}): {}", problem.kind, problem.sessions, problem.action),
        );
    }
}

/// ` (98.5%)`, rounded down, so that 100% means all; nothing when there is nothing to divide by.
fn rate(part: u64, whole: u64) -> String {
    let Some(per_mille) = part.saturating_mul(1_000).checked_div(whole) else {
        return String::new();
    };
    match (per_mille / 10, per_mille % 10) {
        (whole, 0) => format!(" ({whole}%)"),
        (whole, tenths) => format!(" ({whole}.{tenths}%)"),
    }
}

/// Text being laid out.
struct Page {
    width: usize,
    out: String,
}

impl Page {
    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Words in lines of the page's width, indented; a word that is longer has a line of its own.
    fn line(&mut self, indent: usize, text: &str) {
        let mut column = 0_usize;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let width = word.chars().count();
            if column > 0 && column.saturating_add(width).saturating_add(1) > self.width {
                self.out.push('\n');
                column = 0;
            }
            if column == 0 {
                self.out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else {
                self.out.push(' ');
                column = column.saturating_add(1);
            }
            self.out.push_str(word);
            column = column.saturating_add(width);
        }
        self.out.push('\n');
    }
}
