//! Looks which domains have something due, when told so and when the next moment comes, and starts a task
//! for each. Also renews the leases and forgets old stories.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use posthorn_base::Timestamp;
use posthorn_queue::{BUCKETS, break_leases, clean_up, due_domains, next_due};
use posthorn_runtime::Shutdown;
use posthorn_store::{Partition, StoreError};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::MissedTickBehavior;

use crate::domain;
use crate::outbound::Shared;

/// How often old stories are forgotten; more often when they are short.
const CLEAN_UP_EVERY: Duration = Duration::from_hours(1);
/// When the store failed, it is asked again after this time.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// The calendar may be set; what is due is looked at least this often.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

type Ended = Result<(Id, Result<(), StoreError>), JoinError>;

pub(crate) struct Dispatcher {
    shared: Arc<Shared>,
    stop: Shutdown,
    /// When the next recipient of a bucket may be due.
    next: HashMap<i64, Timestamp>,
    /// Domains to be worked on, in order.
    ready: VecDeque<(i64, String)>,
    /// The domains in `ready` and those being worked on.
    known: HashSet<String>,
    running: HashMap<Id, (i64, String)>,
    tasks: JoinSet<Result<(), StoreError>>,
}

/// What it waited for.
enum Woke {
    Word,
    Time,
    Ended(Ended),
    Renew,
    CleanUp,
    Stop,
}

impl Dispatcher {
    pub(crate) fn new(shared: Arc<Shared>, stop: Shutdown) -> Self {
        Self {
            shared,
            stop,
            next: HashMap::new(),
            ready: VecDeque::new(),
            known: HashSet::new(),
            running: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    pub(crate) async fn run(mut self) {
        self.take_over().await;
        self.shared.waker.wake_all();
        let third = self.shared.config.timeouts.lease / 3;
        let mut renewal = tokio::time::interval(third.max(Duration::from_millis(1)));
        let mut clean_up = tokio::time::interval(
            self.shared
                .config
                .history
                .clamp(Duration::from_mins(1), CLEAN_UP_EVERY),
        );
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        clean_up.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let patience = self.patience();
            let woke = tokio::select! {
                biased;
                () = self.stop.wait() => Woke::Stop,
                Some(ended) = self.tasks.join_next_with_id() => Woke::Ended(ended),
                _tick = renewal.tick() => Woke::Renew,
                _tick = clean_up.tick() => Woke::CleanUp,
                () = self.shared.waker.wait() => Woke::Word,
                () = tokio::time::sleep(patience) => Woke::Time,
            };
            match woke {
                Woke::Stop => break,
                Woke::Ended(ended) => self.ended(ended),
                Woke::Renew => self.renew().await,
                Woke::CleanUp => self.clean_up().await,
                Woke::Word | Woke::Time => self.look().await,
            }
            self.start();
        }
        self.wind_up().await;
    }

    /// This process has the store alone: leases are those of a dead one.
    async fn take_over(&self) {
        let work = |tx: &mut posthorn_store::Tx<'_>, index: usize| {
            break_leases(tx, i64::try_from(index).unwrap_or(0))
        };
        let partitions = (0..BUCKETS).map(Partition::Bucket).collect();
        let broken: Result<Vec<usize>, StoreError> = self.shared.store.write_group(partitions, work).await;
        match broken.map(|counts| counts.into_iter().sum::<usize>()) {
            Ok(0) => {}
            Ok(leases) => tracing::info!(
                leases,
                "the last run left leases behind; they are tried again now"
            ),
            // They run out by themselves.
            Err(reason) => tracing::error!(%reason, "old leases could not be taken away"),
        }
    }

    /// How long nothing becomes due.
    fn patience(&self) -> Duration {
        let now = (self.shared.clock)();
        let next = self.next.values().min();
        next.map_or(LONGEST_WAIT, |next| next.since(now).min(LONGEST_WAIT))
    }

    /// Looks into the buckets that were named and those whose time has come.
    async fn look(&mut self) {
        let now = (self.shared.clock)();
        let mut buckets: BTreeSet<i64> = self.shared.waker.take();
        buckets.extend(
            self.next
                .iter()
                .filter(|(_, at)| **at <= now)
                .map(|(bucket, _)| *bucket),
        );
        let asked: Vec<i64> = buckets.iter().copied().collect();
        let looking = self.shared.store.read::<_, StoreError>(move |tx| {
            let look = |bucket: &i64| {
                let next = next_due(tx, *bucket, Some(now))?;
                Ok((*bucket, due_domains(tx, *bucket, now)?, next))
            };
            asked.iter().map(look).collect::<Result<Vec<_>, StoreError>>()
        });
        let found = match looking.await {
            Ok(found) => found,
            Err(reason) => {
                tracing::error!(%reason, "the queue cannot be read");
                self.next.extend(
                    buckets
                        .into_iter()
                        .map(|bucket| (bucket, now.plus(AFTER_FAILURE))),
                );
                return;
            }
        };
        for (bucket, domains, next) in found {
            match next {
                Some(next) => self.next.insert(bucket, next),
                None => self.next.remove(&bucket),
            };
            for due in domains {
                if self.known.insert(due.domain.clone()) {
                    self.ready.push_back((bucket, due.domain));
                }
            }
        }
    }

    /// Starts work on ready domains; more at once than there may be connections would only wait.
    fn start(&mut self) {
        while self.running.len() < self.shared.config.connections_total.max(1) {
            let Some((bucket, domain)) = self.ready.pop_front() else {
                return;
            };
            let work = domain::run(
                Arc::clone(&self.shared),
                bucket,
                domain.clone(),
                self.stop.clone(),
            );
            let id = self.tasks.spawn(work).id();
            self.running.insert(id, (bucket, domain));
        }
    }

    /// The work on a domain is over. What became due in its last moment is found by another look.
    fn ended(&mut self, ended: Ended) {
        let (id, result) = match ended {
            Ok((id, result)) => (id, result.map_err(|reason| reason.to_string())),
            Err(cause) => (cause.id(), Err(cause.to_string())),
        };
        let Some((bucket, domain)) = self.running.remove(&id) else {
            return;
        };
        self.known.remove(&domain);
        match result {
            Ok(()) => self.shared.waker.wake([bucket]),
            Err(reason) => {
                tracing::error!(domain, reason, "delivery to a domain stopped; it goes on later");
                let later = (self.shared.clock)().plus(AFTER_FAILURE);
                self.next
                    .entry(bucket)
                    .and_modify(|at| *at = later.min(*at))
                    .or_insert(later);
            }
        }
    }

    async fn renew(&self) {
        let until = (self.shared.clock)().plus(self.shared.config.timeouts.lease);
        if let Err(reason) = self.shared.leases.renew(&self.shared.store, until).await {
            tracing::error!(%reason, "leases could not be renewed");
        }
    }

    async fn clean_up(&self) {
        let before = (self.shared.clock)().minus(self.shared.config.history);
        let work = move |tx: &mut posthorn_store::Tx<'_>, index: usize| {
            clean_up(tx, i64::try_from(index).unwrap_or(0), before)
        };
        let partitions = (0..BUCKETS).map(Partition::Bucket).collect();
        let cleaned: Result<Vec<usize>, StoreError> = self.shared.store.write_group(partitions, work).await;
        if let Err(reason) = cleaned {
            tracing::error!(%reason, "old stories could not be forgotten");
        }
    }

    /// Nothing new is started; what runs may end within the grace, the rest is cut and given back.
    async fn wind_up(mut self) {
        self.shared.pool.clear();
        let grace = self.shared.config.timeouts.grace;
        let mut transfers = self.shared.transfers.take();
        let tasks = &mut self.tasks;
        let ending = async {
            while tasks.join_next().await.is_some() {}
            // Those that a task started in its last moment.
            let mut late = self.shared.transfers.take();
            while late.join_next().await.is_some() {}
            while transfers.join_next().await.is_some() {}
        };
        if tokio::time::timeout(grace, ending).await.is_err() {
            tracing::warn!(
                transfers = transfers.len(),
                "transfers are cut off; they will be tried again"
            );
        }
        transfers.shutdown().await;
        self.tasks.shutdown().await;
        self.shared.pool.clear();
        if let Err(reason) = self.shared.leases.give_all_back(&self.shared.store).await {
            tracing::warn!(%reason, "leases could not be given back; they run out by themselves");
        }
    }
}
