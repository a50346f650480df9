//! The word that the program is going down, given once and heard by every part. It carries no data, and it
//! stops nothing by itself: each part that hears it ends in its own way.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A token that all parts share; clones are the same token.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    is_triggered: AtomicBool,
    notify: Notify,
}

impl Shutdown {
    /// A token that nobody has triggered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the program is going down. Saying it again changes nothing.
    pub fn trigger(&self) {
        self.inner.is_triggered.store(true, Ordering::SeqCst);
        self.inner.notify.notify_waiters();
    }

    /// Completes once [`Self::trigger`] was called, before or after this. May be dropped and called anew.
    pub async fn wait(&self) {
        let mut notified = pin!(self.inner.notify.notified());
        // In line before the look at the flag, so that no trigger falls between the two.
        notified.as_mut().enable();
        if !self.is_triggered() {
            notified.await;
        }
    }

    /// Was [`Self::trigger`] called?
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        self.inner.is_triggered.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clone_hears_it_however_late_it_asks() {
        let shutdown = Shutdown::new();
        let early = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.wait().await }
        });
        tokio::task::yield_now().await;
        assert!(!shutdown.is_triggered());
        assert!(!early.is_finished());
        shutdown.trigger();
        early.await.unwrap();
        shutdown.clone().wait().await;
        assert!(shutdown.is_triggered());
    }
}
