//! The transactions that accept a message, as a value: whoever commits it may put its own beside it.

use std::sync::Arc;

use posthorn_accounts as accounts;
use posthorn_base::{AccountId, Address, Domain, Timestamp};
use posthorn_correspondents::{self as correspondents, Seen, Vouched};
use posthorn_impersonation as impersonation;
use posthorn_mailbox::{self as mailbox, MailboxError, NewMessage, Quota, Target};
use posthorn_queue as queue;
use posthorn_reports::{Carrier, Report};
use posthorn_store::{Blob, Partition, StoreError, Tx};

use crate::judge::{Author, OwnName};

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
            | MailboxError::NotPermitted
            | MailboxError::AnnotationTooBig
            | MailboxError::TooManyAnnotations
            | MailboxError::AlreadyExists
            | MailboxError::BadName(_)
            | MailboxError::IsInbox
            | MailboxError::OverQuota
            | MailboxError::NoSuchMessage
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
        /// Whom the reader knows from now on.
        author: Option<Arc<Author>>,
    },
    Remote {
        bucket: i64,
        message: queue::Message,
        blob: Blob,
        recipients: Vec<queue::NewRecipient>,
    },
    /// Reports about our domains.
    Reports { reports: Vec<Report>, carrier: Carrier },
    /// Whom one of our people wrote to.
    Wrote {
        account: AccountId,
        to: Vec<(Address, String)>,
    },
    /// What one of our people calls themselves.
    OwnName(OwnName),
}

/// All transactions of one message.
#[derive(Clone, Debug)]
pub struct Plan {
    now: Timestamp,
    parts: Vec<Part>,
}

impl Plan {
    /// Nothing yet.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
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
            Part::Wrote { account, .. } => Partition::Account(*account),
            Part::Reports { .. } | Part::OwnName(_) => Partition::Directory,
        };
        self.parts.iter().map(partition).collect()
    }

    /// The buckets of the queue that it fills, for whoever must wake the delivery after the commit.
    #[must_use]
    pub fn buckets(&self) -> Vec<i64> {
        let bucket = |part: &Part| match part {
            Part::Local { .. } | Part::Reports { .. } | Part::Wrote { .. } | Part::OwnName(_) => None,
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
                author,
            }) => {
                mailbox::deliver(tx, *account, target, message, Quota::Checked, self.now)?;
                match author {
                    Some(author) => Ok(self.got_mail_from(tx, *account, author)?),
                    None => Ok(()),
                }
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
            Some(Part::Reports { reports, carrier }) => {
                let ours: Vec<Domain> = accounts::domains(tx)?
                    .into_iter()
                    .map(|entry| entry.domain)
                    .collect();
                for report in reports {
                    posthorn_reports::keep(tx, report, carrier, &ours, self.now)?;
                }
                Ok(())
            }
            Some(Part::Wrote { account, to }) => Ok(self.wrote_to(tx, *account, to)?),
            Some(Part::OwnName(own)) => {
                correspondents::learn_own_name(tx, &own.address, &own.name_key, &own.name)?;
                Ok(())
            }
        }
    }

    fn got_mail_from(&self, tx: &mut Tx<'_>, account: AccountId, author: &Author) -> Result<(), StoreError> {
        let seen = Seen {
            address: &author.key,
            domain: &author.domain,
            skeleton: &author.skeleton,
            name: &author.name,
            vouched: if author.is_vouched_for {
                Vouched::Yes
            } else {
                Vouched::No
            },
        };
        correspondents::learn_received(tx, account, &seen, self.now)
    }

    fn wrote_to(
        &self,
        tx: &mut Tx<'_>,
        account: AccountId,
        to: &[(Address, String)],
    ) -> Result<(), StoreError> {
        for (address, name) in to {
            let Some(domain) = address.domain() else { continue };
            let addressee = correspondents::Addressee {
                address: &address.lookup_key(),
                domain: domain.as_str(),
                skeleton: &impersonation::skeleton(domain.as_str()),
                name,
            };
            correspondents::learn_sent(tx, account, &[addressee], self.now)?;
        }
        Ok(())
    }
}
