//! What all handlers of one node share.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use posthorn_accounts::DetailSeparator;
use posthorn_base::{AccountId, Domain};
use posthorn_dns::Resolver;
use posthorn_inbound::{Inbound, Reports};
use posthorn_store::Store;

use crate::{Credentials, Reporting, Watch};

/// What a sender is told when a mailbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverQuota {
    /// 452: try again later, it may have been emptied.
    Retry,
    /// 552: give up at once.
    Refuse,
}

/// Wakes the delivery to other servers after something was queued in these buckets.
pub type Wake = Arc<dyn Fn(Vec<i64>) + Send + Sync>;

/// The parts of a node that its sessions use. Clones share them.
#[derive(Clone)]
pub struct Services {
    /// The store.
    pub store: Store,
    /// Accepts messages.
    pub inbound: Inbound,
    /// Plans what the server itself writes.
    pub reports: Reports,
    /// Changes of accounts.
    pub watch: Watch,
    /// Checks passwords.
    pub credentials: Credentials,
    /// The maildrops that are open.
    pub maildrops: MaildropLocks,
    /// Wakes the delivery to other servers.
    pub wake: Wake,
    /// What a full mailbox answers.
    pub over_quota: OverQuota,
    /// Whether `+detail` belongs to an address.
    pub details: DetailSeparator,
    /// Asks about senders.
    pub resolver: Resolver,
    /// Our own name, also in Authentication-Results.
    pub hostname: Domain,
    /// Notes what domains want to hear about mail in their name.
    pub reporting: Reporting,
}

/// One POP3 session per maildrop (RFC 1939 section 3), and not too often (RFC 2449 section 6.5).
#[derive(Clone)]
pub struct MaildropLocks {
    state: Arc<Mutex<Maildrops>>,
    delay: Duration,
}

#[derive(Default)]
struct Maildrops {
    open: HashSet<AccountId>,
    /// When each account logged in last; empty when there is no delay.
    logged_in: HashMap<AccountId, Instant>,
}

/// Why a maildrop cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// Another session has it.
    InUse,
    /// The last log-in was too short a time ago.
    TooSoon,
}

/// Log-ins remembered before those that are over are forgotten.
const REMEMBERED: usize = 10_000;

impl MaildropLocks {
    /// `delay` between two log-ins of an account; zero: none.
    #[must_use]
    pub fn new(delay: Duration) -> Self {
        Self {
            state: Arc::default(),
            delay,
        }
    }

    /// The lock, given back when it is dropped.
    ///
    /// # Errors
    /// When another session has it, or the account was here too recently.
    pub fn take(&self, account: AccountId, now: Instant) -> Result<MaildropLock, NotOpened> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open.contains(&account) {
            return Err(NotOpened::InUse);
        }
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < self.delay;
        if state.logged_in.get(&account).is_some_and(is_recent) {
            return Err(NotOpened::TooSoon);
        }
        if !self.delay.is_zero() {
            if state.logged_in.len() >= REMEMBERED {
                state.logged_in.retain(|_, at| is_recent(at));
            }
            state.logged_in.insert(account, now);
        }
        state.open.insert(account);
        Ok(MaildropLock {
            state: Arc::clone(&self.state),
            account,
        })
    }
}

/// The exclusive right to a maildrop.
pub struct MaildropLock {
    state: Arc<Mutex<Maildrops>>,
    account: AccountId,
}

impl Drop for MaildropLock {
    fn drop(&mut self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .open
            .remove(&self.account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maildrop_is_locked_until_the_lock_is_dropped() {
        let (locks, now) = (MaildropLocks::new(Duration::ZERO), posthorn_runtime::clock::now());
        let first = locks.take(AccountId(1), now);
        assert!(first.is_ok());
        assert_eq!(locks.take(AccountId(1), now).err(), Some(NotOpened::InUse));
        assert!(locks.take(AccountId(2), now).is_ok());
        drop(first);
        assert!(locks.take(AccountId(1), now).is_ok());
    }

    #[test]
    fn a_second_log_in_waits_for_the_delay() {
        let minute = Duration::from_secs(60);
        let (locks, now) = (MaildropLocks::new(minute), posthorn_runtime::clock::now());
        drop(locks.take(AccountId(1), now));
        assert_eq!(
            locks.take(AccountId(1), now + minute / 2).err(),
            Some(NotOpened::TooSoon)
        );
        assert!(locks.take(AccountId(2), now).is_ok());
        assert!(locks.take(AccountId(1), now + minute).is_ok());
    }
}
