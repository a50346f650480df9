//! What a node does by itself once a day.

use std::time::Duration;

use posthorn_runtime::{Shutdown, clock};
use posthorn_store::Store;

/// How long after the start, so that a restart is not made slower by it.
const FIRST: Duration = Duration::from_secs(10 * 60);
/// How often.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes care of the store until `shutdown`.
pub(super) async fn run(store: Store, shutdown: &Shutdown) {
    let mut times = tokio::time::interval_at(tokio::time::Instant::now() + FIRST, EVERY);
    loop {
        tokio::select! {
            () = shutdown.wait() => return,
            _ = times.tick() => collect(store.clone()).await,
        }
    }
}

/// Removes contents that no message names any more.
async fn collect(store: Store) {
    let collected = tokio::task::spawn_blocking(move || store.collect_blobs(clock::wall())).await;
    match collected {
        Ok(Ok(collected)) => {
            tracing::info!(
                removed = collected.removed,
                kept = collected.kept,
                "old contents collected"
            );
        }
        Ok(Err(reason)) => tracing::warn!(%reason, "old contents could not be collected"),
        Err(panic) => tracing::error!(%panic, "collecting old contents panicked"),
    }
}
