//! RFC 7162 section 3.2: a client that was away learns exactly what happened, however long it was away and
//! however often the store was closed and opened again in between.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use posthorn_base::{AccountId, MailboxId, ModSeq, Rights, Timestamp, Uid};
use posthorn_mailbox::*;
use posthorn_store::{Options, Partition, Store, Tx};
use proptest::prelude::*;

const ANNA: AccountId = AccountId(7);
const INBOX: MailboxId = MailboxId(1);

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_465_000)
}

struct House {
    store: Option<Store>,
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut house = Self { store: None, folder };
        house.open_again();
        house.write(|tx| create_account(tx, ANNA, 0, now()));
        house
    }

    /// As after a restart: all that is known is what is on the disk.
    fn open_again(&mut self) {
        self.store = None;
        self.store = Some(Store::open(&Options::new(self.folder.path()), &[SCHEMA]).unwrap());
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> T {
        self.store().write(Partition::Account(ANNA), work).wait().unwrap()
    }

    fn deliver(&self) {
        let octets = b"A: 1\r\n\r\nx".to_vec();
        let message = NewMessage {
            rendered: Arc::new(posthorn_message::render(&octets)),
            blob: self.store().stage_blob(octets, now()).unwrap(),
            internal_date: now(),
            flags: Flags::default(),
            evidence: None,
        };
        self.write(move |tx| deliver(tx, ANNA, &Target::Inbox, &message, Quota::Checked, now()));
    }

    fn flag(&self, uid: u32, mode: FlagMode) {
        let flags = Flags::system(System::FLAGGED);
        let change = FlagChange::new(mode, flags);
        self.write(move |tx| store_flags(tx, ANNA, INBOX, &[Uid(uid)], &change, None));
    }

    fn relocate(&self, uid: u32, to: &'static str, mode: CopyMode) {
        self.write(move |tx| {
            let request = CopyRequest {
                from: INBOX,
                uids: &[Uid(uid)],
                to,
                mode,
                rights: Rights::ALL,
            };
            copy(tx, ANNA, request, now())
        });
    }

    fn rows(&self, uids: Vec<Uid>) -> BTreeMap<u32, (Flags, ModSeq)> {
        let rows = self.write(move |tx| messages(tx, ANNA, INBOX, &uids));
        rows.into_iter()
            .map(|row| (row.uid.0, (row.flags, row.modseq)))
            .collect()
    }
}

/// What a client keeps of the mailbox while it is away.
struct Client {
    known: BTreeMap<u32, (Flags, ModSeq)>,
    modseq: ModSeq,
}

impl Client {
    fn new() -> Self {
        let known = BTreeMap::new();
        let modseq = ModSeq(0);
        Self { known, modseq }
    }

    fn resync(&mut self, house: &House) {
        let since = self.modseq;
        let (missed, status) =
            house.write(move |tx| Ok((changed_uids(tx, ANNA, INBOX, since)?, status(tx, ANNA, INBOX)?)));
        for uid in &missed.vanished {
            self.known.remove(&uid);
        }
        let changed = house.rows(missed.changed.iter().map(Uid).collect());
        for (uid, row) in changed {
            assert_ne!(self.known.get(&uid), Some(&row), "told what it knew");
            self.known.insert(uid, row);
        }
        self.modseq = status.modseq;
    }
}

#[derive(Clone, Debug)]
enum Step {
    Deliver,
    Flag(u32),
    Unflag(u32),
    Expunge(u32),
    Move(u32),
    CopyToItself(u32),
    OpenAgain,
    Resync(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Deliver),
        2 => (1..8_u32).prop_map(Step::Flag),
        1 => (1..8_u32).prop_map(Step::Unflag),
        2 => (1..8_u32).prop_map(Step::Expunge),
        1 => (1..8_u32).prop_map(Step::Move),
        1 => (1..8_u32).prop_map(Step::CopyToItself),
        1 => Just(Step::OpenAgain),
        2 => (0..2_usize).prop_map(Step::Resync),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]
    #[test]
    fn a_client_that_was_away_ends_with_what_is_there(steps in prop::collection::vec(step(), 1..30)) {
        let mut house = House::new();
        let mut clients = [Client::new(), Client::new()];
        for step in steps {
            match step {
                Step::Deliver => house.deliver(),
                Step::Flag(uid) => house.flag(uid, FlagMode::Add),
                Step::Unflag(uid) => house.flag(uid, FlagMode::Remove),
                Step::Expunge(uid) => {
                    house.write(move |tx| expunge(tx, ANNA, INBOX, Which::Listed(&[Uid(uid)])));
                }
                Step::Move(uid) => house.relocate(uid, "Archive", CopyMode::Move),
                Step::CopyToItself(uid) => house.relocate(uid, "INBOX", CopyMode::Copy),
                Step::OpenAgain => house.open_again(),
                Step::Resync(client) => clients[client].resync(&house),
            }
        }
        house.open_again();
        let there = house.rows((1..100).map(Uid).collect());
        for client in &mut clients {
            client.resync(&house);
            prop_assert_eq!(&client.known, &there);
        }
    }
}
