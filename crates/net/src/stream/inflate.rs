//! What comes in, compressed (RFC 1951). Never more than 32 KB are inflated ahead of the reader, whatever a
//! few octets would become. While the peer is silent after a flush nothing is kept but what it may still
//! refer to: its last octets, at most 32 KB.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
};
use miniz_oxide::inflate::core::{BlockBoundaryState, DecompressorOxide, decompress};
use tokio::io::{AsyncRead, ReadBuf};

/// How far back a peer may refer.
const WINDOW: usize = 32 * 1024;
/// Compressed octets read at once.
const READ_OCTETS: usize = 4 * 1024;

/// What the peer sent is not DEFLATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what the peer compressed cannot be read")]
pub(crate) struct Broken;

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        Self::new(io::ErrorKind::InvalidData, broken)
    }
}

/// The peer's stream.
#[derive(Default)]
pub(super) struct Inflater {
    /// Came and was not inflated yet, from `taken` on.
    input: Vec<u8>,
    taken: usize,
    work: Work,
    /// Shall the stream end where it was flushed, or is flushed next?
    ends: bool,
    /// It has ended: what is left of the input is not compressed.
    is_over: bool,
}

enum Work {
    /// The peer has flushed, and all of it was handed over; these were its last octets.
    Rests(Vec<u8>),
    Runs(Box<Running>),
}

struct Running {
    core: DecompressorOxide,
    /// A ring of the last octets, of which the first `filled` are there.
    window: Vec<u8>,
    filled: usize,
    /// The part of the ring that was not handed over yet.
    unread: std::ops::Range<usize>,
    /// Octets of the current block.
    block_octets: usize,
    place: Place,
}

/// What came of a step.
enum Step {
    Went,
    /// Octets were handed over, or the peer's stream is at its end.
    Settled,
    WantsInput,
}

/// Where the stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    WantsInput,
    /// More comes of what was taken.
    WantsRoom,
    /// Behind an empty block that ends with a whole octet.
    Flushed,
    /// Behind the last block.
    Finished,
}

impl Default for Work {
    fn default() -> Self {
        Self::Rests(Vec::new())
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater").finish_non_exhaustive()
    }
}

impl Inflater {
    /// The stream ends where the peer has flushed it, or flushes it next.
    pub(super) fn end(&mut self) {
        self.ends = true;
    }

    /// Is there nothing left to be done here?
    pub(super) fn is_over(&self) -> bool {
        self.is_over && self.left().is_empty()
    }

    fn left(&self) -> &[u8] {
        self.input.get(self.taken..).unwrap_or_default()
    }

    /// Hands over what the peer said; reads from `inner` when there is nothing left of it.
    pub(super) fn poll_read<T: AsyncRead + Unpin>(
        &mut self,
        inner: &mut T,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while buffer.remaining() > 0 {
            if self.is_over {
                return self.poll_plain(inner, cx, buffer);
            }
            match self.step(buffer)? {
                Step::Went => {}
                Step::Settled => break,
                Step::WantsInput => {
                    if ready!(self.poll_input(inner, cx))? == 0 {
                        break;
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Does the next thing to be done.
    fn step(&mut self, buffer: &mut ReadBuf<'_>) -> Result<Step, Broken> {
        let has_input = !self.left().is_empty();
        match &mut self.work {
            Work::Rests(_) if self.ends => self.is_over = true,
            Work::Rests(history) if has_input => self.work = Work::Runs(Box::new(Running::new(history))),
            Work::Rests(_) => return Ok(Step::WantsInput),
            Work::Runs(running) => {
                if running.hand_over(buffer) {
                    return Ok(Step::Settled);
                }
                match running.place {
                    Place::Flushed | Place::Finished if self.ends => {
                        self.is_over = true;
                        self.work = Work::default();
                    }
                    Place::Finished => return Ok(Step::Settled),
                    Place::Flushed if !has_input => self.work = Work::Rests(running.history()),
                    Place::WantsInput if !has_input => return Ok(Step::WantsInput),
                    Place::Flushed | Place::WantsInput | Place::WantsRoom => self.inflate()?,
                }
            }
        }
        Ok(Step::Went)
    }

    /// What comes behind the end.
    fn poll_plain<T: AsyncRead + Unpin>(
        &mut self,
        inner: &mut T,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left().is_empty() {
            return Pin::new(inner).poll_read(cx, buffer);
        }
        let count = self.left().len().min(buffer.remaining());
        buffer.put_slice(self.left().get(..count).unwrap_or_default());
        self.taken += count;
        Poll::Ready(Ok(()))
    }

    /// Works on what came.
    fn inflate(&mut self) -> Result<(), Broken> {
        if let Work::Runs(running) = &mut self.work {
            let left = self.input.get(self.taken..).unwrap_or_default();
            self.taken += running.inflate(left)?;
            // Behind the command that ended it the peer compresses nothing more.
            if self.ends && !running.unread.is_empty() {
                return Err(Broken);
            }
        }
        if self.left().is_empty() {
            (self.input, self.taken) = (Vec::new(), 0);
        }
        Ok(())
    }

    /// Reads from `inner`; gives the count of octets, 0 at the end.
    fn poll_input<T: AsyncRead + Unpin>(
        &mut self,
        inner: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::<u8>::uninit(); READ_OCTETS];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(inner).poll_read(cx, &mut buffer))?;
        (self.input, self.taken) = (buffer.filled().to_vec(), 0);
        Poll::Ready(Ok(self.input.len()))
    }
}

impl Running {
    /// Goes on at the beginning of a block.
    fn new(history: &[u8]) -> Self {
        let mut window = history.to_vec();
        window.resize(WINDOW, 0);
        let at = history.len() % WINDOW;
        Self {
            core: DecompressorOxide::from_block_boundary_state(&BlockBoundaryState::default()),
            window,
            filled: history.len(),
            unread: at..at,
            block_octets: 0,
            place: Place::WantsInput,
        }
    }

    /// Hands over what was inflated, as much as there is room for; was there any?
    fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let count = self.unread.len().min(buffer.remaining());
        let end = self.unread.start + count;
        buffer.put_slice(self.window.get(self.unread.start..end).unwrap_or_default());
        self.unread.start = end;
        count > 0
    }

    /// Inflates until a block ends, the ring is full at its end or the input is taken; gives how much of the
    /// input that was. All that was inflated before is handed over.
    fn inflate(&mut self, input: &[u8]) -> Result<usize, Broken> {
        let at = self.unread.end % WINDOW;
        let flags = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
        let (status, taken, made) = decompress(&mut self.core, input, &mut self.window, at, flags);
        self.unread = at..at + made;
        self.filled = WINDOW.min(self.filled + made);
        self.block_octets += made;
        self.place = match status {
            TINFLStatus::NeedsMoreInput => Place::WantsInput,
            TINFLStatus::HasMoreOutput => Place::WantsRoom,
            TINFLStatus::Done => Place::Finished,
            TINFLStatus::BlockBoundary => {
                let is_empty = std::mem::take(&mut self.block_octets) == 0;
                let state = self.core.block_boundary_state();
                match is_empty && state.is_some_and(|state| state.num_bits == 0) {
                    true => Place::Flushed,
                    false => Place::WantsInput,
                }
            }
            TINFLStatus::FailedCannotMakeProgress
            | TINFLStatus::BadParam
            | TINFLStatus::Adler32Mismatch
            | TINFLStatus::Failed
            | _ => return Err(Broken),
        };
        Ok(taken)
    }

    /// What the next block may refer to, oldest first.
    fn history(&self) -> Vec<u8> {
        let at = self.unread.end % WINDOW;
        match self.filled < WINDOW {
            true => self.window.get(..self.filled).unwrap_or_default().to_vec(),
            false => {
                let (new, old) = self.window.split_at(at);
                [old, new].concat()
            }
        }
    }
}

#[cfg(test)]
mod tests;
