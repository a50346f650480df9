//! Leases: who may try a recipient, and until when. A lease is named by its token; every later statement
//! asks for it, so a worker that was too slow changes nothing.

use posthorn_base::{Address, QueueId, Timestamp};
use posthorn_smtp::Notify;
use posthorn_store::{Row, StoreError, Tx, params};

use crate::columns::{address, int_of_id, notify_of};
use crate::rows::read_message;
use crate::{Message, sql};

/// The right to try one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The bucket of the row.
    pub bucket: i64,
    /// The message.
    pub queue_id: QueueId,
    /// The recipient's number.
    pub recipient: u32,
    /// Raised with every lease of this row.
    pub token: i64,
}

/// A recipient that was leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The right to try it.
    pub lease: Lease,
    /// Where to.
    pub address: Address,
    /// Attempts made before this one.
    pub attempts: u32,
    /// `NOTIFY=`.
    pub notify: Option<Notify>,
    /// `ORCPT=`, decoded.
    pub original_recipient: Option<String>,
    /// Was the author told of the delay?
    pub delay_noticed: bool,
}

/// A domain that has recipients to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDomain {
    /// See [`crate::domain_key`].
    pub domain: String,
    /// How many recipients.
    pub recipients: u64,
}

/// The domains of a bucket with recipients that are due and not leased, the longest waiting first.
///
/// # Errors
/// When the engine refuses.
pub fn due_domains(tx: &Tx<'_>, bucket: i64, now: Timestamp) -> Result<Vec<DueDomain>, StoreError> {
    tx.query(sql::DUE_DOMAINS, params![bucket, now], |row| {
        Ok(DueDomain {
            domain: row.text(0)?.to_owned(),
            recipients: row.u64(1)?,
        })
    })
}

/// When the next recipient of a bucket can be tried, which may lie in the past; for a leased one when its
/// lease ends. `after` leaves out those that could be tried then already. `None`: nothing waits.
///
/// # Errors
/// When the engine refuses.
pub fn next_due(tx: &Tx<'_>, bucket: i64, after: Option<Timestamp>) -> Result<Option<Timestamp>, StoreError> {
    let read = |row: &Row<'_>| row.opt_int(0);
    let micros = match after {
        None => tx.query_row(sql::NEXT_DUE, params![bucket], read)?,
        Some(after) => tx.query_row(sql::NEXT_DUE_AFTER, params![bucket, after], read)?,
    };
    Ok(micros.flatten().map(Timestamp::from_micros))
}

/// Leases up to `limit` due recipients of one domain until `until`, recipients of one message side by side.
///
/// # Errors
/// When the engine refuses.
pub fn lease(
    tx: &mut Tx<'_>,
    bucket: i64,
    domain: &str,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Leased>, StoreError> {
    let mut leased = tx.query(sql::LEASE, params![bucket, domain, now, until, limit], |row| {
        read_leased(bucket, row)
    })?;
    // RETURNING promises no order.
    leased.sort_by_key(|one| (one.lease.queue_id, one.lease.recipient));
    Ok(leased)
}

fn read_leased(bucket: i64, row: &Row<'_>) -> Result<Leased, StoreError> {
    Ok(Leased {
        lease: Lease {
            bucket,
            queue_id: QueueId(row.int(0)?.cast_unsigned()),
            recipient: row.u32(1)?,
            token: row.int(2)?,
        },
        address: address(row.text(3)?)?,
        attempts: row.u32(4)?,
        notify: row.opt_int(5)?.map(notify_of),
        original_recipient: row.opt_text(6)?.map(str::to_owned),
        delay_noticed: row.bool(7)?,
    })
}

/// The message of a lease; `None` when it is gone.
///
/// # Errors
/// When the engine refuses.
pub fn load(tx: &Tx<'_>, bucket: i64, queue_id: QueueId) -> Result<Option<Message>, StoreError> {
    tx.query_row(sql::SELECT_MESSAGE, params![bucket, int_of_id(queue_id)], |row| {
        read_message(row, 0)
    })
}

/// Makes a lease last until `until`. `false`: it is lost.
///
/// # Errors
/// When the engine refuses.
pub fn renew(tx: &mut Tx<'_>, lease: &Lease, until: Timestamp) -> Result<bool, StoreError> {
    let id = int_of_id(lease.queue_id);
    let rows = tx.execute(
        sql::RENEW,
        params![lease.bucket, id, lease.recipient, lease.token, until],
    )?;
    Ok(rows > 0)
}

/// Gives a lease back without an attempt. `false`: it was lost already.
///
/// # Errors
/// When the engine refuses.
pub fn release(tx: &mut Tx<'_>, lease: &Lease) -> Result<bool, StoreError> {
    let id = int_of_id(lease.queue_id);
    let rows = tx.execute(
        sql::RELEASE,
        params![lease.bucket, id, lease.recipient, lease.token],
    )?;
    Ok(rows > 0)
}

/// Takes all leases of a bucket away; returns how many. Right at the start of the only process that has the
/// store: every lease is then a dead one's.
///
/// # Errors
/// When the engine refuses.
pub fn break_leases(tx: &mut Tx<'_>, bucket: i64) -> Result<usize, StoreError> {
    tx.execute(sql::BREAK_LEASES, params![bucket])
}
