//! What all handlers of one node share.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use posthorn_accounts::DetailSeparator;
use posthorn_base::AccountId;
use posthorn_inbound::{Inbound, Reports};
use posthorn_store::Store;

use crate::{Credentials, Watch};

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
}

/// One POP3 session per maildrop (RFC 1939 section 3).
#[derive(Clone, Default)]
pub struct MaildropLocks {
    open: Arc<Mutex<HashSet<AccountId>>>,
}

impl MaildropLocks {
    /// The lock, given back when it is dropped; `None` while another session has it.
    #[must_use]
    pub fn take(&self, account: AccountId) -> Option<MaildropLock> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(account).then(|| MaildropLock {
            open: Arc::clone(&self.open),
            account,
        })
    }
}

/// The exclusive right to a maildrop.
pub struct MaildropLock {
    open: Arc<Mutex<HashSet<AccountId>>>,
    account: AccountId,
}

impl Drop for MaildropLock {
    fn drop(&mut self) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maildrop_is_locked_until_the_lock_is_dropped() {
        let locks = MaildropLocks::default();
        let first = locks.take(AccountId(1));
        assert!(first.is_some() && locks.take(AccountId(1)).is_none());
        assert!(locks.take(AccountId(2)).is_some());
        drop(first);
        assert!(locks.take(AccountId(1)).is_some());
    }
}
