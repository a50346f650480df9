//! Which mailboxes of an account are different from what they were (RFC 5465): a read over the small table of
//! mailboxes, whatever they hold.

use posthorn_base::{AccountId, MailboxId, ModSeq, Uid, UidValidity};
use posthorn_store::{Tx, params};

use crate::{MailboxError, sql};

/// The mailboxes with a MODSEQ above the one asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedMailboxes {
    /// In the order of their names.
    pub changed: Vec<ChangedMailbox>,
    /// The highest MODSEQ in the account now: all up to it was looked at.
    pub modseq: ModSeq,
}

/// A mailbox with the counters that its messages move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedMailbox {
    /// Which one.
    pub id: MailboxId,
    /// Its full name.
    pub name: String,
    /// Is it subscribed?
    pub is_subscribed: bool,
    /// Its UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// UIDNEXT.
    pub uid_next: Uid,
    /// The highest MODSEQ in it.
    pub modseq: ModSeq,
    /// How many messages.
    pub messages: u64,
    /// Of them without `\Seen`.
    pub unseen: u64,
}

/// Reads what changed since `since`. A mailbox that is gone has no row and is not among it.
///
/// # Errors
/// [`MailboxError::NoSuchAccount`] when the account is gone.
pub fn changed_mailboxes(
    tx: &Tx<'_>,
    account: AccountId,
    since: ModSeq,
) -> Result<ChangedMailboxes, MailboxError> {
    let modseq = tx
        .query_row(sql::SELECT_MODSEQ, params![account], |row| row.int(0).map(ModSeq))?
        .ok_or(MailboxError::NoSuchAccount)?;
    let changed = tx.query(sql::SELECT_CHANGED_MAILBOXES, params![account, since], |row| {
        Ok(ChangedMailbox {
            id: MailboxId(row.int(0)?),
            name: row.text(1)?.to_owned(),
            is_subscribed: row.bool(2)?,
            uid_validity: UidValidity(row.u32(3)?),
            uid_next: Uid(row.u32(4)?),
            modseq: ModSeq(row.int(5)?),
            messages: row.u64(6)?,
            unseen: row.u64(7)?,
        })
    })?;
    Ok(ChangedMailboxes { changed, modseq })
}
