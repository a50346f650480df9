//! An explanation as text for a terminal.

use posthorn_trust::Evidence;

use crate::explanation::{Check, Explanation, Station};
use crate::words::is_hidden;

/// How much is told.
#[derive(Clone, Copy, Debug)]
pub enum Level<'a> {
    /// The sentence, what else to know at once, why it lies where it lies.
    Plain,
    /// Everything.
    Detail,
    /// The evidence itself, as JSON.
    Raw(&'a Evidence),
}

/// Columns that are the least a text is broken to, and the most.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=200;

/// The explanation as lines of at most `width` characters (between 40 and 200; a word that is longer stands on
/// a line of its own), each ended by a line feed. Raw evidence is not broken.
#[must_use]
pub fn to_text(explanation: &Explanation, level: Level<'_>, width: usize) -> String {
    let width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
    let mut page = Page {
        out: String::new(),
        width,
    };
    match level {
        Level::Plain => plain(&mut page, explanation),
        Level::Detail => detail(&mut page, explanation),
        Level::Raw(evidence) => return raw(evidence),
    }
    page.out
}

fn plain(page: &mut Page, explanation: &Explanation) {
    page.write("", &explanation.headline);
    for point in &explanation.points {
        page.write("", point);
    }
    page.write("", &explanation.place);
}

fn detail(page: &mut Page, explanation: &Explanation) {
    if !explanation.subject.is_empty() {
        page.write("Subject: ", &explanation.subject);
        page.gap();
    }
    page.write("", &explanation.headline);
    for point in &explanation.points {
        page.write("", point);
    }
    page.head("The way of the message");
    for (number, station) in (1_usize..).zip(&explanation.journey) {
        self::station(page, number, station);
    }
    page.write("  ", &explanation.boundary);
    for check in &explanation.checks {
        self::check(page, check);
    }
    page.head("Why it lies where it lies");
    page.write("  ", &explanation.place);
    if !explanation.advice.is_empty() {
        page.head("What the sender's postmaster could mend");
        page.items(&explanation.advice);
    }
    if !explanation.notes.is_empty() {
        page.head("About this explanation");
        page.items(&explanation.notes);
    }
}

fn station(page: &mut Page, number: usize, station: &Station) {
    let when = station
        .when
        .as_ref()
        .map(|when| format!(" [{when}]"))
        .unwrap_or_default();
    page.write(&format!("  {number}. "), &format!("{}{when}", station.words));
}

fn check(page: &mut Page, check: &Check) {
    page.head(&format!("{}: {}", check.name.title(), check.result));
    page.answers("  Asked:   ", &check.asked);
    page.answers("  Found:   ", &check.found);
    page.write("  Follows: ", &check.follows);
}

/// JSON with every hidden character as an escape, so that a terminal shows it and does not obey it.
fn raw(evidence: &Evidence) -> String {
    let json = serde_json::to_string_pretty(evidence).unwrap_or_default();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) {
            let mut units = [0_u16; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

struct Page {
    out: String,
    width: usize,
}

impl Page {
    fn gap(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn head(&mut self, text: &str) {
        self.gap();
        self.write("", text);
    }

    fn items(&mut self, items: &[String]) {
        for item in items {
            self.write("  - ", item);
        }
    }

    /// Writes the items below one another, the first behind `lead`.
    fn answers(&mut self, lead: &str, items: &[String]) {
        let indent = " ".repeat(lead.chars().count());
        for (number, item) in items.iter().enumerate() {
            self.write(if number == 0 { lead } else { &indent }, item);
        }
    }

    /// Writes `text` behind `lead`, its further lines indented by as much.
    fn write(&mut self, lead: &str, text: &str) {
        let indent = lead.chars().count();
        let mut column = indent;
        self.out.push_str(lead);
        let mut is_first = true;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let len = word.chars().count();
            if !is_first && column.saturating_add(1).saturating_add(len) > self.width {
                self.out.push('\n');
                self.out.push_str(&" ".repeat(indent));
                column = indent;
            } else if !is_first {
                self.out.push(' ');
                column = column.saturating_add(1);
            }
            self.out.push_str(word);
            column = column.saturating_add(len);
            is_first = false;
        }
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out.push('\n');
    }
}
