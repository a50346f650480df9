//! Messages that left a mailbox. Of the newest ones each UID is kept with the change that took it away, so that a
//! client that was away learns exactly what vanished (RFC 7162). Of older ones only the UIDs are, as sets: what a
//! mailbox holds is always read from what is gone, and must not take longer with every year of it.

use posthorn_base::{AccountId, MailboxId, ModSeq};
use posthorn_store::{StoreError, Tx, params};
use roaring::RoaringBitmap;

use crate::folders::Status;
use crate::sql;

/// Tombstones that stay when there are too many.
const KEPT: i64 = 4_096;
/// So many are too many.
const TOO_MANY: i64 = 2 * KEPT;
/// UIDs of a set differ in the lowest 16 bits: one container of a bitmap, 8 KiB at most.
const BLOCK_BITS: u32 = 16;

/// What is known of a mailbox's tombstones.
pub(crate) struct Tombstones {
    /// How many there are.
    pub(crate) count: i64,
    /// Since this change, every message that left has one.
    pub(crate) complete_since: ModSeq,
}

pub(crate) fn tombstones(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
) -> Result<Tombstones, StoreError> {
    let found = tx.query_row(sql::SELECT_TOMBSTONE_STATE, params![account, mailbox], |row| {
        Ok(Tombstones {
            count: row.int(0)?,
            complete_since: ModSeq(row.int(1)?),
        })
    })?;
    Ok(found.unwrap_or(Tombstones {
        count: 0,
        complete_since: ModSeq(0),
    }))
}

/// The messages that left since a change: exactly, or all that ever did when that is too long ago.
pub(crate) fn since(
    tx: &Tx<'_>,
    account: AccountId,
    status: &Status,
    since: ModSeq,
) -> Result<RoaringBitmap, StoreError> {
    let mut vanished = RoaringBitmap::new();
    if since < tombstones(tx, account, status.id)?.complete_since {
        // RFC 7162 section 3.2.6: as if all that were expunged had been asked for.
        vanished.insert_range(1..status.uid_next.0);
        vanished -= there(tx, account, status)?;
    } else {
        tx.for_each(sql::SELECT_EXPUNGED, params![account, status.id, since], |row| {
            vanished.insert(row.u32(0)?);
            Ok(())
        })?;
    }
    Ok(vanished)
}

/// The UIDs in a mailbox. Every UID below UIDNEXT was given to a message: those that are not gone are there.
pub(crate) fn there(tx: &Tx<'_>, account: AccountId, status: &Status) -> Result<RoaringBitmap, StoreError> {
    let tombstones = u64::try_from(tombstones(tx, account, status.id)?.count).unwrap_or(0);
    let mut uids = RoaringBitmap::new();
    if tombstones <= status.messages {
        uids.insert_range(1..status.uid_next.0);
        match all(tx, account, status.id) {
            Ok(gone) => uids -= gone,
            Err(StoreError::Corrupt(_)) => uids.clear(),
            Err(cause) => return Err(cause),
        }
    }
    // Where what is gone does not fit, `posthorn check` tells; a session must not suffer from it.
    if uids.len() != status.messages {
        uids = living(tx, account, status.id)?;
    }
    // Neighbours as runs: a million messages in a row are a few octets per session.
    uids.optimize();
    Ok(uids)
}

/// The UIDs of the messages themselves.
pub(crate) fn living(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
) -> Result<RoaringBitmap, StoreError> {
    let mut uids = RoaringBitmap::new();
    tx.for_each(sql::SELECT_UIDS, params![account, mailbox], |row| {
        uids.insert(row.u32(0)?);
        Ok(())
    })?;
    Ok(uids)
}

/// Every UID whose message left.
pub(crate) fn all(tx: &Tx<'_>, account: AccountId, mailbox: MailboxId) -> Result<RoaringBitmap, StoreError> {
    let mut gone = RoaringBitmap::new();
    tx.for_each(sql::SELECT_GONE, params![account, mailbox], |row| {
        gone |= read_set(row.bytes(0)?)?;
        Ok(())
    })?;
    tx.for_each(sql::SELECT_TOMBSTONES, params![account, mailbox], |row| {
        gone.insert(row.u32(0)?);
        Ok(())
    })?;
    Ok(gone)
}

/// Puts the older tombstones of a mailbox together when it has too many.
pub(crate) fn tidy(tx: &mut Tx<'_>, account: AccountId, mailbox: MailboxId) -> Result<(), StoreError> {
    let count = tombstones(tx, account, mailbox)?.count;
    if count <= TOO_MANY {
        return Ok(());
    }
    put_together(tx, account, mailbox, count - KEPT)
}

/// Puts so many of the oldest together, and the others of the same change.
fn put_together(
    tx: &mut Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    count: i64,
) -> Result<(), StoreError> {
    let key = params![account, mailbox, count.saturating_sub(1)];
    let Some(until) = tx.query_row(sql::SELECT_NTH_TOMBSTONE, key, |row| row.int(0))? else {
        return Ok(());
    };
    let mut gone = RoaringBitmap::new();
    let key = params![account, mailbox, until];
    tx.for_each(sql::SELECT_TOMBSTONES_UNTIL, key, |row| {
        gone.insert(row.u32(0)?);
        Ok(())
    })?;
    let taken = tx.execute(sql::DELETE_TOMBSTONES_UNTIL, key)?;
    let mut rest = gone.iter().peekable();
    while let Some(uid) = rest.peek() {
        let block = uid >> BLOCK_BITS;
        let of_block = std::iter::from_fn(|| rest.next_if(|uid| uid >> BLOCK_BITS == block));
        add_to_block(tx, (account, mailbox), block, of_block.collect())?;
    }
    let taken = i64::try_from(taken).unwrap_or(i64::MAX);
    tx.execute(sql::TOMBSTONES_TAKEN, params![account, mailbox, taken, until])?;
    Ok(())
}

fn add_to_block(
    tx: &mut Tx<'_>,
    (account, mailbox): (AccountId, MailboxId),
    block: u32,
    mut uids: RoaringBitmap,
) -> Result<(), StoreError> {
    let before = tx.query_row(sql::SELECT_GONE_BLOCK, params![account, mailbox, block], |row| {
        read_set(row.bytes(0)?)
    })?;
    uids |= before.unwrap_or_default();
    uids.optimize();
    let mut stored = Vec::with_capacity(uids.serialized_size());
    uids.serialize_into(&mut stored)
        .map_err(|cause| StoreError::Io(cause.to_string()))?;
    tx.execute(sql::PUT_GONE_BLOCK, params![account, mailbox, block, &stored])?;
    Ok(())
}

fn read_set(stored: &[u8]) -> Result<RoaringBitmap, StoreError> {
    RoaringBitmap::deserialize_from(stored)
        .map_err(|cause| StoreError::Corrupt(format!("a set of expunged messages: {cause}")))
}

#[cfg(test)]
mod tests;
