//! What was found, as values that are stored with the message.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The results of RFC 8601 section 2.7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DkimResult {
    /// The signature holds.
    Pass,
    /// It does not: the message was changed, or the signature was made with another key.
    Fail,
    /// It holds (or not), and our rules do not count it: an RSA key under 1024 bits, SHA-1, `l=`, `From`
    /// not signed, expired, one of too many.
    Policy,
    /// It cannot be read.
    Neutral,
    /// The key could not be fetched now.
    TempError,
    /// There is no such key, or it is wrong or revoked.
    PermError,
}

impl DkimResult {
    /// As Authentication-Results writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Policy => "policy",
            Self::Neutral => "neutral",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for DkimResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// `d=`, in lower case: who takes responsibility.
    pub domain: String,
    /// `s=`.
    pub selector: String,
    /// `a=`: `rsa-sha256`, `ed25519-sha256`, `rsa-sha1`.
    pub algorithm: String,
    /// `c=`: `relaxed/relaxed`.
    pub canonicalization: String,
    /// `i=`, when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The result.
    pub result: DkimResult,
    /// Why, as half a sentence without the final full stop.
    pub reason: String,
    /// The first eight characters of `b=`, to tell signatures apart (RFC 6008).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// The key record as published, when one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_record: Option<String>,
    /// Size of an RSA key in bits; 256 for Ed25519.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_bits: Option<u16>,
    /// `t=y` in the key record: the domain is testing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub testing: bool,
    /// `h=`, in lower case, in order: the fields that are signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Does the body match `bh=`? `None` when it was not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_matches: Option<bool>,
    /// `t=`, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<i64>,
    /// `x=`, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// One set of ARC fields (RFC 8617 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArcLink {
    /// `i=`: 1 is the first who forwarded.
    pub instance: u8,
    /// `d=` of the seal: who forwarded and says so.
    pub domain: String,
    /// `cv=` as claimed: `none`, `pass`, `fail`.
    pub claimed: String,
    /// What the forwarder says it found when the message reached it: the words behind its authserv-id.
    pub results: String,
}

/// The chain of forwarders that an ARC-sealed message claims. Read-only: what it says is somebody's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArcChain {
    /// Does the whole chain verify?
    pub result: DkimResult,
    /// Why, as half a sentence.
    pub reason: String,
    /// By instance.
    pub links: Vec<ArcLink>,
}

/// Everything found about signatures in one message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// In the order of the header, at most [`crate::MAX_SIGNATURES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
    /// Signatures beyond the limit, which nobody looked at.
    #[serde(default)]
    pub ignored: u32,
    /// `None` when there is no ARC field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arc: Option<ArcChain>,
}
