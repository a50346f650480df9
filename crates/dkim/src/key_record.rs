//! The public key of a selector as the DNS has it (RFC 6376 section 3.6.1, RFC 8463 section 4), read and
//! written.
//!
//! Does not judge the strength of a key: see [`crate::MIN_RSA_BITS`]. `g=` of older records is ignored, as
//! RFC 6376 wants it.

use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use serde::{Deserialize, Serialize};

use crate::der;
use crate::tags::{TagFault, Tags, decode_base64, encode_base64, printable};

/// Octets of a record that is looked at; one with the largest usable key has 1,500.
const MAX_RECORD: usize = 8192;

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyAlgorithm {
    /// RSA with PKCS#1 v1.5 signatures.
    Rsa,
    /// Ed25519 (RFC 8463).
    Ed25519,
}

impl KeyAlgorithm {
    /// As `k=` writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }

    /// As `a=` writes it.
    #[must_use]
    pub fn signature_name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }
}

/// A key record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// `k=`; RSA when it is not given.
    pub algorithm: KeyAlgorithm,
    /// Size of an RSA key in bits; 256 for Ed25519; 0 when revoked.
    pub bits: u16,
    /// `t=y`: the domain is only trying DKIM out.
    pub testing: bool,
    /// `t=s`: `i=` must name exactly the domain of `d=`, nothing below it.
    pub strict_identity: bool,
    /// `p=` is empty: the key was taken back.
    pub revoked: bool,
    /// `h=`, in lower case: hashes that may be used; empty means all.
    pub hashes: Vec<String>,
    /// `s=`, in lower case: what the key is for; empty means everything.
    pub services: Vec<String>,
    /// The key: RSAPublicKey (PKCS#1) or 32 octets.
    key: Vec<u8>,
}

/// Why a record is no key record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Longer than any key is.
    #[error("the record is longer than 8192 characters")]
    TooLong,
    /// Not `name=value; …`.
    #[error("the record is not a list of tags: {0}")]
    NotTags(#[from] TagFault),
    /// `v=` is something else than DKIM1, or not the first tag.
    #[error("the record does not begin with v=DKIM1")]
    Version,
    /// There is no `p=`.
    #[error("the record has no public key (p=)")]
    NoKey,
    /// `k=` is neither rsa nor ed25519.
    #[error("keys of the kind \"{0}\" are not known")]
    Algorithm(String),
    /// `p=` is not base64.
    #[error("the public key (p=) is not base64; often a character is missing or the DNS cut it")]
    NotBase64,
    /// `p=` is base64 of something else.
    #[error("the public key (p=) is not {0}; often it was cut or is of the other kind")]
    NotAKey(&'static str),
}

impl KeyRecord {
    /// Reads the TXT record at `selector._domainkey.domain`.
    ///
    /// # Errors
    /// When nothing can be verified with it. A revoked key is no error.
    pub fn parse(record: &[u8]) -> Result<Self, KeyFault> {
        if record.len() > MAX_RECORD {
            return Err(KeyFault::TooLong);
        }
        let tags = Tags::parse(record)?;
        if let Some(version) = tags.value("v")
            && (version != b"DKIM1" || tags.first() != Some(b"v"))
        {
            return Err(KeyFault::Version);
        }
        let algorithm = match tags.value("k") {
            None | Some(b"") => KeyAlgorithm::Rsa,
            Some(name) if name.eq_ignore_ascii_case(b"rsa") => KeyAlgorithm::Rsa,
            Some(name) if name.eq_ignore_ascii_case(b"ed25519") => KeyAlgorithm::Ed25519,
            Some(name) => return Err(KeyFault::Algorithm(printable(name, 40))),
        };
        let text = tags.compact("p").ok_or(KeyFault::NoKey)?;
        let der = decode_base64(&text).ok_or(KeyFault::NotBase64)?;
        let (key, bits) = if der.is_empty() {
            (Vec::new(), 0)
        } else {
            public_key(algorithm, &der)?
        };
        let flags = words(&tags, "t");
        Ok(Self {
            algorithm,
            bits,
            testing: flags.iter().any(|flag| flag == "y"),
            strict_identity: flags.iter().any(|flag| flag == "s"),
            revoked: key.is_empty(),
            hashes: words(&tags, "h"),
            services: words(&tags, "s"),
            key,
        })
    }

    /// May SHA-256 be used with it (`h=`)?
    #[must_use]
    pub fn allows_sha256(&self) -> bool {
        self.hashes.is_empty() || self.hashes.iter().any(|hash| hash == "sha256")
    }

    /// Is it for mail (`s=`)?
    #[must_use]
    pub fn is_for_mail(&self) -> bool {
        self.services.is_empty() || self.services.iter().any(|name| name == "*" || name == "email")
    }

    /// The key in the form in which it is published: SubjectPublicKeyInfo for RSA, 32 octets for Ed25519;
    /// empty when revoked. Equal for two records of the same key, whatever form they had.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        match self.algorithm {
            KeyAlgorithm::Rsa if !self.revoked => der::subject_public_key_info(&self.key),
            KeyAlgorithm::Rsa | KeyAlgorithm::Ed25519 => self.key.clone(),
        }
    }

    /// The text of the TXT record for a public key: SubjectPublicKeyInfo or RSAPublicKey in DER for RSA
    /// (the former is published), 32 octets for Ed25519. Longer than 255 octets for RSA: the DNS holds it
    /// as several strings.
    #[must_use]
    pub fn text(algorithm: KeyAlgorithm, public_key: &[u8]) -> String {
        let encoded = match algorithm {
            KeyAlgorithm::Rsa => match der::rsa_public_key(public_key) {
                Some((key, _)) => encode_base64(&der::subject_public_key_info(key)),
                None => encode_base64(public_key),
            },
            KeyAlgorithm::Ed25519 => encode_base64(public_key),
        };
        format!("v=DKIM1; k={}; p={encoded}", algorithm.name())
    }

    /// The key as mail-auth verifies with it.
    pub(crate) fn domain_key(&self) -> Option<DomainKey> {
        let text = format!("k={}; p={}", self.algorithm.name(), encode_base64(&self.key));
        DomainKey::parse(text.as_bytes()).ok()
    }
}

fn public_key(algorithm: KeyAlgorithm, der: &[u8]) -> Result<(Vec<u8>, u16), KeyFault> {
    match algorithm {
        KeyAlgorithm::Rsa => {
            let (key, bits) = der::rsa_public_key(der).ok_or(KeyFault::NotAKey("an RSA key"))?;
            Ok((key.to_vec(), bits))
        }
        KeyAlgorithm::Ed25519 if der.len() == 32 => Ok((der.to_vec(), 256)),
        KeyAlgorithm::Ed25519 => Err(KeyFault::NotAKey("an Ed25519 key of 32 octets")),
    }
}

/// A list with colons, in lower case.
fn words(tags: &Tags<'_>, name: &str) -> Vec<String> {
    let value = tags.compact(name).unwrap_or_default();
    value
        .split(|octet| *octet == b':')
        .filter(|word| !word.is_empty())
        .take(16)
        .map(|word| printable(word, 40).to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests;
