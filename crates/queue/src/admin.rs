//! What an administrator sees and does, and the cleaning up of what is over.

use std::time::Duration;

use posthorn_base::{Address, QueueId, ReversePath, Timestamp};
use posthorn_smtp::Notify;
use posthorn_store::{Row, StoreError, Tx, params};

use crate::columns::{address, int_of_id, notify_of, outcome_of};
use crate::{Diagnosis, Message, Outcome, State, load, sql};

/// A recipient in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The message.
    pub queue_id: QueueId,
    /// The recipient's number.
    pub recipient: u32,
    /// Where to.
    pub address: Address,
    /// Waiting or held.
    pub state: State,
    /// When it is tried next.
    pub due: Timestamp,
    /// Attempts so far.
    pub attempts: u32,
    /// It is being tried until then at most; `None`: it is not.
    pub lease_until: Option<Timestamp>,
    /// What the last server said.
    pub last_text: Option<String>,
    /// Which server.
    pub last_host: Option<String>,
    /// Who sent it.
    pub reverse_path: ReversePath,
    /// Who had logged in.
    pub identity: Option<String>,
    /// Octets of the message.
    pub size_octets: u64,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When trying ends.
    pub expires_at: Timestamp,
}

/// All that is known of a message in one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The message.
    pub message: Message,
    /// Its recipients in this bucket.
    pub recipients: Vec<StoryRecipient>,
}

/// A recipient with everything that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryRecipient {
    /// Its number.
    pub number: u32,
    /// Where to.
    pub address: Address,
    /// Where it stands.
    pub state: State,
    /// When it is tried next, while it is not final.
    pub due: Timestamp,
    /// Attempts so far.
    pub attempts: u32,
    /// It is being tried until then at most; `None`: it is not.
    pub lease_until: Option<Timestamp>,
    /// `NOTIFY=`.
    pub notify: Option<Notify>,
    /// `ORCPT=`, decoded.
    pub original_recipient: Option<String>,
    /// Was the author told of the delay?
    pub delay_noticed: bool,
    /// The outcome of the last attempt; `None` before the first.
    pub last: Option<Diagnosis>,
    /// When it became final.
    pub finished_at: Option<Timestamp>,
    /// Every server tried, in order.
    pub tried: Vec<AttemptRow>,
}

/// One server that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// The attempt, from 1 up; several servers may be tried in one.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The server's name.
    pub host: Option<String>,
    /// Its address.
    pub ip: Option<String>,
    /// `TLSv1.3`; `None` in the clear.
    pub tls_version: Option<String>,
    /// The cipher suite.
    pub tls_cipher: Option<String>,
    /// What was said, each line with its direction.
    pub lines: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How many recipients stand where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Waiting, those being tried included.
    pub waiting: u64,
    /// Of the waiting ones, being tried.
    pub leased: u64,
    /// Held by an administrator.
    pub held: u64,
    /// Delivered, as far as the history goes.
    pub delivered: u64,
    /// Failed, as far as the history goes.
    pub failed: u64,
    /// Dropped, as far as the history goes.
    pub dropped: u64,
    /// The earliest due time of a waiting one.
    pub next_due: Option<Timestamp>,
}

impl Counts {
    /// The sum over two buckets.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            waiting: self.waiting.saturating_add(other.waiting),
            leased: self.leased.saturating_add(other.leased),
            held: self.held.saturating_add(other.held),
            delivered: self.delivered.saturating_add(other.delivered),
            failed: self.failed.saturating_add(other.failed),
            dropped: self.dropped.saturating_add(other.dropped),
            next_due: match (self.next_due, other.next_due) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
        }
    }
}

/// The recipients of a bucket that are not final, the oldest message first.
///
/// # Errors
/// When the engine refuses.
pub fn list(tx: &Tx<'_>, bucket: i64, limit: u32) -> Result<Vec<Listed>, StoreError> {
    tx.query(sql::LIST_OPEN, params![bucket, limit], |row| {
        let reverse_path = row.text(9)?;
        Ok(Listed {
            queue_id: QueueId(row.int(0)?.cast_unsigned()),
            recipient: row.u32(1)?,
            address: address(row.text(2)?)?,
            state: State::from_int(row.int(3)?)?,
            due: row.timestamp(4)?,
            attempts: row.u32(5)?,
            lease_until: row.opt_int(6)?.map(Timestamp::from_micros),
            last_text: row.opt_text(7)?.map(str::to_owned),
            last_host: row.opt_text(8)?.map(str::to_owned),
            reverse_path: ReversePath::parse(reverse_path).map_err(|cause| {
                StoreError::Corrupt(format!("the reverse path {reverse_path:?}: {cause}"))
            })?,
            identity: row.opt_text(10)?.map(str::to_owned),
            size_octets: row.u64(11)?,
            created_at: row.timestamp(12)?,
            expires_at: row.timestamp(13)?,
        })
    })
}

/// A message with its recipients of this bucket and all attempts; `None` when it is not there.
///
/// # Errors
/// When the engine refuses.
pub fn show(tx: &Tx<'_>, bucket: i64, queue_id: QueueId) -> Result<Option<Story>, StoreError> {
    let Some(message) = load(tx, bucket, queue_id)? else {
        return Ok(None);
    };
    let id = int_of_id(queue_id);
    let mut recipients = tx.query(sql::RECIPIENTS, params![bucket, id], read_recipient)?;
    let attempts = tx.query(sql::ATTEMPTS, params![bucket, id], |row| {
        Ok((row.u32(0)?, read_attempt(row)?))
    })?;
    for (number, attempt) in attempts {
        if let Some(recipient) = recipients.iter_mut().find(|one| one.number == number) {
            recipient.tried.push(attempt);
        }
    }
    Ok(Some(Story { message, recipients }))
}

fn read_recipient(row: &Row<'_>) -> Result<StoryRecipient, StoreError> {
    let code = row.opt_int(9)?.and_then(|code| u16::try_from(code).ok());
    let host = row.opt_text(12)?.map(str::to_owned);
    let last = match (row.opt_text(10)?, row.opt_text(11)?) {
        (Some(status), Some(text)) => Some(Diagnosis {
            code,
            status: status.to_owned(),
            text: text.to_owned(),
            host,
        }),
        (_, _) => None,
    };
    Ok(StoryRecipient {
        number: row.u32(0)?,
        address: address(row.text(1)?)?,
        state: State::from_int(row.int(2)?)?,
        due: row.timestamp(3)?,
        attempts: row.u32(4)?,
        lease_until: row.opt_int(5)?.map(Timestamp::from_micros),
        notify: row.opt_int(6)?.map(notify_of),
        original_recipient: row.opt_text(7)?.map(str::to_owned),
        delay_noticed: row.bool(8)?,
        last,
        finished_at: row.opt_int(13)?.map(Timestamp::from_micros),
        tried: Vec::new(),
    })
}

fn read_attempt(row: &Row<'_>) -> Result<AttemptRow, StoreError> {
    let text = |column| Ok::<_, StoreError>(row.opt_text(column)?.map(str::to_owned));
    Ok(AttemptRow {
        number: row.u32(1)?,
        at: row.timestamp(2)?,
        duration: Duration::from_micros(row.u64(3)?),
        host: text(4)?,
        ip: text(5)?,
        tls_version: text(6)?,
        tls_cipher: text(7)?,
        lines: row.text(8)?.lines().map(str::to_owned).collect(),
        outcome: outcome_of(row.int(9)?)?,
    })
}

/// Keeps waiting recipients from being tried: all of the message in this bucket, or one. A transfer that
/// runs is let finish. Returns how many.
///
/// # Errors
/// When the engine refuses.
pub fn hold(
    tx: &mut Tx<'_>,
    bucket: i64,
    queue_id: QueueId,
    recipient: Option<u32>,
) -> Result<usize, StoreError> {
    let id = int_of_id(queue_id);
    match recipient {
        None => tx.execute(sql::HOLD, params![bucket, id]),
        Some(number) => tx.execute(sql::HOLD_ONE, params![bucket, id, number]),
    }
}

/// Makes recipients due at once, held ones too. Returns how many.
///
/// # Errors
/// When the engine refuses.
pub fn retry_now(
    tx: &mut Tx<'_>,
    bucket: i64,
    queue_id: QueueId,
    recipient: Option<u32>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let id = int_of_id(queue_id);
    match recipient {
        None => tx.execute(sql::RETRY_NOW, params![bucket, id, now]),
        Some(number) => tx.execute(sql::RETRY_NOW_ONE, params![bucket, id, number, now]),
    }
}

/// Ends recipients without a word to anybody. One that is being transferred may arrive all the same.
/// Returns how many.
///
/// # Errors
/// When the engine refuses.
pub fn drop_recipients(
    tx: &mut Tx<'_>,
    bucket: i64,
    queue_id: QueueId,
    recipient: Option<u32>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let id = int_of_id(queue_id);
    match recipient {
        None => tx.execute(sql::DROP, params![bucket, id, now]),
        Some(number) => tx.execute(sql::DROP_ONE, params![bucket, id, number, now]),
    }
}

/// How many recipients of a bucket stand where.
///
/// # Errors
/// When the engine refuses.
pub fn statistics(tx: &Tx<'_>, bucket: i64, now: Timestamp) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    tx.for_each(sql::COUNTS, params![bucket, now], |row| {
        let count = row.u64(1)?;
        match State::from_int(row.int(0)?)? {
            State::Waiting => {
                counts.waiting = count;
                counts.leased = row.u64(2)?;
                counts.next_due = row.opt_int(3)?.map(Timestamp::from_micros);
            }
            State::Held => counts.held = count,
            State::Delivered => counts.delivered = count,
            State::Failed => counts.failed = count,
            State::Dropped => counts.dropped = count,
        }
        Ok(())
    })?;
    Ok(counts)
}

/// Deletes what became final before `before`. Returns how many recipients.
///
/// # Errors
/// When the engine refuses.
pub fn clean_up(tx: &mut Tx<'_>, bucket: i64, before: Timestamp) -> Result<usize, StoreError> {
    tx.execute(sql::DELETE_OLD_ATTEMPTS, params![bucket, before])?;
    tx.execute(sql::DELETE_OLD_MESSAGES, params![bucket, before])?;
    tx.execute(sql::DELETE_OLD_RECIPIENTS, params![bucket, before])
}
