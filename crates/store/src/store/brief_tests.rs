//! Brief reads: on the thread that asks, and what becomes of those that are not brief.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use super::tests::{add, count, open};
use super::*;
use crate::params;

const ONE: &str = "SELECT id FROM note WHERE account_id = 1 AND id = $1";
const EACH: &str = "SELECT id FROM note ORDER BY account_id, id";

/// Runs a read; on which threads it was begun, and its result.
fn threads_of<T: Send + 'static>(
    store: &Store,
    work: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> (Vec<ThreadId>, Result<T, StoreError>) {
    let threads = Arc::new(Mutex::new(Vec::new()));
    let begun = Arc::clone(&threads);
    let read = store.read(move |tx| {
        begun.lock().unwrap().push(thread::current().id());
        work(tx)
    });
    let result = read.wait();
    let threads = threads.lock().unwrap().clone();
    (threads, result)
}

fn one(store: &Store) -> (Vec<ThreadId>, Result<Option<i64>, StoreError>) {
    threads_of(store, |tx| tx.query_row(ONE, params![1_i64], |row| row.int(0)))
}

fn fill(store: &Store, count: i64) {
    let all: Vec<_> = (0..count).map(|id| add(store, id)).collect();
    for each in all {
        each.wait().unwrap();
    }
}

#[test]
fn a_row_is_read_on_the_thread_that_asks() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 2);
    assert_eq!(one(&store), (vec![thread::current().id()], Ok(Some(1))));
}

#[test]
fn a_read_that_becomes_long_begins_again_on_another_thread() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 5_000);
    for _ in 0..3 {
        let (threads, read) = threads_of(&store, |tx| tx.query(EACH, &[], |row| row.int(0)));
        assert_eq!(read.unwrap().len(), 5_000);
        assert_eq!(threads.len(), 2);
        assert_eq!(threads.first(), Some(&thread::current().id()));
        assert_ne!(threads.last(), Some(&thread::current().id()));
        // The connection serves the next one.
        assert_eq!(one(&store).0, [thread::current().id()]);
    }
}

#[test]
fn an_error_that_work_hides_does_not_pass_for_a_result() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 5_000);
    let (_, read) = threads_of(&store, |tx| {
        let rows = tx.query(EACH, &[], |row| row.int(0));
        Ok(rows.map_or(0, |rows| rows.len()))
    });
    assert_eq!(read, Ok(5_000));
}

#[test]
fn many_small_blobs_and_one_large_one_are_not_brief() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for (octets, times, begun) in [(40_000, 1, 1), (40_000, 8, 2), (100_000, 1, 2)] {
        let blob = store
            .stage_blob(vec![7; octets], Timestamp::from_micros(0))
            .unwrap();
        let reference = blob.reference();
        let put = store.write::<_, StoreError>(Partition::Directory, move |tx| tx.put_blob(&blob));
        put.wait().unwrap();
        let (threads, read) = threads_of(&store, move |tx| {
            (0..times)
                .map(|_| Ok(tx.blob(&reference)?.len()))
                .sum::<Result<usize, _>>()
        });
        assert_eq!((threads.len(), read), (begun, Ok(octets * times)));
    }
}

#[test]
fn a_brief_read_inside_another_one_finds_a_connection_or_a_thread() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 2);
    let (first, second, third) = (store.clone(), store.clone(), store.clone());
    let read = first.read::<i64, StoreError>(move |_| {
        let third = third.clone();
        second.read::<i64, StoreError>(move |_| Ok(count(&third))).wait()
    });
    assert_eq!(read.wait(), Ok(2));
}

#[test]
fn a_panic_in_a_brief_read_is_an_error_and_the_connection_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, 2);
    for _ in 0..4 {
        let read = store.read::<(), StoreError>(|_| panic!("as it happens"));
        assert_eq!(read.wait(), Err(StoreError::Panicked));
    }
    assert_eq!(one(&store), (vec![thread::current().id()], Ok(Some(1))));
}
