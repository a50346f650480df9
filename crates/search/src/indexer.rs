//! Brings the index of an account up to date, a small step at a time. Nothing of it happens while a message is
//! stored: whoever runs this does it afterwards, as fast as is good for everybody else.

use std::sync::Arc;
use std::time::Duration;

use posthorn_base::{AccountId, EmailId, Timestamp};
use posthorn_mailbox::{self as mailbox, MailboxError};
use posthorn_store::{Partition, Store, StoreError, Tx, params};

use crate::build::{Builder, Built};
use crate::check::check_account;
use crate::index::start_over;
use crate::merge::{self, Merge};
use crate::{index, segment, sql};

/// Messages taken up in one step.
const BATCH_EMAILS: u32 = 256;
/// Octets of messages after which a step takes no further one.
const BATCH_OCTETS: u64 = 4 * 1_024 * 1_024;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something was done; there may be more.
    More,
    /// The index is as it should be.
    Done,
}

/// How long a segment may be in the making before it counts as left behind by a crash.
const MAKING: Duration = Duration::from_secs(60 * 60);

/// Works on the index of one account. Several may at the same time, on any number of nodes: only what is
/// based on the newest state becomes visible.
pub struct Indexer {
    store: Store,
    account: AccountId,
    merge: Option<Merge>,
}

impl Indexer {
    /// For an account.
    #[must_use]
    pub fn new(store: Store, account: AccountId) -> Self {
        Self {
            store,
            account,
            merge: None,
        }
    }

    /// Does the next step. Blocks.
    ///
    /// # Errors
    /// When the store fails; what became visible before stays.
    pub fn step(&mut self, now: Timestamp) -> Result<Step, MailboxError> {
        // New messages do not wait for a merge, nor a merge for messages to cease.
        let indexed = self.index_new(now)?;
        let tidied = match self.arrange(now) {
            Err(MailboxError::Store(StoreError::Corrupt(what))) => self.mend(what)?,
            arranged => arranged?,
        };
        Ok(match (indexed, tidied) {
            (Step::Done, Step::Done) => Step::Done,
            (Step::More, _) | (_, Step::More) => Step::More,
        })
    }

    /// Goes on with a merge, or does what else there is to do with segments.
    fn arrange(&mut self, now: Timestamp) -> Result<Step, MailboxError> {
        let Some(mut merge) = self.merge.take() else {
            return self.tidy(now);
        };
        if merge.step(&self.store)? == Step::More {
            self.merge = Some(merge);
        }
        Ok(Step::More)
    }

    /// Begins anew when it is the index that is damaged, and not the mail.
    fn mend(&self, what: String) -> Result<Step, MailboxError> {
        let account = self.account;
        let checked = self.store.read_long(move |tx| {
            let mut findings = Vec::new();
            check_account(tx, account, &mut findings)?;
            Ok::<_, MailboxError>(findings)
        });
        if checked.wait()?.is_empty() {
            return Err(StoreError::Corrupt(what).into());
        }
        tracing::error!(%account, what, "the search index is damaged and is made anew");
        let forgotten = self
            .store
            .write(Partition::Account(account), move |tx| start_over(tx, account));
        forgotten.wait().map_err(MailboxError::from)?;
        Ok(Step::More)
    }

    /// Begins a merge, or removes some of what nobody sees any more.
    fn tidy(&mut self, now: Timestamp) -> Result<Step, MailboxError> {
        let (account, since) = (self.account, now.minus(MAKING));
        let looked = self.store.read_long(move |tx| {
            let segments = segment::live(tx, account)?;
            let chosen = match merge::choose(&segments) {
                Some(neighbours) => neighbours.to_vec(),
                None => merge::choose_thinned(tx, account, &segments)?
                    .into_iter()
                    .collect(),
            };
            Ok::<_, MailboxError>((chosen, segment::left_behind(tx, account, since)?))
        });
        let (chosen, left_behind) = looked.wait()?;
        if !chosen.is_empty() {
            self.merge = Merge::begin(&self.store, account, chosen, now)?;
            return Ok(Step::More);
        }
        let Some(id) = left_behind else {
            return Ok(Step::Done);
        };
        let removed = self.store.write(Partition::Account(account), move |tx| {
            segment::remove_some(tx, account, id)
        });
        removed.wait().map_err(MailboxError::from)?;
        Ok(Step::More)
    }

    /// Indexes some of the messages that came since.
    fn index_new(&self, now: Timestamp) -> Result<Step, MailboxError> {
        let account = self.account;
        let (indexed_to, batch) = self.store.read_long(move |tx| read_batch(tx, account)).wait()?;
        let Some((first, _)) = batch.first() else {
            return Ok(Step::Done);
        };
        let mut builder = Builder::new(*first);
        for (email, raw) in &batch {
            if !builder.reaches(*email) {
                break;
            }
            builder.add(*email, raw.as_deref());
        }
        let built = Arc::new(builder.finish());
        let (last, emails) = (built.last, built.emails);
        self.store
            .write(Partition::Account(account), move |tx| {
                publish(tx, account, indexed_to, &built, now)
            })
            .wait()?;
        tracing::debug!(%account, to = %last, emails, "messages are indexed");
        Ok(Step::More)
    }
}

/// A message that is to be indexed; no octets when they cannot be read.
type Unindexed = (EmailId, Option<Vec<u8>>);

/// The content up to which is indexed, and the next messages after it.
fn read_batch(tx: &Tx<'_>, account: AccountId) -> Result<(EmailId, Vec<Unindexed>), MailboxError> {
    let indexed_to = index::indexed_to(tx, account)?;
    let (mut batch, mut octets) = (Vec::new(), 0);
    for (email, blob) in mailbox::emails_after(tx, account, indexed_to, BATCH_EMAILS)? {
        if octets > BATCH_OCTETS {
            break;
        }
        octets += blob.size_octets;
        let raw = match tx.blob(&blob) {
            Err(StoreError::BlobMissing(name)) => {
                tracing::error!(%account, %email, name, "a message that cannot be read is not indexed");
                None
            }
            raw => Some(raw?),
        };
        batch.push((email, raw));
    }
    Ok((indexed_to, batch))
}

/// Makes a segment of new messages visible, unless somebody did meanwhile.
fn publish(
    tx: &mut Tx<'_>,
    account: AccountId,
    indexed_to: EmailId,
    built: &Built,
    now: Timestamp,
) -> Result<(), MailboxError> {
    // An account that was removed meanwhile must not leave rows behind.
    mailbox::usage(tx, account)?;
    tx.execute(sql::INSERT_ACCOUNT, params![account])?;
    let taken = tx.query_row(sql::ADVANCE, params![account, indexed_to, built.last], |row| {
        row.int(0)
    })?;
    if let Some(id) = taken {
        segment::insert(tx, account, id, built, now)?;
    }
    Ok(())
}
