//! Read-only connections beside the writer, each in its own thread. A read sees one consistent
//! snapshot and never waits for the writer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::engine::{BlobFiles, Job, SqliteConnection};
use crate::{StoreError, Tx};

/// Reads that may wait; a caller beyond that blocks.
const INBOX: usize = 8_192;

/// The sending side; the threads end when it is dropped.
pub(crate) struct Readers {
    inbox: Option<SyncSender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(crate) fn start(path: &Path, files: &Arc<BlobFiles>, count: usize) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel::<Box<dyn Job>>(INBOX);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for _ in 0..count.max(1) {
            let connection = SqliteConnection::open_reader(path)?;
            let (files, receiver) = (Arc::clone(files), Arc::clone(&receiver));
            let spawned = std::thread::Builder::new()
                .name("store-reader".to_owned())
                .spawn(move || serve(&connection, &files, &receiver));
            threads.push(spawned.map_err(|cause| StoreError::Io(cause.to_string()))?);
        }
        Ok(Self {
            inbox: Some(sender),
            threads,
        })
    }

    pub(crate) fn submit(&self, job: Box<dyn Job>) {
        let Some(inbox) = &self.inbox else {
            return job.finish(Err(StoreError::Closed));
        };
        if let Err(refused) = inbox.send(job) {
            refused.0.finish(Err(StoreError::Closed));
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.inbox = None;
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

fn serve(connection: &SqliteConnection, files: &BlobFiles, inbox: &Mutex<Receiver<Box<dyn Job>>>) {
    loop {
        let received = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut job) = received else { return };
        let ran = run(connection, files, &mut job);
        let ended = end(connection);
        job.finish(ended.and(ran));
    }
}

/// Runs a job in a transaction of its own, which [`end`] ends.
pub(super) fn run(
    connection: &SqliteConnection,
    files: &BlobFiles,
    job: &mut Box<dyn Job>,
) -> Result<(), StoreError> {
    connection.control("BEGIN")?;
    let mut tx = Tx::new(connection, files);
    catch_unwind(AssertUnwindSafe(|| job.run(&mut tx)))
        .map(|_result_is_in_the_job| ())
        .map_err(|_panic| StoreError::Panicked)
}

/// Lets the snapshot go.
pub(super) fn end(connection: &SqliteConnection) -> Result<(), StoreError> {
    if connection.is_autocommit() {
        return Ok(());
    }
    connection.control("COMMIT")
}
