//! Reading messages: the small rows for lists, the large ones for their content.

use posthorn_base::{AccountId, EmailId, MailboxId, ModSeq, ThreadId, Timestamp, Uid};
use posthorn_store::{BlobRef, Row, StoreError, Tx, params};

use crate::flags::Flags;
use crate::select::{is_wanted, ranges};
use crate::{MailboxError, sql};

/// Rows that room is made for before they are read.
const PLACES: usize = 4_096;

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its UID.
    pub uid: Uid,
    /// Its content's id.
    pub email: EmailId,
    /// Its conversation.
    pub thread: ThreadId,
    /// Its flags.
    pub flags: Flags,
    /// Its last change.
    pub modseq: ModSeq,
    /// RFC 9051 section 2.3.3.
    pub internal_date: Timestamp,
    /// When it came into this mailbox (RFC 8514).
    pub saved_at: Timestamp,
    /// Octets of the whole message.
    pub size_octets: u64,
    /// Its Date field; `None` when it has none that can be read.
    pub sent_at: Option<Timestamp>,
}

impl MessageRow {
    /// The sent date (RFC 5256 section 2.2): the Date field, or else when it came.
    pub fn sent_date(&self) -> Timestamp {
        self.sent_at.unwrap_or(self.internal_date)
    }
}

/// What is stored of a message's content besides its octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailRow {
    /// Its conversation.
    pub thread: ThreadId,
    /// Where its octets lie.
    pub blob: BlobRef,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// Octets of the header with its empty line.
    pub header_octets: u32,
    /// ENVELOPE, ready to send.
    pub envelope: Vec<u8>,
    /// BODYSTRUCTURE, ready to send.
    pub body_structure: Vec<u8>,
    /// BODY, ready to send.
    pub body: Vec<u8>,
    /// [`posthorn_message::Parts`] in stored form.
    pub parts: Vec<u8>,
    /// The preview (RFC 8970).
    pub preview: String,
}

/// The messages with these UIDs (sorted) that are there, in UID order.
///
/// # Errors
/// When the store fails.
pub fn messages(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    uids: &[Uid],
) -> Result<Vec<MessageRow>, MailboxError> {
    let mut rows = Vec::with_capacity(uids.len().min(PLACES));
    let mut wanted = uids.iter().peekable();
    for (first, last) in ranges(uids) {
        tx.for_each(
            sql::SELECT_MESSAGES,
            params![account, mailbox, first, last],
            |row| {
                if is_wanted(&mut wanted, Uid(row.u32(0)?)) {
                    rows.push(read_message(row)?);
                }
                Ok(())
            },
        )?;
    }
    Ok(rows)
}

/// One message; `None` when it is gone.
///
/// # Errors
/// When the store fails.
pub fn message(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    uid: Uid,
) -> Result<Option<MessageRow>, MailboxError> {
    Ok(tx.query_row(
        sql::SELECT_MESSAGES,
        params![account, mailbox, uid, uid],
        read_message,
    )?)
}

/// The description of a content; `None` when its last copy is gone.
///
/// # Errors
/// When the store fails.
pub fn email(tx: &Tx<'_>, account: AccountId, email: EmailId) -> Result<Option<EmailRow>, MailboxError> {
    let found = tx.query_row(sql::SELECT_EMAIL, params![account, email], |row| {
        Ok(EmailRow {
            thread: ThreadId(row.int(0)?),
            blob: BlobRef::from_columns(row.bytes(1)?, row.int(2)?, row.u64(3)?)?,
            received_at: row.timestamp(4)?,
            header_octets: row.u32(5)?,
            envelope: row.bytes(6)?.to_vec(),
            body_structure: row.bytes(7)?.to_vec(),
            body: row.bytes(8)?.to_vec(),
            parts: row.bytes(9)?.to_vec(),
            preview: row.text(10)?.to_owned(),
        })
    })?;
    Ok(found)
}

pub(crate) fn read_message(row: &Row<'_>) -> Result<MessageRow, StoreError> {
    Ok(MessageRow {
        uid: Uid(row.u32(0)?),
        email: EmailId(row.int(1)?),
        thread: ThreadId(row.int(2)?),
        flags: Flags::from_columns(row.int(3)?, row.text(4)?),
        modseq: ModSeq(row.int(5)?),
        internal_date: row.timestamp(6)?,
        saved_at: row.timestamp(7)?,
        size_octets: row.u64(8)?,
        sent_at: row.opt_int(9)?.map(Timestamp::from_micros),
    })
}
