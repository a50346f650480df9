//! What is needed of messages to put them in an order (RFC 5256), from their descriptions alone.

use posthorn_base::{AccountId, MailboxId, Timestamp, Uid};
use posthorn_store::{Row, StoreError, Tx, params};

use crate::envelope::StoredEnvelope;
use crate::select::{is_wanted, ranges};
use crate::{MailboxError, sql};

/// A message as SORT and THREAD look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRow {
    /// Its UID.
    pub uid: Uid,
    /// RFC 9051 section 2.3.3.
    pub internal_date: Timestamp,
    /// Octets of the whole message.
    pub size_octets: u64,
    /// The sent date (RFC 5256 section 2.2): the Date field, or else `internal_date`.
    pub sent_at: Timestamp,
    /// Of its envelope.
    pub envelope: StoredEnvelope,
    /// The Message-IDs it answers, the nearest last, as `posthorn_message::ThreadKeys::ancestors`.
    pub ancestors: Vec<String>,
}

/// The messages with these UIDs (sorted) that are there, in UID order.
///
/// # Errors
/// When the store fails.
pub fn listed(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    uids: &[Uid],
) -> Result<Vec<ListedRow>, MailboxError> {
    let mut rows = Vec::new();
    let mut wanted = uids.iter().peekable();
    for (first, last) in ranges(uids) {
        tx.for_each(
            sql::SELECT_LISTED,
            params![account, mailbox, first, last],
            |row| {
                if is_wanted(&mut wanted, Uid(row.u32(0)?)) {
                    rows.push(read_listed(row)?);
                }
                Ok(())
            },
        )?;
    }
    Ok(rows)
}

fn read_listed(row: &Row<'_>) -> Result<ListedRow, StoreError> {
    let uid = Uid(row.u32(0)?);
    let internal_date = row.timestamp(1)?;
    let envelope = StoredEnvelope::parse(row.bytes(4)?)
        .ok_or_else(|| StoreError::Corrupt(format!("the envelope of message {uid} cannot be read")))?;
    Ok(ListedRow {
        uid,
        internal_date,
        size_octets: row.u64(2)?,
        sent_at: row.opt_int(3)?.map_or(internal_date, Timestamp::from_micros),
        envelope,
        ancestors: row.opt_bytes(5)?.map(split_ids).unwrap_or_default(),
    })
}

/// The stored form: ids hold no white space, so that lines part them.
pub(crate) fn join_ids(ids: &[String]) -> Vec<u8> {
    ids.join("\n").into_bytes()
}

fn split_ids(stored: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(stored)
        .lines()
        .map(str::to_owned)
        .collect()
}
