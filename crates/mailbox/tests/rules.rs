//! The rules of mailboxes, through the public interface and a real store.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use posthorn_base::{AccountId, MailboxId, ModSeq, Rights, Timestamp, Uid};
use posthorn_mailbox::*;
use posthorn_store::{Options, Partition, Store, Tx};
use proptest::prelude::*;

const ANNA: AccountId = AccountId(7);

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_465_000)
}

struct Fixture {
    store: Store,
    _folder: tempfile::TempDir,
}

impl Fixture {
    fn new(quota: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &[SCHEMA]).unwrap();
        let fixture = Self {
            store,
            _folder: folder,
        };
        fixture
            .write(move |tx| create_account(tx, ANNA, quota, now()))
            .unwrap();
        fixture
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> Result<T, MailboxError> {
        self.store.write(Partition::Account(ANNA), work).wait()
    }

    fn message(&self, text: &str) -> NewMessage {
        let octets = text.as_bytes().to_vec();
        NewMessage {
            rendered: Arc::new(posthorn_message::render(&octets)),
            blob: self.store.stage_blob(octets, now()).unwrap(),
            internal_date: now(),
            flags: Flags::default(),
            evidence: Some(Arc::from(text.as_bytes())),
        }
    }

    fn deliver(&self, text: &str) -> Delivered {
        let message = self.message(text);
        self.write(move |tx| deliver(tx, ANNA, &Target::Inbox, &message, Quota::Checked, now()))
            .unwrap()
    }

    fn find(&self, name: &'static str) -> MailboxId {
        self.write(move |tx| find(tx, ANNA, name)).unwrap()
    }

    fn status(&self, id: MailboxId) -> Status {
        self.write(move |tx| status(tx, ANNA, id)).unwrap()
    }

    fn flag(&self, mailbox: MailboxId, uids: &[u32], mode: FlagMode, system: System) -> Stored {
        let uids: Vec<Uid> = uids.iter().copied().map(Uid).collect();
        let change = FlagChange::new(mode, Flags::system(system));
        self.write(move |tx| store_flags(tx, ANNA, mailbox, &uids, &change, None))
            .unwrap()
    }

    fn findings(&self) -> Vec<String> {
        self.store.read(|tx| check(tx)).wait().unwrap()
    }
}

fn mail(id: &str, subject: &str, references: &str) -> String {
    format!("Message-ID: <{id}@x>\r\nReferences: {references}\r\nSubject: {subject}\r\n\r\nhello {id}\r\n")
}

#[test]
fn uids_rise_by_one_and_the_counters_follow() {
    let fixture = Fixture::new(0);
    let (one, two) = (fixture.deliver("A: 1\r\n\r\nx"), fixture.deliver("A: 2\r\n\r\ny"));
    assert_eq!((one.uid, two.uid), (Uid(1), Uid(2)));
    assert!(two.modseq > one.modseq);
    let status = fixture.status(one.mailbox);
    assert_eq!(
        (
            status.messages,
            status.unseen,
            status.size_octets,
            status.uid_next
        ),
        (2, 2, 18, Uid(3))
    );
    assert_eq!(status.modseq, two.modseq);
    assert_eq!(fixture.findings(), [] as [&str; 0]);
}

#[test]
fn a_uid_is_never_used_again() {
    let fixture = Fixture::new(0);
    let first = fixture.deliver("A: 1\r\n\r\nx");
    let gone = fixture
        .write(move |tx| expunge(tx, ANNA, first.mailbox, Which::Listed(&[first.uid])))
        .unwrap();
    assert_eq!(gone.uids, [Uid(1)]);
    assert_eq!(fixture.deliver("A: 2\r\n\r\ny").uid, Uid(2));
}

#[test]
fn a_reply_joins_the_thread_and_another_subject_does_not() {
    let fixture = Fixture::new(0);
    let first = fixture.deliver(&mail("a", "Lunch", ""));
    let reply = fixture.deliver(&mail("b", "Re: lunch", "<a@x>"));
    let other = fixture.deliver(&mail("c", "Something else", "<a@x>"));
    let late = fixture.deliver(&mail("d", "RE: Fwd: LUNCH", "<unknown@x> <b@x>"));
    assert_eq!(first.thread, reply.thread);
    assert_ne!(first.thread, other.thread);
    assert_eq!(late.thread, first.thread, "through the reply's own id");
}

#[test]
fn flags_change_only_what_differs_and_unchanged_since_protects() {
    let fixture = Fixture::new(0);
    let mailbox = fixture.deliver("A: 1\r\n\r\nx").mailbox;
    fixture.deliver("A: 2\r\n\r\ny");
    let before = fixture.status(mailbox).modseq;
    let stored = fixture.flag(mailbox, &[1, 2, 9], FlagMode::Add, System::SEEN);
    assert_eq!(stored.rows.len(), 2, "UID 9 is not there");
    assert_eq!(fixture.status(mailbox).unseen, 0);
    let again = fixture.flag(mailbox, &[1], FlagMode::Add, System::SEEN);
    assert!(!again.rows[0].is_changed);
    assert_eq!(again.rows[0].modseq, stored.rows[0].modseq);
    let change = FlagChange::new(FlagMode::Add, Flags::system(System::FLAGGED));
    let late = fixture
        .write(move |tx| store_flags(tx, ANNA, mailbox, &[Uid(1)], &change, Some(before)))
        .unwrap();
    assert_eq!((late.rows.len(), late.modified), (0, vec![Uid(1)]));
}

#[test]
fn changes_tell_what_came_what_changed_and_what_vanished() {
    let fixture = Fixture::new(0);
    let mailbox = fixture.deliver("A: 1\r\n\r\nx").mailbox;
    fixture.deliver("A: 2\r\n\r\ny");
    let since = fixture.status(mailbox).modseq;
    fixture
        .write(move |tx| expunge(tx, ANNA, mailbox, Which::Listed(&[Uid(1)])))
        .unwrap();
    fixture.flag(mailbox, &[2], FlagMode::Add, System::FLAGGED);
    fixture.deliver("A: 3\r\n\r\nz");
    let seen = fixture
        .write(move |tx| changes(tx, ANNA, mailbox, since))
        .unwrap();
    assert_eq!(seen.vanished, [Uid(1)]);
    assert_eq!(
        seen.changed.iter().map(|row| row.uid.0).collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(seen.uid_next, Uid(4));
    let none = fixture
        .write(move |tx| changes(tx, ANNA, mailbox, seen.modseq))
        .unwrap();
    assert!(none.vanished.is_empty() && none.changed.is_empty());
}

#[test]
fn only_deleted_messages_are_expunged_unless_listed() {
    let fixture = Fixture::new(0);
    let mailbox = fixture.deliver("A: 1\r\n\r\nx").mailbox;
    fixture.deliver("A: 2\r\n\r\ny");
    fixture.flag(mailbox, &[2], FlagMode::Add, System::DELETED);
    let freed = fixture.write(move |tx| deleted_octets(tx, ANNA, mailbox));
    assert_eq!(freed, Ok(9));
    let among = fixture
        .write(move |tx| expunge(tx, ANNA, mailbox, Which::DeletedAmong(&[Uid(1)])))
        .unwrap();
    assert_eq!(
        among,
        Expunged {
            uids: vec![],
            modseq: None
        }
    );
    let all = fixture
        .write(move |tx| expunge(tx, ANNA, mailbox, Which::Deleted))
        .unwrap();
    assert_eq!(all.uids, [Uid(2)]);
    let freed = fixture.write(move |tx| deleted_octets(tx, ANNA, mailbox));
    assert_eq!(freed, Ok(0));
    assert_eq!(fixture.findings(), [] as [&str; 0]);
}

#[test]
fn the_quota_stops_append_and_copy_but_not_a_checked_delivery() {
    let fixture = Fixture::new(20);
    let mailbox = fixture.deliver("A: 1\r\n\r\n4567890").mailbox;
    let message = fixture.message("A: 1\r\n\r\nx");
    let refused = fixture.write(move |tx| deliver(tx, ANNA, &Target::Inbox, &message, Quota::Enforce, now()));
    assert_eq!(refused, Err(MailboxError::OverQuota));
    let copied = fixture.write(move |tx| {
        copy(
            tx,
            ANNA,
            CopyRequest {
                from: mailbox,
                uids: &[Uid(1)],
                to: "Archive",
                mode: CopyMode::Copy,
                rights: Rights::ALL,
            },
            now(),
        )
    });
    assert_eq!(copied, Err(MailboxError::OverQuota));
    fixture.deliver("A: 1\r\n\r\nx");
    let usage = fixture.write(|tx| usage(tx, ANNA)).unwrap();
    assert_eq!(
        usage,
        Usage {
            used_octets: 24,
            quota_octets: Some(20)
        }
    );
    assert_eq!(fixture.findings(), [] as [&str; 0]);
}

#[test]
fn a_move_keeps_flags_and_content_and_leaves_a_tombstone() {
    let fixture = Fixture::new(0);
    let delivered = fixture.deliver("A: 1\r\n\r\nx");
    fixture.flag(delivered.mailbox, &[1], FlagMode::Add, System::FLAGGED);
    let archive = fixture.find("Archive");
    let outcome = fixture
        .write(move |tx| {
            let from = delivered.mailbox;
            copy(
                tx,
                ANNA,
                CopyRequest {
                    from,
                    uids: &[Uid(1)],
                    to: "archive",
                    mode: CopyMode::Move,
                    rights: Rights::ALL,
                },
                now(),
            )
        })
        .unwrap_err();
    assert_eq!(
        outcome,
        MailboxError::NoSuchMailbox,
        "names other than INBOX have letter case"
    );
    let outcome = fixture
        .write(move |tx| {
            let from = delivered.mailbox;
            copy(
                tx,
                ANNA,
                CopyRequest {
                    from,
                    uids: &[Uid(1)],
                    to: "Archive",
                    mode: CopyMode::Move,
                    rights: Rights::ALL,
                },
                now(),
            )
        })
        .unwrap();
    assert_eq!(outcome.pairs, [(Uid(1), Uid(1))]);
    let row = fixture
        .write(move |tx| message(tx, ANNA, archive, Uid(1)))
        .unwrap()
        .unwrap();
    assert_eq!((row.email, row.flags.system), (delivered.email, System::FLAGGED));
    assert_eq!(fixture.status(delivered.mailbox).messages, 0);
    let gone = fixture
        .write(move |tx| changes(tx, ANNA, delivered.mailbox, ModSeq(0)))
        .unwrap();
    assert_eq!(gone.vanished, [Uid(1)]);
    assert_eq!(fixture.findings(), [] as [&str; 0]);
}

#[test]
fn the_content_goes_with_its_last_copy() {
    let fixture = Fixture::new(0);
    let first = fixture.deliver("A: 1\r\n\r\nx");
    let inbox = first.mailbox;
    fixture
        .write(move |tx| {
            copy(
                tx,
                ANNA,
                CopyRequest {
                    from: inbox,
                    uids: &[Uid(1)],
                    to: "Archive",
                    mode: CopyMode::Copy,
                    rights: Rights::ALL,
                },
                now(),
            )
        })
        .unwrap();
    fixture
        .write(move |tx| expunge(tx, ANNA, inbox, Which::Listed(&[Uid(1)])))
        .unwrap();
    assert!(
        fixture
            .write(move |tx| email(tx, ANNA, first.email))
            .unwrap()
            .is_some()
    );
    fixture.write(|tx| delete(tx, ANNA, "Archive")).unwrap();
    assert!(
        fixture
            .write(move |tx| email(tx, ANNA, first.email))
            .unwrap()
            .is_none()
    );
    assert_eq!(fixture.write(|tx| usage(tx, ANNA)).unwrap().used_octets, 0);
}

#[test]
fn mailboxes_are_made_with_parents_renamed_with_children_and_deleted_alone() {
    let fixture = Fixture::new(0);
    fixture
        .write(|tx| create(tx, ANNA, "Work/2026/June", None, now()))
        .unwrap();
    assert_eq!(
        fixture.write(|tx| create(tx, ANNA, "Work/2026", None, now())),
        Err(MailboxError::AlreadyExists)
    );
    fixture
        .write(|tx| rename(tx, ANNA, "Work", "Job/Old", now()))
        .unwrap();
    let names = |fixture: &Fixture| -> Vec<String> {
        let all = fixture.write(|tx| folders(tx, ANNA)).unwrap();
        all.into_iter()
            .filter(|folder| folder.id.is_some())
            .map(|folder| folder.name)
            .collect()
    };
    assert!(
        ["Job", "Job/Old", "Job/Old/2026", "Job/Old/2026/June"]
            .iter()
            .all(|name| names(&fixture).iter().any(|n| n == name))
    );
    assert!(!names(&fixture).iter().any(|name| name.starts_with("Work")));
    fixture.write(|tx| delete(tx, ANNA, "Job/Old")).unwrap();
    assert!(names(&fixture).iter().any(|name| name == "Job/Old/2026"));
    assert_eq!(
        fixture.write(|tx| delete(tx, ANNA, "inbox")),
        Err(MailboxError::IsInbox)
    );
    assert_eq!(
        fixture.write(|tx| rename(tx, ANNA, "Job", "Job/x", now())),
        Err(MailboxError::BadName("a mailbox cannot be moved below itself"))
    );
}

#[test]
fn renaming_inbox_moves_its_messages_and_leaves_it() {
    let fixture = Fixture::new(0);
    let inbox = fixture.deliver("A: 1\r\n\r\nx").mailbox;
    fixture
        .write(|tx| rename(tx, ANNA, "INBOX", "Old mail", now()))
        .unwrap();
    assert_eq!(fixture.status(inbox).messages, 0);
    assert_eq!(fixture.status(fixture.find("Old mail")).messages, 1);
}

#[test]
fn a_mailbox_made_anew_has_a_higher_uid_validity() {
    let fixture = Fixture::new(0);
    let first = fixture.write(|tx| create(tx, ANNA, "x", None, now())).unwrap();
    let before = fixture.status(first).uid_validity;
    fixture.write(|tx| delete(tx, ANNA, "x")).unwrap();
    let second = fixture.write(|tx| create(tx, ANNA, "x", None, now())).unwrap();
    assert_ne!(first, second);
    assert!(fixture.status(second).uid_validity > before);
}

#[test]
fn a_subscription_outlives_its_mailbox() {
    let fixture = Fixture::new(0);
    fixture.write(|tx| create(tx, ANNA, "x", None, now())).unwrap();
    fixture.write(|tx| delete(tx, ANNA, "x")).unwrap();
    let all = fixture.write(|tx| folders(tx, ANNA)).unwrap();
    let lost = all.iter().find(|folder| folder.name == "x").unwrap();
    assert!(lost.id.is_none() && lost.is_subscribed);
    fixture
        .write(|tx| subscribe(tx, ANNA, "x", Subscription::Off))
        .unwrap();
    assert!(
        !fixture
            .write(|tx| folders(tx, ANNA))
            .unwrap()
            .iter()
            .any(|folder| folder.name == "x")
    );
}

#[test]
fn a_snapshot_has_uids_first_unseen_and_recent() {
    let fixture = Fixture::new(0);
    let inbox = fixture.deliver("A: 1\r\n\r\nx").mailbox;
    fixture.deliver("A: 2\r\n\r\ny");
    fixture.flag(inbox, &[1], FlagMode::Add, System::SEEN);
    let open = |fixture: &Fixture| fixture.write(move |tx| snapshot(tx, ANNA, inbox)).unwrap();
    let first = open(&fixture);
    assert_eq!(first.uids.iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(first.first_unseen, Some(Uid(2)));
    assert_eq!(first.status.recent_from, Uid(1));
    fixture.write(move |tx| claim_recent(tx, ANNA, inbox)).unwrap();
    assert_eq!(open(&fixture).status.recent_from, Uid(3));
}

#[test]
fn a_removed_account_leaves_nothing() {
    let fixture = Fixture::new(0);
    fixture.deliver("A: 1\r\n\r\nx");
    fixture.write(|tx| remove_account(tx, ANNA)).unwrap();
    let message = fixture.message("A: 1\r\n\r\nx");
    let late = fixture.write(move |tx| deliver(tx, ANNA, &Target::Inbox, &message, Quota::Checked, now()));
    assert_eq!(late, Err(MailboxError::NoSuchAccount));
    assert_eq!(fixture.findings(), [] as [&str; 0]);
}

#[test]
fn the_check_sees_a_wrong_counter() {
    let fixture = Fixture::new(0);
    fixture.deliver("A: 1\r\n\r\nx");
    fixture
        .write(|tx| Ok(tx.execute("UPDATE mailbox SET unseen = 5 WHERE mailbox_id = 1", &[])?))
        .unwrap();
    assert_eq!(
        fixture.findings(),
        ["account 7, mailbox INBOX: counts 5 unseen, 1 are there"]
    );
}

#[test]
fn every_statement_is_understood_by_the_engine() {
    let refused = Fixture::new(0).write(|tx| Ok(tx.refused(sql::STATEMENTS)));
    assert_eq!(refused, Ok(Vec::new()));
}

#[derive(Clone, Debug)]
enum Step {
    Deliver,
    Flag(u32, bool),
    Expunge(u32),
    Copy(u32),
    Move(u32),
    MoveBack(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Deliver),
        (1..8_u32, any::<bool>()).prop_map(|(uid, deleted)| Step::Flag(uid, deleted)),
        (1..8_u32).prop_map(Step::Expunge),
        (1..8_u32).prop_map(Step::Copy),
        (1..8_u32).prop_map(Step::Move),
        (1..8_u32).prop_map(Step::MoveBack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_the_counters_are_true(steps in prop::collection::vec(step(), 1..25)) {
        let fixture = Fixture::new(0);
        let (inbox, archive) = (MailboxId(1), fixture.find("Archive"));
        let mut modseq = ModSeq(0);
        for step in steps {
            let relocate = |from, to: &'static str, uid, mode| {
                fixture.write(move |tx| copy(tx, ANNA, CopyRequest { from, uids: &[Uid(uid)], to, mode, rights: Rights::ALL }, now())).unwrap();
            };
            match step {
                Step::Deliver => { fixture.deliver("A: 1\r\n\r\nx"); }
                Step::Flag(uid, true) => { fixture.flag(inbox, &[uid], FlagMode::Add, System::DELETED); }
                Step::Flag(uid, false) => { fixture.flag(archive, &[uid, uid + 1], FlagMode::Replace, System::SEEN); }
                Step::Expunge(uid) => {
                    fixture.write(move |tx| expunge(tx, ANNA, inbox, Which::Listed(&[Uid(uid)]))).unwrap();
                }
                Step::Copy(uid) => relocate(inbox, "Archive", uid, CopyMode::Copy),
                Step::Move(uid) => relocate(inbox, "Archive", uid, CopyMode::Move),
                Step::MoveBack(uid) => relocate(archive, "INBOX", uid, CopyMode::Move),
            }
            let seen = fixture.status(inbox).modseq.max(fixture.status(archive).modseq);
            prop_assert!(seen >= modseq, "MODSEQ never goes back");
            modseq = seen;
        }
        prop_assert_eq!(fixture.findings(), [] as [&str; 0]);
    }
}

#[test]
fn what_was_found_out_about_a_message_is_kept_with_it() {
    let fixture = Fixture::new(0);
    let text = "Message-ID: <m1@far.test>\r\nSubject: one\r\n\r\nbody\r\n";
    let delivered = fixture.deliver(text);
    fixture.deliver("Message-ID: <m2@far.test>\r\n\r\nbody\r\n");
    let read = move |tx: &mut Tx<'_>| {
        Ok((
            evidence(tx, ANNA, delivered.email)?,
            with_message_id(tx, ANNA, "<m1@far.test>")?,
            places(tx, ANNA, delivered.email)?,
        ))
    };
    let (evidence, found, places) = fixture.write(read).unwrap();
    assert_eq!(evidence.as_deref(), Some(text.as_bytes()));
    assert_eq!(found, [delivered.email]);
    assert_eq!(places.len(), 1);
    assert_eq!(
        (places[0].mailbox.as_str(), places[0].uid),
        ("INBOX", delivered.uid)
    );

    let gone = fixture.write(move |tx| {
        let inbox = find(tx, ANNA, "INBOX")?;
        expunge(tx, ANNA, inbox, Which::Listed(&[delivered.uid]))?;
        posthorn_mailbox::evidence(tx, ANNA, delivered.email)
    });
    assert_eq!(gone.unwrap(), None);
}
