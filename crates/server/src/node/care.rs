//! What a node does by itself, every hour: lets keys sign whose records have been published, sends the reports
//! of days that are over; and once a day what keeps the store tidy.

use std::time::Duration;

use posthorn_base::Address;
use posthorn_config::Settings;
use posthorn_runtime::{Shutdown, clock};
use posthorn_sessions::Services;
use posthorn_store::Partition;

use super::domains::Domains;
use super::keys;
use super::reporting::{self, Mailer};

/// How long after the start, so that a restart is not made slower by it.
const FIRST: Duration = Duration::from_secs(10 * 60);
/// How often.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// How many rounds make a day.
const ROUNDS_A_DAY: u32 = 24;

/// Takes care of a node.
pub(super) struct Care {
    services: Services,
    domains: Domains,
    mailer: Option<Mailer>,
}

impl Care {
    pub(super) fn new(services: Services, domains: Domains, settings: &Settings) -> Self {
        let postmaster = Address::parse(&format!("postmaster@{}", settings.hostname));
        Self {
            mailer: postmaster.ok().map(|from| Mailer::new(services.clone(), from)),
            services,
            domains,
        }
    }

    /// Until `shutdown`.
    pub(super) async fn run(self, shutdown: &Shutdown) {
        let mut times = tokio::time::interval_at(tokio::time::Instant::now() + FIRST, EVERY);
        let mut rounds: u32 = 0;
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                _ = times.tick() => {}
            }
            self.hourly().await;
            if rounds.is_multiple_of(ROUNDS_A_DAY) {
                self.daily().await;
            }
            rounds = rounds.wrapping_add(1);
        }
    }

    async fn hourly(&self) {
        match keys::activate_published(&self.services.store, &self.services.resolver).await {
            Ok(0) => {}
            Ok(_some) => self.refresh().await,
            Err(cause) => tracing::warn!(%cause, "new keys could not be looked after"),
        }
        if let Some(mailer) = &self.mailer {
            reporting::send_due(mailer).await;
        }
    }

    async fn daily(&self) {
        let tidied = self.services.store.write(Partition::Directory, |tx| {
            let now = clock::wall();
            for (domain, selector) in posthorn_signing::tidy(tx, now)? {
                tracing::info!(%domain, selector, "the record of this old key may go");
            }
            posthorn_reports::tidy(tx, now)
        });
        match tidied.await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old reports forgotten"),
            Err(cause) => tracing::warn!(%cause, "old reports could not be removed"),
        }
        self.collect().await;
    }

    async fn refresh(&self) {
        let domains = self.domains.clone();
        let refreshed = tokio::task::spawn_blocking(move || domains.refresh()).await;
        if let Ok(Err(cause)) = refreshed {
            tracing::error!(%cause, "keys could not be read anew");
        }
    }

    /// Removes contents that no message names any more.
    async fn collect(&self) {
        let store = self.services.store.clone();
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
}
