//! For the tests of this crate: a store in a folder of its own, keys that sign and keys that only look like it.

use std::sync::OnceLock;

use posthorn_base::{Domain, Secret, Timestamp};
use posthorn_store::{Options, Partition, Store, StoreError, Tx};

use crate::{NewKey, NewKeys, SCHEMA};

pub(crate) struct Keys {
    store: Store,
    _folder: tempfile::TempDir,
}

/// So many days after the tests began.
pub(crate) fn day(days: i64) -> Timestamp {
    Timestamp::from_secs(1_795_465_000 + 86_400 * days)
}

pub(crate) fn domain() -> Domain {
    Domain::parse("ours.test").unwrap()
}

/// Keys that sign. Made once, as that takes its time.
pub(crate) fn real_keys() -> &'static NewKeys {
    static KEYS: OnceLock<NewKeys> = OnceLock::new();
    KEYS.get_or_init(|| crate::make().unwrap())
}

/// Keys that are only carried about: each number makes others.
pub(crate) fn fake_keys(number: u8) -> NewKeys {
    let key = |kind: u8| NewKey {
        private: Secret::new(vec![kind, number, 1]),
        public: vec![kind, number, 2],
    };
    NewKeys {
        ed25519: key(1),
        rsa: key(2),
    }
}

impl Keys {
    /// A store with nothing in it.
    pub(crate) fn none() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &[SCHEMA]).unwrap();
        Self {
            store,
            _folder: folder,
        }
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
