//! What a session needs when it opens a mailbox.

use std::iter::Peekable;

use posthorn_base::{AccountId, MailboxId, Uid};
use posthorn_store::{StoreError, Tx, params};
use roaring::RoaringBitmap;

use crate::flags::System;
use crate::folders::{Status, status};
use crate::{MailboxError, gone, sql};

/// Keywords remembered per mailbox.
const MAILBOX_KEYWORDS: usize = 1_000;
/// Messages from each end among which the first unseen one is looked for.
const LOOKED_AT: i64 = 500;
/// So many messages more than asked for are read between two that are, before another statement is cheaper.
pub(crate) const NEAR: u32 = 8;

/// A mailbox at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Its counters.
    pub status: Status,
    /// The UIDs in it: a message's sequence number is its rank.
    pub uids: RoaringBitmap,
    /// The first message without `\Seen`; `None` also where it is not near either end.
    pub first_unseen: Option<Uid>,
}

/// Reads a mailbox's counters and UIDs.
///
/// # Errors
/// [`MailboxError::NoSuchMailbox`] when it is gone.
pub fn snapshot(tx: &Tx<'_>, account: AccountId, mailbox: MailboxId) -> Result<Snapshot, MailboxError> {
    let status = status(tx, account, mailbox)?;
    let uids = gone::there(tx, account, &status)?;
    let first_unseen = first_unseen(tx, account, &status)?;
    Ok(Snapshot {
        status,
        uids,
        first_unseen,
    })
}

/// The first message without `\Seen`, if it is near the beginning, or all such messages are near the end:
/// nobody who opens a mailbox waits for a search of it (RFC 3501 section 7.1 lets the code be missing).
fn first_unseen(tx: &Tx<'_>, account: AccountId, status: &Status) -> Result<Option<Uid>, StoreError> {
    if status.unseen == 0 {
        return Ok(None);
    }
    let unseen = |sql| {
        let mut found = Vec::new();
        tx.for_each(sql, params![account, status.id, LOOKED_AT], |row| {
            if !System(row.int(1)?).contains(System::SEEN) {
                found.push(Uid(row.u32(0)?));
            }
            Ok(())
        })?;
        Ok(found)
    };
    let first = unseen(sql::SELECT_FIRST_FLAGS)?;
    if !first.is_empty() {
        return Ok(first.first().copied());
    }
    let last = unseen(sql::SELECT_LAST_FLAGS)?;
    let is_all = u64::try_from(last.len()).is_ok_and(|count| count == status.unseen);
    Ok(last.last().copied().filter(|_| is_all))
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

/// Joins sorted UIDs to ranges, so that a whole mailbox is one statement. A range may hold up to [`NEAR`] UIDs
/// in a row that are not meant.
pub(crate) fn ranges(uids: &[Uid]) -> Vec<(Uid, Uid)> {
    let mut ranges: Vec<(Uid, Uid)> = Vec::new();
    for &uid in uids {
        match ranges.last_mut() {
            Some((_, end)) if uid.0.saturating_sub(end.0) <= NEAR + 1 => *end = uid,
            Some(_) | None => ranges.push((uid, uid)),
        }
    }
    ranges
}

/// Is a message that was read one of those that are meant? `wanted` is in the same order, and is used up.
pub(crate) fn is_wanted(wanted: &mut Peekable<std::slice::Iter<'_, Uid>>, uid: Uid) -> bool {
    while wanted.next_if(|before| **before < uid).is_some() {}
    wanted.next_if_eq(&&uid).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_one_range() {
        let uids: Vec<Uid> = [1, 2, 3, 12, 22, 23, u32::MAX].map(Uid).to_vec();
        let expected = [(1, 12), (22, 23), (u32::MAX, u32::MAX)].map(|(a, b)| (Uid(a), Uid(b)));
        assert_eq!(ranges(&uids), expected);
        assert_eq!(ranges(&[]), []);
    }

    #[test]
    fn what_lies_between_is_not_wanted() {
        let uids = [2, 4, 9].map(Uid);
        let mut wanted = uids.iter().peekable();
        let found = [1, 2, 3, 5, 9, 10].map(|uid| is_wanted(&mut wanted, Uid(uid)));
        assert_eq!(found, [false, true, false, false, true, false]);
    }
}
