//! Writing signatures (RFC 6376 section 5): one field for each key, relaxed/relaxed, SHA-256.
//!
//! The fields that people see are signed once more often than they are there ("oversigned"), so that
//! nobody can add a second From or Subject on the way. `l=` and `i=` are never written, and fields that
//! others add or remove on the way (Received, Return-Path, Authentication-Results, Bcc) are never signed.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use posthorn_base::{Domain, Timestamp};

use crate::canonical::{Canonicalization, body_hash, write_field};
use crate::fields::Header;
use crate::signing_key::SigningKey;
use crate::tags::encode_base64;

/// Signed once more often than present, also when absent.
const OVERSIGNED: &[&str] = &["From", "To", "Cc", "Subject", "Date", "Reply-To"];

/// Signed as often as present.
const SIGNED: &[&str] = &[
    "Sender",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Content-Description",
    "Resent-Date",
    "Resent-From",
    "Resent-To",
    "Resent-Cc",
    "Resent-Message-ID",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "Auto-Submitted",
];

/// Fields of one name that are signed, from the bottom; no real message has as many.
const MAX_REPEATED: usize = 16;

/// Characters of a line of the field.
const LINE: usize = 76;

/// Signs the mail of a domain.
#[derive(Clone, Debug)]
pub struct Signer {
    domain: Domain,
    keys: Vec<(String, Arc<SigningKey>)>,
}

/// Why a message was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// RFC 6376 section 5.4: From must be signed.
    #[error("the message has no From field")]
    NoFrom,
    /// Fields beyond the limit would not be looked at.
    #[error("the header of the message is larger than 1 MB")]
    HeaderTooLarge,
    /// A selector that the DNS cannot hold.
    #[error("\"{0}\" cannot be the name of a selector")]
    Selector(String),
    /// The cryptography gave up on the key of this selector.
    #[error("the key of the selector \"{0}\" could not sign")]
    Key(String),
}

impl Signer {
    /// With pairs of selector and key; each makes a signature of its own.
    #[must_use]
    pub fn new(domain: Domain, keys: Vec<(String, Arc<SigningKey>)>) -> Self {
        Self { domain, keys }
    }

    /// Whose mail is signed: `d=`.
    #[must_use]
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The `DKIM-Signature` fields to put before the message, one for each key in the order they were
    /// given, folded, each with its CRLF. `octets` is the message as it will be sent, with CRLF and with
    /// every field that we add ourselves. `valid_for` is counted in whole seconds, at least one.
    ///
    /// # Errors
    /// When the message cannot be signed, or not with one of the keys; then none is returned.
    pub fn sign(&self, octets: &[u8], now: Timestamp, valid_for: Duration) -> Result<String, SignError> {
        let header = Header::parse(octets);
        if !header.is_complete() {
            return Err(SignError::HeaderTooLarge);
        }
        if header.count("From") == 0 {
            return Err(SignError::NoFrom);
        }
        let names = names_to_sign(&header);
        let mut input = Vec::with_capacity(4096);
        for field in header.select(&names, None) {
            field.write(Canonicalization::Relaxed, &mut input);
        }
        let fields_end = input.len();
        let hash = encode_base64(&body_hash(Canonicalization::Relaxed, header.body()));
        let expires = now.plus(valid_for.max(Duration::from_secs(1)));

        let mut signatures = String::new();
        for (selector, key) in &self.keys {
            if Domain::parse(selector).is_err() {
                return Err(SignError::Selector(selector.clone()));
            }
            let times = format!("t={}; x={}", now.as_secs(), expires.as_secs());
            let unsigned = self.unsigned_value((selector, key), &times, &names, &hash);
            input.truncate(fields_end);
            write_field(
                Canonicalization::Relaxed,
                b"dkim-signature",
                unsigned.as_bytes(),
                b"",
                &mut input,
            );
            input.truncate(input.len().saturating_sub(2));
            let signature = key.sign(&input).ok_or_else(|| SignError::Key(selector.clone()))?;
            let _infallible = write!(signatures, "DKIM-Signature:{unsigned}");
            fold_base64(&encode_base64(&signature), &mut signatures);
            signatures.push_str("\r\n");
        }
        Ok(signatures)
    }

    /// The value of the field up to `b=`.
    fn unsigned_value(
        &self,
        (selector, key): (&str, &SigningKey),
        times: &str,
        names: &[String],
        hash: &str,
    ) -> String {
        let mut value = format!(
            " v=1; a={}; c=relaxed/relaxed; d={};\r\n\ts={selector}; {times};\r\n\th=",
            key.algorithm().signature_name(),
            self.domain,
        );
        let mut line = 3_usize;
        for (at, name) in names.iter().enumerate() {
            let len = name.len().saturating_add(1);
            if at > 0 && line.saturating_add(len) > LINE {
                value.push_str("\r\n\t");
                line = 1;
            }
            value.push_str(name);
            value.push(if at.saturating_add(1) == names.len() {
                ';'
            } else {
                ':'
            });
            line = line.saturating_add(len);
        }
        let _infallible = write!(value, "\r\n\tbh={hash};\r\n\tb=");
        value
    }
}

/// The names for `h=`.
fn names_to_sign(header: &Header<'_>) -> Vec<String> {
    let mut names = Vec::with_capacity(32);
    let mut add = |name: &str, more: usize| {
        let count = header.count(name).min(MAX_REPEATED).saturating_add(more);
        names.extend(std::iter::repeat_n(name.to_owned(), count));
    };
    for name in OVERSIGNED {
        add(name, 1);
    }
    for name in SIGNED {
        add(name, 0);
    }
    names
}

/// Appends base64 that begins behind `b=` and goes on over further lines.
fn fold_base64(text: &str, into: &mut String) {
    let mut room = LINE.saturating_sub(3);
    for c in text.chars() {
        if room == 0 {
            into.push_str("\r\n\t");
            room = LINE.saturating_sub(1);
        }
        into.push(c);
        room = room.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests;
