//! The transactions that accept a message, as a value: whoever commits it may put its own beside it.

use posthorn_base::{AccountId, Timestamp};
use posthorn_mailbox::{self as mailbox, MailboxError, NewMessage, Quota, Target};
use posthorn_queue as queue;
use posthorn_store::{Blob, Partition, StoreError, Tx};

/// A transaction of a plan failed; nothing of the plan is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InboundError {
    /// A mailbox refused: its account was removed meanwhile.
    #[error(transparent)]
    Mailbox(MailboxError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MailboxError> for InboundError {
    fn from(error: MailboxError) -> Self {
        match error {
            MailboxError::Store(cause) => Self::Store(cause),
            other @ (MailboxError::NoSuchAccount
            | MailboxError::NoSuchMailbox
            | MailboxError::AlreadyExists
            | MailboxError::BadName(_)
            | MailboxError::IsInbox
            | MailboxError::OverQuota
            | MailboxError::Limit(_)) => Self::Mailbox(other),
        }
    }
}

/// What one partition is given.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Local {
        account: AccountId,
        target: Target,
        message: NewMessage,
    },
    Remote {
        bucket: i64,
        message: queue::Message,
        blob: Blob,
        recipients: Vec<queue::NewRecipient>,
    },
}

/// All transactions of one message.
#[derive(Clone, Debug)]
pub struct Plan {
    now: Timestamp,
    parts: Vec<Part>,
}

impl Plan {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            now,
            parts: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// Both messages, all or none.
    pub fn append(&mut self, mut other: Self) {
        self.parts.append(&mut other.parts);
    }

    /// The partition of each transaction, in order.
    #[must_use]
    pub fn partitions(&self) -> Vec<Partition> {
        let partition = |part: &Part| match part {
            Part::Local { account, .. } => Partition::Account(*account),
            Part::Remote { bucket, .. } => Partition::Bucket(*bucket),
        };
        self.parts.iter().map(partition).collect()
    }

    /// The buckets of the queue that it fills, for whoever must wake the delivery after the commit.
    #[must_use]
    pub fn buckets(&self) -> Vec<i64> {
        let bucket = |part: &Part| match part {
            Part::Local { .. } => None,
            Part::Remote { bucket, .. } => Some(*bucket),
        };
        self.parts.iter().filter_map(bucket).collect()
    }

    /// Runs the transaction with that index.
    ///
    /// # Errors
    /// When it fails; the whole group must then be rolled back.
    pub fn run(&self, tx: &mut Tx<'_>, index: usize) -> Result<(), InboundError> {
        match self.parts.get(index) {
            None => Ok(()),
            Some(Part::Local {
                account,
                target,
                message,
            }) => {
                mailbox::deliver(tx, *account, target, message, Quota::Checked, self.now)?;
                Ok(())
            }
            Some(Part::Remote {
                bucket,
                message,
                blob,
                recipients,
            }) => {
                tx.put_blob(blob)?;
                queue::enqueue(tx, *bucket, message, recipients)?;
                Ok(())
            }
        }
    }
}
