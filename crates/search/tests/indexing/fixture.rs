//! A store with an account whose messages are indexed.

use std::sync::Arc;
use std::time::Duration;

use posthorn_base::{AccountId, EmailId, MailboxId, Timestamp, Uid};
use posthorn_mailbox::{self as mailbox, Flags, MailboxError, NewMessage, Quota, Target, Which};
use posthorn_search::{Bounds, Index, Indexer, Query, SCHEMA, Step, check};
use posthorn_store::{Options, Partition, Store, StoreError, Tx};

pub(crate) const ANNA: AccountId = AccountId(7);

pub(crate) fn now() -> Timestamp {
    Timestamp::from_secs(1_795_000_000)
}

pub(crate) struct Fixture {
    pub(crate) store: Store,
    _folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &[mailbox::SCHEMA, SCHEMA]).unwrap();
        let fixture = Self {
            store,
            _folder: folder,
        };
        fixture.write(|tx| mailbox::create_account(tx, ANNA, 0, now()));
        fixture
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> T {
        self.store.write(Partition::Account(ANNA), work).wait().unwrap()
    }

    pub(crate) fn deliver(&self, raw: &str) -> EmailId {
        let octets = raw.as_bytes().to_vec();
        let message = NewMessage {
            rendered: Arc::new(posthorn_message::render(&octets)),
            blob: self.store.stage_blob(octets, now()).unwrap(),
            internal_date: now(),
            flags: Flags::default(),
            evidence: None,
        };
        self.write(move |tx| mailbox::deliver(tx, ANNA, &Target::Inbox, &message, Quota::Checked, now()))
            .email
    }

    pub(crate) fn step(&self) -> Result<Step, MailboxError> {
        Indexer::new(self.store.clone(), ANNA).step(now())
    }

    /// Removes messages of INBOX.
    pub(crate) fn expunge(&self, uids: &[u32]) {
        let uids: Vec<Uid> = uids.iter().copied().map(Uid).collect();
        self.write(move |tx| mailbox::expunge(tx, ANNA, MailboxId(1), Which::Listed(&uids)));
    }

    /// Until there is nothing more to do.
    pub(crate) fn index(&self) {
        self.index_at(now());
    }

    /// When nobody can be working any more on what was left behind.
    pub(crate) fn index_later(&self) {
        self.index_at(now().plus(Duration::from_secs(7_200)));
    }

    fn index_at(&self, now: Timestamp) {
        let mut indexer = Indexer::new(self.store.clone(), ANNA);
        while indexer.step(now).unwrap() == Step::More {}
    }

    pub(crate) fn indexed_to(&self) -> EmailId {
        let index = self.store.read(|tx| Index::open(tx, ANNA)).wait();
        index.unwrap().indexed_to()
    }

    pub(crate) fn try_find(&self, query: &Query) -> Result<Bounds, StoreError> {
        let query = query.clone();
        let found = self
            .store
            .read(move |tx| Index::open(tx, ANNA)?.find(tx, std::slice::from_ref(&query)));
        found.wait().map(|mut found| found.remove(0))
    }

    pub(crate) fn find(&self, query: &Query) -> Bounds {
        self.try_find(query).unwrap()
    }

    pub(crate) fn findings(&self) -> Vec<String> {
        self.store.read(|tx| check(tx)).wait().unwrap()
    }

    pub(crate) fn sql(&self, statement: &'static str) {
        self.write(move |tx| Ok(tx.execute(statement, &[])?));
    }

    pub(crate) fn count(&self, table: &str) -> i64 {
        let statement: &'static str = format!("SELECT COUNT(*) FROM search_{table}").leak();
        let counted = self
            .store
            .read(move |tx| tx.query_row(statement, &[], |row| row.int(0)));
        counted.wait().unwrap().unwrap()
    }
}
