//! Making keys: Ed25519 and RSA with 2048 bits, which is what everybody verifies (RFC 8301 section 3.2, RFC
//! 8463 section 3).
//!
//! The one place below the shell that draws random numbers, through the cryptography library: what a key is
//! made of should pass through as few hands as possible.

use mail_auth::dkim::generate::DkimKeyPair;
use posthorn_base::Secret;
use posthorn_dkim::{SigningKey, SigningKeyError};

/// Larger ones do not fit into one answer of every name server, and no receiver asks for them.
const RSA_BITS: usize = 2048;

/// A key that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    pub(crate) private: Secret<Vec<u8>>,
    pub(crate) public: Vec<u8>,
}

/// One key of each algorithm, for [`crate::add_pending`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKeys {
    pub(crate) ed25519: NewKey,
    pub(crate) rsa: NewKey,
}

/// Why no keys were made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeKeysError {
    /// The system gave no random numbers, or the library gave up.
    #[error("no key could be made: {0}")]
    Generate(String),
    /// What was made does not sign.
    #[error("the key that was made cannot be used: {0}")]
    Unusable(#[from] SigningKeyError),
}

/// Makes one key of each algorithm. Takes up to some seconds of one core, so call it outside of a transaction
/// and where blocking is allowed.
///
/// # Errors
/// See [`MakeKeysError`].
pub fn make() -> Result<NewKeys, MakeKeysError> {
    let failed = |error: mail_auth::Error| MakeKeysError::Generate(error.to_string());
    let (ed25519, _) = DkimKeyPair::generate_ed25519().map_err(failed)?.into_inner();
    let (rsa, _) = DkimKeyPair::generate_rsa(RSA_BITS).map_err(failed)?.into_inner();
    Ok(NewKeys {
        ed25519: new_key(SigningKey::ed25519_from_pkcs8(&ed25519)?, ed25519),
        rsa: new_key(SigningKey::rsa_from_pkcs8_or_pkcs1(&rsa)?, rsa),
    })
}

/// The public half as the key that will sign has it, so the two cannot differ.
fn new_key(parsed: SigningKey, private: Vec<u8>) -> NewKey {
    NewKey {
        public: parsed.public_key(),
        private: Secret::new(private),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::real_keys;

    #[test]
    fn what_is_made_can_be_used_and_is_not_shown() {
        let keys = real_keys();
        let ed25519 = SigningKey::ed25519_from_pkcs8(keys.ed25519.private.declassify()).unwrap();
        assert_eq!(ed25519.public_key(), keys.ed25519.public);
        assert_eq!(keys.ed25519.public.len(), 32);
        let rsa = SigningKey::rsa_from_pkcs8_or_pkcs1(keys.rsa.private.declassify()).unwrap();
        assert_eq!(rsa.public_key(), keys.rsa.public);
        let shown = format!("{:?}", keys.ed25519);
        assert!(shown.starts_with("NewKey { private: Secret(…)"), "{shown}");
    }
}
