//! The signers of all domains in memory: what every submission asks, without touching the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use posthorn_base::Domain;
use posthorn_dkim::{KeyAlgorithm, Signer, SigningKey, SigningKeyError};

use crate::key::{Key, KeyState};

/// The signers of all domains. Clones share it.
#[derive(Clone, Default)]
pub struct Keyring {
    signers: Arc<RwLock<Signers>>,
}

type Signers = HashMap<Domain, Arc<Signer>>;

/// An active key that cannot sign. The other keys of its domain go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {selector} of {domain} cannot sign: {fault}")]
pub struct UnusableKey {
    /// Whose key.
    pub domain: Domain,
    /// Which.
    pub selector: String,
    /// What is wrong with it.
    pub fault: SigningKeyError,
}

impl Keyring {
    /// From the keys of all domains ([`crate::all`]): the active ones are taken. The second value has those
    /// that cannot be used; they are worth a line in the log.
    #[must_use]
    pub fn load(keys: &[Key]) -> (Self, Vec<UnusableKey>) {
        let keyring = Self::default();
        let unusable = keyring.replace(keys);
        (keyring, unusable)
    }

    /// Takes these keys instead, all at once; whoever is signing at the moment finishes with the old ones. To be
    /// called after each change, with [`crate::all`] as before.
    #[must_use]
    pub fn replace(&self, keys: &[Key]) -> Vec<UnusableKey> {
        let (signers, unusable) = signers(keys);
        *self.signers.write().unwrap_or_else(PoisonError::into_inner) = signers;
        unusable
    }

    /// Who signs for exactly this domain, with one key of each algorithm; `None` when it has no active key.
    #[must_use]
    pub fn signer_for(&self, domain: &Domain) -> Option<Arc<Signer>> {
        let signers = self.signers.read().unwrap_or_else(PoisonError::into_inner);
        signers.get(domain).map(Arc::clone)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signers = self.signers.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Keyring({} domains)", signers.len())
    }
}

fn signers(keys: &[Key]) -> (Signers, Vec<UnusableKey>) {
    let mut unusable = Vec::new();
    let mut usable: HashMap<Domain, Vec<(String, Arc<SigningKey>)>> = HashMap::new();
    for key in keys.iter().filter(|key| key.state == KeyState::Active) {
        match parse(key) {
            Ok(parsed) => {
                let entry = (key.selector.clone(), Arc::new(parsed));
                usable.entry(key.domain.clone()).or_default().push(entry);
            }
            Err(fault) => unusable.push(UnusableKey {
                domain: key.domain.clone(),
                selector: key.selector.clone(),
                fault,
            }),
        }
    }
    let signer = |(domain, mut keys): (Domain, Vec<(String, Arc<SigningKey>)>)| {
        // RSA on top: who looks at one signature only, and does not know Ed25519 yet, finds it first.
        keys.sort_by_key(|(_, key)| key.algorithm());
        (domain.clone(), Arc::new(Signer::new(domain, keys)))
    };
    (usable.into_iter().map(signer).collect(), unusable)
}

/// The private key, ready to sign.
pub(crate) fn parse(key: &Key) -> Result<SigningKey, SigningKeyError> {
    // A missing key is refused like an empty one.
    let der = key.private.as_ref().map_or(&[][..], |secret| secret.declassify());
    match key.algorithm {
        KeyAlgorithm::Rsa => SigningKey::rsa_from_pkcs8_or_pkcs1(der),
        KeyAlgorithm::Ed25519 => SigningKey::ed25519_from_pkcs8(der),
    }
}

#[cfg(test)]
mod tests;
