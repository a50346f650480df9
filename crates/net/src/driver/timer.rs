//! The one timer of a connection. A deadline that moves later, as it does with every command, costs nothing:
//! the timer fires at the earlier moment, sees that it is not time yet, and is set anew.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

pub(super) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    set_for: Option<Instant>,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self {
            sleep: None,
            set_for: None,
        }
    }

    /// Ready when `deadline` has come. Without a deadline never ready; an old setting may then wake the
    /// task once for nothing.
    pub(super) fn poll(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        loop {
            let sleep = self
                .sleep
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
            if self.set_for.is_none_or(|set_for| set_for > deadline) {
                sleep.as_mut().reset(deadline.into());
                self.set_for = Some(deadline);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.set_for.take() >= Some(deadline) {
                return Poll::Ready(());
            }
        }
    }
}
