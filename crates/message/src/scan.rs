//! The one pass over a message that finds its parts: RFC 2046 section 5.1, RFC 2045 section 5. Works on the
//! raw octets with a stack of open boundaries and decodes nothing, so its time is bounded by the length of
//! the message times the nesting that is looked at, whatever the message says.
//!
//! Broken mail: a boundary ends everything that was opened inside it; a multipart without a single part is
//! a leaf; what lies beyond the limits belongs to the last part. Own code rather than `mail-parser` 0.11.9:
//! its tree nests without limit (dropping that of a 9 MB message of nested messages overflows the stack), it
//! looks for missing boundaries in quadratic time (16,000 of them in 0.8 MB take 5 s), and it takes a boundary
//! anywhere in a line for one.

use std::ops::Range;

use posthorn_base::limits::{MIME_DEPTH, MIME_PARTS};

use crate::head::Head;
use crate::header::{header_end, line_end};
use crate::parts::{Kind, Part, Parts};

/// A message taken apart: the tree, and the fields of each part's header.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    /// All octets.
    pub(crate) raw: &'a [u8],
    /// The tree.
    pub(crate) parts: Parts,
    /// Beside each part of the tree, in the same order.
    pub(crate) heads: Vec<Head<'a>>,
    /// Lines that were compared with a boundary; what a test bounds.
    #[cfg(test)]
    pub(crate) compared: usize,
}

/// A part that is not at its end yet.
#[derive(Debug)]
struct Open {
    part: usize,
    /// Of a multipart whose closing delimiter has not come.
    boundary: Option<Vec<u8>>,
    is_digest: bool,
}

/// A line that is a delimiter.
struct Delimiter {
    line: Range<usize>,
    /// Index of its multipart in the stack.
    of: usize,
    is_last: bool,
}

struct Scanner<'a> {
    raw: &'a [u8],
    parts: Vec<Part>,
    heads: Vec<Head<'a>>,
    open: Vec<Open>,
    compared: usize,
}

/// What stands at a place.
enum Step {
    /// The header of a part.
    Header(usize),
    /// A body, or what follows a closing delimiter.
    Body(usize),
}

/// Takes a message apart.
pub(crate) fn scan(raw: &[u8]) -> Scan<'_> {
    // Offsets have 32 bits; a message is limited to far less.
    let raw = raw
        .get(..usize::try_from(u32::MAX).unwrap_or(usize::MAX))
        .unwrap_or(raw);
    let mut scanner = Scanner {
        raw,
        parts: Vec::new(),
        heads: Vec::new(),
        open: Vec::new(),
        compared: 0,
    };
    let mut step = Some(Step::Header(0));
    while let Some(at) = step {
        step = match at {
            Step::Header(at) => Some(scanner.begin_part(at)),
            Step::Body(at) => scanner.find_delimiter(at),
        };
    }
    scanner.close_down_to(0, raw.len());
    Scan {
        raw,
        parts: Parts::new(scanner.parts),
        heads: scanner.heads,
        #[cfg(test)]
        compared: scanner.compared,
    }
}

impl<'a> Scanner<'a> {
    fn begin_part(&mut self, start: usize) -> Step {
        let open = &self.open;
        let mut compared = 0;
        let body = header_end(self.raw, start, |at| {
            match_delimiter(self.raw, at, open, &mut compared).is_some()
        });
        self.compared = self.compared.saturating_add(compared);
        let in_digest = self.open.last().is_some_and(|open| open.is_digest);
        let head = Head::parse(self.raw.get(start..body).unwrap_or_default(), in_digest);
        let may_nest = self.open.len() < MIME_DEPTH && self.parts.len().saturating_add(1) < MIME_PARTS;
        let boundary = head.boundary().filter(|_| may_nest).map(<[u8]>::to_vec);
        let kind = if boundary.is_some() {
            Kind::Multipart
        } else if head.is_message() && may_nest {
            Kind::Message
        } else {
            Kind::Leaf
        };
        let is_digest = head.is_digest();
        self.open.push(Open {
            part: self.parts.len(),
            boundary,
            is_digest,
        });
        self.parts.push(Part::new(kind, start, body));
        self.heads.push(head);
        match kind {
            Kind::Message => Step::Header(body),
            Kind::Multipart | Kind::Leaf => Step::Body(body),
        }
    }

    /// Looks for the next delimiter from the beginning of a line on; `None`: the message has no more.
    fn find_delimiter(&mut self, from: usize) -> Option<Step> {
        if self.parts.len() >= MIME_PARTS || self.open.iter().all(|open| open.boundary.is_none()) {
            return None;
        }
        let delimiter = self.next_delimiter(from)?;
        // The line end before a delimiter belongs to the delimiter, RFC 2046 section 5.1.1.
        let before = self.raw.get(..delimiter.line.start).unwrap_or_default();
        let end = crate::header::trim_line_end(before).len();
        self.close_down_to(delimiter.of.saturating_add(1), end);
        if !delimiter.is_last {
            return Some(Step::Header(delimiter.line.end));
        }
        if let Some(open) = self.open.get_mut(delimiter.of) {
            open.boundary = None;
        }
        Some(Step::Body(delimiter.line.end))
    }

    fn next_delimiter(&mut self, from: usize) -> Option<Delimiter> {
        let mut compared = 0;
        let here = match_delimiter(self.raw, from, &self.open, &mut compared);
        let found = here.or_else(|| {
            memchr::memmem::find_iter(self.raw.get(from..)?, b"\n--").find_map(|at| {
                let line = from.saturating_add(at).saturating_add(1);
                match_delimiter(self.raw, line, &self.open, &mut compared)
            })
        });
        self.compared = self.compared.saturating_add(compared);
        found
    }

    /// Ends all open parts from this place in the stack on.
    fn close_down_to(&mut self, depth: usize, mut end: usize) {
        let count = self.parts.len();
        while self.open.len() > depth {
            let Some(open) = self.open.pop() else { break };
            if let Some(part) = self.parts.get_mut(open.part) {
                part.close(end, count.saturating_sub(open.part));
                // The line end before the delimiter may be the empty line that a part without a body has;
                // what holds that part does not end before it.
                end = end.max(part.body().end);
            }
        }
    }
}

/// The delimiter that begins at `at`, the beginning of a line: `--boundary` or `--boundary--`, then white
/// space alone. RFC 2046 section 5.1.1 would also take a line that only begins so; that would let an outer
/// boundary that is a prefix of an inner one end it, so the line has to match as a whole.
fn match_delimiter(raw: &[u8], at: usize, open: &[Open], compared: &mut usize) -> Option<Delimiter> {
    if raw.get(at..at.saturating_add(2)) != Some(b"--") {
        return None;
    }
    let line = at..line_end(raw, at);
    let text = raw.get(line.start.saturating_add(2)..line.end)?.trim_ascii_end();
    for (of, boundary) in open
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(of, open)| Some((of, open.boundary.as_deref()?)))
    {
        *compared = compared.saturating_add(1);
        let Some(after) = text.strip_prefix(boundary) else {
            continue;
        };
        if after.is_empty() || after == b"--" {
            return Some(Delimiter {
                line,
                of,
                is_last: !after.is_empty(),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests;
