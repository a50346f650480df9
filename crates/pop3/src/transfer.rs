//! Multi-line replies that are made as they are sent: messages (RFC 1939 section 3, byte-stuffing) and
//! the listings of `LIST` and `UIDL`. A reply exists in memory a chunk at a time, whatever its length.

use std::sync::Arc;

use crate::maildrop::Maildrop;

/// A chunk is at most this long.
pub(crate) const CHUNK_OCTETS: usize = 32 * 1024;
/// A step adds at most this beside the octets it copies: a dot, a CRLF, the last line. A line of a
/// listing is shorter too: two numbers, or a number and a unique-id of 70 characters.
const STEP_OCTETS: usize = 128;

/// How much of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `RETR`.
    Whole,
    /// `TOP`: the header, the empty line and this many lines of the body.
    Top(usize),
}

/// A message on its way out. Bare LFs and a missing last CRLF are mended; a bare CR stays as it is.
#[derive(Debug)]
pub(crate) struct MessageTransfer {
    message: Arc<[u8]>,
    part: Part,
    position: usize,
    place: Place,
    is_in_body: bool,
    is_done: bool,
}

/// Where in a line the transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineStart,
    InLine,
}

impl MessageTransfer {
    pub(crate) const fn new(message: Arc<[u8]>, part: Part) -> Self {
        Self {
            message,
            part,
            position: 0,
            place: Place::LineStart,
            is_in_body: false,
            is_done: false,
        }
    }

    /// The next chunk; `None` when the last line went out.
    pub(crate) fn next_chunk(&mut self) -> Option<Vec<u8>> {
        if self.is_done {
            return None;
        }
        let mut chunk = Vec::new();
        while !self.is_done && chunk.len() < CHUNK_OCTETS.saturating_sub(STEP_OCTETS) {
            self.step(&mut chunk);
        }
        Some(chunk)
    }

    /// Adds the rest of a line, or as much of it as fits.
    fn step(&mut self, chunk: &mut Vec<u8>) {
        let message = Arc::clone(&self.message);
        let rest = message.get(self.position..).unwrap_or_default();
        if rest.is_empty() || (self.place == Place::LineStart && self.has_enough()) {
            if self.place == Place::InLine {
                chunk.extend_from_slice(b"\r\n");
            }
            chunk.extend_from_slice(b".\r\n");
            self.is_done = true;
            return;
        }
        if self.place == Place::LineStart && rest.first() == Some(&b'.') {
            chunk.push(b'.');
        }
        // At least two octets, so that a CR is never looked at without what follows it.
        let room = CHUNK_OCTETS
            .saturating_sub(STEP_OCTETS)
            .saturating_sub(chunk.len())
            .max(2);
        let window = rest.get(..room).unwrap_or(rest);
        match window.iter().position(|&c| c == b'\n') {
            Some(end) => self.finish_line(chunk, window.get(..end).unwrap_or_default()),
            None => self.part_of_line(chunk, window, window.len() == rest.len()),
        }
    }

    fn finish_line(&mut self, chunk: &mut Vec<u8>, line: &[u8]) {
        self.position = self.position.saturating_add(line.len()).saturating_add(1);
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        chunk.extend_from_slice(text);
        chunk.extend_from_slice(b"\r\n");
        if self.is_in_body {
            if let Part::Top(left) = &mut self.part {
                *left = left.saturating_sub(1);
            }
        } else if self.place == Place::LineStart && text.is_empty() {
            self.is_in_body = true;
        }
        self.place = Place::LineStart;
    }

    fn part_of_line(&mut self, chunk: &mut Vec<u8>, window: &[u8], is_last: bool) {
        // A CR at the edge may belong to a CRLF: left for the next window. At the very end it is the
        // first half of the CRLF that is missing.
        let text = window.strip_suffix(b"\r").unwrap_or(window);
        chunk.extend_from_slice(text);
        let taken = if is_last { window.len() } else { text.len() };
        self.position = self.position.saturating_add(taken);
        self.place = Place::InLine;
    }

    fn has_enough(&self) -> bool {
        self.is_in_body && self.part == Part::Top(0)
    }
}

/// Which listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// `LIST`: message-number and size.
    Sizes,
    /// `UIDL`: message-number and unique-id.
    UniqueIds,
}

impl Listing {
    /// What one message's line says; `None` when it is marked as deleted.
    pub(crate) fn line(self, maildrop: &Maildrop, index: usize) -> Option<String> {
        let entry = maildrop.entry(index)?;
        let number = index.saturating_add(1);
        Some(match self {
            Self::Sizes => format!("{number} {}", entry.size_octets),
            Self::UniqueIds => format!("{number} {}", entry.unique_id),
        })
    }
}

/// A listing on its way out.
#[derive(Debug)]
pub(crate) struct ListingTransfer {
    listing: Listing,
    next: usize,
    is_done: bool,
}

impl ListingTransfer {
    pub(crate) const fn new(listing: Listing) -> Self {
        Self {
            listing,
            next: 0,
            is_done: false,
        }
    }

    /// The next chunk; `None` when the last line went out.
    pub(crate) fn next_chunk(&mut self, maildrop: &Maildrop) -> Option<Vec<u8>> {
        if self.is_done {
            return None;
        }
        let mut chunk = Vec::new();
        while self.next < maildrop.len() && chunk.len() < CHUNK_OCTETS.saturating_sub(STEP_OCTETS) {
            if let Some(line) = self.listing.line(maildrop, self.next) {
                chunk.extend_from_slice(line.as_bytes());
                chunk.extend_from_slice(b"\r\n");
            }
            self.next = self.next.saturating_add(1);
        }
        if self.next >= maildrop.len() {
            chunk.extend_from_slice(b".\r\n");
            self.is_done = true;
        }
        Some(chunk)
    }
}

/// Does the header section hold octets outside ASCII?
pub(crate) fn has_utf8_header(message: &[u8]) -> bool {
    for line in message.split(|&c| c == b'\n') {
        if line.is_empty() || line == b"\r" {
            return false;
        }
        if !line.is_ascii() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
