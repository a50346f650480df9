//! Brings the search index up to date behind the mail: woken by changes, and out of the way while there are
//! more of them. Searches are complete without it; it makes them fast.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use posthorn_base::AccountId;
use posthorn_mailbox::{self as mailbox, MailboxError};
use posthorn_runtime::{Shutdown, clock};
use posthorn_search::{Indexer, Step};
use posthorn_store::Store;
use tokio::sync::Notify;

/// How long after a change, so that messages that come together are indexed together.
const GATHER: Duration = Duration::from_secs(2);
/// While changes go on, work is followed by a pause so many times as long: indexing takes a small part of one
/// processor then.
const PAUSE: u32 = 12;
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Accounts that changed.
#[derive(Clone, Default)]
pub(super) struct Changes {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    accounts: Mutex<HashSet<AccountId>>,
    /// Whether there was a change since somebody asked.
    is_fresh: AtomicBool,
    notify: Notify,
}

impl Changes {
    /// Passes the word on; called after each commit.
    pub(super) fn note(&self, changed: &[AccountId]) {
        self.inner.is_fresh.store(true, Ordering::Relaxed);
        let mut accounts = self.inner.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.extend(changed);
        drop(accounts);
        self.inner.notify.notify_one();
    }

    fn take(&self) -> HashSet<AccountId> {
        let mut accounts = self.inner.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *accounts)
    }

    /// Whether there was a change since the last time this was asked.
    fn went_on(&self) -> bool {
        self.inner.is_fresh.swap(false, Ordering::Relaxed)
    }
}

/// Indexes what changes, until `shutdown`.
pub(super) async fn run(store: Store, changes: Changes, shutdown: &Shutdown) {
    match store.read(|tx| mailbox::accounts(tx)).await {
        Ok(accounts) => changes.note(&accounts),
        Err(cause) => tracing::warn!(%cause, "what is not indexed yet waits for the next change"),
    }
    let mut indexers: HashMap<AccountId, Indexer> = HashMap::new();
    loop {
        if indexers.is_empty() {
            tokio::select! {
                () = shutdown.wait() => return,
                () = changes.inner.notify.notified() => {}
            }
            if pause(GATHER, shutdown).await.is_break() {
                return;
            }
        }
        for account in changes.take() {
            let new = || Indexer::new(store.clone(), account);
            indexers.entry(account).or_insert_with(new);
        }
        for (account, indexer) in std::mem::take(&mut indexers) {
            let began = clock::now();
            changes.went_on();
            if let Some(indexer) = step(account, indexer).await {
                indexers.insert(account, indexer);
            }
            let spent = clock::now().saturating_duration_since(began);
            let rest = match changes.went_on() {
                true => (spent * PAUSE).min(LONGEST_PAUSE),
                false => Duration::ZERO,
            };
            if pause(rest, shutdown).await.is_break() {
                return;
            }
        }
    }
}

/// The indexer, if it has more to do.
async fn step(account: AccountId, mut indexer: Indexer) -> Option<Indexer> {
    let working = tokio::task::spawn_blocking(move || {
        let done = indexer.step(clock::wall());
        (indexer, done)
    });
    match working.await {
        Ok((indexer, Ok(Step::More))) => Some(indexer),
        Ok((_, Ok(Step::Done) | Err(MailboxError::NoSuchAccount))) => None,
        Ok((_, Err(cause))) => {
            tracing::error!(%account, %cause, "the search index cannot be brought up to date");
            None
        }
        Err(panic) => {
            tracing::error!(%account, %panic, "indexing panicked");
            None
        }
    }
}

/// Breaks when the node goes down.
async fn pause(length: Duration, shutdown: &Shutdown) -> std::ops::ControlFlow<()> {
    if shutdown.is_triggered() {
        return std::ops::ControlFlow::Break(());
    }
    tokio::select! {
        () = shutdown.wait() => std::ops::ControlFlow::Break(()),
        () = tokio::time::sleep(length) => std::ops::ControlFlow::Continue(()),
    }
}
