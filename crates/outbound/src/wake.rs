//! The word that there is something to do. Given after the transaction is durable, heard at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use posthorn_queue::BUCKETS;
use tokio::sync::Notify;

/// Wakes the delivery; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Waker {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    buckets: Mutex<BTreeSet<i64>>,
    notify: Notify,
}

impl Waker {
    /// Something became due in these buckets.
    pub fn wake(&self, buckets: impl IntoIterator<Item = i64>) {
        let mut waiting = self.inner.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(buckets);
        let is_any = !waiting.is_empty();
        drop(waiting);
        if is_any {
            self.inner.notify.notify_one();
        }
    }

    /// Something may have become due anywhere.
    pub fn wake_all(&self) {
        self.wake(0..BUCKETS);
    }

    /// The buckets named since the last call.
    pub(crate) fn take(&self) -> BTreeSet<i64> {
        std::mem::take(&mut *self.inner.buckets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Completes when a bucket is named; may be dropped and called anew.
    pub(crate) async fn wait(&self) {
        self.inner.notify.notified().await;
    }
}
