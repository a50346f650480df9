//! The work for one domain: leases what is due, and starts a transfer for each message, several at a time
//! as far as the domain may have connections. Ends when nothing is due; the transfers go on by themselves,
//! so that a slow one does not keep the next message waiting.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use posthorn_base::QueueId;
use posthorn_queue::{Diagnosis, Lease, Leased, Message, Outcome, lease, load};
use posthorn_runtime::{Shutdown, clock};
use posthorn_store::{Partition, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::deliver::{Job, deliver};
use crate::exchange::Lines;
use crate::outbound::Shared;
use crate::settle::settle;
use crate::trial::{Trial, Trying, Verdict};

/// Recipients leased at once, and so the most of one transaction: RFC 5321 section 4.5.3.1.8.
const BATCH: u32 = 100;

/// Runs until nothing of the domain is due, or the program stops.
///
/// Fails when the store does.
pub(crate) async fn run(
    shared: Arc<Shared>,
    bucket: i64,
    domain: String,
    stop: Shutdown,
) -> Result<(), StoreError> {
    let (route, slots) = shared.route(&domain);
    while !stop.is_triggered() {
        let leased = lease_batch(&shared, bucket, &domain).await?;
        if leased.is_empty() {
            break;
        }
        for (queue_id, recipients) in by_message(leased) {
            let Some(place) = place(&shared, &slots, &stop).await else {
                let leases: Vec<Lease> = recipients.iter().map(|one| one.lease).collect();
                shared.leases.give_back(&shared.store, leases).await?;
                continue;
            };
            let transfer = Transfer {
                queue_id,
                bucket,
                recipients,
                route: route.clone(),
            };
            shared.transfers.start(transfer.run(Arc::clone(&shared), place));
        }
    }
    Ok(())
}

async fn lease_batch(shared: &Shared, bucket: i64, domain: &str) -> Result<Vec<Leased>, StoreError> {
    let now = (shared.clock)();
    let until = now.plus(shared.config.timeouts.lease);
    let domain = domain.to_owned();
    let leasing = shared.store.write(Partition::Bucket(bucket), move |tx| {
        lease(tx, bucket, &domain, now, until, BATCH)
    });
    let leased = leasing.await?;
    shared.leases.add(leased.iter().map(|one| one.lease));
    Ok(leased)
}

fn by_message(leased: Vec<Leased>) -> BTreeMap<QueueId, Vec<Leased>> {
    let mut messages: BTreeMap<QueueId, Vec<Leased>> = BTreeMap::new();
    for one in leased {
        messages.entry(one.lease.queue_id).or_default().push(one);
    }
    messages
}

/// The right to one more transfer, on this route and in all.
struct Place {
    _on_route: OwnedSemaphorePermit,
    _in_all: OwnedSemaphorePermit,
}

/// Waits for a place; `None` when the program stops.
async fn place(shared: &Shared, slots: &Arc<Semaphore>, stop: &Shutdown) -> Option<Place> {
    let both = async {
        let on_route = Arc::clone(slots).acquire_owned().await.ok()?;
        let in_all = Arc::clone(&shared.transfers.places).acquire_owned().await.ok()?;
        Some(Place {
            _on_route: on_route,
            _in_all: in_all,
        })
    };
    tokio::select! {
        biased;
        () = stop.wait() => None,
        place = both => place,
    }
}

/// The transfers that run.
pub(crate) struct Transfers {
    tasks: Mutex<JoinSet<()>>,
    places: Arc<Semaphore>,
}

impl Transfers {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            tasks: Mutex::default(),
            places: Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    fn start(&self, transfer: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(transfer);
    }

    /// All of them, to wait for their end.
    pub(crate) fn take(&self) -> JoinSet<()> {
        std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Leases that are left to run out, as nobody renews them any more; those of a transfer that panics too.
struct Abandon<'a> {
    shared: &'a Shared,
    leases: Vec<Lease>,
}

impl Abandon<'_> {
    fn now(&mut self) {
        self.shared.leases.remove(self.leases.drain(..));
    }
}

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.now();
        }
    }
}

/// One message on its way.
struct Transfer {
    queue_id: QueueId,
    bucket: i64,
    recipients: Vec<Leased>,
    route: String,
}

impl Transfer {
    async fn run(self, shared: Arc<Shared>, place: Place) {
        let (queue_id, bucket) = (self.queue_id, self.bucket);
        let leases: Vec<Lease> = self.recipients.iter().map(|one| one.lease).collect();
        let mut abandon = Abandon {
            shared: &shared,
            leases,
        };
        let reading = shared.store.read::<_, StoreError>(move |tx| {
            let message = load(tx, bucket, queue_id)?;
            let body = message.as_ref().map(|message| tx.blob(&message.blob));
            Ok(message.zip(body))
        });
        match reading.await {
            Ok(Some((message, Ok(body)))) => {
                let job = self.into_job(message, body.into());
                // Large futures live on the heap, one per transfer.
                let verdicts = Box::pin(deliver(&shared, &job)).await;
                drop(place);
                Box::pin(settle(&shared, &job, verdicts)).await;
            }
            Ok(Some((message, Err(reason)))) => {
                tracing::error!(%queue_id, %reason, "the content of a message cannot be read");
                let job = self.into_job(message, Arc::default());
                let verdicts = unreadable(&shared, &job);
                Box::pin(settle(&shared, &job, verdicts)).await;
            }
            // The leases run out, and it is tried again.
            Ok(None) => {
                tracing::error!(%queue_id, bucket, "a recipient in the queue has no message");
                abandon.now();
            }
            Err(reason) => {
                tracing::error!(%queue_id, %reason, "a message in the queue cannot be read");
                abandon.now();
            }
        }
    }

    fn into_job(self, message: Message, body: Arc<[u8]>) -> Job {
        Job {
            message,
            body,
            recipients: self.recipients,
            route: self.route,
        }
    }
}

/// Our own failure is always temporary.
fn unreadable(shared: &Shared, job: &Job) -> Vec<Verdict> {
    let mut trial = Trial::new(job.recipients.len());
    let trying = Trying {
        at: (shared.clock)(),
        started: clock::now(),
        host: None,
        ip: None,
        tls: None,
        lines: Lines::default(),
    };
    let diagnosis = Diagnosis {
        code: None,
        status: "4.3.0".to_owned(),
        text: "the content of the message cannot be read here".to_owned(),
        host: None,
    };
    trial.record_all(trying, clock::now(), Outcome::Temporary, &diagnosis);
    trial.into_verdicts()
}
