//! New keys sign as soon as the world can see their records, and not before.

use posthorn_base::Domain;
use posthorn_base::lookup::{Kind, Lookup, Record};
use posthorn_dns::Resolver;
use posthorn_runtime::clock;
use posthorn_signing::{ActivateError, KeyState, PublishedKey, is_published};
use posthorn_store::{Partition, Store, StoreError};

use crate::admin::KEEP_FOR;

/// Lets every pending key sign whose record is in the DNS. Tells how many there were.
pub(super) async fn activate_published(store: &Store, resolver: &Resolver) -> Result<usize, StoreError> {
    let keys = store.read(|tx| posthorn_signing::all(tx)).await?;
    let mut activated = 0_usize;
    for key in keys.iter().filter(|key| key.state == KeyState::Pending) {
        let Some(published) = PublishedKey::of(key) else {
            continue;
        };
        if !stands(resolver, &published).await {
            continue;
        }
        activate(store, key.domain.clone(), key.selector.clone()).await?;
        tracing::info!(domain = %key.domain, selector = key.selector, "a new key signs");
        activated = activated.saturating_add(1);
    }
    Ok(activated)
}

async fn stands(resolver: &Resolver, key: &PublishedKey) -> bool {
    match resolver.ask(&key.name, Kind::Txt).await {
        Ok(found) => {
            let texts: Vec<&[u8]> = found.iter().filter_map(Record::text).collect();
            is_published(&texts, &key.value)
        }
        Err(_) => false,
    }
}

async fn activate(store: &Store, domain: Domain, selector: String) -> Result<(), StoreError> {
    let activated = store.write(Partition::Directory, move |tx| {
        posthorn_signing::activate(tx, &domain, &selector, clock::wall(), KEEP_FOR)
    });
    match activated.await {
        Ok(()) => Ok(()),
        Err(ActivateError::Store(cause)) => Err(cause),
        // Somebody else was quicker, or the key was taken away.
        Err(ActivateError::NoSuchKey { .. } | ActivateError::NotPending { .. }) => Ok(()),
    }
}
