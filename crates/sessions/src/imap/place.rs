//! Whose mailbox is meant. Everything about a mailbox goes by the account that owns it, which need not be the
//! one that is logged in; here alone a name or a handle of the session becomes owner and mailbox.

use posthorn_base::{AccountId, MailboxId};
use posthorn_imap::MailboxHandle;
use posthorn_mailbox::MailboxError;

use super::ImapHandler;

/// A mailbox that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) owner: AccountId,
    pub(super) mailbox: MailboxId,
}

/// A mailbox by its name, which may be nobody's yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) owner: AccountId,
    /// As the owner calls it.
    pub(super) name: String,
}

impl ImapHandler {
    /// Whose mailbox has that name.
    pub(super) fn named(&self, name: String) -> Result<Named, MailboxError> {
        Ok(Named {
            owner: self.account()?,
            name,
        })
    }

    /// The open mailbox. A session speaks of no other by its handle.
    pub(super) fn opened(&self, handle: MailboxHandle) -> Result<Place, MailboxError> {
        self.open
            .filter(|open| open.mailbox.0 == handle.0)
            .ok_or(MailboxError::NoSuchMailbox)
    }
}
