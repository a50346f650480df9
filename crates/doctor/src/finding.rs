//! What an examination found: one fact each, with its effect, its remedy and how to see that it worked.

use serde::Serialize;

use crate::entry::{Entry, shown};

/// How bad it is, by effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Mail to or from the domain is lost or refused, now or as soon as somebody looks closely.
    MailLost,
    /// Others can send in the name of the domain and be believed.
    CanBeForged,
    /// Mail flows; something is missing or untidy.
    CouldBeBetter,
    /// As it should be.
    Good,
}

impl Severity {
    /// As JSON and the golden files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MailLost => "mail-lost",
            Self::CanBeForged => "can-be-forged",
            Self::CouldBeBetter => "could-be-better",
            Self::Good => "good",
        }
    }

    /// A heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::MailLost => "Mail can be lost",
            Self::CanBeForged => "The domain can be forged",
            Self::CouldBeBetter => "Could be better",
            Self::Good => "Good",
        }
    }
}

/// One fact. The texts are whole sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A word that stays the same from version to version: `spf-missing`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub what: String,
    /// Why it matters; empty when it is good.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// How to mend it; empty when there is nothing to mend.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// A command that shows whether it worked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub verify: String,
    /// The record to publish, when it can be told exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Entry>,
}

impl Finding {
    /// A fault, to be filled in.
    pub(crate) fn new(code: &'static str, severity: Severity, what: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            what: tame(&what.into()),
            why: String::new(),
            fix: String::new(),
            verify: String::new(),
            record: None,
        }
    }

    pub(crate) fn lost(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(code, Severity::MailLost, what)
    }

    pub(crate) fn forged(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(code, Severity::CanBeForged, what)
    }

    pub(crate) fn better(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(code, Severity::CouldBeBetter, what)
    }

    pub(crate) fn good(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(code, Severity::Good, what)
    }

    pub(crate) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = tame(&why.into());
        self
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = tame(&fix.into());
        self
    }

    /// A command, in which names have gone through [`word`].
    pub(crate) fn verify(mut self, verify: impl Into<String>) -> Self {
        self.verify = verify.into();
        self
    }

    /// The record to publish, and the command that shows it.
    pub(crate) fn publish(mut self, entry: Entry) -> Self {
        self.verify = dig(entry.kind().name(), &entry.name);
        self.record = Some(entry);
        self
    }
}

/// The command that shows what stands at a name.
pub(crate) fn dig(kind: &str, name: &str) -> String {
    format!("dig +short {kind} {}", word(name))
}

/// A name as it may stand in a command that people paste into a shell: what a shell could read as more than
/// a letter becomes `?`.
pub(crate) fn word(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*' | ':');
    name.chars()
        .take(253)
        .map(|c| if is_plain(c) { c } else { '?' })
        .collect()
}

/// Names and texts of strangers stand in the sentences: no control characters, and an end.
fn tame(text: &str) -> String {
    shown(text.as_bytes(), 4_000)
}

/// A fact that is neither good nor bad, for the head of the printed examination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// `mail hosts`, `SPF`.
    pub name: &'static str,
    /// What stands there.
    pub value: String,
}

impl Fact {
    pub(crate) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: tame(&value.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_holds_no_name_that_a_shell_would_run() {
        assert_eq!(
            dig("A", "$(reboot);`x`.test|y"),
            "dig +short A ??reboot???x?.test?y"
        );
        assert_eq!(
            dig("TXT", "_dmarc.example.test"),
            "dig +short TXT _dmarc.example.test"
        );
    }

    #[test]
    fn a_sentence_holds_no_control_characters() {
        let finding = Finding::lost("code", "a\u{1b}[2J").why("b\r\nc").fix("d\u{202e}");
        assert_eq!(
            (finding.what.as_str(), finding.why.as_str(), finding.fix.as_str()),
            ("a?[2J", "b??c", "d?")
        );
    }
}
