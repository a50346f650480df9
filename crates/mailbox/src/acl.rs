//! Who besides its owner may do what with a mailbox (RFC 4314). The list lies with the mailbox, in its owner's
//! partition; a row in the reader's partition says whose lists to look at. Identifiers are accounts, by their
//! ids: whoever gets the address of an account that was removed gets none of its rights.
//!
//! A reader has what is granted to them or to anyone, without what is denied to them or to anyone ("negative
//! rights"). The owner has every right always, whatever the list says, and is not in it.

use posthorn_base::{AccountId, AclChange, MailboxId, Rights};
use posthorn_store::{Row, StoreError, Tx, params};

use crate::folders::{Folder, SpecialUse};
use crate::{MailboxError, sql};

/// Entries of one list.
const ENTRIES: i64 = 1_000;

/// Whom an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// `anyone`: every account of this server.
    Anyone,
    /// One account.
    Account(AccountId),
}

impl Grantee {
    /// The account in whose partition it stands that something is shared; that of nobody stands for anyone.
    #[must_use]
    pub const fn partition(self) -> AccountId {
        match self {
            Self::Anyone => AccountId(0),
            Self::Account(account) => account,
        }
    }

    const fn from_column(id: i64) -> Self {
        match id {
            0 => Self::Anyone,
            id => Self::Account(AccountId(id)),
        }
    }
}

/// What an entry does with its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It gives them.
    Grants,
    /// It takes them away, whoever gave them: its identifier begins with `-`.
    Denies,
}

/// The left side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// Whom it is about.
    pub grantee: Grantee,
    /// What it does.
    pub effect: Effect,
}

/// An entry of an access control list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// The left side.
    pub identifier: Identifier,
    /// The right side.
    pub rights: Rights,
}

/// Has an account anything in the lists of another?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// It has an entry.
    Some,
    /// It has none.
    None,
}

/// What the entries that are about a reader come to.
#[must_use]
pub fn evaluate(entries: &[AclEntry]) -> Rights {
    let of = |effect| {
        entries
            .iter()
            .filter(|entry| entry.identifier.effect == effect)
            .fold(Rights::NONE, |rights, entry| rights.with(entry.rights))
    };
    of(Effect::Grants).without(of(Effect::Denies))
}

/// Lets pass who has the rights that are needed. Who may not even know of the mailbox is told that there is
/// none (RFC 4314 section 6).
///
/// # Errors
/// [`MailboxError::NotPermitted`], [`MailboxError::NoSuchMailbox`].
pub fn require(rights: Rights, needed: Rights) -> Result<(), MailboxError> {
    match (rights.contains(needed), rights.contains(Rights::LOOKUP)) {
        (true, _) => Ok(()),
        (false, true) => Err(MailboxError::NotPermitted),
        (false, false) => Err(MailboxError::NoSuchMailbox),
    }
}

/// What `reader` may do with a mailbox; nothing with one that does not exist.
///
/// # Errors
/// When the store fails.
pub fn rights(
    tx: &Tx<'_>,
    owner: AccountId,
    mailbox: MailboxId,
    reader: AccountId,
) -> Result<Rights, MailboxError> {
    if reader == owner {
        return Ok(Rights::ALL);
    }
    let about_reader = tx.query(
        sql::SELECT_ACL_OF_READER,
        params![owner, mailbox, reader],
        |row| entry(row, 0),
    )?;
    Ok(evaluate(&about_reader))
}

/// The access control list of a mailbox.
///
/// # Errors
/// When the store fails.
pub fn acl(tx: &Tx<'_>, owner: AccountId, mailbox: MailboxId) -> Result<Vec<AclEntry>, MailboxError> {
    Ok(tx.query(sql::SELECT_ACL, params![owner, mailbox], |row| entry(row, 0))?)
}

/// Changes an entry of the list. [`set_sharing`] must follow in the same group of transactions, in the
/// partition of the grantee, with what this returns.
///
/// # Errors
/// [`MailboxError::Limit`] when the list is too long; [`MailboxError::BadName`] for the owner, who has all
/// rights always.
pub fn change_acl(
    tx: &mut Tx<'_>,
    owner: AccountId,
    mailbox: MailboxId,
    identifier: Identifier,
    change: AclChange,
) -> Result<Sharing, MailboxError> {
    let Identifier { grantee, effect } = identifier;
    if grantee == Grantee::Account(owner) {
        return Err(MailboxError::BadName(
            "the owner of a mailbox has all rights always",
        ));
    }
    let entries = acl(tx, owner, mailbox)?;
    let before = entries.iter().find(|entry| entry.identifier == identifier);
    let had = before.map_or(Rights::NONE, |entry| entry.rights);
    let (reader, denies) = (grantee.partition(), effect == Effect::Denies);
    let after = match change {
        AclChange::Set(rights) => Some(rights),
        AclChange::Add(rights) => Some(had.with(rights)),
        AclChange::Remove(rights) => before.map(|_entry| had.without(rights)),
        AclChange::Delete => None,
    };
    match after {
        Some(_) if before.is_none() && i64::try_from(entries.len()).unwrap_or(i64::MAX) >= ENTRIES => {
            return Err(MailboxError::Limit(
                "the mailbox is shared with 1000 accounts, the most there may be",
            ));
        }
        Some(rights) => {
            let letters = rights.to_string();
            tx.execute(sql::PUT_ACL, params![owner, mailbox, reader, denies, &letters])?;
        }
        None => {
            tx.execute(sql::DELETE_ACL, params![owner, mailbox, reader, denies])?;
        }
    }
    tx.notice(owner);
    let left = tx.query_row(sql::COUNT_ACL_OF_READER, params![owner, reader], |row| row.int(0))?;
    Ok(if left.unwrap_or(0) > 0 {
        Sharing::Some
    } else {
        Sharing::None
    })
}

/// Notes in the partition of a grantee whether `owner` shares anything with them.
///
/// # Errors
/// When the store fails.
pub fn set_sharing(
    tx: &mut Tx<'_>,
    grantee: Grantee,
    owner: AccountId,
    sharing: Sharing,
) -> Result<(), MailboxError> {
    let account = grantee.partition();
    match sharing {
        Sharing::Some => tx.execute(sql::INSERT_SHARER, params![account, owner])?,
        Sharing::None => tx.execute(sql::DELETE_SHARER, params![account, owner])?,
    };
    tx.notice(account);
    Ok(())
}

/// The accounts that may share something with a reader; some of them may have nothing any more.
///
/// # Errors
/// When the store fails.
pub fn sharers(tx: &Tx<'_>, reader: AccountId) -> Result<Vec<AccountId>, MailboxError> {
    let owners = tx.query(sql::SELECT_SHARERS, params![reader], |row| {
        row.int(0).map(AccountId)
    })?;
    Ok(owners.into_iter().filter(|owner| *owner != reader).collect())
}

/// Everybody an account shares something with, and everybody who shares something with it: whose partitions
/// [`forget_shared`] must clean when it is removed.
///
/// # Errors
/// When the store fails.
pub fn partners(tx: &Tx<'_>, account: AccountId) -> Result<Vec<AccountId>, MailboxError> {
    Ok(tx.query(sql::SELECT_PARTNERS, params![account], |row| {
        row.int(0).map(AccountId)
    })?)
}

/// Removes from one partition what it has of sharing with an account that is removed.
///
/// # Errors
/// When the store fails.
pub fn forget_shared(tx: &mut Tx<'_>, account: AccountId, removed: AccountId) -> Result<(), MailboxError> {
    tx.execute(sql::DELETE_ACL_OF_READER, params![account, removed])?;
    tx.execute(sql::DELETE_SHARER, params![account, removed])?;
    tx.execute(sql::DELETE_ANNOTATIONS_OF_OWNER, params![account, removed])?;
    tx.notice(account);
    Ok(())
}

/// The mailboxes of `owner` that `reader` has any right to, with these rights, by name. Subscriptions are the
/// reader's and not told here; what a mailbox is for is told only to its owner.
///
/// # Errors
/// When the store fails.
pub fn shared_folders(
    tx: &Tx<'_>,
    owner: AccountId,
    reader: AccountId,
) -> Result<Vec<(Folder, Rights)>, MailboxError> {
    let mut all: Vec<(Folder, Vec<AclEntry>)> = Vec::new();
    tx.for_each(sql::SELECT_SHARED, params![owner, reader], |row| {
        let (id, name) = (MailboxId(row.int(0)?), row.text(1)?);
        let entry = entry(row, 2)?;
        match all.last_mut() {
            Some((folder, entries)) if folder.id == Some(id) => entries.push(entry),
            Some(_) | None => {
                let folder = Folder {
                    id: Some(id),
                    name: name.to_owned(),
                    special_use: None::<SpecialUse>,
                    is_subscribed: false,
                };
                all.push((folder, vec![entry]));
            }
        }
        Ok(())
    })?;
    let with_rights = all
        .into_iter()
        .map(|(folder, entries)| (folder, evaluate(&entries)));
    Ok(with_rights.filter(|(_, rights)| !rights.is_empty()).collect())
}

fn entry(row: &Row<'_>, first_column: usize) -> Result<AclEntry, StoreError> {
    let letters = row.text(first_column + 2)?;
    Ok(AclEntry {
        identifier: Identifier {
            grantee: Grantee::from_column(row.int(first_column)?),
            effect: if row.bool(first_column + 1)? {
                Effect::Denies
            } else {
                Effect::Grants
            },
        },
        rights: Rights::parse(letters)
            .map_err(|letter| StoreError::Corrupt(format!("a right {letter:?} in a list")))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(grantee: Grantee, effect: Effect, letters: &str) -> AclEntry {
        AclEntry {
            identifier: Identifier { grantee, effect },
            rights: Rights::parse(letters).unwrap(),
        }
    }

    #[test]
    fn what_is_denied_is_taken_from_all_that_is_granted() {
        let bert = Grantee::Account(AccountId(9));
        let entries = [
            granted(Grantee::Anyone, Effect::Grants, "lr"),
            granted(bert, Effect::Grants, "lswi"),
            granted(bert, Effect::Denies, "w"),
            granted(Grantee::Anyone, Effect::Denies, "i"),
        ];
        assert_eq!(evaluate(&entries).to_string(), "lrs");
        assert_eq!(evaluate(&[]), Rights::NONE);
    }

    #[test]
    fn who_may_not_list_a_mailbox_is_told_there_is_none() {
        let (l, r) = (Rights::LOOKUP, Rights::READ);
        assert_eq!(require(l.with(r), r), Ok(()));
        assert_eq!(require(r, r), Ok(()));
        assert_eq!(require(l, r), Err(MailboxError::NotPermitted));
        assert_eq!(require(r, Rights::EXPUNGE), Err(MailboxError::NoSuchMailbox));
    }
}
