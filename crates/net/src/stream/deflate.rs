//! What goes out, compressed (RFC 1951). Each write is compressed by itself and flushed, with a compressor that
//! belongs to the thread: a connection keeps none, which would be 300 KB, and what one reply says of another
//! (a password in the one, a guess in the other) does not show in its length.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::CompressionLevel;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output};
use tokio::io::AsyncWrite;

/// Octets compressed at once, so that a large reply is not there a second time.
const PIECE: usize = 64 * 1024;

thread_local! {
    static COMPRESSOR: RefCell<CompressorOxide> = RefCell::new(
        CompressorOxide::with_format_and_level(DataFormat::Raw, CompressionLevel::BestSpeed),
    );
}

/// What is compressed and not written yet.
#[derive(Debug, Default)]
pub(super) struct Deflater {
    octets: Vec<u8>,
    written: usize,
}

impl Deflater {
    /// Takes a piece of `octets`, once `inner` has taken the piece before.
    pub(super) fn poll_write<T: AsyncWrite + Unpin>(
        &mut self,
        inner: &mut T,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(inner, cx))?;
        let piece = octets.get(..PIECE).unwrap_or(octets);
        if !piece.is_empty() {
            self.octets = compress(piece)?;
        }
        match self.poll_drain(inner, cx) {
            Poll::Ready(Err(cause)) => Poll::Ready(Err(cause)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(piece.len())),
        }
    }

    /// Writes what is compressed, without flushing `inner`.
    pub(super) fn poll_drain<T: AsyncWrite + Unpin>(
        &mut self,
        inner: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(left @ [_, ..]) = self.octets.get(self.written..) {
            let count = ready!(Pin::new(&mut *inner).poll_write(cx, left))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        *self = Self::default();
        Poll::Ready(Ok(()))
    }
}

/// Blocks that refer to nothing before them and end with an empty one, at a whole octet.
fn compress(piece: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let mut out = Vec::new();
        let take = |octets: &[u8]| {
            out.extend_from_slice(octets);
            true
        };
        match compress_to_output(compressor, piece, TDEFLFlush::Sync, take) {
            (TDEFLStatus::Okay, taken) if taken == piece.len() => Ok(out),
            (status, _) => Err(io::Error::other(format!("compression failed: {status:?}"))),
        }
    })
}
