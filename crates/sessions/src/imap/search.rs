//! SEARCH: the index names the messages that fit and those that may; these are looked at one by one.

mod candidate;
mod plan;

use std::sync::Arc;

use posthorn_base::{AccountId, MailboxId, Timestamp, Uid};
use posthorn_imap::Answer;
use posthorn_imap::types::{SearchCriterion, SearchKey};
use posthorn_mailbox::{self as mailbox, MailboxError, MessageRow};
use posthorn_message::search::fold_case;
use posthorn_runtime::clock;
use posthorn_store::Tx;
use roaring::RoaringBitmap;

use super::ImapHandler;
use super::place::Place;
use candidate::{Candidate, Cost, cost_of};
use plan::Plan;

/// Messages looked at in one read, so that no read is long.
const BATCH: usize = 200;
/// Messages of which the rows alone are read in one.
const BATCH_OF_ROWS: usize = 4_000;

#[cfg(test)]
pub(super) mod tests;

type Key = SearchKey<RoaringBitmap>;

impl ImapHandler {
    pub(super) async fn search(&self, place: Place, key: Key) -> Result<Answer, MailboxError> {
        let Place { owner, mailbox } = place;
        let (uids, highest_modseq) = self
            .find(owner, mailbox, key, |_, rows| {
                Ok(rows.into_iter().map(|row| row.uid.0).collect())
            })
            .await?;
        Ok(Answer::Found { uids, highest_modseq })
    }

    /// Takes from each message that fits what `take` makes of it, and the highest mod-sequence among them.
    pub(super) async fn find<T: Send + 'static>(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        key: Key,
        take: impl Fn(&Tx<'_>, Vec<MessageRow>) -> Result<Vec<T>, MailboxError> + Send + Sync + 'static,
    ) -> Result<(Vec<T>, i64), MailboxError> {
        // One moment for all batches (RFC 5032 section 2).
        let search = Search::new(account, mailbox, key, clock::wall());
        let planned = search.clone();
        let plan = Arc::new(self.read_long(move |tx| planned.plan(tx)).await?);
        if let Some(what) = &plan.damage {
            self.let_index_be_made_anew(account, what).await;
        }
        let take = Arc::new(take);
        let (mut taken, mut highest_modseq) = (Vec::new(), 0);
        for batch in search.batches(&plan) {
            let (search, plan, take) = (search.clone(), Arc::clone(&plan), Arc::clone(&take));
            let (some, modseq) = self
                .read_long(move |tx| {
                    let rows = search.look(tx, &plan, &batch)?;
                    let modseq = rows.iter().map(|row| row.modseq.0).max();
                    Ok((take(tx, rows)?, modseq))
                })
                .await?;
            taken.extend(some);
            highest_modseq = highest_modseq.max(modseq.unwrap_or(0));
        }
        Ok((taken, highest_modseq))
    }

    /// Nobody who searches has to know: all messages are looked at meanwhile.
    async fn let_index_be_made_anew(&self, account: AccountId, what: &str) {
        tracing::error!(%account, what, "the search index is damaged and is made anew");
        let forgotten = self.write(account, move |tx| Ok(posthorn_search::start_over(tx, account)?));
        if let Err(cause) = forgotten.await {
            tracing::error!(%account, %cause, "the damaged search index stays");
        }
    }
}

/// A key that is searched in a mailbox at a moment.
#[derive(Clone)]
struct Search {
    account: AccountId,
    mailbox: MailboxId,
    key: Arc<Key>,
    now: Timestamp,
}

impl Search {
    fn new(account: AccountId, mailbox: MailboxId, mut key: Key, now: Timestamp) -> Self {
        fold(&mut key);
        Self {
            account,
            mailbox,
            key: Arc::new(key),
            now,
        }
    }

    fn plan(&self, tx: &Tx<'_>) -> Result<Plan, MailboxError> {
        Plan::new(tx, self.account, self.mailbox, &self.key)
    }

    /// The UIDs of a plan in order, as many at once as one read is for.
    fn batches(&self, plan: &Plan) -> Vec<Vec<Uid>> {
        let size = match plan.uncertain.is_empty() || cost_of(&self.key) == Cost::Row {
            true => BATCH_OF_ROWS,
            false => BATCH,
        };
        let uids: Vec<Uid> = (&plan.certain | &plan.uncertain).iter().map(Uid).collect();
        uids.chunks(size).map(<[Uid]>::to_vec).collect()
    }

    /// The messages among these UIDs that fit.
    fn look(&self, tx: &Tx<'_>, plan: &Plan, uids: &[Uid]) -> Result<Vec<MessageRow>, MailboxError> {
        let mut found = Vec::new();
        for row in mailbox::messages(tx, self.account, self.mailbox, uids)? {
            let fits = plan.certain.contains(row.uid.0)
                || Candidate::new(tx, self.account, &row, self.now).matches(&self.key)?;
            if fits {
                found.push(row);
            }
        }
        Ok(found)
    }
}

/// Folds the texts of a key once, not once per message.
fn fold(key: &mut Key) {
    match key {
        SearchKey::And(keys) => keys.iter_mut().for_each(fold),
        SearchKey::Or(left, right) => {
            fold(left);
            fold(right);
        }
        SearchKey::Not(key) => fold(key),
        SearchKey::Is(criterion) => {
            if let SearchCriterion::Holds(_, text) = criterion {
                *text = fold_case(text);
            }
        }
        SearchKey::Messages(_) => {}
    }
}
