//! From the answer of the DNS to "the signature holds" or not (RFC 6376 sections 3.6.2.2 and 6.1.2).
//!
//! RFC 6376 leaves open what several records at one selector mean and allows to try them one after the
//! other: the first with which the signature holds decides, at most [`MAX_KEYS`] are tried.

use mail_auth::common::crypto::Algorithm;
use posthorn_base::Domain;
use posthorn_base::lookup::{Answer, NoRecords, Record};

use crate::MIN_RSA_BITS;
use crate::checked::DkimResult;
use crate::claim::{Method, Signed};
use crate::key_record::{KeyAlgorithm, KeyRecord};
use crate::tags::printable;

/// Records at one selector that are tried.
const MAX_KEYS: usize = 4;
/// Characters of a record that are kept; one with 4096 bits has 760.
const MAX_RECORD_SHOWN: usize = 1000;
/// The cryptography goes no further.
const MAX_RSA_BITS: u16 = 8192;

/// What the key said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// `Pass`: the signature of the header holds.
    pub(crate) result: DkimResult,
    /// Half a sentence; empty for `Pass`.
    pub(crate) reason: String,
    pub(crate) record: Option<String>,
    pub(crate) bits: Option<u16>,
    pub(crate) testing: bool,
}

impl Outcome {
    fn none(result: DkimResult, reason: String) -> Self {
        Self {
            result,
            reason,
            record: None,
            bits: None,
            testing: false,
        }
    }
}

/// Checks the signature over `input` with the key that was found. `identity` is the domain of `i=`.
pub(crate) fn check(
    answer: &Answer,
    signed: &Signed<'_>,
    identity: Option<&Domain>,
    input: &[u8],
) -> Outcome {
    let records = match answer {
        Ok(records) => records,
        Err(none) => return not_found(none, signed),
    };
    let texts = records.iter().filter_map(|record| match record {
        Record::Txt(text) => Some(text.as_ref()),
        Record::A(_)
        | Record::Aaaa(_)
        | Record::Mx { .. }
        | Record::Ptr(_)
        | Record::Cname(_)
        | Record::Ns(_)
        | Record::Soa { .. }
        | Record::Srv { .. }
        | Record::Tlsa { .. }
        | Record::Caa { .. } => None,
    });
    let mut best: Option<Outcome> = None;
    for text in texts.take(MAX_KEYS) {
        let outcome = check_one(text, signed, identity, input);
        if best.as_ref().is_none_or(|best| rank(&outcome) > rank(best)) {
            best = Some(outcome);
        }
        if best.as_ref().is_some_and(|best| best.result == DkimResult::Pass) {
            break;
        }
    }
    let mut best = best.unwrap_or_else(|| not_found(&NoRecords::NoneOfKind, signed));
    if records.len() > 1 && best.result != DkimResult::Pass {
        let more = format!(" ({} records stand at this selector)", records.len());
        best.reason.push_str(&more);
    }
    best
}

/// Which of several outcomes tells more: one of a usable key before one of a text that is no key.
fn rank(outcome: &Outcome) -> u8 {
    match outcome.result {
        DkimResult::Pass => 4,
        DkimResult::Fail => 3,
        DkimResult::Policy => 2,
        DkimResult::PermError if outcome.bits.is_some() => 1,
        DkimResult::PermError | DkimResult::TempError | DkimResult::Neutral => 0,
    }
}

fn not_found(none: &NoRecords, signed: &Signed<'_>) -> Outcome {
    let name = signed.key_name();
    match none {
        NoRecords::Temporary(reason) => Outcome::none(
            DkimResult::TempError,
            format!(
                "the key at {name} could not be fetched now: {}",
                printable(reason.as_bytes(), 200)
            ),
        ),
        NoRecords::NoSuchName | NoRecords::NoneOfKind => {
            Outcome::none(DkimResult::PermError, format!("there is no key at {name}"))
        }
    }
}

fn check_one(text: &[u8], signed: &Signed<'_>, identity: Option<&Domain>, input: &[u8]) -> Outcome {
    let mut outcome = Outcome::none(DkimResult::Pass, String::new());
    outcome.record = Some(printable(text, MAX_RECORD_SHOWN));
    let name = signed.key_name();
    let key = match KeyRecord::parse(text) {
        Ok(key) => key,
        Err(fault) => {
            outcome.result = DkimResult::PermError;
            outcome.reason = format!("the key at {name} cannot be used: {fault}");
            return outcome;
        }
    };
    outcome.bits = (!key.revoked).then_some(key.bits);
    outcome.testing = key.testing;
    let verdict = unfit(&key, signed, identity)
        .map(|reason| (DkimResult::PermError, reason))
        .or_else(|| weak(&key))
        .or_else(|| broken(&key, signed, input));
    if let Some((result, reason)) = verdict {
        outcome.result = result;
        outcome.reason = reason;
    }
    outcome
}

/// The owner of the key does not allow this use.
fn unfit(key: &KeyRecord, signed: &Signed<'_>, identity: Option<&Domain>) -> Option<String> {
    let name = signed.key_name();
    let wanted = match signed.method {
        Method::Sha256(algorithm) => algorithm,
        Method::RsaSha1 => return Some("SHA-1 no longer counts".to_owned()),
    };
    if key.revoked {
        return Some(format!(
            "the key at {name} was revoked by its owner (p= is empty)"
        ));
    }
    if key.algorithm != wanted {
        let (is, should) = (key.algorithm.name(), wanted.name());
        return Some(format!(
            "the key at {name} is of the kind {is}, the signature of the kind {should}"
        ));
    }
    if !key.is_for_mail() {
        return Some(format!("the key at {name} is not meant for mail (s=)"));
    }
    if !key.allows_sha256() {
        return Some(format!("the key at {name} is not meant for SHA-256 (h=)"));
    }
    match identity {
        Some(identity) if key.strict_identity && *identity != signed.domain => Some(format!(
            "the signature speaks for {identity} (i=), and the key at {name} allows only {} (t=s)",
            signed.domain
        )),
        Some(_) | None => None,
    }
}

fn weak(key: &KeyRecord) -> Option<(DkimResult, String)> {
    if key.algorithm != KeyAlgorithm::Rsa {
        return None;
    }
    if key.bits < MIN_RSA_BITS {
        let reason = format!(
            "its RSA key has {} bits; with fewer than {MIN_RSA_BITS} others can find the private key",
            key.bits
        );
        return Some((DkimResult::Policy, reason));
    }
    (key.bits > MAX_RSA_BITS).then(|| {
        let reason = format!("its RSA key has {} bits, more than can be used", key.bits);
        (DkimResult::PermError, reason)
    })
}

fn broken(key: &KeyRecord, signed: &Signed<'_>, input: &[u8]) -> Option<(DkimResult, String)> {
    let algorithm = match key.algorithm {
        KeyAlgorithm::Rsa => Algorithm::RsaSha256,
        KeyAlgorithm::Ed25519 => Algorithm::Ed25519Sha256,
    };
    let holds = key
        .domain_key()
        .is_some_and(|key| key.p.verify_bytes(input, &signed.signature, algorithm).is_ok());
    (!holds).then(|| {
        let reason = "the signed header fields were changed on the way, or the signature was made with \
                      another key";
        (DkimResult::Fail, reason.to_owned())
    })
}
