//! For the tests of this crate: a store in a folder of its own, and short ways to fill it.

use std::sync::OnceLock;

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use posthorn_base::{AccountId, Address, Domain, Timestamp};
use posthorn_sasl::ScramKeys;
use posthorn_store::{Options, Partition, Store, StoreError, Tx};

use crate::{DetailSeparator, NewAccount, PasswordRecord, Resolution, SCHEMA, Target};

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct Directory {
    store: Store,
    _folder: tempfile::TempDir,
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_secs(1_795_465_000)
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

/// What is stored of [`PASSWORD`], cheaply: most tests only carry it about.
pub(crate) fn password() -> &'static PasswordRecord {
    static RECORD: OnceLock<PasswordRecord> = OnceLock::new();
    RECORD.get_or_init(|| {
        let params = Params::new(64, 1, 1, None).unwrap();
        let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16])
            .unwrap();
        PasswordRecord {
            password_hash: hash.to_string(),
            scram: ScramKeys::derive(PASSWORD, &[8; 16], 1),
        }
    })
}

pub(crate) fn add(tx: &mut Tx<'_>, text: &str) -> AccountId {
    let new = NewAccount {
        address: &address(text),
        password: password(),
        now: now(),
    };
    crate::add_account(tx, &new).unwrap()
}

pub(crate) fn alias(tx: &mut Tx<'_>, text: &str, targets: &[&str]) {
    let targets: Vec<Address> = targets.iter().map(|target| address(target)).collect();
    crate::add_alias(tx, &address(text), &targets).unwrap();
}

pub(crate) fn resolved(tx: &Tx<'_>, text: &str) -> Resolution {
    crate::resolve(tx, &address(text), DetailSeparator::On).unwrap()
}

/// The targets as text: `anna@ours.test`, with a detail `anna@ours.test (news)`.
pub(crate) fn targets(tx: &Tx<'_>, text: &str) -> Vec<String> {
    let Resolution::Targets(targets) = resolved(tx, text) else {
        return vec![format!("{:?}", resolved(tx, text))];
    };
    let line = |target: Target| match target {
        Target::Local {
            address,
            detail: Some(detail),
            ..
        } => format!("{address} ({detail})"),
        Target::Local { address, .. } | Target::Remote(address) => address.to_string(),
        Target::Reports(domain) => format!("reports about {domain}"),
    };
    targets.into_iter().map(line).collect()
}

impl Directory {
    /// A store with nothing in it.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &[SCHEMA]).unwrap();
        Self {
            store,
            _folder: folder,
        }
    }

    /// A store that knows the domain `ours.test`.
    pub(crate) fn ours() -> Self {
        let directory = Self::empty();
        directory.write(|tx| {
            crate::add_domain(tx, &domain("ours.test"), now()).map_err(|_error| StoreError::Duplicate)
        });
        directory
    }

    /// Runs a transaction that must succeed. A panic in it is the test's own and shows as such.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.write(Partition::Directory, work).wait().unwrap()
    }

    /// Runs `work` in a transaction; for tests that only assert inside.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl Fn(&mut Tx<'_>) -> T + Send + 'static) -> T {
        self.write(move |tx| Ok(work(tx)))
    }
}
