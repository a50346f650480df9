//! The promises of the transaction interface.

use super::*;
use crate::check::Finding;
use crate::{Value, params};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const NOTES: Component = Component {
    name: "notes",
    migrations: &[&[
        "CREATE TABLE note (account_id BIGINT NOT NULL, id BIGINT NOT NULL, text TEXT, hash BYTEA, generation BIGINT, size BIGINT, PRIMARY KEY (account_id, id))",
    ]],
    blob_references: &["SELECT hash, generation, size FROM note WHERE hash IS NOT NULL"],
};
const ADD: &str = "INSERT INTO note (account_id, id, text) VALUES ($1, $2, $3)";
const COUNT: &str = "SELECT COUNT(*) FROM note";

pub(super) fn open(folder: &Path) -> Store {
    Store::open(&Options::new(folder), &[NOTES]).unwrap()
}

pub(super) fn count(store: &Store) -> i64 {
    store
        .read::<_, StoreError>(|tx| Ok(tx.query_row(COUNT, &[], |row| row.int(0))?.unwrap()))
        .wait()
        .unwrap()
}

pub(super) fn add(store: &Store, id: i64) -> Pending<(), StoreError> {
    store.write(Partition::Account(AccountId(1)), move |tx| {
        tx.execute(ADD, params![1_i64, id, "x"])?;
        tx.notice(AccountId(1));
        Ok(())
    })
}

#[test]
fn what_is_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    add(&store, 1).wait().unwrap();
    drop(store);
    assert_eq!(count(&open(folder.path())), 1);
}

#[test]
fn a_failed_transaction_leaves_nothing_and_its_neighbours_stand() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let waiting: Vec<_> = (0..50).map(|id| add(&store, id)).collect();
    let failed = store.write::<(), _>(Partition::Account(AccountId(1)), |tx| {
        tx.execute(ADD, params![1_i64, 1_000_i64, "x"])?;
        tx.execute(ADD, params![1_i64, 1_000_i64, "again"])?;
        Ok(())
    });
    let more: Vec<_> = (50..100).map(|id| add(&store, id)).collect();
    assert_eq!(failed.wait(), Err(StoreError::Duplicate));
    for pending in waiting.into_iter().chain(more) {
        pending.wait().unwrap();
    }
    assert_eq!(count(&store), 100);
}

#[test]
fn a_batch_of_which_one_fails_is_stored_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    // The writer waits until all others stand behind this one.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let first = store.write::<_, StoreError>(Partition::Directory, move |_tx| {
        wait.lock().unwrap().recv().unwrap_err();
        Ok(())
    });
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let panics_again = store.write::<_, StoreError>(Partition::Directory, move |tx| {
        assert_eq!(
            counted.fetch_add(1, Ordering::SeqCst),
            0,
            "only the first run succeeds"
        );
        tx.execute(ADD, params![1_i64, 1_i64, "x"])
    });
    let fails = store.write::<usize, _>(Partition::Directory, |tx| {
        tx.execute(ADD, params![1_i64, 2_i64, "x"])?;
        Err(StoreError::Closed)
    });
    let stands = add(&store, 3);
    drop(go);
    first.wait().unwrap();
    assert_eq!(panics_again.wait(), Err(StoreError::Panicked));
    assert_eq!(fails.wait(), Err(StoreError::Closed));
    stands.wait().unwrap();
    assert_eq!((count(&store), runs.load(Ordering::SeqCst)), (1, 2));
}

#[test]
fn a_group_is_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let partitions = vec![Partition::Account(AccountId(1)), Partition::Account(AccountId(2))];
    let work = |clash: i64| {
        move |tx: &mut Tx<'_>, index: usize| {
            let id = if index == 1 { clash } else { 7 };
            tx.execute(ADD, params![1_i64, id, Value::Null])
                .map(|_rows| index)
        }
    };
    assert_eq!(
        store.write_group(partitions.clone(), work(7)).wait(),
        Err(StoreError::Duplicate)
    );
    assert_eq!(count(&store), 0);
    assert_eq!(store.write_group(partitions, work(8)).wait(), Ok(vec![0, 1]));
    assert_eq!(count(&store), 2);
}

#[test]
fn a_panic_in_a_transaction_is_its_callers_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let failed: Pending<(), StoreError> = store.write(Partition::Directory, |tx| {
        tx.execute(ADD, params![1_i64, 1_i64, "x"])?;
        panic!("on purpose")
    });
    assert_eq!(failed.wait(), Err(StoreError::Panicked));
    add(&store, 1).wait().unwrap();
    assert_eq!(count(&store), 1);
}

#[test]
fn a_change_is_told_after_it_can_be_seen() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let heard: Arc<Mutex<Vec<AccountId>>> = Arc::default();
    let hears = Arc::clone(&heard);
    store.on_change(move |accounts| hears.lock().unwrap().extend_from_slice(accounts));
    add(&store, 1).wait().unwrap();
    assert_eq!(*heard.lock().unwrap(), [AccountId(1)]);
    assert!(add(&store, 1).wait().is_err());
    assert_eq!(
        heard.lock().unwrap().len(),
        1,
        "a failed transaction changes nothing"
    );
}

#[test]
fn a_read_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let tried = store
        .read(|tx| tx.execute(ADD, params![1_i64, 1_i64, "x"]))
        .wait();
    assert!(tried.is_err());
    assert_eq!(count(&store), 0);
}

#[test]
fn the_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let second = Store::open(&Options::new(folder.path()), &[NOTES]);
    assert!(matches!(second, Err(OpenError::InUse(_))));
    drop(store);
    open(folder.path());
}

#[test]
fn a_newer_schema_is_refused_with_both_numbers() {
    let folder = tempfile::tempdir().unwrap();
    const NEWER: &[&[&str]] = &[NOTES.migrations[0], &[]];
    let newer = Component {
        migrations: NEWER,
        ..NOTES
    };
    drop(Store::open(&Options::new(folder.path()), &[newer]).unwrap());
    let found = Store::open(&Options::new(folder.path()), &[NOTES]).err().unwrap();
    assert_eq!(
        found,
        OpenError::TooNew {
            component: "notes".to_owned(),
            found: 2,
            known: 1
        }
    );
}

#[test]
fn wrong_parameters_are_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let failed = store
        .write(Partition::Directory, |tx| tx.execute(ADD, params![1_i64]))
        .wait();
    assert!(
        matches!(failed, Err(StoreError::Statement(text)) if text.contains("1 parameters are given for 3"))
    );
}

fn keep(store: &Store, octets: Vec<u8>) -> BlobRef {
    let blob = store
        .stage_blob(octets, Timestamp::from_secs(1_795_465_000))
        .unwrap();
    let reference = blob.reference();
    store
        .write::<_, StoreError>(Partition::Account(AccountId(1)), move |tx| {
            tx.put_blob(&blob)?;
            let at = blob.reference();
            let size = i64::try_from(at.size_octets).unwrap();
            tx.execute(
                "INSERT INTO note (account_id, id, hash, generation, size) VALUES (1, $1, $2, $3, $4)",
                params![size, &at.hash, at.generation, size],
            )
        })
        .wait()
        .unwrap();
    reference
}

#[test]
fn blobs_of_every_size_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for size in [0, 1, 65_536, 65_537, 1_000_000] {
        let octets = vec![u8::try_from(size % 251).unwrap(); size];
        let reference = keep(&store, octets.clone());
        let read = store.read(move |tx| tx.blob(&reference)).wait().unwrap();
        assert!(read == octets, "{size} octets");
        for range in [0..u64::MAX, 0..1, 1..40_000, 39_999..65_537, 2_000_000..3_000_000] {
            let (start, end) = (range.start, range.end);
            let at = |at: u64| usize::try_from(at).unwrap().min(size);
            let read = store
                .read(move |tx| tx.blob_part(&reference, start..end))
                .wait()
                .unwrap();
            assert!(
                read == octets.get(at(start)..at(end)).unwrap_or_default(),
                "{range:?} of {size}"
            );
        }
    }
    let report = store.check().unwrap();
    assert_eq!(
        (report.findings, report.blobs, report.unreferenced),
        (Vec::new(), 5, 0)
    );
}

#[test]
fn the_check_finds_what_is_missing_or_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let small = keep(&store, vec![1; 10]);
    let large = keep(&store, vec![2; 70_000]);
    let gone = keep(&store, vec![3; 80_000]);
    let path = |at: BlobRef| {
        let hex = at.hex();
        folder
            .path()
            .join("blobs")
            .join(at.generation_name())
            .join(hex.get(..2).unwrap())
            .join(hex)
    };
    std::fs::write(path(large), vec![9; 70_000]).unwrap();
    std::fs::remove_file(path(gone)).unwrap();
    store
        .write(Partition::Directory, |tx| {
            tx.execute("UPDATE blob SET data = $1", params![&[7_u8; 10]])
        })
        .wait()
        .unwrap();
    let findings = store.check().unwrap().findings;
    assert_eq!(findings.len(), 3);
    assert!(findings.contains(&Finding::BlobDamaged(small.to_string())));
    assert!(findings.contains(&Finding::BlobDamaged(large.to_string())));
    assert!(findings.contains(&Finding::BlobMissing(gone.to_string())));
}

#[test]
fn a_full_disk_is_told_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let pages = |limit: &'static str| {
        store
            .write(Partition::Directory, move |tx| {
                tx.query_row(limit, &[], |row| row.int(0))
            })
            .wait()
            .unwrap()
    };
    pages("PRAGMA max_page_count = 60");
    let fill = |id: i64| {
        let blob = store
            .stage_blob(vec![u8::try_from(id).unwrap(); 60_000], Timestamp::from_secs(0))
            .unwrap();
        store
            .write(Partition::Directory, move |tx| tx.put_blob(&blob))
            .wait()
    };
    let failed = (0..40).find_map(|id| fill(id).err()).unwrap();
    assert!(
        matches!(failed, StoreError::DiskFull | StoreError::Io(_)),
        "{failed}"
    );
    pages("PRAGMA max_page_count = 1000000");
    fill(100).unwrap();
    add(&store, 1).wait().unwrap();
    assert_eq!(store.check().unwrap().findings, []);
}

#[test]
fn the_collector_takes_old_blobs_that_nothing_names_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (small, large) = (keep(&store, vec![1; 10]), keep(&store, vec![2; 70_000]));
    let (lost_small, lost_large) = (keep(&store, vec![3; 11]), keep(&store, vec![4; 80_000]));
    store
        .write(Partition::Directory, |tx| {
            tx.execute("DELETE FROM note WHERE size IN (11, 80000)", &[])
        })
        .wait()
        .unwrap();
    let month = Duration::from_secs(32 * 24 * 3600);
    let staged = Timestamp::from_secs(1_795_465_000);
    assert_eq!(
        store.collect_blobs(staged.plus(month)).unwrap().removed,
        0,
        "one month old is too young"
    );
    let collected = store.collect_blobs(staged.plus(month).plus(month)).unwrap();
    assert_eq!((collected.removed, collected.kept), (2, 2));
    for (reference, is_there) in [
        (small, true),
        (large, true),
        (lost_small, false),
        (lost_large, false),
    ] {
        assert_eq!(store.read(move |tx| tx.blob(&reference)).wait().is_ok(), is_there);
    }
    assert_eq!(store.check().unwrap().unreferenced, 0);
}

#[test]
fn a_statement_the_engine_does_not_understand_is_named_and_none_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    add(&store, 1).wait().unwrap();
    let statements = ["DELETE FROM note", "SELECT colour FROM note", COUNT];
    let refused = store.write::<_, StoreError>(Partition::Directory, move |tx| Ok(tx.refused(&statements)));
    let refused = refused.wait().unwrap();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].ends_with(statements[1]), "{refused:?}");
    assert_eq!(count(&store), 1);
}
