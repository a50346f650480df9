//! What is to be sent: joined, written in as few calls as the peer allows, and freed when it is out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

/// At this many octets the driver writes out before it takes more from the session.
const FULL: usize = 64 * 1024;

/// Does the driver write this out by itself?
pub(super) fn is_large(octets: &[u8]) -> bool {
    octets.len() >= FULL
}

#[derive(Debug, Default)]
pub(super) struct Outgoing {
    octets: Vec<u8>,
    /// How many of them the connection has taken.
    written: usize,
    /// The connection took all, but may hold some back (TLS) until it is flushed.
    is_unflushed: bool,
}

impl Outgoing {
    pub(super) fn push(&mut self, octets: Vec<u8>) {
        if self.octets.is_empty() && octets.len() > self.octets.capacity() {
            self.octets = octets;
        } else {
            self.octets.extend(octets);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.octets.len() >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.octets.is_empty() && !self.is_unflushed
    }

    /// One step: the connection took some octets, or flushed what it held.
    pub(super) fn poll_progress<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let waiting = self.octets.get(self.written..).unwrap_or_default();
        if waiting.is_empty() {
            ready!(Pin::new(io).poll_flush(cx))?;
            self.is_unflushed = false;
            return Poll::Ready(Ok(()));
        }
        let count = ready!(Pin::new(io).poll_write(cx, waiting))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.is_unflushed = true;
        self.written = self.written.saturating_add(count);
        if self.written >= self.octets.len() {
            // No room is kept: most connections are idle most of the time.
            (self.octets, self.written) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }

    /// All of it.
    pub(super) fn poll_write_out<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            ready!(self.poll_progress(io, cx))?;
        }
        Poll::Ready(Ok(()))
    }
}
