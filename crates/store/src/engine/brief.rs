//! Read-only connections for reads of a few rows. Such a read runs on the thread that asks for it, which saves waking
//! two others, several times what it takes by itself. One that turns out to be longer is stopped and given back.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::{BlobFiles, Job, SqliteConnection, readers};
use crate::{BlobRef, StoreError};

/// What a brief read may cost: instructions of the engine's, each some tens of nanoseconds.
const STEPS: i64 = 4_096;
/// After how many instructions the engine asks whether to go on.
pub(super) const STEPS_BETWEEN_QUESTIONS: u16 = 256;
/// Octets of a blob that cost as much as one instruction: what is read is mostly looked at, too.
const OCTETS_PER_STEP: u64 = 32;

/// What the read in progress may still cost. Shared by a connection and the engine's question to it.
#[derive(Default)]
pub(crate) struct Allowance {
    steps: AtomicI64,
}

impl Allowance {
    fn set(&self, steps: i64) {
        self.steps.store(steps, Ordering::Relaxed);
    }

    /// Takes steps away; `false` when there are none left.
    pub(crate) fn spend(&self, steps: i64) -> bool {
        self.steps.fetch_sub(steps, Ordering::Relaxed) > steps
    }

    /// Takes away what reading a blob costs, of a file all there is; `false` when nothing is left.
    pub(crate) fn spend_blob(&self, blob: &BlobRef) -> bool {
        let steps = if blob.is_inline() {
            i64::try_from(blob.size_octets / OCTETS_PER_STEP).unwrap_or(STEPS)
        } else {
            STEPS
        };
        self.spend(steps)
    }

    fn is_exhausted(&self) -> bool {
        self.steps.load(Ordering::Relaxed) <= 0
    }
}

/// The connections that nobody uses right now.
pub(crate) struct Brief {
    free: Mutex<Vec<(SqliteConnection, Arc<Allowance>)>>,
}

impl Brief {
    pub(crate) fn open(path: &Path, count: usize) -> Result<Self, StoreError> {
        let open = |_| {
            let allowance = Arc::new(Allowance::default());
            let connection = SqliteConnection::open_brief(path, &allowance)?;
            Ok((connection, allowance))
        };
        let free = (0..count.max(1)).map(open).collect::<Result<_, StoreError>>()?;
        Ok(Self {
            free: Mutex::new(free),
        })
    }

    /// Runs the job, or gives it back: no connection is free, or it is not brief.
    pub(crate) fn run(&self, files: &BlobFiles, mut job: Box<dyn Job>) -> Option<Box<dyn Job>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some((connection, allowance)) = free else {
            return Some(job);
        };
        allowance.set(STEPS);
        let ran = readers::run(&connection, files, &mut job);
        let is_brief = !allowance.is_exhausted();
        // The end of the transaction must not be stopped as well.
        allowance.set(STEPS);
        let ended = readers::end(&connection);
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((connection, allowance));
        if !is_brief {
            return Some(job);
        }
        job.finish(ended.and(ran));
        None
    }
}
