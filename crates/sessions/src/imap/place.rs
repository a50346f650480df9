//! Whose mailbox is meant, and what may be done with it. Everything about a mailbox goes by the account that
//! owns it, which need not be the one that is logged in; here alone a name or a handle of the session becomes
//! owner and mailbox, and here alone rights are asked (RFC 4314).
//!
//! Rights are asked just before the work, not inside its transaction: what is taken away meanwhile holds from
//! the next question on (RFC 4314 section 5.1.1 leaves that to the server).

use posthorn_base::{AccountId, Address, MailboxId, Rights};
use posthorn_imap::MailboxHandle;
use posthorn_imap::types::mailbox::OTHER_USERS;
use posthorn_mailbox::{self as mailbox, MailboxError};
use posthorn_store::Tx;

use super::ImapHandler;

/// A mailbox that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) owner: AccountId,
    pub(super) mailbox: MailboxId,
}

/// A mailbox by its name. One of our own may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) owner: AccountId,
    /// As the owner calls it.
    pub(super) name: String,
    /// Of whoever asks.
    pub(super) rights: Rights,
}

/// The parts of a name in the namespace of other users: address and name, `None` in it when there is no such
/// mailbox, nor can be. `None`: the name is one of our own.
fn in_others(name: &str) -> Option<Option<(Address, String)>> {
    let rest = name.strip_prefix(OTHER_USERS.trim_end_matches('/'))?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    let (address, name) = rest.trim_start_matches('/').split_once('/').unwrap_or_default();
    Some(
        Address::parse(address)
            .ok()
            .map(|address| (address, name.to_owned())),
    )
}

/// Which mailbox the rights must be to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The one of that name.
    Itself,
    /// The nearest above it that is there.
    Parent,
}

impl ImapHandler {
    /// Whose mailbox has that name, for somebody who needs these rights to it.
    pub(super) async fn named(&self, name: String, needed: Rights) -> Result<Named, MailboxError> {
        let named = self.named_with_any(name, Rights::ALL).await?;
        mailbox::require(named.rights, needed)?;
        Ok(named)
    }

    /// The same for somebody who needs any of these rights to it.
    pub(super) async fn named_with_any(&self, name: String, needed: Rights) -> Result<Named, MailboxError> {
        self.find_named(name, At::Itself, needed).await
    }

    /// Whose mailbox will have that name, for somebody who wants to make it.
    pub(super) async fn named_anew(&self, name: String) -> Result<Named, MailboxError> {
        let found = self.find_named(name, At::Parent, Rights::CREATE).await;
        // Whether there is anything near it is not told (RFC 4314 section 6).
        match found {
            Err(MailboxError::NoSuchMailbox) => Err(MailboxError::NotPermitted),
            found => found,
        }
    }

    async fn find_named(&self, name: String, at: At, any_of: Rights) -> Result<Named, MailboxError> {
        let reader = self.account()?;
        let Some(shared) = in_others(&name) else {
            return Ok(Named {
                owner: reader,
                name,
                rights: Rights::ALL,
            });
        };
        let (address, name) = shared.ok_or(MailboxError::NoSuchMailbox)?;
        self.read(move |tx| {
            let owner = owner_of(tx, &address)?;
            let mailbox = match at {
                At::Itself => mailbox::find(tx, owner, &name)?,
                At::Parent => mailbox::find_or_parent(tx, owner, &name)?,
            };
            let rights = mailbox::rights(tx, owner, mailbox, reader)?;
            match rights.has_any_of(any_of) && owner != reader {
                true => Ok(Named {
                    owner,
                    name: name.clone(),
                    rights,
                }),
                false => Err(MailboxError::NoSuchMailbox),
            }
        })
        .await
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

    /// What may be done in a mailbox that was opened.
    pub(super) async fn rights_in(&self, place: Place) -> Result<Rights, MailboxError> {
        let reader = self.account()?;
        if place.owner == reader {
            return Ok(Rights::ALL);
        }
        self.read(move |tx| mailbox::rights(tx, place.owner, place.mailbox, reader))
            .await
    }
}

/// The account with that address.
pub(super) fn owner_of(tx: &Tx<'_>, address: &Address) -> Result<AccountId, MailboxError> {
    let account = posthorn_accounts::find_account(tx, address)?;
    account
        .map(|account| account.id)
        .ok_or(MailboxError::NoSuchMailbox)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sharing::name_for_others;

    #[test]
    fn names_of_others_hold_whose_they_are() {
        let shared = |name: &str| in_others(name).map(|parts| parts.map(|(a, n)| (a.to_string(), n)));
        assert_eq!(shared("INBOX"), None);
        assert_eq!(shared("Other Users' mail"), None);
        for incomplete in [
            "Other Users",
            "Other Users/",
            "Other Users/anna@x.test",
            "Other Users/anna/Sent",
            "Other Users//Sent",
        ] {
            assert_eq!(shared(incomplete), Some(None), "{incomplete}");
        }
        let whole = Some(Some(("anna@x.test".to_owned(), "Projects/A".to_owned())));
        assert_eq!(shared("Other Users/anna@x.test/Projects/A"), whole);
        let anna = Address::parse("anna@x.test").unwrap();
        assert_eq!(shared(&name_for_others(&anna, "Projects/A")), whole);
    }
}
