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

    /// The number by which the session speaks of a mailbox: its id, or for one of another account a place in
    /// [`Self::foreign`], below 0.
    pub(super) fn handle(&mut self, place: Place) -> MailboxHandle {
        if self.account == Some(place.owner) {
            return MailboxHandle(place.mailbox.0);
        }
        let known = self.foreign.iter().position(|known| *known == place);
        let index = known.unwrap_or(self.foreign.len());
        if known.is_none() {
            self.foreign.push(place);
        }
        MailboxHandle(-1 - i64::try_from(index).unwrap_or(i64::MAX - 1))
    }

    /// The mailbox that the session was given a handle for.
    pub(super) fn opened(&self, handle: MailboxHandle) -> Result<Place, MailboxError> {
        if let Ok(index) = usize::try_from(-1 - handle.0) {
            let foreign = self.foreign.get(index);
            return foreign.copied().ok_or(MailboxError::NoSuchMailbox);
        }
        Ok(Place {
            owner: self.account()?,
            mailbox: MailboxId(handle.0),
        })
    }
}
