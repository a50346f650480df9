//! The store: what callers hold.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use posthorn_base::{AccountId, Timestamp};

use crate::blob::{Blob, BlobRef};
use crate::engine::{BlobFiles, Brief, Job, Readers, SqliteConnection, Writer, lock_folder};
use crate::schema::{BLOBS, Component, SET_VERSION, VERSION, VERSION_TABLE};
use crate::{OpenError, Partition, Pending, StoreError, Tx};

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder; made when it is missing.
    pub data: PathBuf,
    /// Threads that read, and as many connections for brief reads on the threads that ask.
    pub readers: usize,
}

/// The store of one data folder. Clones share it; the last one dropped closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    // Dropped in this order: the writer's connection is the last one, so SQLite copies the log back into
    // the database; and no transaction runs any more when the folder's lock is given back.
    brief: Brief,
    readers: Readers,
    writer: Writer,
    files: Arc<BlobFiles>,
    components: Vec<Component>,
    listener: Arc<OnceLock<Listener>>,
    _lock: File,
}

type Listener = Box<dyn Fn(&[AccountId]) + Send + Sync>;

impl Store {
    /// Opens or makes the store in a folder and brings its tables to the newest version.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: &Options, components: &[Component]) -> Result<Self, OpenError> {
        let lock = lock_folder(&options.data)?;
        let files = Arc::new(BlobFiles::open(&options.data)?);
        let path = options.data.join("posthorn.db");
        let connection = SqliteConnection::open_writer(&path)?;
        let mut all = vec![BLOBS];
        all.extend_from_slice(components);
        migrate(&connection, &all)?;
        let listener: Arc<OnceLock<Listener>> = Arc::default();
        let hears = Arc::clone(&listener);
        let on_commit = Arc::new(move |accounts: &[AccountId]| {
            if let Some(listener) = hears.get() {
                listener(accounts);
            }
        });
        let writer = Writer::start(connection, Arc::clone(&files), on_commit)
            .map_err(|cause| StoreError::Io(cause.to_string()))?;
        let readers = Readers::start(&path, &files, options.readers)?;
        let brief = Brief::open(&path, options.readers)?;
        let inner = Inner {
            brief,
            writer,
            readers,
            files,
            components: all,
            listener,
            _lock: lock,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Who is told of changed accounts after each commit. Called on the writer's thread, so it must
    /// only pass the word on. The first one set stays.
    pub fn on_change(&self, listener: impl Fn(&[AccountId]) + Send + Sync + 'static) {
        drop(self.inner.listener.set(Box::new(listener)));
    }

    /// Runs `work` as one transaction in `partition`. It is durable when the result is `Ok`; on `Err`
    /// nothing of it is stored. `work` may run more than once.
    pub fn write<T, E>(
        &self,
        partition: Partition,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        // One machine holds all partitions.
        let _unused_here = partition;
        submit(work, |job| self.inner.writer.submit(job))
    }

    /// Runs `work(tx, index)` for each of `partitions`, all or none, and durable together.
    pub fn write_group<T, E>(
        &self,
        partitions: Vec<Partition>,
        work: impl Fn(&mut Tx<'_>, usize) -> Result<T, E> + Send + 'static,
    ) -> Pending<Vec<T>, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let count = partitions.len();
        let all = move |tx: &mut Tx<'_>| (0..count).map(|index| work(tx, index)).collect();
        submit(all, |job| self.inner.writer.submit(job))
    }

    /// Runs `work` on a consistent snapshot; it must not write. A few rows by their keys are read at once, on the
    /// calling thread; when it becomes more, `work` begins again on a thread for it.
    pub fn read<T, E>(&self, work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        submit(work, |job| {
            if let Some(job) = self.inner.brief.run(&self.inner.files, job) {
                self.inner.readers.submit(job);
            }
        })
    }

    /// As [`Self::read`], for what is known to be more than a few rows: it is not begun here first.
    pub fn read_long<T, E>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        submit(work, |job| self.inner.readers.submit(job))
    }

    /// Names octets and makes them ready to be stored by [`Tx::put_blob`]. Blocks on the disk for those
    /// larger than [`crate::INLINE_BLOB_OCTETS`], and lets their memory go.
    ///
    /// # Errors
    /// When the file of a large blob cannot be written.
    pub fn stage_blob(&self, octets: Vec<u8>, now: Timestamp) -> Result<Blob, StoreError> {
        let reference = BlobRef::of(&octets, now);
        if !reference.is_inline() {
            self.inner.files.write(&reference, &octets)?;
        }
        Ok(Blob::new(reference, octets))
    }

    pub(crate) fn files(&self) -> Arc<BlobFiles> {
        Arc::clone(&self.inner.files)
    }

    pub(crate) fn components(&self) -> &[Component] {
        &self.inner.components
    }
}

/// Makes a job of a function and hands it to the thread that runs it.
fn submit<T, E>(
    work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    hand_over: impl FnOnce(Box<dyn Job>),
) -> Pending<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, pending) = Pending::new();
    hand_over(Box::new(Work {
        work,
        reply,
        result: None,
    }));
    pending
}

/// A function and the place its result goes.
struct Work<T, E, F> {
    work: F,
    reply: oneshot::Sender<Result<T, E>>,
    result: Option<Result<T, E>>,
}

impl<T, E, F> Job for Work<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        // What an earlier run came to must not pass for this one's result, if this one panics.
        self.result = None;
        self.result.insert((self.work)(tx)).is_ok()
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (self.result, committed) {
            (Some(Err(reason)), _) => Err(reason),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(reason)) => Err(E::from(reason)),
            (None, Ok(())) => Err(E::from(StoreError::Panicked)),
        };
        // Whoever asked may be gone; the transaction stands all the same.
        drop(self.reply.send(result));
    }
}

fn migrate(connection: &SqliteConnection, components: &[Component]) -> Result<(), OpenError> {
    connection.control(VERSION_TABLE)?;
    for component in components {
        let name = component.name;
        let found = connection
            .query_row(VERSION, crate::params![name], |row| row.int(0))?
            .unwrap_or(0);
        let known = i64::try_from(component.migrations.len()).unwrap_or(i64::MAX);
        if found > known {
            return Err(OpenError::TooNew {
                component: name.to_owned(),
                found,
                known,
            });
        }
        let done = usize::try_from(found).unwrap_or(0);
        for (version, statements) in (1_i64..).zip(component.migrations).skip(done) {
            connection.control("BEGIN IMMEDIATE")?;
            for sql in *statements {
                connection.control(sql)?;
            }
            connection.execute(SET_VERSION, crate::params![name, version])?;
            connection.control("COMMIT")?;
        }
    }
    Ok(())
}

impl Options {
    /// Options for a folder, with the usual number of readers.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            readers: 2,
        }
    }
}

#[cfg(test)]
mod brief_tests;
#[cfg(test)]
mod tests;
