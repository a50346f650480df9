//! Private keys, parsed once and shared by every message that is signed.
//!
//! Makes no keys and stores none.

use std::fmt;

use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256, SigningKey as _};

use crate::der;
use crate::key_record::{KeyAlgorithm, KeyRecord};

/// A private key. Signing with it needs no copy, so it is shared as `Arc<SigningKey>`.
pub struct SigningKey {
    inner: Inner,
}

enum Inner {
    Rsa(RsaKey<Sha256>),
    Ed25519(Ed25519Key),
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Not a key of this kind, or too small.
    #[error("this is not a private RSA key of 2048 to 4096 bits (PKCS#8 or PKCS#1 in DER)")]
    NotRsa,
    /// Not a key of this kind.
    #[error("this is not a private Ed25519 key (PKCS#8 in DER)")]
    NotEd25519,
}

impl SigningKey {
    /// Reads an RSA key in DER, either form.
    ///
    /// # Errors
    /// When it is no RSA key or has fewer than 2048 bits.
    pub fn rsa_from_pkcs8_or_pkcs1(der: &[u8]) -> Result<Self, SigningKeyError> {
        #[expect(
            deprecated,
            reason = "the newer function wants a type of rustls, which nothing else here needs"
        )]
        let key = RsaKey::<Sha256>::from_pkcs8_der(der)
            .or_else(|_not_pkcs8| RsaKey::from_der(der))
            .map_err(|_cause| SigningKeyError::NotRsa)?;
        Ok(Self {
            inner: Inner::Rsa(key),
        })
    }

    /// Reads an Ed25519 key in DER: PKCS#8 with or without the public key.
    ///
    /// # Errors
    /// When it is no Ed25519 key.
    pub fn ed25519_from_pkcs8(der: &[u8]) -> Result<Self, SigningKeyError> {
        let key =
            Ed25519Key::from_pkcs8_maybe_unchecked_der(der).map_err(|_cause| SigningKeyError::NotEd25519)?;
        Ok(Self {
            inner: Inner::Ed25519(key),
        })
    }

    /// What kind of key it is.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        match &self.inner {
            Inner::Rsa(_) => KeyAlgorithm::Rsa,
            Inner::Ed25519(_) => KeyAlgorithm::Ed25519,
        }
    }

    /// The public key in the form in which it is published: SubjectPublicKeyInfo in DER for RSA,
    /// 32 octets for Ed25519.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        match &self.inner {
            Inner::Rsa(key) => der::subject_public_key_info(&key.public_key()),
            Inner::Ed25519(key) => key.public_key(),
        }
    }

    /// The text of the TXT record to publish for this key.
    #[must_use]
    pub fn record_text(&self) -> String {
        KeyRecord::text(self.algorithm(), &self.public_key())
    }

    /// The signature of these octets; `None` when the cryptography gave up.
    pub(crate) fn sign(&self, octets: &[u8]) -> Option<Vec<u8>> {
        match &self.inner {
            Inner::Rsa(key) => key.sign(octets).ok(),
            Inner::Ed25519(key) => key.sign(octets).ok(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm().name())
    }
}
