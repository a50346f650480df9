//! Four months of mail through four rotations: every message verifies from the moment it is sent until its
//! signatures expire, also with receivers that still remember yesterday's DNS.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::VecDeque;
use std::time::Duration;

use posthorn_base::lookup::Record;
use posthorn_base::{Domain, Timestamp};
use posthorn_dkim::DkimResult;
use posthorn_signing::{
    KeyState, Keyring, NewKeys, PublishedKey, SCHEMA, activate, add_pending, all, is_published, make,
    records, tidy,
};
use posthorn_store::{Options, Partition, Store, StoreError, Tx};
use posthorn_testkit::names::{Names, now};

/// How long a signature is valid, and so how long an old record stays.
const VALID_DAYS: i64 = 10;
const VALID_FOR: Duration = Duration::from_secs(10 * 86_400);

fn day(days: i64) -> Timestamp {
    Timestamp::from_secs(1_795_465_000 + 86_400 * days)
}

fn domain() -> Domain {
    Domain::parse("ours.test").unwrap()
}

struct Months {
    store: Store,
    keyring: Keyring,
    _folder: tempfile::TempDir,
    /// What the owner of the domain has entered, today and yesterday.
    zones: [Vec<PublishedKey>; 2],
    /// What was sent on the last days, oldest first.
    under_way: VecDeque<Vec<u8>>,
}

impl Months {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &[SCHEMA]).unwrap();
        Self {
            store,
            keyring: Keyring::default(),
            _folder: folder,
            zones: [Vec::new(), Vec::new()],
            under_way: VecDeque::new(),
        }
    }

    fn write<T: Send + 'static>(&self, work: impl Fn(&mut Tx<'_>) -> T + Send + 'static) -> T {
        let work = move |tx: &mut Tx<'_>| Ok::<_, StoreError>(work(tx));
        self.store.write(Partition::Directory, work).wait().unwrap()
    }

    /// One day: tidy up, let keys sign whose records everybody has seen, enter the records, send a message, and
    /// let receivers look at all that is under way.
    fn pass(&mut self, today: i64) {
        let seen = self.zones[1].clone();
        let published = self.write(move |tx| {
            tidy(tx, day(today)).unwrap();
            for key in records(tx, &domain()).unwrap() {
                let texts: Vec<&String> = seen.iter().map(|seen| &seen.value).collect();
                if key.state == KeyState::Pending
                    && texts.iter().any(|text| is_published(&[text], &key.value))
                {
                    activate(tx, &domain(), &key.selector, day(today), VALID_FOR).unwrap();
                }
            }
            records(tx, &domain()).unwrap()
        });
        let keys = self.store.read(|tx| all(tx)).wait().unwrap();
        assert_eq!(self.keyring.replace(&keys), []);
        let [yesterday, now] = &mut self.zones;
        *yesterday = std::mem::replace(now, published);

        if let Some(signer) = self.keyring.signer_for(&domain()) {
            let message = format!("From: anna@ours.test\r\nSubject: Day {today}\r\n\r\nHello\r\n");
            let signatures = signer.sign(message.as_bytes(), day(today), VALID_FOR).unwrap();
            assert_eq!(signatures.matches("DKIM-Signature:").count(), 2);
            self.under_way.push_back((signatures + &message).into_bytes());
        }
        if self.under_way.len() > usize::try_from(VALID_DAYS).unwrap() {
            self.under_way.pop_front();
        }
        self.receive(today);
    }

    fn receive(&self, today: i64) {
        for zone in &self.zones {
            let mut names = Names::default();
            for key in zone {
                names.add(&key.name, Record::Txt(key.value.as_bytes().into()));
            }
            for message in &self.under_way {
                let found = now(posthorn_dkim::verify(&names, message, day(today)));
                let results: Vec<DkimResult> = found.signatures.iter().map(|found| found.result).collect();
                let both = [DkimResult::Pass, DkimResult::Pass];
                assert_eq!(results, both, "day {today}: {:?}", found.signatures);
            }
        }
    }

    /// The same keys again after a while: which they are does not matter here, and RSA keys take long to make.
    fn rotate(&self, keys: &NewKeys, today: i64) {
        let keys = keys.clone();
        let published = self.write(move |tx| add_pending(tx, &domain(), &keys, day(today)).unwrap());
        assert!(published.iter().any(|key| key.state == KeyState::Pending));
    }
}

#[test]
fn every_message_verifies_until_its_signatures_expire() {
    let keys = [make().unwrap(), make().unwrap()];
    let mut months = Months::begin();
    for today in 0..120 {
        if today % 30 == 0 {
            let turn = usize::try_from(today / 30).unwrap() % keys.len();
            months.rotate(&keys[turn], today);
        }
        months.pass(today);
        let sends = months.keyring.signer_for(&domain()).is_some();
        assert_eq!(
            sends,
            today >= 1,
            "day {today}: signs from the day after its records were entered"
        );
    }
    assert_eq!(months.under_way.len(), 10);
}
