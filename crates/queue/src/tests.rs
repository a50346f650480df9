//! The promises of `docs/queue.md`, on a real store and a clock that is only a number.

mod random;

use std::path::Path;
use std::time::Duration;

use posthorn_base::{Address, QueueId, ReversePath, Timestamp};
use posthorn_smtp::{Body, Notify, Ret};
use posthorn_store::{Blob, Component, Options, Partition, Store, StoreError, Tx};

use crate::*;

const LEASE: Duration = Duration::from_mins(10);
const DOMAIN: &str = "b.test";

pub(crate) struct Queue {
    pub(crate) store: Store,
    folder: tempfile::TempDir,
}

impl Queue {
    pub(crate) fn new(extra: &[Component]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: open(folder.path(), extra),
            folder,
        }
    }

    /// As after a crash: what was committed is there, and nothing else.
    pub(crate) fn reopen(self, extra: &[Component]) -> Self {
        drop(self.store);
        let store = open(self.folder.path(), extra);
        Self {
            store,
            folder: self.folder,
        }
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store
            .write(Partition::Bucket(bucket()), work)
            .wait()
            .unwrap()
    }

    pub(crate) fn enqueue(&self, id: u64, recipients: &[&str]) {
        let blob = self.blob();
        let message = message(id, &blob);
        let recipients: Vec<NewRecipient> = (0..).zip(recipients).map(|(n, to)| recipient(n, to)).collect();
        self.write(move |tx| {
            tx.put_blob(&blob)?;
            enqueue(tx, bucket(), &message, &recipients)
        });
    }

    fn blob(&self) -> Blob {
        self.store
            .stage_blob(b"Subject: hi\r\n\r\nhello\r\n".to_vec(), at(0))
            .unwrap()
    }

    pub(crate) fn lease(&self, now: Timestamp, limit: u32) -> Vec<Leased> {
        self.write(move |tx| lease(tx, bucket(), DOMAIN, now, now.plus(LEASE), limit))
    }

    fn finish(&self, lease: Lease, outcome: Outcome, disposition: Disposition, now: Timestamp) -> Finish {
        let settlement = Settlement {
            disposition,
            delay_noticed: false,
        };
        let attempt = attempt(outcome, now);
        self.write(move |tx| finish(tx, &lease, &attempt, settlement, now))
    }

    pub(crate) fn story(&self, id: u64) -> Option<Story> {
        self.store
            .read(move |tx| show(tx, bucket(), QueueId(id)))
            .wait()
            .unwrap()
    }

    fn state(&self, id: u64) -> State {
        self.story(id).unwrap().recipients[0].state
    }

    fn counts(&self, now: Timestamp) -> Counts {
        self.store
            .read(move |tx| statistics(tx, bucket(), now))
            .wait()
            .unwrap()
    }
}

fn open(folder: &Path, extra: &[Component]) -> Store {
    let mut all = vec![COMPONENT];
    all.extend_from_slice(extra);
    Store::open(&Options::new(folder), &all).unwrap()
}

pub(crate) fn bucket() -> i64 {
    bucket_of(DOMAIN)
}

pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_795_465_000 + secs)
}

pub(crate) fn message(id: u64, blob: &Blob) -> Message {
    Message {
        queue_id: QueueId(id),
        blob: blob.reference(),
        reverse_path: ReversePath::Address(Address::parse("anna@a.test").unwrap()),
        ret: Some(Ret::Headers),
        envelope_id: Some("envelope+1".to_owned()),
        body: Body::EightBitMime,
        smtputf8: false,
        identity: Some("anna@a.test".to_owned()),
        created_at: at(0),
        expires_at: at(5 * 24 * 3600),
    }
}

fn recipient(number: u32, to: &str) -> NewRecipient {
    NewRecipient {
        number,
        address: Address::parse(to).unwrap(),
        notify: Some(Notify::Never),
        original_recipient: Some(format!("rfc822;{to}")),
    }
}

pub(crate) fn attempt(outcome: Outcome, now: Timestamp) -> AttemptRecord {
    let step = Step {
        at: now,
        duration: Duration::from_millis(12),
        host: Some("mx.b.test".to_owned()),
        ip: Some("192.0.2.1".parse().unwrap()),
        tls_version: Some("TLSv1.3".to_owned()),
        tls_cipher: None,
        lines: vec!["S: 220 hello".to_owned(), "C: EHLO a.test".to_owned()],
        outcome,
    };
    AttemptRecord {
        steps: vec![step],
        diagnosis: Diagnosis {
            code: Some(450),
            status: "4.2.0".to_owned(),
            text: "later".to_owned(),
            host: Some("mx.b.test".to_owned()),
        },
    }
}

#[test]
fn every_statement_is_understood_by_the_engine() {
    let refused = Queue::new(&[])
        .store
        .read::<_, StoreError>(|tx| Ok(tx.refused(STATEMENTS)));
    assert_eq!(refused.wait(), Ok(Vec::new()));
}

#[test]
fn what_was_enqueued_is_leased_once_with_all_it_came_with() {
    let queue = Queue::new(&[]);
    queue.enqueue(u64::MAX, &["bob@b.test", "eve@b.test"]);
    let leased = queue.lease(at(0), 10);
    assert_eq!(leased.len(), 2);
    assert_eq!(leased[0].address.to_string(), "bob@b.test");
    assert_eq!(leased[0].notify, Some(Notify::Never));
    assert_eq!(leased[0].original_recipient.as_deref(), Some("rfc822;bob@b.test"));
    assert_eq!(queue.lease(at(1), 10), [], "a second worker gets nothing");
    let story = queue.story(u64::MAX).unwrap();
    assert_eq!(story.message, message(u64::MAX, &queue.blob()));
}

#[test]
fn two_workers_never_get_the_same_row() {
    let queue = Queue::new(&[]);
    for id in 0..30 {
        queue.enqueue(id, &["bob@b.test", "eve@b.test"]);
    }
    let pending: Vec<_> = (0..20)
        .map(|_worker| {
            queue.store.write(Partition::Bucket(bucket()), |tx| {
                lease(tx, bucket(), DOMAIN, at(0), at(600), 4)
            })
        })
        .collect();
    let mut all: Vec<_> = pending
        .into_iter()
        .flat_map(|pending| pending.wait().unwrap())
        .map(|one| (one.lease.queue_id, one.lease.recipient))
        .collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 60);
}

#[test]
fn a_result_that_comes_after_the_lease_was_lost_changes_nothing() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test"]);
    let slow = queue.lease(at(0), 10)[0].lease;
    let quick = queue.lease(at(601), 10)[0].lease;
    assert_ne!(slow.token, quick.token);
    assert_eq!(
        queue.finish(slow, Outcome::Permanent, Disposition::Refused, at(602)),
        Finish::LeaseLost
    );
    assert!(!queue.write(move |tx| renew(tx, &slow, at(9_000))));
    assert_eq!(queue.state(1), State::Waiting);
    assert_eq!(
        queue.finish(quick, Outcome::Delivered, Disposition::Delivered, at(603)),
        Finish::Done
    );
    assert_eq!(
        queue.finish(quick, Outcome::Permanent, Disposition::Refused, at(604)),
        Finish::LeaseLost
    );
    assert_eq!(queue.state(1), State::Delivered);
    assert_eq!(queue.story(1).unwrap().recipients[0].tried.len(), 1);
}

#[test]
fn a_renewed_lease_lasts_and_a_released_one_counts_as_no_attempt() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test"]);
    let held = queue.lease(at(0), 10)[0].lease;
    assert!(queue.write(move |tx| renew(tx, &held, at(2_000))));
    assert_eq!(queue.lease(at(1_999), 10), []);
    assert!(queue.write(move |tx| release(tx, &held)));
    assert!(!queue.write(move |tx| release(tx, &held)));
    assert_eq!(queue.lease(at(1), 10)[0].attempts, 0);
}

#[test]
fn a_retry_waits_until_it_is_due_and_keeps_the_story() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test"]);
    let lease = queue.lease(at(0), 10)[0].lease;
    queue.finish(lease, Outcome::Temporary, Disposition::Retry(at(300)), at(1));
    assert_eq!(queue.lease(at(299), 10), []);
    let due = queue.store.read::<_, StoreError>(|tx| {
        Ok((
            next_due(tx, bucket(), None)?,
            due_domains(tx, bucket(), at(299))?,
            due_domains(tx, bucket(), at(300))?,
        ))
    });
    let (next, early, domains) = due.wait().unwrap();
    assert_eq!(next, Some(at(300)));
    assert_eq!(early, []);
    assert_eq!(
        domains,
        [DueDomain {
            domain: DOMAIN.to_owned(),
            recipients: 1
        }]
    );
    let again = queue.lease(at(300), 10);
    assert_eq!(again[0].attempts, 1);
    queue.finish(
        again[0].lease,
        Outcome::Temporary,
        Disposition::Retry(at(900)),
        at(301),
    );
    let recipient = &queue.story(1).unwrap().recipients[0];
    assert_eq!(recipient.last.as_ref().unwrap().text, "later");
    let tried: Vec<_> = recipient
        .tried
        .iter()
        .map(|one| (one.number, one.lines.len()))
        .collect();
    assert_eq!(tried, [(1, 2), (2, 2)]);
}

#[test]
fn the_next_due_moment_skips_what_runs_and_sees_the_end_of_its_lease() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test"]);
    let next = |after| {
        queue
            .store
            .read(move |tx| next_due(tx, bucket(), after))
            .wait()
            .unwrap()
    };
    assert_eq!(next(None), Some(at(0)));
    assert_eq!(next(Some(at(0))), None);
    queue.lease(at(0), 10);
    assert_eq!(next(Some(at(0))), Some(at(600)));
}

#[test]
fn a_crash_between_any_two_steps_loses_nothing() {
    let mut queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test"]);
    queue = queue.reopen(&[]);
    queue.lease(at(0), 10);
    queue = queue.reopen(&[]);
    assert_eq!(queue.lease(at(1), 10), [], "the lease outlives the process");
    assert_eq!(queue.write(|tx| break_leases(tx, bucket())), 1);
    let lease = queue.lease(at(1), 10)[0].lease;
    queue.finish(lease, Outcome::Temporary, Disposition::Retry(at(300)), at(2));
    queue = queue.reopen(&[]);
    let lease = queue.lease(at(300), 10)[0].lease;
    queue.finish(lease, Outcome::Delivered, Disposition::Delivered, at(301));
    queue = queue.reopen(&[]);
    assert_eq!(queue.state(1), State::Delivered);
    assert_eq!(queue.lease(at(9_999_999), 10), []);
}

#[test]
fn a_held_recipient_waits_for_retry_now_but_a_running_transfer_counts() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test"]);
    assert_eq!(queue.write(|tx| hold(tx, bucket(), QueueId(1), None)), 1);
    assert_eq!(queue.lease(at(0), 10), []);
    assert_eq!(
        queue.write(|tx| retry_now(tx, bucket(), QueueId(1), Some(0), at(5))),
        1
    );
    let lease = queue.lease(at(5), 10)[0].lease;
    assert_eq!(queue.write(|tx| hold(tx, bucket(), QueueId(1), Some(0))), 1);
    assert_eq!(
        queue.finish(lease, Outcome::Temporary, Disposition::Retry(at(6)), at(6)),
        Finish::Done
    );
    assert_eq!((queue.state(1), queue.lease(at(9), 10).len()), (State::Held, 0));
    queue.write(|tx| retry_now(tx, bucket(), QueueId(1), None, at(10)));
    let lease = queue.lease(at(10), 10)[0].lease;
    queue.write(|tx| hold(tx, bucket(), QueueId(1), None));
    assert_eq!(
        queue.finish(lease, Outcome::Delivered, Disposition::Delivered, at(11)),
        Finish::Done
    );
    assert_eq!(queue.state(1), State::Delivered);
}

#[test]
fn what_was_dropped_stays_dropped_and_the_running_result_is_discarded() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test", "eve@b.test"]);
    let lease = queue.lease(at(0), 10)[0].lease;
    assert_eq!(
        queue.write(|tx| drop_recipients(tx, bucket(), QueueId(1), Some(0), at(1))),
        1
    );
    assert_eq!(
        queue.finish(lease, Outcome::Permanent, Disposition::Refused, at(2)),
        Finish::LeaseLost
    );
    assert_eq!(
        queue.write(|tx| retry_now(tx, bucket(), QueueId(1), Some(0), at(3))),
        0
    );
    assert_eq!(queue.state(1), State::Dropped);
    let counts = queue.counts(at(3));
    assert_eq!((counts.waiting, counts.leased, counts.dropped), (1, 1, 1));
}

#[test]
fn the_list_shows_what_is_open_and_cleaning_up_forgets_what_is_over() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test", "eve@b.test"]);
    queue.enqueue(2, &["bob@b.test"]);
    for one in queue.lease(at(0), 2) {
        queue.finish(
            one.lease,
            Outcome::Delivered,
            Disposition::Delivered,
            at(10 + i64::from(one.lease.recipient)),
        );
    }
    let listed = queue.store.read(|tx| list(tx, bucket(), 10)).wait().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].queue_id, listed[0].size_octets), (QueueId(2), 22));
    assert_eq!(queue.write(|tx| clean_up(tx, bucket(), at(11))), 1);
    assert_eq!(
        queue.story(1).unwrap().recipients.len(),
        1,
        "one of two is old enough"
    );
    assert_eq!(queue.write(|tx| clean_up(tx, bucket(), at(12))), 1);
    assert_eq!(queue.story(1), None);
    assert_eq!(
        queue.counts(at(0)),
        Counts {
            waiting: 1,
            next_due: Some(at(0)),
            ..Counts::default()
        }
    );
}

#[test]
fn the_content_is_named_only_while_somebody_waits_for_it() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test"]);
    let named = || {
        let sql = COMPONENT.blob_references[0];
        queue
            .store
            .read::<_, StoreError>(move |tx| tx.query(sql, &[], |row| row.int(1)))
            .wait()
            .unwrap()
            .len()
    };
    assert_eq!(named(), 1);
    let lease = queue.lease(at(0), 10)[0].lease;
    queue.finish(lease, Outcome::Delivered, Disposition::Delivered, at(1));
    assert_eq!(named(), 0);
}

#[test]
fn recipients_are_sorted_into_their_buckets() {
    let all = ["a@b.test", "b@c.test", "c@B.TEST"];
    let buckets = by_bucket((0..).zip(all).map(|(n, to)| recipient(n, to)));
    let numbers: Vec<u32> = buckets[&bucket()].iter().map(|one| one.number).collect();
    assert_eq!(numbers, [0, 2]);
    assert_eq!(buckets.values().map(Vec::len).sum::<usize>(), 3);
}

#[test]
fn only_the_living_lease_can_end_an_attempt_whatever_the_result() {
    let queue = Queue::new(&[]);
    queue.enqueue(1, &["bob@b.test"]);
    let results = [
        (Outcome::Delivered, Disposition::Delivered),
        (Outcome::Temporary, Disposition::Retry(at(9_000))),
        (Outcome::Permanent, Disposition::Refused),
        (Outcome::Temporary, Disposition::Expired),
    ];
    let all_lost = |lease: Lease, why: &str| {
        for (outcome, disposition) in results {
            let end = queue.finish(lease, outcome, disposition, at(1));
            assert_eq!(end, Finish::LeaseLost, "{why}: {disposition:?}");
        }
    };
    let released = queue.lease(at(0), 10)[0].lease;
    queue.write(move |tx| release(tx, &released));
    all_lost(released, "released");
    let slow = queue.lease(at(0), 10)[0].lease;
    let quick = queue.lease(at(600), 10)[0].lease;
    all_lost(slow, "taken over");
    assert_eq!(
        queue.finish(quick, Outcome::Temporary, Disposition::Retry(at(700)), at(601)),
        Finish::Done
    );
    all_lost(quick, "ended already");
    let last = queue.lease(at(700), 10)[0].lease;
    queue.write(|tx| drop_recipients(tx, bucket(), QueueId(1), None, at(701)));
    all_lost(last, "dropped");
    assert_eq!(queue.story(1).unwrap().recipients[0].tried.len(), 1);
}
