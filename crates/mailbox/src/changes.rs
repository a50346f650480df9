//! What happened in a mailbox since a MODSEQ (RFC 7162): what sessions poll, what QRESYNC replays.

use posthorn_base::{AccountId, MailboxId, ModSeq, Uid};
use posthorn_store::{Tx, params};
use roaring::RoaringBitmap;

use crate::fetch::{MessageRow, read_message};
use crate::folders::status;
use crate::{MailboxError, gone, sql};

/// Everything with a MODSEQ above the one asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Expunged UIDs in order; all that ever were, when thousands were.
    pub vanished: Vec<Uid>,
    /// Messages that came or changed, in UID order.
    pub changed: Vec<MessageRow>,
    /// UIDNEXT now.
    pub uid_next: Uid,
    /// The highest MODSEQ in the mailbox now.
    pub modseq: ModSeq,
}

/// Reads the changes since `since`.
///
/// # Errors
/// [`MailboxError::NoSuchMailbox`] when the mailbox is gone.
pub fn changes(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    since: ModSeq,
) -> Result<Changes, MailboxError> {
    let status = status(tx, account, mailbox)?;
    let (mut vanished, mut changed) = (Vec::new(), Vec::new());
    if status.modseq > since {
        vanished = gone::since(tx, account, &status, since)?
            .iter()
            .map(Uid)
            .collect();
        changed = tx.query(
            sql::SELECT_CHANGED,
            params![account, mailbox, since],
            read_message,
        )?;
    }
    Ok(Changes {
        vanished,
        changed,
        uid_next: status.uid_next,
        modseq: status.modseq,
    })
}

/// The UIDs of everything with a MODSEQ above the one asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangedUids {
    /// Messages that are there and came or changed since then.
    pub changed: RoaringBitmap,
    /// Messages that were expunged since then; all that ever were, when thousands were since.
    pub vanished: RoaringBitmap,
}

/// Reads which messages are different from what they were at `since`: [`changes`] without the messages
/// themselves, however many they are.
///
/// # Errors
/// When the store fails.
pub fn changed_uids(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    since: ModSeq,
) -> Result<ChangedUids, MailboxError> {
    let mut found = ChangedUids::default();
    tx.for_each(
        sql::SELECT_CHANGED_UIDS,
        params![account, mailbox, since],
        |row| {
            found.changed.insert(row.u32(0)?);
            Ok(())
        },
    )?;
    let status = status(tx, account, mailbox)?;
    found.vanished = gone::since(tx, account, &status, since)?;
    Ok(found)
}
