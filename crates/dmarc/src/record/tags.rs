//! The tags of a record and what may stand in them (RFC 9989 section 4.8, table 2). Decides nothing about
//! what follows from a fault.

use super::fault::{Fault, FaultKind};
use super::{FailureOptions, MAX_URIS, Mode, Psd};
use crate::{Policy, uri};

/// The tags there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    P,
    Sp,
    Np,
    Adkim,
    Aspf,
    Psd,
    T,
    Rua,
    Ruf,
    Fo,
    /// `pct`, `rf`, `ri`: of RFC 7489, removed by RFC 9989 appendix C.
    Obsolete,
    /// `v` again.
    Version,
    Unknown,
}

/// One tag, behind the version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'a> {
    /// The whole tag as written.
    pub(super) text: &'a str,
    pub(super) name: Name,
    /// As written; empty when there is no `=`.
    pub(super) value: &'a str,
    /// Has it the shape `name=value`?
    pub(super) is_shaped: bool,
    /// Did the same name stand before?
    pub(super) is_repeated: bool,
}

const BLANKS: [char; 2] = [' ', '\t'];

/// More tags than any record has; what follows is passed over.
const MAX_TAGS: usize = 64;

/// The tags behind the version.
pub(super) fn read(text: &str) -> Result<Vec<Tag<'_>>, Fault> {
    let mut parts = text.split(';');
    check_version(text, parts.next().unwrap_or_default())?;
    let mut tags: Vec<Tag<'_>> = Vec::new();
    for part in parts.map(|part| part.trim_matches(BLANKS)) {
        if part.is_empty() || tags.len() >= MAX_TAGS {
            continue;
        }
        let mut tag = tag(part);
        tag.is_repeated = is_known(tag.name) && tags.iter().any(|other| same_name(other, &tag));
        tags.push(tag);
    }
    Ok(tags)
}

/// `dmarc-version`, which nothing may stand before.
fn check_version(text: &str, first: &str) -> Result<(), Fault> {
    let version = first.trim_end_matches(BLANKS);
    let (name, value) = version.split_once('=').unwrap_or((version, ""));
    let (name, value) = (name.trim_end_matches(BLANKS), value.trim_start_matches(BLANKS));
    if name.eq_ignore_ascii_case("v") && value == "DMARC1" {
        return Ok(());
    }
    let what = if text.starts_with(char::is_whitespace) {
        "a blank stands before v=DMARC1, which must come first"
    } else if !name.trim_start_matches(BLANKS).eq_ignore_ascii_case("v") {
        "the record does not begin with v=DMARC1"
    } else if value.eq_ignore_ascii_case("DMARC1") {
        "the version must be written DMARC1, in capitals"
    } else if value.starts_with("DMARC1") {
        "nothing but a semicolon may stand behind v=DMARC1"
    } else {
        "the version is not DMARC1"
    };
    Err(Fault::new(FaultKind::NotDmarc, first, what))
}

fn tag(text: &str) -> Tag<'_> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.trim_end_matches(BLANKS), value.trim_start_matches(BLANKS)),
        None => (text, ""),
    };
    let is_shaped = !name.is_empty()
        && name.bytes().all(|octet| octet.is_ascii_alphabetic())
        && !value.is_empty()
        && value.bytes().all(|octet| matches!(octet, b' '..=b'~'));
    Tag {
        text,
        name: name_of(name),
        value: if is_shaped { value } else { "" },
        is_shaped,
        is_repeated: false,
    }
}

fn same_name(one: &Tag<'_>, other: &Tag<'_>) -> bool {
    let written = |tag: &Tag<'_>| {
        let name = tag.text.split('=').next().unwrap_or_default();
        name.trim_end_matches(BLANKS).to_ascii_lowercase()
    };
    one.name == other.name && written(one) == written(other)
}

fn is_known(name: Name) -> bool {
    name != Name::Unknown
}

/// Names are compared without regard to case, as every reader in use does.
fn name_of(name: &str) -> Name {
    match name.to_ascii_lowercase().as_str() {
        "p" => Name::P,
        "sp" => Name::Sp,
        "np" => Name::Np,
        "adkim" => Name::Adkim,
        "aspf" => Name::Aspf,
        "psd" => Name::Psd,
        "t" => Name::T,
        "rua" => Name::Rua,
        "ruf" => Name::Ruf,
        "fo" => Name::Fo,
        "pct" | "rf" | "ri" => Name::Obsolete,
        "v" => Name::Version,
        _ => Name::Unknown,
    }
}

/// `dmarc-request = "none" / "quarantine" / "reject"`
pub(super) fn policy(value: &str) -> Option<Policy> {
    [Policy::None, Policy::Quarantine, Policy::Reject]
        .into_iter()
        .find(|policy| value.eq_ignore_ascii_case(policy.name()))
}

/// `dmarc-rors = "r" / "s"`
pub(super) fn mode(value: &str) -> Option<Mode> {
    match value {
        "r" | "R" => Some(Mode::Relaxed),
        "s" | "S" => Some(Mode::Strict),
        _ => None,
    }
}

/// `dmarc-psd = "y" / "n" / "u"`
pub(super) fn psd(value: &str) -> Option<Psd> {
    match value {
        "y" | "Y" => Some(Psd::Yes),
        "n" | "N" => Some(Psd::No),
        "u" | "U" => Some(Psd::Unknown),
        _ => None,
    }
}

/// `dmarc-yorn = "y" / "n"`
pub(super) fn yes_or_no(value: &str) -> Option<bool> {
    match value {
        "y" | "Y" => Some(true),
        "n" | "N" => Some(false),
        _ => None,
    }
}

/// The well-formed URIs of a list.
pub(super) fn uris(value: &str) -> Vec<String> {
    let entries = value.split(',').filter_map(uri::entry);
    entries.map(|entry| entry.uri).take(MAX_URIS).collect()
}

/// `0`, `1`, `d` and `s` in any order, each once, not both `0` and `1`.
pub(super) fn failure_options(value: &str) -> Option<FailureOptions> {
    let mut options = FailureOptions::default();
    let (mut zero, mut count) = (false, 0_usize);
    for option in value.split(':').map(|option| option.trim_matches(BLANKS)) {
        let seen = match option {
            "0" => &mut zero,
            "1" => &mut options.any,
            "d" | "D" => &mut options.dkim,
            "s" | "S" => &mut options.spf,
            _ => return None,
        };
        if std::mem::replace(seen, true) {
            return None;
        }
        count = count.saturating_add(1);
    }
    (count > 0 && !(zero && options.any)).then_some(options)
}
