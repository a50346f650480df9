//! Any order of workers, crashes and administrators: each recipient ends in exactly one final state, and
//! its author hears of a failure exactly once.

use std::collections::BTreeMap;
use std::time::Duration;

use posthorn_base::Timestamp;
use posthorn_store::{Component, Partition, StoreError, params};
use proptest::prelude::*;

use super::*;

/// Stands for the mailbox a bounce goes to: one row per bounce.
const BOUNCES: Component = Component {
    name: "bounces",
    migrations: &[&[
        "CREATE TABLE bounce (bucket BIGINT NOT NULL, queue_id BIGINT NOT NULL, recipient BIGINT NOT NULL, at BIGINT NOT NULL)",
    ]],
    blob_references: &[],
};
const ADD_BOUNCE: &str = "INSERT INTO bounce (bucket, queue_id, recipient, at) VALUES ($1, $2, $3, $4)";
const ALL_BOUNCES: &str = "SELECT queue_id, recipient, COUNT(*) FROM bounce GROUP BY queue_id, recipient";

#[derive(Clone, Debug)]
enum Step {
    Enqueue,
    Lease(u32),
    /// One of the leases ever given, be it alive or not.
    Finish(prop::sample::Index, Outcome),
    Renew(prop::sample::Index),
    Release(prop::sample::Index),
    Pass(u16),
    Crash,
    Hold(prop::sample::Index),
    Retry(prop::sample::Index),
    Drop(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop::sample::select(vec![Outcome::Delivered, Outcome::Temporary, Outcome::Permanent]);
    let index = any::<prop::sample::Index>;
    let step = prop_oneof![
        3 => Just(Step::Enqueue),
        6 => (1u32..4).prop_map(Step::Lease),
        8 => (index(), outcome).prop_map(|(which, outcome)| Step::Finish(which, outcome)),
        1 => index().prop_map(Step::Renew),
        1 => index().prop_map(Step::Release),
        4 => any::<u16>().prop_map(Step::Pass),
        1 => Just(Step::Crash),
        1 => index().prop_map(Step::Hold),
        1 => index().prop_map(Step::Retry),
        1 => index().prop_map(Step::Drop),
    ];
    prop::collection::vec(step, 1..40)
}

struct World {
    queue: Option<Queue>,
    now: Timestamp,
    messages: u64,
    leases: Vec<Leased>,
    /// The final states seen, which may never change.
    finals: BTreeMap<(u64, u32), State>,
}

impl World {
    fn queue(&self) -> &Queue {
        self.queue.as_ref().unwrap()
    }

    fn take(&mut self, step: Step) {
        let now = self.now;
        let of_leases = |which: prop::sample::Index, leases: &[Leased]| {
            (!leases.is_empty()).then(|| leases[which.index(leases.len())].clone())
        };
        let of_messages = |which: prop::sample::Index, count: u64| {
            QueueId(u64::try_from(which.index(usize::try_from(count.max(1)).unwrap())).unwrap())
        };
        match step {
            Step::Enqueue => {
                self.queue().enqueue(self.messages, &["bob@b.test", "eve@b.test"]);
                self.messages += 1;
            }
            Step::Lease(limit) => self.leases.extend(self.queue().lease(now, limit)),
            Step::Finish(which, outcome) => {
                if let Some(leased) = of_leases(which, &self.leases) {
                    self.settle(&leased, outcome);
                }
            }
            Step::Renew(which) => {
                if let Some(leased) = of_leases(which, &self.leases) {
                    self.queue()
                        .write(move |tx| renew(tx, &leased.lease, now.plus(LEASE)));
                }
            }
            Step::Release(which) => {
                if let Some(leased) = of_leases(which, &self.leases) {
                    self.queue().write(move |tx| release(tx, &leased.lease));
                }
            }
            Step::Pass(minutes) => self.now = now.plus(Duration::from_mins(u64::from(minutes) / 16)),
            Step::Crash => self.queue = self.queue.take().map(|queue| queue.reopen(&[BOUNCES])),
            Step::Hold(which) => {
                let id = of_messages(which, self.messages);
                self.queue().write(move |tx| hold(tx, bucket(), id, Some(1)));
            }
            Step::Retry(which) => {
                let id = of_messages(which, self.messages);
                self.queue()
                    .write(move |tx| retry_now(tx, bucket(), id, None, now));
            }
            Step::Drop(which) => {
                let id = of_messages(which, self.messages);
                self.queue()
                    .write(move |tx| drop_recipients(tx, bucket(), id, Some(0), now));
            }
        }
    }

    /// As `outbound` does it: the end and the bounce in one transaction.
    fn settle(&self, leased: &Leased, outcome: Outcome) {
        let now = self.now;
        let expires = at(5 * 24 * 3600);
        let schedule = Schedule::default();
        let disposition = decide(now, expires, leased.attempts + 1, &schedule, outcome, 7);
        let lease = leased.lease;
        let settlement = Settlement {
            disposition,
            delay_noticed: false,
        };
        let record = attempt(outcome, now);
        let work = move |tx: &mut Tx<'_>, index: usize| {
            if index == 0 {
                return match finish(tx, &lease, &record, settlement, now)? {
                    Finish::Done => Ok(()),
                    Finish::LeaseLost => Err(StoreError::Duplicate),
                };
            }
            let id = lease.queue_id.0.cast_signed();
            tx.execute(ADD_BOUNCE, params![lease.bucket, id, lease.recipient, now])
                .map(drop)
        };
        let mut partitions = vec![Partition::Bucket(lease.bucket)];
        if matches!(disposition, Disposition::Refused | Disposition::Expired) {
            partitions.push(Partition::Bucket(0));
        }
        // A lost lease discards both.
        drop(self.queue().store.write_group(partitions, work).wait());
    }

    fn check(&mut self) {
        for id in 0..self.messages {
            for recipient in self.queue().story(id).unwrap().recipients {
                let key = (id, recipient.number);
                if let Some(&known) = self.finals.get(&key) {
                    assert_eq!(recipient.state, known, "a final state changed");
                }
                if recipient.state.is_final() {
                    assert_eq!(recipient.lease_until, None);
                    self.finals.insert(key, recipient.state);
                }
            }
        }
    }

    /// Lets everything come to its end: nothing is held, and the other server says no for ever.
    fn run_out(&mut self) {
        for id in 0..self.messages {
            let now = self.now;
            self.queue()
                .write(move |tx| retry_now(tx, bucket(), QueueId(id), None, now));
        }
        for _round in 0..200 {
            let next = self
                .queue()
                .store
                .read(|tx| next_due(tx, bucket(), None))
                .wait()
                .unwrap();
            let Some(next) = next else { return };
            self.now = self.now.max(next);
            for leased in self.queue().lease(self.now, 100) {
                self.settle(&leased, Outcome::Temporary);
            }
        }
        panic!("the queue never came to its end");
    }

    fn bounces(&self) -> BTreeMap<(u64, u32), i64> {
        let read = self.queue().store.read::<_, StoreError>(|tx| {
            tx.query(ALL_BOUNCES, &[], |row| {
                Ok(((row.u64(0)?, row.u32(1)?), row.int(2)?))
            })
        });
        read.wait().unwrap().into_iter().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn each_recipient_ends_once_and_bounces_at_most_once(steps in steps()) {
        let mut world = World {
            queue: Some(Queue::new(&[BOUNCES])),
            now: at(0),
            messages: 0,
            leases: Vec::new(),
            finals: BTreeMap::new(),
        };
        for step in steps {
            world.take(step);
            world.check();
        }
        world.run_out();
        world.check();
        let recipients = usize::try_from(world.messages * 2).unwrap();
        prop_assert_eq!(world.finals.len(), recipients, "each has a final state");
        let bounces = world.bounces();
        for (key, state) in &world.finals {
            let expected = (*state == State::Failed).then_some(1);
            prop_assert_eq!(bounces.get(key).copied(), expected, "{:?} {:?}", key, state);
        }
    }
}
