//! The leases this process holds: renewed while work lasts, given back when it stops.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use posthorn_base::Timestamp;
use posthorn_queue::{Lease, release, renew};
use posthorn_store::{Partition, Store, StoreError, Tx};

/// All leases held.
#[derive(Debug, Default)]
pub(crate) struct LiveLeases {
    held: Mutex<HashSet<Lease>>,
}

impl LiveLeases {
    pub(crate) fn add(&self, leases: impl IntoIterator<Item = Lease>) {
        self.lock().extend(leases);
    }

    pub(crate) fn remove(&self, leases: impl IntoIterator<Item = Lease>) {
        let mut held = self.lock();
        for lease in leases {
            held.remove(&lease);
        }
    }

    /// Makes all of them last until `until`. One that is lost is noticed at its end.
    pub(crate) async fn renew(&self, store: &Store, until: Timestamp) -> Result<(), StoreError> {
        let all: Vec<Lease> = self.lock().iter().copied().collect();
        each_bucket(store, all, move |tx, lease| renew(tx, lease, until).map(drop)).await
    }

    /// Gives these back without an attempt.
    pub(crate) async fn give_back(&self, store: &Store, leases: Vec<Lease>) -> Result<(), StoreError> {
        self.remove(leases.iter().copied());
        each_bucket(store, leases, |tx, lease| release(tx, lease).map(drop)).await
    }

    /// Gives all back.
    pub(crate) async fn give_all_back(&self, store: &Store) -> Result<(), StoreError> {
        let all: Vec<Lease> = self.lock().drain().collect();
        self.give_back(store, all).await
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Lease>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work` for each lease, in one transaction per bucket, committed together.
async fn each_bucket(
    store: &Store,
    leases: Vec<Lease>,
    work: impl Fn(&mut Tx<'_>, &Lease) -> Result<(), StoreError> + Send + 'static,
) -> Result<(), StoreError> {
    let mut buckets: BTreeMap<i64, Vec<Lease>> = BTreeMap::new();
    for lease in leases {
        buckets.entry(lease.bucket).or_default().push(lease);
    }
    if buckets.is_empty() {
        return Ok(());
    }
    let partitions = buckets.keys().copied().map(Partition::Bucket).collect();
    let groups: Vec<Vec<Lease>> = buckets.into_values().collect();
    let all = move |tx: &mut Tx<'_>, index: usize| {
        let group = groups.get(index).map(Vec::as_slice).unwrap_or_default();
        group.iter().try_for_each(|lease| work(tx, lease))
    };
    store.write_group(partitions, all).await.map(drop)
}
