//! Reading the chain that forwarders leave (ARC, RFC 8617 section 5.2): does it hold, and what does each
//! of them say? Whom to believe is decided elsewhere, and a chain that holds is no reason to accept.
//!
//! Ours and not mail-auth's, because that asks resolvers of its own. Of the RFC's fifty sets at most
//! [`MAX_SETS`] are verified: the work grows with the square of their number. A key that cannot be fetched
//! now is a `temperror` here, not the RFC's permanent failure, since we never extend the chain.

use posthorn_base::Timestamp;
use posthorn_message::header::unfold;

use crate::canonical::Canonicalization;
use crate::checked::{ArcChain, ArcLink, DkimResult};
use crate::claim::{self, Claim, Origin, Signed};
use crate::fields::{Field, Header};
use crate::keys;
use crate::tags::printable;
use crate::verify::{BodyHashes, Keys, check};

/// Sets that are verified; the longest real chains have four or five.
const MAX_SETS: usize = 10;
/// RFC 8617 section 4.2.1.
const MAX_INSTANCE: usize = 50;
/// Characters of somebody's results that are kept.
const MAX_RESULTS: usize = 300;

/// The fields of one forwarder.
struct Set<'a> {
    results: Field<'a>,
    message: Field<'a>,
    seal: Signed<'a>,
}

/// What was found and can be verified, or why not.
pub(crate) struct Chain<'a> {
    links: Vec<ArcLink>,
    verifiable: Result<Verifiable<'a>, String>,
}

struct Verifiable<'a> {
    /// By instance, beginning with 1.
    sets: Vec<Set<'a>>,
    /// The signature of the last forwarder.
    newest: Claim<'a>,
}

impl<'a> Chain<'a> {
    /// `None` when there is no ARC field.
    pub(crate) fn read(header: &Header<'a>, now: Timestamp) -> Option<Self> {
        let mut found = Found::default();
        for field in header.fields() {
            found.add(*field);
        }
        if found.is_empty() {
            return None;
        }
        let links = found.links();
        let verifiable = if header.is_complete() {
            found.into_sets().and_then(|sets| verifiable(sets, now))
        } else {
            Err("the header of the message is larger than 1 MB".to_owned())
        };
        Some(Self { links, verifiable })
    }

    /// The keys that are needed.
    pub(crate) fn key_names(&self) -> impl Iterator<Item = String> {
        self.verifiable.iter().flat_map(|chain| {
            let seals = chain.sets.iter().map(|set| set.seal.key_name());
            seals.chain([chain.newest.signed.key_name()])
        })
    }

    /// Does the chain hold?
    pub(crate) fn judge(self, header: &Header<'_>, keys: &Keys, hashes: &mut BodyHashes<'_>) -> ArcChain {
        let (result, reason) = match &self.verifiable {
            Ok(chain) => chain.judge(header, keys, hashes),
            Err(reason) => (DkimResult::Fail, reason.clone()),
        };
        ArcChain {
            result,
            reason,
            links: self.links,
        }
    }
}

fn verifiable(sets: Vec<Set<'_>>, now: Timestamp) -> Result<Verifiable<'_>, String> {
    if sets.len() > MAX_SETS {
        return Err(format!(
            "{} servers say that they forwarded the message; chains of more than {MAX_SETS} are not verified",
            sets.len()
        ));
    }
    for (at, set) in sets.iter().enumerate() {
        let expected: &[u8] = if at == 0 { b"none" } else { b"pass" };
        let claimed = set.seal.tags.value("cv").unwrap_or_default();
        if !claimed.eq_ignore_ascii_case(expected) {
            return Err(format!(
                "{} sealed it as \"{}\" (cv=)",
                set.seal.domain,
                printable(claimed, 20)
            ));
        }
    }
    let newest = sets.last().ok_or("there is no complete set of ARC fields")?;
    let domain = newest.seal.domain.clone();
    let newest = claim::read(newest.message, Origin::Arc, now)
        .map_err(|fault| format!("the signature of the last forwarder, {domain}: {}", fault.reason))?;
    if let Some(fault) = &newest.fault {
        return Err(format!(
            "the signature of the last forwarder, {domain}: {}",
            fault.reason
        ));
    }
    // RFC 8617 section 4.1.2
    if newest.names.iter().any(|name| name.starts_with("arc-")) {
        return Err(format!(
            "the signature of {domain} covers ARC fields, which it must not"
        ));
    }
    Ok(Verifiable { sets, newest })
}

impl Verifiable<'_> {
    fn judge(&self, header: &Header<'_>, keys: &Keys, hashes: &mut BodyHashes<'_>) -> (DkimResult, String) {
        let newest = &self.newest.signed.domain;
        let outcome = check(&self.newest, header, keys);
        if outcome.result != DkimResult::Pass {
            return failed(
                outcome.result,
                &format!("the signature of {newest}: {}", outcome.reason),
            );
        }
        if hashes.matches(&self.newest) == Some(false) {
            let reason = format!("the body was changed after {newest} forwarded the message");
            return (DkimResult::Fail, reason);
        }
        for last in (0..self.sets.len()).rev() {
            let Some((set, earlier)) = self.sets.get(..=last).and_then(<[_]>::split_last) else {
                continue;
            };
            let outcome = keys::check(
                &keys.answer(&set.seal.key_name()),
                &set.seal,
                None,
                &sealed(set, earlier),
            );
            if outcome.result != DkimResult::Pass {
                return failed(
                    outcome.result,
                    &format!("the seal of {}: {}", set.seal.domain, outcome.reason),
                );
            }
        }
        let reason = match self.sets.len() {
            1 => format!("the seal of {newest} holds"),
            count => format!("all {count} seals hold, the last is of {newest}"),
        };
        (DkimResult::Pass, reason)
    }
}

/// Anything but a question that may be answered later breaks the chain.
fn failed(result: DkimResult, reason: &str) -> (DkimResult, String) {
    let result = match result {
        DkimResult::TempError => DkimResult::TempError,
        DkimResult::Pass
        | DkimResult::Fail
        | DkimResult::Policy
        | DkimResult::Neutral
        | DkimResult::PermError => DkimResult::Fail,
    };
    (result, reason.to_owned())
}

/// What a seal signs (RFC 8617 section 5.1.1): all earlier sets and its own, always relaxed.
fn sealed(set: &Set<'_>, earlier: &[Set<'_>]) -> Vec<u8> {
    let form = Canonicalization::Relaxed;
    let mut input = Vec::with_capacity(4096);
    for set in earlier {
        set.results.write(form, &mut input);
        set.message.write(form, &mut input);
        set.seal.field.write(form, &mut input);
    }
    set.results.write(form, &mut input);
    set.message.write(form, &mut input);
    set.seal.field.write_unsigned(form, &set.seal.tags, &mut input);
    input
}

/// ARC fields by instance; the first of several equal ones, and whether there were several.
#[derive(Default)]
struct Found<'a> {
    /// Empty, or [`MAX_INSTANCE`] long.
    by_instance: Vec<Fields<'a>>,
    fault: Option<&'static str>,
}

/// The fields with one instance number.
#[derive(Default, Clone, Copy)]
struct Fields<'a> {
    results: Option<Field<'a>>,
    message: Option<Field<'a>>,
    seal: Option<Field<'a>>,
}

impl<'a> Found<'a> {
    fn is_empty(&self) -> bool {
        self.by_instance.is_empty()
    }

    fn add(&mut self, field: Field<'a>) {
        let slot: for<'f> fn(&'f mut Fields<'a>) -> &'f mut Option<Field<'a>> =
            if field.is("ARC-Authentication-Results") {
                |fields| &mut fields.results
            } else if field.is("ARC-Message-Signature") {
                |fields| &mut fields.message
            } else if field.is("ARC-Seal") {
                |fields| &mut fields.seal
            } else {
                return;
            };
        self.by_instance.resize(MAX_INSTANCE, Fields::default());
        let fields = instance(&field)
            .and_then(|instance| instance.checked_sub(1))
            .and_then(|at| self.by_instance.get_mut(at));
        let Some(fields) = fields else {
            self.fault = Some("an ARC field has no number (i=) from 1 to 50");
            return;
        };
        if slot(fields).replace(field).is_some() {
            self.fault = Some("two ARC fields of one kind have the same number (i=)");
        }
    }

    /// What the forwarders say, as far as it can be read.
    fn links(&self) -> Vec<ArcLink> {
        let sets = self.by_instance.iter().zip(1_u8..);
        sets.filter_map(|(fields, instance)| {
            let seal = fields.seal.as_ref()?;
            let tags = claim::tags(seal).ok();
            let word = |name, max| {
                let value = tags.as_ref().and_then(|tags| tags.value(name));
                printable(value.unwrap_or_default(), max).to_ascii_lowercase()
            };
            Some(ArcLink {
                instance,
                domain: word("d", 253),
                claimed: word("cv", 20),
                results: fields.results.as_ref().map(results).unwrap_or_default(),
            })
        })
        .take(MAX_SETS)
        .collect()
    }

    /// RFC 8617 section 5.2, steps 1 and 3.
    fn into_sets(self) -> Result<Vec<Set<'a>>, String> {
        if let Some(fault) = self.fault {
            return Err(fault.to_owned());
        }
        let is_used = |fields: &Fields<'_>| {
            fields.results.is_some() || fields.message.is_some() || fields.seal.is_some()
        };
        let count = self.by_instance.iter().rposition(is_used);
        let used = count.and_then(|last| self.by_instance.get(..=last));
        let sets = used.unwrap_or_default().iter().zip(1_u8..);
        sets.map(|(fields, instance)| complete(*fields, instance))
            .collect()
    }
}

fn complete(fields: Fields<'_>, instance: u8) -> Result<Set<'_>, String> {
    let (Some(results), Some(message), Some(seal)) = (fields.results, fields.message, fields.seal) else {
        return Err(format!(
            "of the ARC fields with the number {instance} not all three are there"
        ));
    };
    let unreadable = |fault: claim::Fault| format!("the ARC seal number {instance}: {}", fault.reason);
    let tags = claim::tags(&seal).map_err(unreadable)?;
    if tags.value("h").is_some() {
        return Err(format!(
            "the ARC seal number {instance} has h=, which it must not"
        ));
    }
    let seal = claim::signed(seal, tags).map_err(unreadable)?;
    Ok(Set {
        results,
        message,
        seal,
    })
}

/// `i=`. In ARC-Authentication-Results it comes first and the rest is not a list of tags.
fn instance(field: &Field<'_>) -> Option<usize> {
    let text = if field.is("ARC-Authentication-Results") {
        let first = field.value.split(|octet| *octet == b';').next()?;
        let (name, value) = first.split_at_checked(memchr::memchr(b'=', first)?)?;
        if name.trim_ascii() != b"i" {
            return None;
        }
        value.get(1..)?.trim_ascii()
    } else {
        claim::tags(field).ok()?.value("i")?
    };
    if text.len() > 2 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The words behind the authserv-id.
fn results(field: &Field<'_>) -> String {
    let text = unfold(field.value);
    let payload = text.splitn(3, ';').nth(2).unwrap_or_default();
    let words: Vec<&str> = payload.split_whitespace().collect();
    printable(words.join(" ").as_bytes(), MAX_RESULTS)
}

#[cfg(test)]
mod tests;
