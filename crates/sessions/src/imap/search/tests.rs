//! Keys against messages in a real store.

use std::sync::Arc;

use posthorn_mailbox::{Flags, NewMessage, Quota, SCHEMA, Target};
use posthorn_store::{Options, Partition, Store};

use super::*;

mod same_as_a_scan;

pub(in crate::imap) const ANNA: AccountId = AccountId(7);
pub(in crate::imap) const INBOX: MailboxId = MailboxId(1);

fn now() -> Timestamp {
    Timestamp::from_micros(1_795_465_000_700_000)
}

/// A store with one message per moment; the UIDs count from 1.
fn store_of(internal_dates: &[Timestamp]) -> (Store, tempfile::TempDir) {
    let messages = internal_dates.iter().map(|at| ("Subject: x", *at));
    store_with(messages)
}

/// A store with messages of these headers, which all came now.
pub(in crate::imap) fn store_of_messages(headers: &[&str]) -> (Store, tempfile::TempDir) {
    store_with(headers.iter().map(|header| (*header, now())))
}

fn store_with<'a>(messages: impl Iterator<Item = (&'a str, Timestamp)>) -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Options::new(folder.path()), &[SCHEMA, posthorn_search::SCHEMA]).unwrap();
    let partition = Partition::Account(ANNA);
    store
        .write(partition, |tx| mailbox::create_account(tx, ANNA, 0, now()))
        .wait()
        .unwrap();
    for (header, internal_date) in messages {
        let octets = format!("{header}\r\n\r\ny").into_bytes();
        let message = new_message(&store, octets, internal_date);
        store
            .write(partition, move |tx| {
                mailbox::deliver(tx, ANNA, &Target::Inbox, &message, Quota::Checked, now())
            })
            .wait()
            .unwrap();
    }
    (store, folder)
}

fn new_message(store: &Store, octets: Vec<u8>, internal_date: Timestamp) -> NewMessage {
    NewMessage {
        rendered: Arc::new(posthorn_message::render(&octets)),
        blob: store.stage_blob(octets, now()).unwrap(),
        internal_date,
        flags: Flags::default(),
        evidence: None,
    }
}

fn found(store: &Store, key: Key) -> Vec<u32> {
    found_in(store, INBOX, key)
}

fn found_in(store: &Store, mailbox: MailboxId, key: Key) -> Vec<u32> {
    let search = Search::new(ANNA, mailbox, key, now());
    let found = store.read(move |tx| {
        let plan = search.plan(tx)?;
        let mut found = Vec::new();
        for batch in search.batches(&plan) {
            found.extend(search.look(tx, &plan, &batch)?);
        }
        Ok::<_, MailboxError>(found)
    });
    found.wait().unwrap().into_iter().map(|row| row.uid.0).collect()
}

#[test]
fn ages_are_exact_to_the_second() {
    let at = |secs_ago: i64, micros: i64| {
        Timestamp::from_micros((now().as_secs() - secs_ago) * 1_000_000 + micros)
    };
    let (store, _folder) = store_of(&[at(60, 0), at(60, 999_999), at(61, 999_999), at(59, 0)]);
    assert_eq!(found(&store, SearchCriterion::Older(60).into()), [1, 2, 3]);
    assert_eq!(found(&store, SearchCriterion::Younger(60).into()), [1, 2, 4]);
    assert_eq!(found(&store, SearchCriterion::Older(u32::MAX).into()), [0; 0]);
    assert_eq!(
        found(&store, SearchCriterion::Younger(u32::MAX).into()),
        [1, 2, 3, 4]
    );
}
