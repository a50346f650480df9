//! What a session needs when it opens a mailbox.

use posthorn_base::{AccountId, MailboxId, Uid};
use posthorn_store::{Tx, params};
use roaring::RoaringBitmap;

use crate::flags::System;
use crate::folders::{Status, status};
use crate::{MailboxError, sql};

/// Keywords remembered per mailbox.
const MAILBOX_KEYWORDS: usize = 1_000;

/// A mailbox at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Its counters.
    pub status: Status,
    /// The UIDs in it: a message's sequence number is its rank.
    pub uids: RoaringBitmap,
    /// The first message without `\Seen`.
    pub first_unseen: Option<Uid>,
}

/// Reads a mailbox's counters and UIDs.
///
/// # Errors
/// [`MailboxError::NoSuchMailbox`] when it is gone.
pub fn snapshot(tx: &Tx<'_>, account: AccountId, mailbox: MailboxId) -> Result<Snapshot, MailboxError> {
    let status = status(tx, account, mailbox)?;
    let mut uids = RoaringBitmap::new();
    let mut first_unseen = None;
    tx.for_each(sql::SELECT_UIDS, params![account, mailbox], |row| {
        let uid = row.u32(0)?;
        uids.insert(uid);
        if first_unseen.is_none() && !System(row.int(1)?).contains(System::SEEN) {
            first_unseen = Some(Uid(uid));
        }
        Ok(())
    })?;
    Ok(Snapshot {
        status,
        uids,
        first_unseen,
    })
}

/// All UIDs in order.
pub(crate) fn uids(tx: &Tx<'_>, account: AccountId, mailbox: MailboxId) -> Result<Vec<Uid>, MailboxError> {
    Ok(tx.query(sql::SELECT_UIDS, params![account, mailbox], |row| {
        row.u32(0).map(Uid)
    })?)
}

/// How many messages have this UID or a higher one: those that are recent (STATUS RECENT).
///
/// # Errors
/// When the store fails.
pub fn count_from(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    from: Uid,
) -> Result<u64, MailboxError> {
    Ok(tx
        .query_row(sql::COUNT_FROM, params![account, mailbox, from], |row| row.u64(0))?
        .unwrap_or(0))
}

/// Octets of the messages with `\Deleted`: what EXPUNGE would free (STATUS DELETED-STORAGE, RFC 9208).
/// Looks at every message when there is one.
///
/// # Errors
/// When the store fails.
pub fn deleted_octets(tx: &Tx<'_>, account: AccountId, mailbox: MailboxId) -> Result<u64, MailboxError> {
    Ok(tx
        .query_row(sql::SELECT_DELETED_OCTETS, params![account, mailbox], |row| {
            row.u64(0)
        })?
        .unwrap_or(0))
}

/// The session that selected the mailbox for writing is the one told `\Recent`: what has come so far
/// is recent for no later one.
///
/// # Errors
/// When the store fails.
pub fn claim_recent(tx: &mut Tx<'_>, account: AccountId, mailbox: MailboxId) -> Result<(), MailboxError> {
    tx.execute(sql::UPDATE_RECENT, params![account, mailbox])?;
    Ok(())
}

/// Adds keywords to those the mailbox is known to use.
pub(crate) fn note_keywords(
    tx: &mut Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    keywords: &[String],
) -> Result<(), MailboxError> {
    if keywords.is_empty() {
        return Ok(());
    }
    let mut known = status(tx, account, mailbox)?.keywords;
    let before = known.len();
    for keyword in keywords {
        if known.len() < MAILBOX_KEYWORDS && !known.iter().any(|have| have.eq_ignore_ascii_case(keyword)) {
            known.push(keyword.clone());
        }
    }
    if known.len() > before {
        tx.execute(sql::UPDATE_KEYWORDS, params![account, mailbox, &known.join(" ")])?;
    }
    Ok(())
}

/// Joins sorted UIDs to ranges, so that a whole mailbox is one statement.
pub(crate) fn ranges(uids: &[Uid]) -> Vec<(Uid, Uid)> {
    let mut ranges: Vec<(Uid, Uid)> = Vec::new();
    for &uid in uids {
        match ranges.last_mut() {
            Some((_, end)) if end.0.checked_add(1) == Some(uid.0) => *end = uid,
            Some(_) | None => ranges.push((uid, uid)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range() {
        let uids: Vec<Uid> = [1, 2, 3, 7, 9, 10, u32::MAX].map(Uid).to_vec();
        let expected = [(1, 3), (7, 7), (9, 10), (u32::MAX, u32::MAX)].map(|(a, b)| (Uid(a), Uid(b)));
        assert_eq!(ranges(&uids), expected);
        assert_eq!(ranges(&[]), []);
    }
}
