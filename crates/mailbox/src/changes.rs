//! What happened in a mailbox since a MODSEQ (RFC 7162): what sessions poll, what QRESYNC replays.

use posthorn_base::{AccountId, MailboxId, ModSeq, Uid};
use posthorn_store::{Tx, params};

use crate::fetch::{MessageRow, read_message};
use crate::folders::status;
use crate::{MailboxError, sql};

/// Everything with a MODSEQ above the one asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Expunged UIDs in order.
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
        vanished = tx.query(sql::SELECT_EXPUNGED, params![account, mailbox, since], |row| {
            row.u32(0).map(Uid)
        })?;
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
