//! Verifying every signature of a message (RFC 6376 section 6.1).
//!
//! The steps: read the fields, ask for all keys at the same time, hash the body once for each canonical
//! form that occurs, judge each signature. Judges a signature only, not what it means for the author: that
//! is DMARC's business.

use futures_util::future::join_all;
use posthorn_base::Timestamp;
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords};

use crate::MAX_SIGNATURES;
use crate::arc::Chain;
use crate::canonical::{Canonicalization, body_hash};
use crate::checked::{DkimResult, Signature, Verification};
use crate::claim::{self, Claim, Fault, Origin};
use crate::fields::Header;
use crate::keys::{self, Outcome};

/// Verifies the signatures of a message, at most [`MAX_SIGNATURES`] of them, and its ARC chain. `octets` is
/// the message as it came in; `now` decides what has expired. Asks for a key once, for all keys at the same
/// time, and takes as long as the slowest answer.
pub async fn verify<L: Lookup>(lookup: &L, octets: &[u8], now: Timestamp) -> Verification {
    let header = Header::parse(octets);
    let fields = header.fields().iter().filter(|field| field.is("DKIM-Signature"));
    let found = fields.clone().count();
    let claims: Vec<(Signature, Result<Claim<'_>, Fault>)> = fields
        .take(MAX_SIGNATURES)
        .map(|field| {
            let read = if header.is_complete() {
                claim::read(*field, Origin::Dkim, now)
            } else {
                Err(Fault {
                    result: DkimResult::Policy,
                    reason: "the header of the message is larger than 1 MB".to_owned(),
                })
            };
            (claim::describe(field), read)
        })
        .collect();
    let chain = Chain::read(&header, now);

    let mut keys = Keys::default();
    for claim in claims.iter().filter_map(|(_, claim)| claim.as_ref().ok()) {
        if claim.fault.is_none() {
            keys.want(claim.signed.key_name());
        }
    }
    if let Some(chain) = &chain {
        chain.key_names().for_each(|name| keys.want(name));
    }
    keys.fetch(lookup).await;

    let mut hashes = BodyHashes::new(header.body());
    let signatures = claims
        .into_iter()
        .map(|(signature, claim)| judge(signature, claim, &header, &keys, &mut hashes))
        .collect();
    Verification {
        signatures,
        ignored: u32::try_from(found.saturating_sub(MAX_SIGNATURES)).unwrap_or(u32::MAX),
        arc: chain.map(|chain| chain.judge(&header, &keys, &mut hashes)),
    }
}

/// Fills in what was found.
fn judge(
    mut signature: Signature,
    claim: Result<Claim<'_>, Fault>,
    header: &Header<'_>,
    keys: &Keys,
    hashes: &mut BodyHashes<'_>,
) -> Signature {
    let claim = match claim {
        Ok(claim) => claim,
        Err(fault) => {
            signature.result = fault.result;
            signature.reason = fault.reason;
            return signature;
        }
    };
    signature.body_matches = hashes.matches(&claim);
    if let Some(fault) = claim.fault {
        signature.result = fault.result;
        signature.reason = fault.reason;
        return signature;
    }
    let outcome = check(&claim, header, keys);
    signature.key_record = outcome.record;
    signature.key_bits = outcome.bits;
    signature.testing = outcome.testing;
    let is_body_changed = signature.body_matches == Some(false);
    (signature.result, signature.reason) = match outcome.result {
        DkimResult::Pass if is_body_changed => (
            DkimResult::Fail,
            "the body was changed on the way; the signed header fields are unchanged".to_owned(),
        ),
        DkimResult::Fail if is_body_changed => (
            DkimResult::Fail,
            "the body and the signed header fields were changed on the way, or it is the signature of \
             another message"
                .to_owned(),
        ),
        DkimResult::Pass => (
            DkimResult::Pass,
            format!(
                "the body and the signed header fields are as {} signed them",
                claim.signed.domain
            ),
        ),
        DkimResult::Fail
        | DkimResult::Policy
        | DkimResult::Neutral
        | DkimResult::TempError
        | DkimResult::PermError => (outcome.result, outcome.reason),
    };
    signature
}

/// Does the signature of the header hold? Says nothing of the body.
pub(crate) fn check(claim: &Claim<'_>, header: &Header<'_>, keys: &Keys) -> Outcome {
    let form = claim.header_form;
    let mut input = Vec::with_capacity(4096);
    for field in header.select(&claim.names, Some(&claim.signed.field)) {
        field.write(form, &mut input);
    }
    let signed = &claim.signed;
    signed.field.write_unsigned(form, &signed.tags, &mut input);
    let answer = keys.answer(&signed.key_name());
    keys::check(&answer, signed, claim.identity.as_ref(), &input)
}

/// Names of keys, each once, and what the DNS says of them.
#[derive(Default)]
pub(crate) struct Keys {
    names: Vec<String>,
    answers: Vec<Answer>,
}

impl Keys {
    fn want(&mut self, name: String) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    async fn fetch<L: Lookup>(&mut self, lookup: &L) {
        let questions = self.names.iter().map(|name| lookup.ask(name, Kind::Txt));
        self.answers = join_all(questions).await;
    }

    /// The answer for a name that was asked for.
    pub(crate) fn answer(&self, name: &str) -> Answer {
        let at = self.names.iter().position(|known| known == name);
        let answer = at.and_then(|at| self.answers.get(at)).cloned();
        answer.unwrap_or(Err(NoRecords::NoSuchName))
    }
}

/// Hashes of the body, made when first needed: at most two passes over it, whatever the signatures say.
pub(crate) struct BodyHashes<'a> {
    body: &'a [u8],
    simple: Option<Vec<u8>>,
    relaxed: Option<Vec<u8>>,
}

impl<'a> BodyHashes<'a> {
    fn new(body: &'a [u8]) -> Self {
        Self {
            body,
            simple: None,
            relaxed: None,
        }
    }

    /// Is the body the one that was signed? `None` when a part of it is signed, or with SHA-1.
    pub(crate) fn matches(&mut self, claim: &Claim<'_>) -> Option<bool> {
        if !claim.covers_body {
            return None;
        }
        let form = claim.body_form;
        let hash = match form {
            Canonicalization::Simple => &mut self.simple,
            Canonicalization::Relaxed => &mut self.relaxed,
        };
        let hash = hash.get_or_insert_with(|| body_hash(form, self.body));
        Some(*hash == claim.body_hash)
    }
}

#[cfg(test)]
mod tests;
