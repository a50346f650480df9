//! The one writer: drains its inbox, runs the transactions one after the other and commits them together,
//! so that all who waited share one sync of the disk (group commit).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use posthorn_base::AccountId;

use crate::engine::{BlobFiles, SqliteConnection};
use crate::{StoreError, Tx};

/// Transactions that may wait; a caller beyond that blocks.
const INBOX: usize = 8_192;
/// Transactions that are committed together at most.
const BATCH: usize = 256;

/// A transaction on its way: run inside the batch, told of the batch's end.
pub(crate) trait Job: Send {
    /// Runs the transaction and keeps its result. `false`: it failed and must be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// The batch is durable (`Ok`), or nothing of it is.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

/// Called with the accounts that changed, once the change is durable.
pub(crate) type OnCommit = Arc<dyn Fn(&[AccountId]) + Send + Sync>;

/// The sending side; the thread ends when it is dropped.
pub(crate) struct Writer {
    inbox: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(
        connection: SqliteConnection,
        files: Arc<BlobFiles>,
        on_commit: OnCommit,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(INBOX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                Loop {
                    connection,
                    files,
                    on_commit,
                }
                .run(&receiver);
            })?;
        Ok(Self {
            inbox: Some(sender),
            thread: Some(thread),
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

impl Drop for Writer {
    /// What was submitted is still committed before the thread ends.
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Loop {
    connection: SqliteConnection,
    files: Arc<BlobFiles>,
    on_commit: OnCommit,
}

impl Loop {
    fn run(&self, inbox: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = inbox.recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH {
                let Ok(next) = inbox.try_recv() else { break };
                batch.push(next);
            }
            self.commit_together(batch);
        }
    }

    fn commit_together(&self, mut batch: Vec<Box<dyn Job>>) {
        let mut changed = Vec::new();
        let committed = self.run_all(&mut batch, &mut changed);
        if committed.is_err() && !self.connection.is_autocommit() {
            // If even this fails the next BEGIN does too, and every caller is told so.
            drop(self.connection.control("ROLLBACK"));
        }
        if let Err(reason) = &committed {
            tracing::error!(%reason, transactions = batch.len(), "a group commit failed; nothing of it is stored");
        } else if !changed.is_empty() {
            (self.on_commit)(&changed);
        }
        for job in batch {
            job.finish(committed.clone());
        }
    }

    /// Nearly always every transaction of a batch succeeds. It is run without savepoints, for which the engine
    /// would copy each page before it is changed, and go through these copies at each further statement. If one
    /// fails, all is undone and run again, each in its savepoint.
    fn run_all(&self, batch: &mut [Box<dyn Job>], changed: &mut Vec<AccountId>) -> Result<(), StoreError> {
        self.connection.control("BEGIN IMMEDIATE")?;
        let mut all_kept = true;
        for job in batch.iter_mut() {
            all_kept = self.run_one(job, changed)?;
            if !all_kept {
                break;
            }
        }
        if !all_kept {
            changed.clear();
            self.connection.control("ROLLBACK")?;
            if batch.len() == 1 {
                return Ok(()); // It knows its own failure.
            }
            self.connection.control("BEGIN IMMEDIATE")?;
            self.run_guarded(batch, changed)?;
        }
        self.connection.control("COMMIT")
    }

    /// A transaction that fails leaves nothing, the others stand.
    fn run_guarded(
        &self,
        batch: &mut [Box<dyn Job>],
        changed: &mut Vec<AccountId>,
    ) -> Result<(), StoreError> {
        for job in batch {
            self.connection.control("SAVEPOINT job")?;
            if !self.run_one(job, changed)? {
                self.connection.control("ROLLBACK TO job")?;
            }
            self.connection.control("RELEASE job")?;
        }
        Ok(())
    }

    /// Runs a transaction and notes whose account it changed; `false`: it failed.
    fn run_one(&self, job: &mut Box<dyn Job>, changed: &mut Vec<AccountId>) -> Result<bool, StoreError> {
        let mut tx = Tx::new(&self.connection, &self.files);
        let kept = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).unwrap_or(false);
        let accounts = tx.into_changed();
        if kept {
            changed.extend(accounts);
        } else if self.connection.is_autocommit() {
            // Disk full and the like: SQLite rolled everything back, also what ran before.
            return Err(StoreError::Io(
                "the transaction was rolled back by the engine".to_owned(),
            ));
        }
        Ok(kept)
    }
}
