//! A key as it is stored, and the states it goes through.

use std::fmt;

use posthorn_base::{Domain, Secret, Timestamp};
use posthorn_dkim::KeyAlgorithm;
use posthorn_store::{Row, StoreError, Tx, params};

use crate::sql;

/// What a key is used for now. It goes from each state to the next, and nowhere else; one that never signed
/// goes from `Pending` to `Retired`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyState {
    /// Made; its record is to be published. Does not sign.
    Pending,
    /// Signs.
    Active,
    /// Signs no more; its record stays, as mail signed with it is under way.
    Retiring,
    /// Its record may be removed.
    Retired,
}

impl KeyState {
    /// One word, as the table has it and as a list shows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }

    fn from_column(column: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Retiring, Self::Retired]
            .into_iter()
            .find(|state| state.name() == column)
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Whose mail it signs.
    pub domain: Domain,
    /// Its name in the DNS: `ed-a`, `ed-b`, `rsa-a` or `rsa-b`.
    pub selector: String,
    /// Its kind.
    pub algorithm: KeyAlgorithm,
    /// In DER: PKCS#1 for RSA, PKCS#8 for Ed25519. `None` as soon as it signs no more.
    pub private: Option<Secret<Vec<u8>>>,
    /// What `p=` holds, before base64: SubjectPublicKeyInfo in DER for RSA, 32 octets for Ed25519.
    pub public: Vec<u8>,
    /// What it is used for now.
    pub state: KeyState,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it ceased to sign: nothing was signed with it later.
    pub last_signed_at: Option<Timestamp>,
    /// Until when its record must stay, once it has ceased.
    pub keep_until: Option<Timestamp>,
}

/// The keys of a domain in every state, by selector.
///
/// # Errors
/// When the store cannot be read.
pub fn list(tx: &Tx<'_>, domain: &Domain) -> Result<Vec<Key>, StoreError> {
    tx.query(sql::KEYS, params![domain.as_str()], read)
}

/// The keys of all domains, by domain and selector; for a [`crate::Keyring`].
///
/// # Errors
/// When the store cannot be read.
pub fn all(tx: &Tx<'_>) -> Result<Vec<Key>, StoreError> {
    tx.query(sql::ALL_KEYS, &[], read)
}

/// `None` when there is none of that name.
pub(crate) fn find(tx: &Tx<'_>, domain: &Domain, selector: &str) -> Result<Option<Key>, StoreError> {
    Ok(list(tx, domain)?.into_iter().find(|key| key.selector == selector))
}

fn algorithm_from_column(column: &str) -> Option<KeyAlgorithm> {
    [KeyAlgorithm::Rsa, KeyAlgorithm::Ed25519]
        .into_iter()
        .find(|algorithm| algorithm.name() == column)
}

fn read(row: &Row<'_>) -> Result<Key, StoreError> {
    read_raw(row)?.map_err(|what| {
        let name = |column| row.text(column).unwrap_or("?");
        StoreError::Corrupt(format!("the key {} of {}: {what}", name(1), name(0)))
    })
}

/// The inner error tells what is damaged in the row.
pub(crate) fn read_raw(row: &Row<'_>) -> Result<Result<Key, &'static str>, StoreError> {
    let Ok(domain) = Domain::parse(row.text(0)?) else {
        return Ok(Err("this is not a domain name"));
    };
    let Some(algorithm) = algorithm_from_column(row.text(2)?) else {
        return Ok(Err("the kind of key is not known"));
    };
    let Some(state) = KeyState::from_column(row.text(5)?) else {
        return Ok(Err("its state is not known"));
    };
    let timestamp = |column| Ok::<_, StoreError>(row.opt_int(column)?.map(Timestamp::from_micros));
    Ok(Ok(Key {
        domain,
        selector: row.text(1)?.to_owned(),
        algorithm,
        private: row.opt_bytes(3)?.map(|der| Secret::new(der.to_vec())),
        public: row.bytes(4)?.to_vec(),
        state,
        made_at: row.timestamp(6)?,
        activated_at: timestamp(7)?,
        last_signed_at: timestamp(8)?,
        keep_until: timestamp(9)?,
    }))
}
