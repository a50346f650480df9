//! The rows of the queue as values, and how they get in.

use posthorn_base::{Address, QueueId, ReversePath, Timestamp};
use posthorn_smtp::{Body, Notify, Ret};
use posthorn_store::{BlobRef, Row, StoreError, Tx, params};

use crate::columns::{address, body_of, body_to_int, int_of_id, notify_to_int, ret_of, ret_to_int};
use crate::{bucket, sql};

/// A message in the queue: what `MAIL` said, and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its name; the same in every bucket.
    pub queue_id: QueueId,
    /// The content as it will be sent, staged and put by the caller.
    pub blob: BlobRef,
    /// Where reports go.
    pub reverse_path: ReversePath,
    /// How much a report returns; `None` when the client did not say.
    pub ret: Option<Ret>,
    /// The sender's own name for it (`ENVID`), decoded.
    pub envelope_id: Option<String>,
    /// `BODY=`.
    pub body: Body,
    /// Does it need SMTPUTF8?
    pub smtputf8: bool,
    /// Who had logged in; `None` when nobody had.
    pub identity: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When trying ends.
    pub expires_at: Timestamp,
}

/// A recipient to be put into the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecipient {
    /// Its place among the message's recipients; no two of a message have the same.
    pub number: u32,
    /// Where to.
    pub address: Address,
    /// `NOTIFY=`; `None` when the client did not say.
    pub notify: Option<Notify>,
    /// `ORCPT=`: address type, `;`, decoded address.
    pub original_recipient: Option<String>,
}

/// Where a recipient stands. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Tried when it is due; being tried while it is leased.
    Waiting = 0,
    /// Kept, not tried.
    Held = 1,
    /// Another server has taken it. Final.
    Delivered = 2,
    /// Given up. Final.
    Failed = 3,
    /// Taken out by an administrator. Final.
    Dropped = 4,
}

impl State {
    /// Will it never change again?
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Waiting | Self::Held => false,
            Self::Delivered | Self::Failed | Self::Dropped => true,
        }
    }

    /// The word that listings show.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    pub(crate) fn to_int(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Held => 1,
            Self::Delivered => 2,
            Self::Failed => 3,
            Self::Dropped => 4,
        }
    }

    pub(crate) fn from_int(stored: i64) -> Result<Self, StoreError> {
        let all = [
            Self::Waiting,
            Self::Held,
            Self::Delivered,
            Self::Failed,
            Self::Dropped,
        ];
        let found = all.into_iter().find(|state| state.to_int() == stored);
        found.ok_or_else(|| StoreError::Corrupt(format!("a recipient in state {stored}")))
    }
}

/// Puts a message and those of its recipients that belong to `bucket` into the queue, due at once. Part of
/// the transaction that accepts the message: when that is durable, the recipients are ours.
///
/// # Errors
/// When the engine refuses; [`StoreError::Duplicate`] when the message is in the bucket already.
pub fn enqueue(
    tx: &mut Tx<'_>,
    bucket: i64,
    message: &Message,
    recipients: &[NewRecipient],
) -> Result<(), StoreError> {
    let id = int_of_id(message.queue_id);
    let size = i64::try_from(message.blob.size_octets).unwrap_or(i64::MAX);
    let reverse_path = message.reverse_path.to_text();
    tx.execute(
        sql::INSERT_MESSAGE,
        params![
            bucket,
            id,
            &message.blob.hash,
            message.blob.generation,
            size,
            &reverse_path,
            message.ret.map(ret_to_int),
            message.envelope_id.as_deref(),
            body_to_int(message.body),
            message.smtputf8,
            message.identity.as_deref(),
            message.created_at,
            message.expires_at,
        ],
    )?;
    for recipient in recipients {
        let address = recipient.address.to_string();
        let domain = bucket::domain_key(&recipient.address);
        tx.execute(
            sql::INSERT_RECIPIENT,
            params![
                bucket,
                id,
                recipient.number,
                &address,
                &domain,
                message.created_at,
                recipient.notify.map(notify_to_int),
                recipient.original_recipient.as_deref(),
            ],
        )?;
    }
    Ok(())
}

/// Reads a message from the columns of [`sql::MESSAGE_COLUMNS`], which begin at `first`.
pub(crate) fn read_message(row: &Row<'_>, first: usize) -> Result<Message, StoreError> {
    let column = |n: usize| first.saturating_add(n);
    let reverse_path = row.text(column(4))?;
    Ok(Message {
        queue_id: QueueId(row.int(column(0))?.cast_unsigned()),
        blob: BlobRef::from_columns(row.bytes(column(1))?, row.int(column(2))?, row.u64(column(3))?)?,
        reverse_path: if reverse_path.is_empty() {
            ReversePath::Null
        } else {
            ReversePath::Address(address(reverse_path)?)
        },
        ret: row.opt_int(column(5))?.map(ret_of).transpose()?,
        envelope_id: row.opt_text(column(6))?.map(str::to_owned),
        body: body_of(row.int(column(7))?)?,
        smtputf8: row.bool(column(8))?,
        identity: row.opt_text(column(9))?.map(str::to_owned),
        created_at: row.timestamp(column(10))?,
        expires_at: row.timestamp(column(11))?,
    })
}
