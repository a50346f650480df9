//! The result of a transaction that another thread runs.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::StoreError;

/// Await it in the shell, or [`Pending::wait`] for it in synchronous code. Dropping it does not undo
/// the transaction.
#[must_use = "a transaction's result says whether anything is stored"]
pub struct Pending<T, E> {
    receiver: oneshot::Receiver<Result<T, E>>,
}

impl<T, E: From<StoreError>> Pending<T, E> {
    pub(crate) fn new() -> (oneshot::Sender<Result<T, E>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self { receiver })
    }

    /// Blocks until the transaction is durable or has failed.
    ///
    /// # Errors
    /// What the transaction returned, or why the store could not run it.
    pub fn wait(self) -> Result<T, E> {
        self.receiver
            .recv()
            .unwrap_or_else(|_closed| Err(E::from(StoreError::Closed)))
    }
}

/// A [`Pending`] being awaited.
pub struct PendingFuture<T, E> {
    receiver: oneshot::AsyncReceiver<Result<T, E>>,
}

impl<T, E: From<StoreError>> IntoFuture for Pending<T, E> {
    type Output = Result<T, E>;
    type IntoFuture = PendingFuture<T, E>;

    fn into_future(self) -> PendingFuture<T, E> {
        PendingFuture {
            receiver: self.receiver.into_future(),
        }
    }
}

impl<T, E: From<StoreError>> Future for PendingFuture<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver)
            .poll(context)
            .map(|received| received.unwrap_or_else(|_closed| Err(E::from(StoreError::Closed))))
    }
}
