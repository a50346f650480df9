//! Old tombstones become sets, and nobody notices but by the time it takes.

use posthorn_base::{Timestamp, Uid};
use posthorn_store::{Component, Options, Partition, Store};

use super::*;
use crate::{
    ChangedUids, MailboxError, SCHEMA, Which, changed_uids, check, create_account, remove_account, snapshot,
};

const ANNA: AccountId = AccountId(7);
const INBOX: MailboxId = MailboxId(1);
const INSERT_MESSAGE: &str = "INSERT INTO message
    (account_id, mailbox_id, uid, email_id, thread_id, flags, keywords, modseq, internal_date, saved_at, size_octets)
    VALUES ($1, $2, $3, 1, 1, 1, '', 1, 0, 0, 10)";

const SETS: &str = "SELECT COUNT(*) FROM gone";
const ROWS: &str = "SELECT COUNT(*) FROM expunged";

struct House {
    store: Store,
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let house = Self {
            store: Store::open(&Options::new(folder.path()), &[SCHEMA]).unwrap(),
            _folder: folder,
        };
        house.write(|tx| create_account(tx, ANNA, 0, Timestamp::from_secs(1_795_465_000)));
        house
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> T {
        self.store.write(Partition::Account(ANNA), work).wait().unwrap()
    }

    /// Messages with UIDs up to `last` came, and all but every `stays`th of them went, one change after the other.
    fn came_and_went(&self, last: u32, stays: u32) {
        self.write(move |tx| {
            let first = status(tx).uid_next.0;
            for uid in first..last {
                if uid % stays == 0 {
                    tx.execute(INSERT_MESSAGE, params![ANNA, INBOX, uid])?;
                } else {
                    tx.execute(sql::INSERT_EXPUNGED, params![ANNA, INBOX, i64::from(uid), uid])?;
                }
            }
            tx.execute(
                "UPDATE mailbox SET uid_next = $3, modseq = $4,
                    messages = (SELECT COUNT(*) FROM message g WHERE g.mailbox_id = mailbox.mailbox_id),
                    size_octets = 10 * (SELECT COUNT(*) FROM message g WHERE g.mailbox_id = mailbox.mailbox_id),
                    tombstones = (SELECT COUNT(*) FROM expunged e WHERE e.mailbox_id = mailbox.mailbox_id)
                    WHERE account_id = $1 AND mailbox_id = $2",
                params![ANNA, INBOX, last, i64::from(last)],
            )?;
            tx.execute("UPDATE account_state SET modseq = $2, used_octets = 10 * (SELECT COUNT(*) FROM message)
                    WHERE account_id = $1",
                params![ANNA, i64::from(last)],
            )?;
            Ok(())
        });
    }

    fn since(&self, modseq: i64) -> RoaringBitmap {
        let ChangedUids { vanished, .. } =
            self.write(move |tx| changed_uids(tx, ANNA, INBOX, ModSeq(modseq)));
        vanished
    }

    fn known(&self) -> Tombstones {
        self.write(|tx| Ok(tombstones(tx, ANNA, INBOX)?))
    }

    fn count(&self, rows: &'static str) -> i64 {
        self.write(move |tx| Ok(tx.query_row(rows, &[], |row| row.int(0))?.unwrap()))
    }
}

fn status(tx: &Tx<'_>) -> Status {
    crate::status(tx, ANNA, INBOX).unwrap()
}

fn but_every(stays: u32, uids: std::ops::Range<u32>) -> RoaringBitmap {
    uids.filter(|uid| uid % stays != 0).collect()
}

#[test]
fn a_client_away_for_less_than_the_kept_tombstones_is_told_exactly_and_others_are_told_all() {
    let house = House::new();
    house.came_and_went(70_000, 10);
    house.write(|tx| Ok(put_together(tx, ANNA, INBOX, 50_000)?));
    let known = house.known();
    let horizon = known.complete_since.0;
    assert_eq!(known.count, 63_000 - 50_000);
    assert_eq!(house.count(SETS), 1);
    let exactly = u32::try_from(horizon).unwrap() + 1;
    assert_eq!(house.since(horizon), but_every(10, exactly..70_000));
    assert_eq!(
        house.since(horizon + 5_000),
        but_every(10, exactly + 5_000..70_000)
    );
    assert_eq!(house.since(horizon - 1), but_every(10, 1..70_000));
    assert_eq!(house.since(1), but_every(10, 1..70_000));
}

#[test]
fn what_is_there_is_the_same_however_often_tombstones_are_put_together() {
    let house = House::new();
    for last in [1_000, 66_000, 140_000, 140_500] {
        house.came_and_went(last, 3);
        house.write(|tx| {
            let count = tombstones(tx, ANNA, INBOX)?.count;
            put_together(tx, ANNA, INBOX, count / 2)?;
            let living = living(tx, ANNA, INBOX)?;
            let mut left: RoaringBitmap = (1..status(tx).uid_next.0).collect();
            left -= all(tx, ANNA, INBOX)?;
            assert_eq!(left, living);
            assert_eq!(snapshot(tx, ANNA, INBOX)?.uids, living);
            Ok(())
        });
    }
    assert_eq!(house.count(SETS), 2);
}

#[test]
fn tombstones_are_put_together_by_the_expunge_that_makes_them_too_many() {
    let house = House::new();
    let expunge = |uid| {
        house.write(move |tx| crate::expunge(tx, ANNA, INBOX, Which::Listed(&[Uid(uid)])));
    };
    let last = u32::try_from(TOO_MANY).unwrap() + 2;
    house.came_and_went(last, 4_000);
    expunge(4_000);
    assert_eq!(house.known().count, TOO_MANY);
    expunge(8_000);
    assert_eq!(house.known().count, KEPT);
    assert_eq!(house.count(ROWS), KEPT);
    assert_eq!(house.write(|tx| Ok(check(tx)?)), [""; 0]);
}

#[test]
fn all_tombstones_of_one_change_go_together() {
    let house = House::new();
    house.came_and_went(11, u32::MAX);
    house.write(|tx| {
        tx.execute("UPDATE expunged SET modseq = 6 WHERE modseq BETWEEN 4 AND 8", &[])?;
        put_together(tx, ANNA, INBOX, 4)?;
        Ok(())
    });
    assert_eq!(house.known().count, 2);
    assert_eq!(house.since(6), (9..11).collect());
    assert_eq!(house.since(5), (1..11).collect());
}

#[test]
fn a_damaged_set_is_told_by_the_check_and_no_session_suffers_from_it() {
    let house = House::new();
    house.came_and_went(10_000, 2);
    house.write(|tx| Ok(put_together(tx, ANNA, INBOX, 4_000)?));
    for damage in ["UPDATE gone SET uids = x'010203'", "DELETE FROM gone"] {
        house.write(move |tx| {
            tx.execute(damage, &[])?;
            Ok(())
        });
        let seen = house.write(|tx| snapshot(tx, ANNA, INBOX));
        assert_eq!(seen.uids, (2..10_000).step_by(2).collect());
        assert_eq!(house.since(1), (1..10_000).step_by(2).collect());
        let findings = house.write(|tx| Ok(check(tx)?)).join("\n");
        assert!(findings.contains("account 7, mailbox INBOX: "), "{findings}");
    }
}

#[test]
fn the_check_tells_a_wrong_count_of_tombstones() {
    let house = House::new();
    house.came_and_went(10, u32::MAX);
    assert_eq!(house.write(|tx| Ok(check(tx)?)), [""; 0]);
    house.write(|tx| {
        tx.execute("UPDATE mailbox SET tombstones = 7 WHERE mailbox_id = 1", &[])?;
        Ok(())
    });
    let findings = house.write(|tx| Ok(check(tx)?));
    assert_eq!(
        findings,
        ["account 7, mailbox INBOX: counts 7 tombstones, 9 are there"]
    );
}

#[test]
fn nothing_stays_of_an_account_or_a_mailbox_that_is_removed() {
    let house = House::new();
    let uid = house.write(|tx| {
        let made = crate::create(tx, ANNA, "work", None, Timestamp::from_secs(1_795_465_000))?;
        let gone: Vec<Uid> = (1..10).map(Uid).collect();
        for uid in &gone {
            tx.execute(sql::INSERT_EXPUNGED, params![ANNA, made, i64::from(uid.0), *uid])?;
        }
        put_together(tx, ANNA, made, 5)?;
        Ok(made)
    });
    assert!(uid != INBOX && house.count(SETS) == 1);
    house.write(|tx| crate::delete(tx, ANNA, "work"));
    assert_eq!((house.count(SETS), house.count(ROWS)), (0, 0));
    house.came_and_went(10, 2);
    house.write(|tx| Ok(put_together(tx, ANNA, INBOX, 3)?));
    house.write(|tx| remove_account(tx, ANNA));
    assert_eq!((house.count(SETS), house.count(ROWS)), (0, 0));
}

#[test]
fn a_store_from_before_learns_how_many_tombstones_it_has() {
    let before = Component {
        migrations: &SCHEMA.migrations[..5],
        ..SCHEMA
    };
    let folder = tempfile::tempdir().unwrap();
    let open = |schema| Store::open(&Options::new(folder.path()), &[schema]).unwrap();
    let store = open(before);
    let fill = store.write(Partition::Account(ANNA), |tx| {
        tx.execute(
            "INSERT INTO mailbox (account_id, mailbox_id, name, uid_validity, uid_next, modseq, messages, unseen,
                deleted, size_octets, recent_from, keywords, created_at)
                VALUES (7, 1, 'INBOX', 5, 10, 9, 0, 0, 0, 0, 1, '', 0)",
            &[],
        )?;
        for uid in 1..10_u32 {
            tx.execute(sql::INSERT_EXPUNGED, params![ANNA, INBOX, i64::from(uid), uid])?;
        }
        Ok::<_, MailboxError>(())
    });
    fill.wait().unwrap();
    drop(store);
    let house = House {
        store: open(SCHEMA),
        _folder: folder,
    };
    let known = house.known();
    assert_eq!((known.count, known.complete_since), (9, ModSeq(0)));
    assert_eq!(house.since(4), (5..10).collect());
}
