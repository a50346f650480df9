//! The DNS tree walk (RFC 9989 section 4.10): which names are asked for a record, and which organization a
//! domain belongs to. It replaces the public suffix list of RFC 7489.
//!
//! The names of a walk are known beforehand, so they are asked at the same time, and the answers are then
//! read as if one had been asked after the other. Compares no domains and knows no policy.

use futures_util::future::join_all;

use posthorn_base::lookup::{Kind, Lookup, NoRecords, Record as DnsRecord};

use crate::evaluation::{Asked, Found};
use crate::printable::{excerpt, record_excerpt};
use crate::record::{Psd, Record};

/// Labels that are left after the shortcut for long names.
const LABELS_AFTER_SHORTCUT: usize = 7;

/// As much of a record is kept as evidence.
const MAX_RECORD_CHARS: usize = 800;
/// As much of anything else.
const MAX_REASON_CHARS: usize = 120;

/// What stood at one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// Exactly one record: its text, shortened, and what it says.
    Record(String, Box<Record>),
    Nothing,
    Several,
    /// Something meant as a record and none; why.
    Invalid(String),
    /// Nobody could tell; why.
    Failed(String),
}

/// One name that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Without `_dmarc.`.
    pub(crate) domain: String,
    pub(crate) looked: Looked,
}

impl Step {
    pub(crate) fn record(&self) -> Option<&Record> {
        match &self.looked {
            Looked::Record(_, record) => Some(record),
            Looked::Nothing | Looked::Several | Looked::Invalid(_) | Looked::Failed(_) => None,
        }
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        match &self.looked {
            Looked::Failed(why) => Some(why),
            Looked::Record(..) | Looked::Nothing | Looked::Several | Looked::Invalid(_) => None,
        }
    }

    /// Does the walk end here?
    fn is_last(&self) -> bool {
        let is_marked = |record: &Record| record.psd != Psd::Unknown;
        self.failure().is_some() || self.record().is_some_and(is_marked)
    }

    /// As it is stored.
    pub(crate) fn asked(&self) -> Asked {
        Asked {
            name: format!("_dmarc.{}", self.domain),
            found: match &self.looked {
                Looked::Record(text, _) => Found::Record(text.clone()),
                Looked::Nothing => Found::Nothing,
                Looked::Several => Found::Several,
                Looked::Invalid(why) => Found::Invalid(why.clone()),
                Looked::Failed(why) => Found::Failed(why.clone()),
            },
        }
    }
}

/// Whom a domain belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Organization {
    /// The organizational domain.
    Known(String),
    /// The DNS could not tell.
    Unknown,
}

/// The answers of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Every name that was asked, longest first.
    all: Vec<Step>,
    /// How many of them were needed.
    needed: usize,
}

impl Walk {
    /// Walks up from the domain; what stands in `known` is not asked again.
    pub(crate) async fn from<L: Lookup>(lookup: &L, domain: &str, known: &[Step]) -> Self {
        let steps = targets(domain).into_iter().map(async |target| {
            match known.iter().find(|step| step.domain == target) {
                Some(step) => step.clone(),
                None => ask(lookup, target).await,
            }
        });
        let all = join_all(steps).await;
        let needed = match all.iter().position(Step::is_last) {
            Some(last) => last.saturating_add(1),
            None => all.len(),
        };
        Self { all, needed }
    }

    /// The answers that were needed, longest name first.
    pub(crate) fn steps(&self) -> &[Step] {
        self.all.get(..self.needed).unwrap_or(&self.all)
    }

    /// Every answer, also those that turned out not to be needed.
    pub(crate) fn all(&self) -> &[Step] {
        &self.all
    }

    /// The name at which the DNS could not tell, and why.
    pub(crate) fn failure(&self) -> Option<(&str, &str)> {
        let last = self.steps().last()?;
        Some((&last.domain, last.failure()?))
    }

    /// The records found, longest name first.
    pub(crate) fn records(&self) -> impl Iterator<Item = (&str, &Record)> {
        self.steps()
            .iter()
            .filter_map(|step| Some((step.domain.as_str(), step.record()?)))
    }

    /// RFC 9989 section 4.10.2: the domain with `psd=n`, the one below `psd=y`, the shortest with a record,
    /// the domain itself.
    pub(crate) fn organization(&self) -> Organization {
        if self.failure().is_some() {
            return match self.below_a_silent_top() {
                Some(domain) => Organization::Known(domain.to_owned()),
                None => Organization::Unknown,
            };
        }
        let start = self.all.first().map_or("", |step| step.domain.as_str());
        for (domain, record) in self.records() {
            match record.psd {
                Psd::No => return Organization::Known(domain.to_owned()),
                Psd::Yes if domain != start => {
                    return Organization::Known(one_label_below(domain, start).to_owned());
                }
                Psd::Yes | Psd::Unknown => {}
            }
        }
        let shortest = self.records().last().map_or(start, |(domain, _)| domain);
        Organization::Known(shortest.to_owned())
    }

    /// When only the top-level domain does not answer and the name below it has a record, that name is the
    /// organization whatever the answer would have been: a public suffix has no record or one with `psd=y`
    /// (section 5.2). So a top-level domain that stutters does not suspend the policy of everybody below it.
    fn below_a_silent_top(&self) -> Option<&str> {
        let (top, _) = self.failure().filter(|(domain, _)| !domain.contains('.'))?;
        let (below, _) = self.records().last()?;
        below
            .strip_suffix(top)
            .and_then(|rest| rest.strip_suffix('.'))
            .filter(|label| !label.contains('.'))
            .map(|_| below)
    }
}

/// The names of a walk, longest first: at most eight (RFC 9989 section 4.10, step 4).
pub(crate) fn targets(domain: &str) -> Vec<&str> {
    let mut targets = vec![domain];
    let mut rest = domain;
    let mut labels = domain.split('.').count();
    while let Some((_, parent)) = rest.split_once('.') {
        rest = parent;
        labels = labels.saturating_sub(1);
        if labels <= LABELS_AFTER_SHORTCUT {
            targets.push(rest);
        }
    }
    targets
}

/// The name one label longer than `parent` on the way to `start`, which is below it.
fn one_label_below<'a>(parent: &str, start: &'a str) -> &'a str {
    let mut name = start;
    while let Some((_, rest)) = name.split_once('.') {
        if rest == parent {
            return name;
        }
        name = rest;
    }
    start
}

async fn ask<L: Lookup>(lookup: &L, domain: &str) -> Step {
    let looked = match lookup.ask(&format!("_dmarc.{domain}"), Kind::Txt).await {
        Ok(records) => read(&records),
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => Looked::Nothing,
        Err(NoRecords::Temporary(why)) => Looked::Failed(excerpt(&why, MAX_REASON_CHARS)),
    };
    Step {
        domain: domain.to_owned(),
        looked,
    }
}

/// Steps 2 and 6: what does not begin with the version is discarded; of several, all are.
fn read(records: &[DnsRecord]) -> Looked {
    let mut found = None;
    let mut almost = None;
    for record in records {
        let DnsRecord::Txt(octets) = record else {
            continue;
        };
        let text = String::from_utf8_lossy(octets);
        match Record::parse(&text) {
            Ok(_) if found.is_some() => return Looked::Several,
            Ok(record) => {
                found = Some(Looked::Record(
                    record_excerpt(&text, MAX_RECORD_CHARS),
                    Box::new(record),
                ));
            }
            Err(fault) if is_almost(&text) => almost = Some(Looked::Invalid(fault.what)),
            Err(_) => {}
        }
    }
    found.or(almost).unwrap_or(Looked::Nothing)
}

/// Was it meant as a DMARC record?
fn is_almost(text: &str) -> bool {
    let beginning: String = text.chars().filter(|c| !c.is_whitespace()).take(7).collect();
    beginning.eq_ignore_ascii_case("v=DMARC")
}

#[cfg(test)]
mod tests {
    use super::{one_label_below, targets};

    #[test]
    fn a_walk_has_at_most_eight_names() {
        assert_eq!(
            targets("a.b.c.d.e.f.g.h.i.j.mail.example.com"),
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com",
                "i.j.mail.example.com",
                "j.mail.example.com",
                "mail.example.com",
                "example.com",
                "com",
            ]
        );
        assert_eq!(targets("1.2.3.4.5.6.7.8").len(), 8);
        assert_eq!(targets("1.2.3.4.5.6.7.8.9").len(), 8);
        assert_eq!(targets("com"), ["com"]);
    }

    #[test]
    fn one_label_below_follows_the_way_down() {
        assert_eq!(one_label_below("com", "a.mail.example.com"), "example.com");
        assert_eq!(
            one_label_below("example.com", "mail.example.com"),
            "mail.example.com"
        );
    }
}
