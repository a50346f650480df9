//! For the tests of this crate: a store in a folder of its own, and short ways to fill it.

use posthorn_base::{AccountId, Timestamp};
use posthorn_store::{Options, Partition, Store, StoreError, Tx};

use crate::{Addressee, Known, NearDomains, Question, SCHEMA, Seen, Vouched, name_key};

pub(crate) const READER: AccountId = AccountId(7);

/// In hours; longer than every other test goes on.
pub(crate) const YEAR: i64 = 24 * 365;

pub(crate) struct Book {
    store: Store,
    _folder: tempfile::TempDir,
}

/// A moment so many hours after the tests began, at midnight.
pub(crate) fn hour(hours: i64) -> Timestamp {
    Timestamp::from_secs(1_795_478_400 + 3_600 * hours)
}

/// Stands in for TR39: enough to tell that `rn` looks like `m` and `1` like `l`.
pub(crate) fn skeleton(domain: &str) -> String {
    domain.replace("rn", "m").replace('1', "l")
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').unwrap().1
}

pub(crate) fn receive(tx: &mut Tx<'_>, address: &str, name: &str, vouched: Vouched, now: Timestamp) {
    let domain = domain_of(address);
    let seen = Seen {
        address,
        domain,
        skeleton: &skeleton(domain),
        name,
        vouched,
    };
    crate::learn_received(tx, READER, &seen, now).unwrap();
}

/// Vouched mail on so many days, one after the other from a day on: after five and a month, an old
/// acquaintance.
pub(crate) fn receive_daily(tx: &mut Tx<'_>, address: &str, name: &str, days: std::ops::Range<i64>) {
    for day in days {
        receive(tx, address, name, Vouched::Yes, hour(24 * day));
    }
}

pub(crate) fn send(tx: &mut Tx<'_>, address: &str, name: &str, now: Timestamp) {
    let domain = domain_of(address);
    let addressee = Addressee {
        address,
        domain,
        skeleton: &skeleton(domain),
        name,
    };
    crate::learn_sent(tx, READER, &[addressee], now).unwrap();
}

/// What is known of a sender after [`YEAR`], when whoever was written to is an old acquaintance.
pub(crate) fn known(tx: &Tx<'_>, address: &str, name: &str) -> Known {
    known_at(tx, address, name, (NearDomains::Stranger, YEAR))
}

pub(crate) fn known_at(tx: &Tx<'_>, address: &str, name: &str, (near, hours): (NearDomains, i64)) -> Known {
    let domain = domain_of(address);
    let question = Question {
        address,
        domain,
        skeleton: &skeleton(domain),
        name_key: &name_key(name),
        near,
    };
    crate::know(tx, READER, &question, hour(hours)).unwrap()
}

impl Book {
    /// A store with nothing in it.
    pub(crate) fn empty() -> Self {
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
        let written = self.store.write(Partition::Account(READER), work);
        written.wait().unwrap()
    }

    /// Runs `work` in a transaction; for tests that only assert inside.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl Fn(&mut Tx<'_>) -> T + Send + 'static) -> T {
        self.write(move |tx| Ok(work(tx)))
    }
}
