//! COPY and MOVE (RFC 9051 sections 6.4.7 and 6.4.8, RFC 6851).

use posthorn_base::{AccountId, MailboxId, ModSeq, Rights, Timestamp, Uid, UidValidity};
use posthorn_store::{Tx, params};

use crate::account::Usage;
use crate::deliver::{NewRow, insert_message, take_uids};
use crate::expunge::remove_rows;
use crate::fetch::{MessageRow, messages};
use crate::select::note_keywords;
use crate::store_flags::Delta;
use crate::{MailboxError, folders, sql};

/// Does the original stay?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyMode {
    /// COPY.
    Copy,
    /// MOVE: each message is in exactly one of the two mailboxes at any moment.
    Move,
}

/// Which messages, where to, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyRequest<'a> {
    /// The mailbox they are in.
    pub from: MailboxId,
    /// Their UIDs, sorted.
    pub uids: &'a [Uid],
    /// The name of the mailbox they go to.
    pub to: &'a str,
    /// Does the original stay?
    pub mode: CopyMode,
    /// To the mailbox they go to: what these do not let one set, the copies do not have.
    pub rights: Rights,
}

/// Where the copies are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOutcome {
    /// UIDVALIDITY of the mailbox copied to.
    pub uid_validity: UidValidity,
    /// Old and new UID of each message, in the order of the old.
    pub pairs: Vec<(Uid, Uid)>,
    /// The change.
    pub modseq: ModSeq,
}

/// Copies or moves messages (UIDs sorted) with flags and internal date. Those that are gone are left
/// out. All or none.
///
/// # Errors
/// [`MailboxError::NoSuchMailbox`] when the target is missing, [`MailboxError::OverQuota`] for COPY.
pub fn copy(
    tx: &mut Tx<'_>,
    account: AccountId,
    request: CopyRequest<'_>,
    now: Timestamp,
) -> Result<CopyOutcome, MailboxError> {
    let CopyRequest {
        from,
        uids,
        to,
        mode,
        rights,
    } = request;
    let target = folders::find(tx, account, to)?;
    let rows = messages(tx, account, from, uids)?;
    let octets: u64 = rows.iter().map(|row| row.size_octets).sum();
    let added = match mode {
        CopyMode::Copy => i64::try_from(octets).unwrap_or(i64::MAX),
        CopyMode::Move => 0,
    };
    let (modseq, usage) = tx
        .query_row(sql::NEXT_FOR_COPY, params![account, added], |row| {
            let limit = row.u64(2)?;
            Ok((
                ModSeq(row.int(0)?),
                Usage {
                    used_octets: row.u64(1)?,
                    quota_octets: (limit > 0).then_some(limit),
                },
            ))
        })?
        .ok_or(MailboxError::NoSuchAccount)?;
    if added > 0 && usage.is_exceeded_by(0) {
        return Err(MailboxError::OverQuota);
    }
    let uid_validity = folders::status(tx, account, target)?.uid_validity;
    let copies: Vec<MessageRow> = rows
        .iter()
        .map(|row| MessageRow {
            flags: row.flags.permitted(rights),
            ..row.clone()
        })
        .collect();
    let pairs = match copies.is_empty() {
        true => Vec::new(),
        false => insert_copies(tx, account, target, &copies, modseq, now)?,
    };
    if mode == CopyMode::Move && !rows.is_empty() {
        remove_rows(tx, account, from, &rows, modseq)?;
    }
    tx.notice(account);
    Ok(CopyOutcome {
        uid_validity,
        pairs,
        modseq,
    })
}

/// Puts copies into a mailbox; gives old and new UIDs.
fn insert_copies(
    tx: &mut Tx<'_>,
    account: AccountId,
    target: MailboxId,
    rows: &[MessageRow],
    modseq: ModSeq,
    now: Timestamp,
) -> Result<Vec<(Uid, Uid)>, MailboxError> {
    let mut added = Delta::default();
    let mut keywords: Vec<String> = Vec::new();
    for row in rows {
        added.messages += 1;
        added.size += octets_of(row);
        added.add(&row.flags, 1);
        for keyword in row.flags.keywords() {
            if !keywords.contains(keyword) {
                keywords.push(keyword.clone());
            }
        }
    }
    let (first, _) = take_uids(tx, account, target, modseq, added)?;
    let mut pairs = Vec::with_capacity(rows.len());
    for (row, uid) in rows.iter().zip((first.0..=u32::MAX).map(Uid)) {
        let new = NewRow {
            email: row.email,
            thread: row.thread,
            flags: &row.flags,
            modseq,
            internal_date: row.internal_date,
            sent_at: row.sent_at,
            size: octets_of(row),
        };
        // The copy is counted before the original goes, so that the content never has none.
        tx.query_row(sql::ADD_COPIES, params![account, row.email, 1_i64], |row| {
            row.int(0)
        })?;
        insert_message(tx, account, target, uid, &new, now)?;
        pairs.push((row.uid, uid));
    }
    note_keywords(tx, account, target, &keywords)?;
    Ok(pairs)
}

fn octets_of(row: &MessageRow) -> i64 {
    i64::try_from(row.size_octets).unwrap_or(i64::MAX)
}
