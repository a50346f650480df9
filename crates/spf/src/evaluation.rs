//! What an evaluation found, as a value that is stored with the message.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The results of RFC 7208 section 2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpfResult {
    /// No record, or no domain to ask.
    None,
    /// The domain says nothing about this client.
    Neutral,
    /// The client may send for the domain.
    Pass,
    /// It may not.
    Fail,
    /// It probably may not.
    SoftFail,
    /// The DNS could not tell now.
    TempError,
    /// The domain's records are wrong.
    PermError,
}

impl SpfResult {
    /// As Authentication-Results writes it (RFC 8601 section 2.7.2).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for SpfResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose domain was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// The domain of the reverse path, or of HELO with the local part `postmaster` when that is null
    /// (RFC 7208 section 2.4).
    MailFrom,
    /// The name the client gave at HELO (section 2.3).
    Helo,
}

/// What became of one term of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    /// It matched, and decided.
    Match,
    /// It did not match.
    NoMatch,
    /// It led to another record (`include`, `redirect`), whose steps follow one level deeper.
    Enter,
    /// It could not be evaluated.
    Error,
}

/// One term that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// 0 for the domain's own record, 1 for one it includes, and so on.
    pub depth: u8,
    /// Whose record the term stands in.
    pub domain: String,
    /// The term as it is written there, macros not expanded: `include:_spf.example.org`, `ip4:192.0.2.0/24`.
    pub term: String,
    /// What became of it.
    pub outcome: StepOutcome,
    /// What it expanded to and found, in a few words; empty when the term says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What `check_host()` found, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Whose domain.
    pub identity: Identity,
    /// The domain that was asked, in lower case; may be no valid name when the client gave none.
    pub domain: String,
    /// The result.
    pub result: SpfResult,
    /// Why, as half a sentence without the final full stop: `192.0.2.7 is listed by ip4:192.0.2.0/24 of
    /// _spf.example.org`.
    pub reason: String,
    /// The domain's own record as published, if there is exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The term that decided, as written, with the includes that led to it: `include:_spf.example.org →
    /// ip4:192.0.2.0/24`; `None` when none matched or the evaluation failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<String>,
    /// Every term looked at, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Terms that cost a look-up; the limit is 10 (RFC 7208 section 4.6.4).
    pub lookups: u8,
    /// Look-ups that found nothing; the limit is 2.
    pub voids: u8,
    /// What the domain wants to tell whoever was refused (`exp=`, section 6.2): a stranger's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}
