//! A store with a queue, a name server, a clock that is turned by hand, and the delivery over them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use posthorn_base::{Address, Domain, QueueId, ReversePath, Timestamp};
use posthorn_dns::Resolver;
use posthorn_dns::zone::{Zone, ZoneServer};
use posthorn_net::ClientTls;
use posthorn_outbound::{Config, Outbound, Parts, Plan, PlanError, PlanFuture, Returns, Waker};
use posthorn_queue::{COMPONENT, Message, NewRecipient, State, Story, bucket_of, by_bucket, enqueue, show};
use posthorn_runtime::Shutdown;
use posthorn_smtp::{Body, Notify};
use posthorn_store::{Component, Options, Partition, Store, StoreError, Tx, params};
use tokio::task::JoinHandle;

/// Only a test that hangs comes to this: a busy disk can hold up a commit for half a minute.
const HANGS_AFTER: Duration = Duration::from_secs(300);

const REPORTS: Component = Component {
    name: "reports",
    migrations: &[&["CREATE TABLE report (address TEXT NOT NULL, body BYTEA NOT NULL)"]],
    blob_references: &[],
};

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) micros: Arc<AtomicI64>,
    pub(crate) refusal: Arc<Mutex<Option<PlanError>>>,
    pub(crate) waker: Option<Waker>,
    pub(crate) shutdown: Shutdown,
    running: Option<JoinHandle<()>>,
    names: ZoneServer,
    next_id: AtomicU64,
    _folder: tempfile::TempDir,
}

/// Stores reports in a table, or refuses as told.
struct ToTable {
    refusal: Arc<Mutex<Option<PlanError>>>,
}

struct Row {
    address: String,
    body: Arc<[u8]>,
}

impl Returns for ToTable {
    fn plan<'a>(&'a self, to: &'a Address, message: Arc<[u8]>, _now: Timestamp) -> PlanFuture<'a> {
        Box::pin(async move {
            if let Some(refusal) = self.refusal.lock().unwrap().clone() {
                return Err(refusal);
            }
            let row = Row {
                address: to.to_string(),
                body: message,
            };
            Ok(Box::new(row) as Box<dyn Plan>)
        })
    }
}

impl Plan for Row {
    fn partitions(&self) -> Vec<Partition> {
        vec![Partition::Directory]
    }

    fn run(&self, tx: &mut Tx<'_>, _index: usize) -> Result<(), StoreError> {
        let body: &[u8] = &self.body;
        tx.execute(
            "INSERT INTO report (address, body) VALUES ($1, $2)",
            params![&self.address, body],
        )?;
        Ok(())
    }
}

impl World {
    /// With these records in the zone `test`.
    pub(crate) async fn new(records: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let zone = Zone::parse("test", records).unwrap();
        let names = ZoneServer::start(SocketAddr::from(([127, 0, 0, 1], 0)), vec![zone])
            .await
            .unwrap();
        Self {
            store: Store::open(&Options::new(folder.path()), &[COMPONENT, REPORTS]).unwrap(),
            micros: Arc::new(AtomicI64::new(1_795_465_000_000_000)),
            refusal: Arc::default(),
            waker: None,
            shutdown: Shutdown::new(),
            running: None,
            names,
            next_id: AtomicU64::new(1),
            _folder: folder,
        }
    }

    /// The settings of the tests: short times where a peer may be silent.
    pub(crate) fn config(port: u16) -> Config {
        let mut config = Config::new(
            Domain::parse("mx.a.test").unwrap(),
            Address::parse("postmaster@a.test").unwrap(),
        );
        config.port = port;
        config.timeouts.connect = Duration::from_secs(5);
        config.timeouts.idle = HANGS_AFTER;
        config.timeouts.grace = Duration::ZERO;
        config
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }

    /// Turns the clock.
    pub(crate) fn pass(&self, time: Duration) {
        self.micros
            .fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
        self.waker.as_ref().unwrap().wake_all();
    }

    pub(crate) fn run(&mut self, config: Config) {
        let micros = Arc::clone(&self.micros);
        let parts = Parts {
            store: self.store.clone(),
            resolver: Resolver::new(&[self.names.local_addr()], Duration::from_secs(5)).unwrap(),
            tls: ClientTls::opportunistic().unwrap(),
            returns: Arc::new(ToTable {
                refusal: Arc::clone(&self.refusal),
            }),
            clock: Arc::new(move || Timestamp::from_micros(micros.load(Ordering::SeqCst))),
        };
        let outbound = Outbound::new(config, parts);
        self.waker = Some(outbound.waker());
        let shutdown = self.shutdown.clone();
        self.running = Some(tokio::spawn(async move { outbound.run(&shutdown).await }));
    }

    pub(crate) async fn stop(&mut self) {
        self.shutdown.trigger();
        self.running.take().unwrap().await.unwrap();
    }

    /// Puts a message from Anna into the queue, as `inbound` does.
    pub(crate) async fn send(&self, to: &[&str], notify: Option<Notify>) -> u64 {
        let id = self.next_id.fetch_add(1, Ordering::SeqCst);
        let body = format!("Message-ID: <{id}@a.test>\r\nSubject: number {id}\r\n\r\n.hello\r\n");
        let blob = self.store.stage_blob(body.as_bytes().into(), self.now()).unwrap();
        let message = Message {
            queue_id: QueueId(id),
            blob: blob.reference(),
            reverse_path: ReversePath::Address(Address::parse("anna@a.test").unwrap()),
            ret: None,
            envelope_id: None,
            body: Body::SevenBit,
            smtputf8: false,
            identity: None,
            created_at: self.now(),
            expires_at: self.now().plus(Duration::from_hours(5 * 24)),
        };
        let recipients = (0..).zip(to).map(|(number, to)| NewRecipient {
            number,
            address: Address::parse(to).unwrap(),
            notify,
            original_recipient: None,
        });
        let groups: Vec<_> = by_bucket(recipients).into_iter().collect();
        let buckets: Vec<i64> = groups.iter().map(|(bucket, _)| *bucket).collect();
        let partitions = buckets.iter().copied().map(Partition::Bucket).collect();
        let work = move |tx: &mut Tx<'_>, index: usize| {
            let (bucket, recipients) = &groups[index];
            tx.put_blob(&blob)?;
            enqueue(tx, *bucket, &message, recipients)
        };
        let stored: Result<Vec<()>, StoreError> = self.store.write_group(partitions, work).await;
        stored.unwrap();
        if let Some(waker) = &self.waker {
            waker.wake(buckets);
        }
        id
    }

    pub(crate) async fn story(&self, id: u64, domain: &str) -> Story {
        let bucket = bucket_of(domain);
        let read: Result<_, StoreError> = self.store.read(move |tx| show(tx, bucket, QueueId(id))).await;
        read.unwrap().unwrap()
    }

    /// Waits until the story satisfies `is_it`.
    pub(crate) async fn until(&self, id: u64, domain: &str, is_it: impl Fn(&Story) -> bool) -> Story {
        let waiting = async {
            loop {
                let story = self.story(id, domain).await;
                if is_it(&story) {
                    return story;
                }
                tokio::task::yield_now().await;
            }
        };
        match tokio::time::timeout(HANGS_AFTER, waiting).await {
            Ok(story) => story,
            Err(_elapsed) => panic!("still {:#?}", self.story(id, domain).await),
        }
    }

    /// Waits until all recipients are final.
    pub(crate) async fn until_final(&self, id: u64, domain: &str) -> Story {
        self.until(id, domain, |story| {
            story.recipients.iter().all(|one| one.state.is_final())
        })
        .await
    }

    /// Waits until the first recipient has been tried so often and waits again.
    pub(crate) async fn until_tried(&self, id: u64, domain: &str, attempts: u32) -> Story {
        self.until(id, domain, |story| {
            let one = &story.recipients[0];
            one.attempts >= attempts && one.lease_until.is_none()
        })
        .await
    }

    /// The reports that were sent.
    pub(crate) async fn reports(&self) -> Vec<String> {
        let read: Result<Vec<String>, StoreError> = self
            .store
            .read(|tx| {
                tx.query(
                    "SELECT body FROM report WHERE address = 'anna@a.test'",
                    &[],
                    |row| Ok(String::from_utf8_lossy(row.bytes(0)?).into_owned()),
                )
            })
            .await;
        read.unwrap()
    }
}

pub(crate) fn states(story: &Story) -> Vec<State> {
    story.recipients.iter().map(|one| one.state).collect()
}
