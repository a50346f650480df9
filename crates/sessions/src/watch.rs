//! Tells sessions that an account changed. A hint without data: whoever hears it asks the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use posthorn_base::AccountId;
use tokio::sync::watch;

/// Where commits are announced and sessions listen.
#[derive(Clone, Default)]
pub struct Watch {
    accounts: Arc<Mutex<HashMap<AccountId, watch::Sender<u64>>>>,
}

impl Watch {
    /// Announces changes; called after each commit.
    pub fn announce(&self, changed: &[AccountId]) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        for account in changed {
            if let Some(sender) = accounts.get(account) {
                if sender.receiver_count() == 0 {
                    accounts.remove(account);
                } else {
                    sender.send_modify(|serial| *serial = serial.wrapping_add(1));
                }
            }
        }
    }

    /// Listens to an account from now on.
    #[must_use]
    pub fn listen(&self, account: AccountId) -> Watcher {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = accounts.entry(account).or_insert_with(|| watch::channel(0).0);
        Watcher {
            receiver: sender.subscribe(),
        }
    }

    /// Listens to an account and hears a change at once, because one may have been missed.
    #[must_use]
    pub fn listen_late(&self, account: AccountId) -> Watcher {
        let mut watcher = self.listen(account);
        watcher.receiver.mark_changed();
        watcher
    }
}

/// One listener.
pub struct Watcher {
    receiver: watch::Receiver<u64>,
}

impl Watcher {
    /// Completes at the next change; several changes between two calls are one.
    pub async fn changed(&mut self) {
        if self.receiver.changed().await.is_err() {
            // The sender is kept as long as somebody listens, so this is the end of the program.
            std::future::pending::<()>().await;
        }
    }

    /// How many changes there were, to be handed to [`Self::pass_over_own`]; `None` while one is still to be heard.
    #[must_use]
    pub fn heard(&self) -> Option<u64> {
        match self.receiver.has_changed() {
            Ok(false) => Some(*self.receiver.borrow()),
            Ok(true) | Err(_) => None,
        }
    }

    /// Whoever listens has made one change since [`Self::heard`], and knows it: if there was no other, there is
    /// nothing to be heard.
    pub fn pass_over_own(&mut self, heard: Option<u64>) {
        let now = *self.receiver.borrow_and_update();
        if heard.is_none_or(|before| before.wrapping_add(1) != now) {
            self.receiver.mark_changed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_is_heard_once_and_by_its_account_only() {
        let watch = Watch::default();
        let (mut anna, mut bert) = (watch.listen(AccountId(1)), watch.listen(AccountId(2)));
        watch.announce(&[AccountId(1)]);
        watch.announce(&[AccountId(1)]);
        anna.changed().await;
        assert!(!anna.receiver.has_changed().unwrap());
        assert!(!bert.receiver.has_changed().unwrap());
        watch.announce(&[AccountId(2)]);
        bert.changed().await;
    }

    #[test]
    fn an_own_change_is_passed_over_unless_there_was_another() {
        let watch = Watch::default();
        let mut watcher = watch.listen(AccountId(1));
        let passes = |watcher: &mut Watcher, changes: usize| {
            let heard = watcher.heard();
            for _ in 0..changes {
                watch.announce(&[AccountId(1)]);
            }
            watcher.pass_over_own(heard);
            !watcher.receiver.has_changed().unwrap()
        };
        assert!(passes(&mut watcher, 1));
        assert!(!passes(&mut watcher, 2), "somebody else changed something");
        assert!(!passes(&mut watcher, 1), "that is still to be heard");
    }

    #[test]
    fn an_account_nobody_listens_to_is_forgotten() {
        let watch = Watch::default();
        drop(watch.listen(AccountId(1)));
        watch.announce(&[AccountId(1)]);
        assert!(watch.accounts.lock().unwrap().is_empty());
    }
}
