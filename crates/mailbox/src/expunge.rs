//! EXPUNGE: messages leave for good, with a tombstone that says when.

use posthorn_base::{AccountId, MailboxId, ModSeq, Uid};
use posthorn_store::{Tx, params};

use crate::fetch::{MessageRow, messages};
use crate::flags::System;
use crate::store_flags::Delta;
use crate::{MailboxError, account, gone, select, sql};

/// What EXPUNGE did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expunged {
    /// The UIDs that are gone, in order.
    pub uids: Vec<Uid>,
    /// The change; `None` when nothing was expunged.
    pub modseq: Option<ModSeq>,
}

/// Which messages to expunge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// All with `\Deleted`.
    Deleted,
    /// Those of these UIDs (sorted) with `\Deleted` (UID EXPUNGE, RFC 4315).
    DeletedAmong(&'a [Uid]),
    /// These UIDs (sorted), flagged or not: POP3's DELE, MOVE.
    Listed(&'a [Uid]),
}

/// Removes messages, leaving tombstones.
///
/// # Errors
/// When the account or the mailbox is gone.
pub fn expunge(
    tx: &mut Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    which: Which<'_>,
) -> Result<Expunged, MailboxError> {
    let rows = match which {
        Which::Deleted => {
            if crate::folders::status(tx, account, mailbox)?.deleted == 0 {
                return Ok(Expunged {
                    uids: Vec::new(),
                    modseq: None,
                });
            }
            let uids = select::uids(tx, account, mailbox)?;
            messages(tx, account, mailbox, &uids)?
        }
        Which::DeletedAmong(uids) | Which::Listed(uids) => messages(tx, account, mailbox, uids)?,
    };
    let is_listed = matches!(which, Which::Listed(_));
    let rows: Vec<MessageRow> = rows
        .into_iter()
        .filter(|row| is_listed || row.flags.system.contains(System::DELETED))
        .collect();
    if rows.is_empty() {
        return Ok(Expunged {
            uids: Vec::new(),
            modseq: None,
        });
    }
    let modseq = account::next_modseq(tx, account)?;
    remove_rows(tx, account, mailbox, &rows, modseq)?;
    free(tx, account, &rows)?;
    tx.notice(account);
    Ok(Expunged {
        uids: rows.iter().map(|row| row.uid).collect(),
        modseq: Some(modseq),
    })
}

/// Takes messages out of a mailbox with tombstones and counters; their contents lose a copy each.
pub(crate) fn remove_rows(
    tx: &mut Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    rows: &[MessageRow],
    modseq: ModSeq,
) -> Result<(), MailboxError> {
    let mut delta = Delta::default();
    for row in rows {
        delta.add(&row.flags, -1);
        delta.messages -= 1;
        delta.tombstones += 1;
        delta.size -= i64::try_from(row.size_octets).unwrap_or(i64::MAX);
        tx.execute(sql::DELETE_MESSAGE, params![account, mailbox, row.uid])?;
        tx.execute(sql::INSERT_EXPUNGED, params![account, mailbox, modseq, row.uid])?;
        let left = tx.query_row(sql::ADD_COPIES, params![account, row.email, -1_i64], |row| {
            row.int(0)
        })?;
        if left == Some(0) {
            tx.execute(sql::DELETE_EMAIL, params![account, row.email])?;
            tx.execute(sql::DELETE_EVIDENCE, params![account, row.email])?;
            tx.execute(sql::DELETE_ANCESTORS, params![account, row.email])?;
        }
    }
    delta.apply(tx, account, mailbox, modseq)?;
    Ok(gone::tidy(tx, account, mailbox)?)
}

/// Gives the octets of removed messages back to the account.
fn free(tx: &mut Tx<'_>, account: AccountId, rows: &[MessageRow]) -> Result<(), MailboxError> {
    let octets: u64 = rows.iter().map(|row| row.size_octets).sum();
    tx.execute(
        sql::FREE_OCTETS,
        params![account, i64::try_from(octets).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

/// Removes all messages of a mailbox that is about to be deleted.
pub(crate) fn remove_all(
    tx: &mut Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
) -> Result<(), MailboxError> {
    let uids = select::uids(tx, account, mailbox)?;
    expunge(tx, account, mailbox, Which::Listed(&uids)).map(|_expunged| ())
}
