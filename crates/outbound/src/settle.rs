//! The end of an attempt: one transaction with the new state of every recipient and the report its author
//! gets. A recipient whose lease is lost is left out, from the report too.

use std::sync::Arc;
use std::time::Duration;

use posthorn_base::{ReversePath, Timestamp};
use posthorn_queue::dsn::DsnRecipient;
use posthorn_queue::{AttemptRecord, Disposition, Finish, Lease, Leased, Settlement, decide, finish};
use posthorn_runtime::random;
use posthorn_store::{Partition, StoreError, Tx};

use crate::deliver::Job;
use crate::outbound::Shared;
use crate::report;
use crate::returns::{Plan, PlanError};
use crate::trial::Verdict;

/// How often the transaction is tried; after that the lease runs out and the attempt is made again.
const TRIES: u32 = 6;

/// Why the transaction did not happen.
enum Failed {
    Store(StoreError),
    LeaseLost(Lease),
}

impl From<StoreError> for Failed {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

/// One recipient on its way into the transaction.
#[derive(Clone)]
struct Ending {
    leased: Leased,
    attempt: AttemptRecord,
    settlement: Settlement,
    entry: Option<DsnRecipient>,
}

/// Ends an attempt for all recipients of a job.
pub(crate) async fn settle(shared: &Shared, job: &Job, verdicts: Vec<Verdict>) {
    let now = (shared.clock)();
    let mut endings: Vec<Ending> = job
        .recipients
        .iter()
        .zip(verdicts)
        .map(|(leased, verdict)| ending(shared, job, leased, verdict, now))
        .collect();
    for one in &endings {
        tell(job, one);
    }
    let mut tries = 0;
    while !endings.is_empty() {
        let plan = plan(shared, job, &mut endings, now).await;
        match commit(shared, &endings, plan, now).await {
            Ok(()) => break,
            Err(Failed::LeaseLost(lost)) => {
                tracing::warn!(queue_id = %lost.queue_id, recipient = lost.recipient, "the lease was lost; the result is discarded");
                endings.retain(|one| one.leased.lease != lost);
            }
            Err(Failed::Store(reason)) => {
                tries += 1;
                if tries >= TRIES {
                    tracing::error!(queue_id = %job.message.queue_id, %reason, "the result of an attempt could not be stored; it will be made again");
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1 << tries)).await;
            }
        }
    }
    shared.leases.remove(job.recipients.iter().map(|one| one.lease));
    let bucket = job.recipients.first().map(|one| one.lease.bucket);
    shared.waker.wake(bucket);
}

fn ending(shared: &Shared, job: &Job, leased: &Leased, verdict: Verdict, now: Timestamp) -> Ending {
    let attempts = leased.attempts.saturating_add(1);
    let schedule = &shared.config.schedule;
    let expires = job.message.expires_at;
    let disposition = decide(now, expires, attempts, schedule, verdict.outcome, random::u64());
    let entry = report::entry(shared, &job.message, leased, &verdict, disposition, now);
    let is_delay = entry.is_some() && matches!(disposition, Disposition::Retry(_));
    Ending {
        leased: leased.clone(),
        attempt: verdict.attempt,
        settlement: Settlement {
            disposition,
            delay_noticed: leased.delay_noticed || is_delay,
        },
        entry,
    }
}

/// One line in the log for each recipient.
fn tell(job: &Job, ending: &Ending) {
    let queue_id = job.message.queue_id;
    let (to, last) = (&ending.leased.address, &ending.attempt.diagnosis);
    let host = last.host.as_deref().unwrap_or("-");
    let (status, text) = (&last.status, &last.text);
    let end = match ending.settlement.disposition {
        Disposition::Delivered => "delivered".to_owned(),
        Disposition::Retry(at) => format!("not delivered yet, next attempt at {at}"),
        Disposition::Refused => "refused".to_owned(),
        Disposition::Expired => "given up, its time is over".to_owned(),
    };
    tracing::info!(%queue_id, %to, host, status, text, "{end}");
}

/// Plans the report, if one is owed. When it cannot be stored now, what it would say is put off with it;
/// when it never can, nobody is told.
async fn plan(shared: &Shared, job: &Job, endings: &mut [Ending], now: Timestamp) -> Option<Arc<dyn Plan>> {
    let entries: Vec<DsnRecipient> = endings.iter().filter_map(|one| one.entry.clone()).collect();
    let ReversePath::Address(to) = &job.message.reverse_path else {
        return None;
    };
    if entries.is_empty() {
        return None;
    }
    let message: Arc<[u8]> = report::write(shared, job, to, &entries, now).into();
    match shared.returns.plan(to, message, now).await {
        Ok(plan) => Some(Arc::from(plan)),
        Err(PlanError::Undeliverable(reason)) => {
            tracing::warn!(queue_id = %job.message.queue_id, %to, reason, "the report to the author is given up");
            None
        }
        Err(PlanError::Temporary(reason)) => {
            tracing::warn!(queue_id = %job.message.queue_id, %to, reason, "the report to the author cannot be stored now");
            put_off(shared, endings, now);
            None
        }
    }
}

/// A failure that cannot be reported yet is no failure yet. A delivery stands: it must not happen twice.
fn put_off(shared: &Shared, endings: &mut [Ending], now: Timestamp) {
    let later = now.plus(shared.config.timeouts.lease);
    for one in endings.iter_mut().filter(|one| one.entry.is_some()) {
        one.entry = None;
        let settlement = &mut one.settlement;
        match settlement.disposition {
            Disposition::Delivered => {}
            Disposition::Retry(_) => settlement.delay_noticed = one.leased.delay_noticed,
            Disposition::Refused | Disposition::Expired => settlement.disposition = Disposition::Retry(later),
        }
    }
}

async fn commit(
    shared: &Shared,
    endings: &[Ending],
    plan: Option<Arc<dyn Plan>>,
    now: Timestamp,
) -> Result<(), Failed> {
    let rows: Vec<(Lease, AttemptRecord, Settlement)> = endings
        .iter()
        .map(|one| (one.leased.lease, one.attempt.clone(), one.settlement))
        .collect();
    let Some(bucket) = rows.first().map(|(lease, ..)| lease.bucket) else {
        return Ok(());
    };
    let mut partitions = vec![Partition::Bucket(bucket)];
    partitions.extend(plan.iter().flat_map(|plan| plan.partitions()));
    let touched: Vec<i64> = partitions.iter().skip(1).filter_map(bucket_of).collect();
    let work = move |tx: &mut Tx<'_>, index: usize| match (index.checked_sub(1), &plan) {
        (Some(part), Some(plan)) => plan.run(tx, part).map_err(Failed::Store),
        (Some(_), None) => Ok(()),
        (None, _) => finish_all(tx, &rows, now),
    };
    shared.store.write_group(partitions, work).await?;
    // A report that leaves this server has its own row in the queue.
    shared.waker.wake(touched);
    Ok(())
}

fn finish_all(
    tx: &mut Tx<'_>,
    rows: &[(Lease, AttemptRecord, Settlement)],
    now: Timestamp,
) -> Result<(), Failed> {
    for (lease, attempt, settlement) in rows {
        match finish(tx, lease, attempt, *settlement, now)? {
            Finish::Done => {}
            Finish::LeaseLost => return Err(Failed::LeaseLost(*lease)),
        }
    }
    Ok(())
}

fn bucket_of(partition: &Partition) -> Option<i64> {
    match partition {
        Partition::Bucket(bucket) => Some(*bucket),
        Partition::Account(_) | Partition::Directory => None,
    }
}
