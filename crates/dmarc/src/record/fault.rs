//! Everything about a record that somebody who mends it wants to know: faults, and choices that are sound and
//! worth a thought. Facts only; what follows from them for a domain is the doctor's to say.

use super::tags::{self, Name, Tag};
use super::{Mode, Psd, Record};
use crate::printable::excerpt;
use crate::{Policy, uri};

/// At most so many characters of a record stand in a fault.
const MAX_TEXT: usize = 80;

/// As many faults of one record are named.
const MAX_FAULTS: usize = 32;

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The text is no DMARC record: it does not begin with `v=DMARC1`. The only one that
    /// [`Record::parse`] returns.
    NotDmarc,
    /// Neither a usable policy nor a report address: receivers act as if there were no record.
    Unusable,
    /// `p=` is missing or cannot be read, or `sp=` or `np=` cannot: with a report address it counts as
    /// `p=none`.
    NoPolicy,
    /// A value that the tag cannot have.
    BadValue,
    /// Something that is no `name=value`.
    NoTag,
    /// A tag that stands there twice: only the first counts.
    Repeated,
    /// A tag that nobody knows, perhaps misspelt.
    UnknownTag,
    /// `pct`, `rf` or `ri`, which RFC 9989 removed.
    ObsoleteTag,
    /// A size behind a report address (`!10m`), which RFC 9989 removed.
    ObsoleteSize,
    /// A report address that cannot be read.
    BadUri,
    /// A report address that is no mail address.
    NotMail,
    /// More report addresses than [`super::MAX_URIS`].
    ManyUris,
    /// No aggregate reports are asked for.
    NoReports,
    /// `p=none`: nothing is asked of receivers.
    PolicyNone,
    /// `t=y`: the policy is lowered by one step.
    Testing,
    /// Names below the domain are protected less than the domain itself.
    WeakerBelow,
    /// `psd=y`: the domain calls itself a public suffix.
    PublicSuffix,
    /// Options for failure reports that nobody asks for.
    IdleOptions,
    /// Exact matches are asked for (`adkim=s`, `aspf=s`).
    Strict,
}

/// One thing about a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// The part of the record it is about, cut to a length; empty when it is about the whole.
    pub text: String,
    /// The fact, as half a sentence without the final full stop.
    pub what: String,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, text: &str, what: impl Into<String>) -> Self {
        Self {
            kind,
            text: excerpt(text.trim(), MAX_TEXT),
            what: what.into(),
        }
    }
}

/// Everything questionable in the text of a record, in its order, then what concerns the whole; at most 32.
/// Empty for a record that asks for a policy and for reports and has no fault.
#[must_use]
pub fn faults(text: &str) -> Vec<Fault> {
    let tags = match tags::read(text) {
        Ok(tags) => tags,
        Err(fault) => return vec![fault],
    };
    let mut faults: Vec<Fault> = tags.iter().flat_map(tag_faults).collect();
    if let Ok(record) = Record::parse(text) {
        whole_faults(&record, &mut faults);
    }
    faults.truncate(MAX_FAULTS);
    faults
}

fn tag_faults(tag: &Tag<'_>) -> Vec<Fault> {
    let one = |kind, what: &str| vec![Fault::new(kind, tag.text, what)];
    if tag.is_repeated {
        return one(
            FaultKind::Repeated,
            "the tag stands there more than once; only the first counts",
        );
    }
    if !tag.is_shaped {
        return one(
            FaultKind::NoTag,
            "this is not of the form name=value, and receivers pass over it",
        );
    }
    match tag.name {
        Name::P | Name::Sp | Name::Np => bad(tag, tags::policy(tag.value), "none, quarantine or reject"),
        Name::Adkim | Name::Aspf => bad(tag, tags::mode(tag.value), "r or s"),
        Name::Psd => bad(tag, tags::psd(tag.value), "y, n or u"),
        Name::T => bad(tag, tags::yes_or_no(tag.value), "y or n"),
        Name::Fo => bad(
            tag,
            tags::failure_options(tag.value),
            "0 or 1, d and s with colons between them",
        ),
        Name::Rua | Name::Ruf => uri_faults(tag.value),
        Name::Obsolete => one(
            FaultKind::ObsoleteTag,
            "the tag was removed in May 2026 (RFC 9989), and receivers that follow it pass over it",
        ),
        Name::Version => one(FaultKind::Repeated, "the version stands there a second time"),
        Name::Unknown => one(
            FaultKind::UnknownTag,
            "DMARC has no such tag, and receivers pass over it",
        ),
    }
}

fn bad<T>(tag: &Tag<'_>, value: Option<T>, allowed: &str) -> Vec<Fault> {
    match value {
        Some(_) => Vec::new(),
        None => vec![Fault::new(
            FaultKind::BadValue,
            tag.text,
            format!("the value must be {allowed}"),
        )],
    }
}

fn uri_faults(value: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, text) in value.split(',').enumerate().take(MAX_FAULTS) {
        if at == super::MAX_URIS {
            faults.push(Fault::new(
                FaultKind::ManyUris,
                text,
                "there are more than ten report addresses, and receivers need not use them all",
            ));
            break;
        }
        let Some(entry) = uri::entry(text) else {
            faults.push(Fault::new(
                FaultKind::BadUri,
                text,
                "this is no address for reports; one is written mailto:name@example.org",
            ));
            continue;
        };
        if entry.has_size {
            faults.push(Fault::new(
                FaultKind::ObsoleteSize,
                text,
                "a size behind a report address no longer means anything (RFC 9989)",
            ));
        }
        if uri::mail_address(&entry.uri).is_none() {
            faults.push(Fault::new(
                FaultKind::NotMail,
                text,
                "receivers send reports only to mailto: addresses",
            ));
        }
    }
    faults
}

fn whole_faults(record: &Record, faults: &mut Vec<Fault>) {
    let mut add = |kind, text: &str, what: &str| faults.push(Fault::new(kind, text, what));
    if record.policies().is_none() {
        add(
            FaultKind::Unusable,
            "",
            "without a policy that can be read (p=) and without a report address (rua=) the record says \
             nothing, and receivers act as if it were not there",
        );
    } else if record.p.is_none() {
        add(
            FaultKind::NoPolicy,
            "",
            "without a policy that can be read (p=) receivers take the record for p=none",
        );
    }
    if record.rua.is_empty() {
        add(
            FaultKind::NoReports,
            "",
            "nobody is asked to send aggregate reports (rua=), so misuse and mistakes stay unseen",
        );
    }
    if record.p == Some(Policy::None) {
        add(
            FaultKind::PolicyNone,
            "p=none",
            "receivers are asked to do nothing about mail that fails, only to report it",
        );
    }
    if record.t {
        add(
            FaultKind::Testing,
            "t=y",
            "the domain says it is testing: reject counts as quarantine, and quarantine as none",
        );
    }
    choices(record, faults);
}

/// Sound, and worth a thought.
fn choices(record: &Record, faults: &mut Vec<Fault>) {
    let mut add = |kind, text: &str, what: String| faults.push(Fault::new(kind, text, what));
    if let Some(p) = record.p {
        for (name, policy) in [("sp", record.sp), ("np", record.np)] {
            if let Some(policy) = policy.filter(|policy| *policy < p) {
                let below = if name == "sp" {
                    "names below the domain are"
                } else {
                    "names below the domain that do not exist are"
                };
                add(
                    FaultKind::WeakerBelow,
                    &format!("{name}={policy}"),
                    format!("{below} protected less than the domain itself, which has p={p}"),
                );
            }
        }
    }
    if record.psd == Psd::Yes {
        add(
            FaultKind::PublicSuffix,
            "psd=y",
            "the domain says that others register names below it, as below com; a company's domain does not \
             say so"
                .to_owned(),
        );
    }
    if record.ruf.is_empty() && record.fo != super::FailureOptions::default() {
        add(
            FaultKind::IdleOptions,
            "fo",
            "fo= has no effect without ruf=".to_owned(),
        );
    }
    for (name, mode) in [("adkim", record.adkim), ("aspf", record.aspf)] {
        if mode == Mode::Strict {
            add(
                FaultKind::Strict,
                &format!("{name}=s"),
                "only the very same domain counts, not one above or below it".to_owned(),
            );
        }
    }
}
