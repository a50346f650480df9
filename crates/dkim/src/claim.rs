//! What a `DKIM-Signature` field (RFC 6376 section 3.5) or an `ARC-Message-Signature` field (RFC 8617
//! section 4.1.2) claims, and whether it may be claimed (RFC 6376 section 6.1.1).
//!
//! Stricter than mail-auth's reader: a number that cannot be read is a fault and not zero, `l=0` is not the
//! same as no `l=`, and `d=`, `s=` and `i=` must be names. Looks up nothing.

use posthorn_base::{Domain, Timestamp};

use crate::canonical::Canonicalization;
use crate::checked::{DkimResult, Signature};
use crate::fields::Field;
use crate::key_record::KeyAlgorithm;
use crate::tags::{Tags, decode_base64, printable};

/// Octets of a signature field; real ones have one or two thousand.
const MAX_FIELD: usize = 32 * 1024;
/// Names in `h=`; real lists have at most about sixty.
const MAX_NAMES: usize = 256;
/// Characters of a foreign word that are kept.
const MAX_WORD: usize = 100;

/// Which field it is; the two differ in `v=` and `i=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Dkim,
    Arc,
}

/// `a=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// With SHA-256.
    Sha256(KeyAlgorithm),
    /// RFC 8301 section 3.1: never counts.
    RsaSha1,
}

/// Why a signature cannot hold, known before any question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) result: DkimResult,
    pub(crate) reason: String,
}

/// Who signed, and the signature itself: what a seal and a signature have in common.
pub(crate) struct Signed<'a> {
    pub(crate) field: Field<'a>,
    pub(crate) tags: Tags<'a>,
    pub(crate) method: Method,
    pub(crate) domain: Domain,
    pub(crate) selector: String,
    pub(crate) signature: Vec<u8>,
}

impl Signed<'_> {
    /// Where the key is.
    pub(crate) fn key_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }
}

/// A signature that can be read.
pub(crate) struct Claim<'a> {
    pub(crate) signed: Signed<'a>,
    pub(crate) header_form: Canonicalization,
    pub(crate) body_form: Canonicalization,
    pub(crate) body_hash: Vec<u8>,
    pub(crate) names: Vec<String>,
    /// The domain of `i=`, when given.
    pub(crate) identity: Option<Domain>,
    /// Why it will not count whatever the key says.
    pub(crate) fault: Option<Fault>,
    /// Is the whole body signed, with a hash that counts?
    pub(crate) covers_body: bool,
}

pub(crate) fn unreadable(reason: impl Into<String>) -> Fault {
    Fault {
        result: DkimResult::Neutral,
        reason: reason.into(),
    }
}

fn forbidden(reason: impl Into<String>) -> Fault {
    Fault {
        result: DkimResult::PermError,
        reason: reason.into(),
    }
}

fn not_counted(reason: impl Into<String>) -> Fault {
    Fault {
        result: DkimResult::Policy,
        reason: reason.into(),
    }
}

/// Reads the list of tags of a field of bounded size.
pub(crate) fn tags<'a>(field: &Field<'a>) -> Result<Tags<'a>, Fault> {
    if field.value.len() > MAX_FIELD {
        return Err(unreadable("the signature is longer than 32 kB"));
    }
    Tags::parse(field.value).map_err(|fault| unreadable(format!("the signature cannot be read: {fault}")))
}

/// Reads `a=`, `d=`, `s=` and `b=`.
pub(crate) fn signed<'a>(field: Field<'a>, tags: Tags<'a>) -> Result<Signed<'a>, Fault> {
    let method = match required(&tags, "a")?.to_ascii_lowercase().as_slice() {
        b"rsa-sha256" => Method::Sha256(KeyAlgorithm::Rsa),
        b"ed25519-sha256" => Method::Sha256(KeyAlgorithm::Ed25519),
        b"rsa-sha1" => Method::RsaSha1,
        other => {
            let name = printable(other, MAX_WORD);
            return Err(unreadable(format!("the method \"{name}\" (a=) is not known")));
        }
    };
    let domain = name(&tags, "d")?;
    let selector = name(&tags, "s")?.as_str().to_owned();
    let signature = decode_base64(&required(&tags, "b")?)
        .filter(|signature| !signature.is_empty())
        .ok_or_else(|| unreadable("the signature itself (b=) is not base64"))?;
    Ok(Signed {
        field,
        tags,
        method,
        domain,
        selector,
        signature,
    })
}

/// Reads a signature field.
pub(crate) fn read<'a>(field: Field<'a>, origin: Origin, now: Timestamp) -> Result<Claim<'a>, Fault> {
    let tags = tags(&field)?;
    if origin == Origin::Dkim && tags.value("v") != Some(b"1") {
        return Err(unreadable("the version (v=) is not 1"));
    }
    let (header_form, body_form) = forms(&tags)?;
    if let Some(methods) = tags.compact("q")
        && !methods.split(|octet| *octet == b':').any(|m| m == b"dns/txt")
    {
        return Err(unreadable("the key is not in the DNS (q=)"));
    }
    let body_hash = decode_base64(&required(&tags, "bh")?)
        .ok_or_else(|| unreadable("the hash of the body (bh=) is not base64"))?;
    let names = names(&tags)?;
    let signed = signed(field, tags)?;
    let identity = match origin {
        Origin::Dkim => identity(&signed)?,
        Origin::Arc => None,
    };
    if !names.iter().any(|name| name == "from") {
        return Err(forbidden("the From field is not signed"));
    }
    let fault = policy(&signed, now)?;
    let covers_body = signed.tags.value("l").is_none() && signed.method != Method::RsaSha1;
    Ok(Claim {
        signed,
        header_form,
        body_form,
        body_hash,
        names,
        identity,
        fault,
        covers_body,
    })
}

/// What we do not count although the RFC could allow it.
fn policy(signed: &Signed<'_>, now: Timestamp) -> Result<Option<Fault>, Fault> {
    let tags = &signed.tags;
    let signed_at = number(tags, "t")?;
    let expires_at = number(tags, "x")?;
    let length = number(tags, "l")?;
    if let (Some(signed_at), Some(expires_at)) = (signed_at, expires_at)
        && expires_at <= signed_at
    {
        return Err(forbidden(
            "it says that it expired before it was made (x= and t=)",
        ));
    }
    if signed.method == Method::RsaSha1 {
        return Ok(Some(not_counted(
            "it was made with SHA-1, which can be forged and no longer counts",
        )));
    }
    if let Some(length) = length {
        return Ok(Some(not_counted(format!(
            "only the first {length} octets of the body are signed (l=), so anyone could have added the rest"
        ))));
    }
    if let Some(expires_at) = expires_at
        && expires_at < now.as_secs()
    {
        let at = Timestamp::from_secs(expires_at).to_rfc3339();
        return Ok(Some(not_counted(format!("it expired at {at}"))));
    }
    Ok(None)
}

/// Everything that can be told of a signature field, readable or not, for people to see.
pub(crate) fn describe(field: &Field<'_>) -> Signature {
    let tags = tags(field).ok();
    let tags = tags.as_ref();
    let compact = |name| tags.and_then(|tags| tags.compact(name));
    let word = |name, max| compact(name).map(|word| printable(&word, max));
    let lower = |name, max| word(name, max).unwrap_or_default().to_ascii_lowercase();
    let moment = |name| tags.and_then(|tags| number(tags, name).ok().flatten());
    let domain = lower("d", 253);
    Signature {
        domain: Domain::parse(&domain).map_or(domain, |domain| domain.as_str().to_owned()),
        selector: lower("s", 253),
        algorithm: lower("a", MAX_WORD),
        canonicalization: match tags.map(forms) {
            Some(Ok((header, body))) => format!("{header}/{body}"),
            Some(Err(_)) | None => lower("c", MAX_WORD),
        },
        identity: word("i", 320),
        result: DkimResult::Neutral,
        reason: String::new(),
        fingerprint: compact("b").map_or_else(String::new, |b| printable(b.get(..8).unwrap_or(&b), 8)),
        key_record: None,
        key_bits: None,
        testing: false,
        headers: tags.and_then(|tags| names(tags).ok()).unwrap_or_default(),
        body_matches: None,
        signed_at: moment("t"),
        expires_at: moment("x"),
    }
}

fn required(tags: &Tags<'_>, name: &str) -> Result<Vec<u8>, Fault> {
    tags.compact(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| unreadable(format!("{name}= is missing")))
}

/// `d=` or `s=`.
fn name(tags: &Tags<'_>, tag: &str) -> Result<Domain, Fault> {
    let value = required(tags, tag)?;
    let text = std::str::from_utf8(&value).ok();
    text.and_then(|text| Domain::parse(text).ok()).ok_or_else(|| {
        let shown = printable(&value, MAX_WORD);
        forbidden(format!("\"{shown}\" ({tag}=) is no name that the DNS can hold"))
    })
}

/// `c=`; what is not given is "simple".
fn forms(tags: &Tags<'_>) -> Result<(Canonicalization, Canonicalization), Fault> {
    let Some(value) = tags.compact("c") else {
        return Ok((Canonicalization::Simple, Canonicalization::Simple));
    };
    let value = value.to_ascii_lowercase();
    let mut halves = value.splitn(2, |octet| *octet == b'/');
    let header = halves.next().and_then(Canonicalization::parse);
    let body = halves
        .next()
        .map_or(Some(Canonicalization::Simple), Canonicalization::parse);
    header
        .zip(body)
        .ok_or_else(|| unreadable("the canonical form (c=) is not known"))
}

/// `h=`, in lower case.
fn names(tags: &Tags<'_>) -> Result<Vec<String>, Fault> {
    let value = required(tags, "h")?;
    let mut names = Vec::with_capacity(24);
    for name in value.split(|octet| *octet == b':') {
        if name.is_empty() || name.len() > MAX_WORD || !name.iter().all(u8::is_ascii_graphic) {
            return Err(unreadable("the list of signed fields (h=) cannot be read"));
        }
        if names.len() == MAX_NAMES {
            return Err(unreadable("more than 256 fields are signed (h=)"));
        }
        names.push(String::from_utf8_lossy(name).to_ascii_lowercase());
    }
    Ok(names)
}

/// A number of at most twelve digits: seconds, or octets.
fn number(tags: &Tags<'_>, name: &str) -> Result<Option<i64>, Fault> {
    let Some(value) = tags.value(name) else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value).unwrap_or_default();
    let is_number = !text.is_empty() && text.len() <= 12 && text.bytes().all(|c| c.is_ascii_digit());
    match text.parse() {
        Ok(number) if is_number => Ok(Some(number)),
        Ok(_) | Err(_) => Err(unreadable(format!("{name}= is not a number"))),
    }
}

/// The domain of `i=`, which must be that of `d=` or lie below it.
fn identity(signed: &Signed<'_>) -> Result<Option<Domain>, Fault> {
    let Some(value) = signed.tags.compact("i") else {
        return Ok(None);
    };
    let decoded = decode_quoted(&value);
    let domain = decoded
        .rsplit(|octet| *octet == b'@')
        .next()
        .filter(|domain| domain.len() < decoded.len())
        .and_then(|domain| std::str::from_utf8(domain).ok())
        .and_then(|domain| Domain::parse(domain).ok());
    match domain {
        Some(domain) if domain.is_within(&signed.domain) => Ok(Some(domain)),
        Some(_) | None => Err(forbidden(format!(
            "it speaks for \"{}\" (i=), which does not belong to {} (d=)",
            printable(&decoded, MAX_WORD),
            signed.domain
        ))),
    }
}

/// dkim-quoted-printable (RFC 6376 section 2.11).
fn decode_quoted(value: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, behind @ ..] = rest {
        let pair = match (first, behind) {
            (b'=', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match pair {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(*first);
                rest = behind;
            }
        }
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    let digit = char::from(digit).to_digit(16)?;
    u8::try_from(digit).ok()
}
