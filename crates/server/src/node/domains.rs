//! What the node keeps in memory of its domains, read anew whenever they change: keys to sign with, and who
//! reports to others.

use posthorn_base::Secret;
use posthorn_runtime::random;
use posthorn_sessions::Reporting;
use posthorn_signing::Keyring;
use posthorn_store::{Partition, Store, StoreError};
use posthorn_trust::srs::Srs;

/// The name under which the key of return addresses is kept.
const SRS: &str = "srs";

/// Clones share it.
#[derive(Clone)]
pub(super) struct Domains {
    store: Store,
    pub(super) keyring: Keyring,
    pub(super) reporting: Reporting,
}

impl Domains {
    /// As the store has them now. Blocks.
    pub(super) fn read(store: Store) -> Result<Self, StoreError> {
        let domains = Self {
            keyring: Keyring::default(),
            reporting: Reporting::new(store.clone()),
            store,
        };
        domains.refresh()?;
        Ok(domains)
    }

    /// Reads them anew. Blocks.
    pub(super) fn refresh(&self) -> Result<(), StoreError> {
        let read = self
            .store
            .read(|tx| Ok::<_, StoreError>((posthorn_signing::all(tx)?, posthorn_reports::sends(tx)?)));
        let (keys, reporting) = read.wait()?;
        for unusable in self.keyring.replace(&keys) {
            tracing::error!(%unusable, "a key is damaged; mail goes out without its signature");
        }
        self.reporting.switch(reporting);
        Ok(())
    }
}

/// With what return addresses are made, the same after a restart. Blocks.
pub(super) fn srs(store: &Store) -> Result<Srs, StoreError> {
    let mut fresh = [0; 32];
    random::fill(&mut fresh);
    let fresh = Secret::new(fresh);
    let kept = store.write(Partition::Directory, move |tx| {
        posthorn_signing::secret(tx, SRS, &fresh)
    });
    Ok(Srs::new(kept.wait()?))
}
