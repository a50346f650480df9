//! Many messages in one go are treated as one after the other would be: STORE, COPY, and what a session that
//! opens the mailbox is told.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use posthorn_base::{AccountId, MailboxId, ModSeq, Timestamp, Uid};
use posthorn_mailbox::*;
use posthorn_store::{Options, Partition, Store, Tx};
use proptest::prelude::*;

const ANNA: AccountId = AccountId(7);
const INBOX: MailboxId = MailboxId(1);
const MESSAGES: u32 = 40;

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_465_000)
}

struct House {
    store: Store,
    _folder: tempfile::TempDir,
}

impl House {
    /// An account with messages whose flags are these, in the order of their UIDs.
    fn with(flags: &[Flags]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &[SCHEMA]).unwrap();
        let octets = b"A: 1\r\n\r\nx".to_vec();
        let rendered = Arc::new(posthorn_message::render(&octets));
        let blob = store.stage_blob(octets, now()).unwrap();
        let messages: Vec<_> = flags
            .iter()
            .map(|flags| NewMessage {
                rendered: Arc::clone(&rendered),
                blob: blob.clone(),
                internal_date: now(),
                flags: flags.clone(),
                evidence: None,
            })
            .collect();
        let house = Self {
            store,
            _folder: folder,
        };
        house.write(move |tx| {
            create_account(tx, ANNA, 0, now())?;
            for message in &messages {
                deliver(tx, ANNA, &Target::Inbox, message, Quota::Checked, now())?;
            }
            Ok(())
        });
        house
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> T {
        self.store.write(Partition::Account(ANNA), work).wait().unwrap()
    }

    fn expunge(&self, uids: Vec<Uid>) {
        self.write(move |tx| expunge(tx, ANNA, INBOX, Which::Listed(&uids)));
    }

    /// Every message there is.
    fn rows(&self) -> BTreeMap<Uid, (Flags, ModSeq)> {
        let all: Vec<Uid> = (1..=MESSAGES).map(Uid).collect();
        let rows = self.write(move |tx| messages(tx, ANNA, INBOX, &all));
        rows.into_iter()
            .map(|row| (row.uid, (row.flags, row.modseq)))
            .collect()
    }

    fn opened(&self) -> Snapshot {
        self.write(|tx| snapshot(tx, ANNA, INBOX))
    }

    fn findings(&self) -> Vec<String> {
        self.store.read(|tx| check(tx)).wait().unwrap()
    }
}

fn flags() -> impl Strategy<Value = Flags> {
    let keywords = prop::sample::subsequence(vec!["$Junk", "a", "b"], 0..3);
    (0..32_i64, keywords).prop_map(|(system, keywords)| {
        let keywords = keywords.into_iter().map(str::to_owned).collect();
        Flags::new(System(system), keywords)
    })
}

/// Some UIDs in order; runs of them are likely.
fn uids() -> impl Strategy<Value = Vec<Uid>> {
    prop::collection::vec((1..=MESSAGES, 1..12_u32), 0..5).prop_map(|ranges| {
        let all = ranges
            .into_iter()
            .flat_map(|(first, length)| first..first + length);
        let set: std::collections::BTreeSet<u32> = all.filter(|uid| *uid <= MESSAGES).collect();
        set.into_iter().map(Uid).collect()
    })
}

fn change() -> impl Strategy<Value = FlagChange> {
    let mode = prop_oneof![
        Just(FlagMode::Add),
        Just(FlagMode::Remove),
        Just(FlagMode::Replace)
    ];
    (mode, flags()).prop_map(|(mode, flags)| FlagChange::new(mode, flags))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn many_messages_are_changed_as_each_alone_would_be(
        before in prop::collection::vec(flags(), MESSAGES as usize),
        gone in uids(), named in uids(), change in change(), protected in any::<bool>(),
    ) {
        let (together, alone) = (House::with(&before), House::with(&before));
        let limit = protected.then_some(ModSeq(20));
        for house in [&together, &alone] {
            house.expunge(gone.clone());
        }
        let (uids, by) = (named.clone(), change.clone());
        let stored = together.write(move |tx| store_flags(tx, ANNA, INBOX, &uids, &by, limit));
        let (mut rows, mut modified) = (Vec::new(), Vec::new());
        for uid in named.clone() {
            let by = change.clone();
            let one = alone.write(move |tx| store_flags(tx, ANNA, INBOX, &[uid], &by, limit));
            rows.extend(one.rows);
            modified.extend(one.modified);
        }
        prop_assert_eq!(&stored.modified, &modified);
        let told = |rows: &[StoredRow]| -> Vec<_> {
            rows.iter().map(|row| (row.uid, row.flags.clone(), row.modseq_before, row.is_changed)).collect()
        };
        prop_assert_eq!(told(&stored.rows), told(&rows));
        let (now, expected) = (together.rows(), alone.rows());
        let flags = |rows: &BTreeMap<Uid, (Flags, ModSeq)>| -> Vec<_> {
            rows.iter().map(|(uid, (flags, _))| (*uid, flags.clone())).collect()
        };
        prop_assert_eq!(flags(&now), flags(&expected));
        for row in &stored.rows {
            prop_assert_eq!(now.get(&row.uid).map(|(_, modseq)| *modseq), Some(row.modseq));
        }
        prop_assert_eq!(together.findings(), [] as [&str; 0]);
    }

    #[test]
    fn a_mailbox_is_opened_as_it_is(
        before in prop::collection::vec(flags(), MESSAGES as usize), gone in uids(), more in uids(),
    ) {
        let house = House::with(&before);
        house.expunge(gone);
        house.expunge(more);
        let (opened, rows) = (house.opened(), house.rows());
        prop_assert_eq!(opened.uids.iter().map(Uid).collect::<Vec<_>>(), rows.keys().copied().collect::<Vec<_>>());
        let first = rows.iter().find(|(_, (flags, _))| !flags.system.contains(System::SEEN));
        prop_assert_eq!(opened.first_unseen, first.map(|(uid, _)| *uid));
    }
}

#[test]
fn a_lost_tombstone_does_not_bring_a_message_back() {
    let house = House::with(&[Flags::default(), Flags::default(), Flags::default()]);
    house.expunge(vec![Uid(2)]);
    house.write(|tx| Ok(tx.execute("DELETE FROM expunged WHERE account_id = 7", &[])?));
    assert_eq!(house.opened().uids.iter().collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn the_first_unseen_message_is_told_where_it_is_found_soon() {
    let seen = Flags::system(System::SEEN);
    let mut flags = vec![seen; 1_500];
    let opened = |flags: &[Flags]| House::with(flags).opened().first_unseen;
    assert_eq!(opened(&flags), None);
    flags[1_498] = Flags::default();
    assert_eq!(opened(&flags), Some(Uid(1_499)), "near the end");
    flags[700] = Flags::default();
    assert_eq!(
        opened(&flags),
        None,
        "not the one near the end: it is not the first"
    );
    flags[3] = Flags::default();
    assert_eq!(opened(&flags), Some(Uid(4)), "near the beginning");
}
