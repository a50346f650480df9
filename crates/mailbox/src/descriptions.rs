//! What is needed of messages to put them in an order besides their rows (RFC 5256), from what is stored of their
//! contents.

use posthorn_base::{AccountId, MailboxId, Uid};
use posthorn_store::{Row, StoreError, Tx, params};

use crate::envelope::StoredEnvelope;
use crate::fetch::MessageRow;
use crate::select::{is_wanted, ranges};
use crate::{MailboxError, sql};

/// A message's content as SORT and THREAD look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Of its envelope.
    pub envelope: StoredEnvelope,
    /// The Message-IDs it answers, the nearest last, as `posthorn_message::ThreadKeys::ancestors`.
    pub ancestors: Vec<String>,
}

/// One for each of these messages (in UID order); an empty one for a message whose content is missing.
///
/// # Errors
/// When the store fails.
pub fn descriptions(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    rows: &[MessageRow],
) -> Result<Vec<Description>, MailboxError> {
    let uids: Vec<Uid> = rows.iter().map(|row| row.uid).collect();
    let mut wanted = uids.iter().peekable();
    let mut found = Vec::with_capacity(rows.len());
    for (first, last) in ranges(&uids) {
        tx.for_each(
            sql::SELECT_DESCRIPTIONS,
            params![account, mailbox, first, last],
            |row| {
                if is_wanted(&mut wanted, Uid(row.u32(0)?)) {
                    found.push(read_description(row)?);
                }
                Ok(())
            },
        )?;
    }
    Ok(found)
}

fn read_description(row: &Row<'_>) -> Result<Description, StoreError> {
    let uid = Uid(row.u32(0)?);
    let damaged = || StoreError::Corrupt(format!("the envelope of message {uid} cannot be read"));
    let stored = row.opt_bytes(1)?;
    let envelope = stored.map(|stored| StoredEnvelope::parse(stored).ok_or_else(damaged));
    Ok(Description {
        envelope: envelope.transpose()?.unwrap_or_default(),
        ancestors: row.opt_bytes(2)?.map(split_ids).unwrap_or_default(),
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
