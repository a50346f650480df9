//! The words of an aggregate report's elements, in any letter case.

use posthorn_dmarc::Policy;

use crate::clean;
use crate::report::{AuthResult, Disposition, Mode};

/// Seconds since 1970 that are believed: to the year 9999.
const MAX_SECONDS: i64 = 253_402_300_799;

pub(super) fn line(text: &str) -> String {
    clean::line(text, clean::LINE_CHARACTERS)
}

pub(super) fn optional(text: &str) -> Option<String> {
    Some(line(text)).filter(|text| !text.is_empty())
}

pub(super) fn seconds(text: &str) -> i64 {
    text.parse::<i64>().unwrap_or(0).clamp(0, MAX_SECONDS)
}

/// The value beside the word that the text is, in any letter case.
pub(super) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    words
        .iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map(|(_, value)| *value)
}

pub(super) fn policy(text: &str) -> Option<Policy> {
    let all = [Policy::None, Policy::Quarantine, Policy::Reject];
    one_of(text, &all.map(|policy| (policy.name(), policy)))
}

pub(super) fn mode(text: &str) -> Option<Mode> {
    let words = [
        ("r", Mode::Relaxed),
        ("s", Mode::Strict),
        ("relaxed", Mode::Relaxed),
        ("strict", Mode::Strict),
    ];
    one_of(text, &words)
}

pub(super) fn disposition(text: &str) -> Option<Disposition> {
    let all = [
        Disposition::None,
        Disposition::Pass,
        Disposition::Quarantine,
        Disposition::Reject,
    ];
    one_of(text, &all.map(|disposition| (disposition.name(), disposition)))
}

/// The words of RFC 8601, and those of the SPF drafts that are still written: `hardfail`, `unknown`, `error`.
pub(super) fn result(text: &str) -> Option<AuthResult> {
    let old = [
        ("hardfail", AuthResult::Fail),
        ("unknown", AuthResult::PermError),
        ("error", AuthResult::TempError),
    ];
    one_of(text, &AuthResult::ALL.map(|result| (result.name(), result))).or_else(|| one_of(text, &old))
}
