//! Canonical forms of header fields and bodies (RFC 6376 section 3.4).
//!
//! Our own, because mail-auth 0.13 leaves white-space lines at the end of a relaxed body in place and drops
//! a CR that stands alone. A line end may be CRLF or a bare LF, which counts as CRLF (RFC 6376
//! section 5.3), so that a message stored with LF can still be verified. Knows no `l=`: a signature of a
//! part of the body is never counted, see [`crate::verify`].

use std::fmt;

use mail_auth::common::crypto::{HashContext as _, HashImpl, Sha256};
use mail_auth::common::headers::Writer as _;
use memchr::memmem;

/// How much a message may change on its way without breaking the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Canonicalization {
    /// Hardly: the octets as they are.
    Simple,
    /// White space may change, and the case of field names.
    Relaxed,
}

impl Canonicalization {
    /// As `c=` writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Relaxed => "relaxed",
        }
    }

    /// Reads one half of `c=`.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"simple" => Some(Self::Simple),
            b"relaxed" => Some(Self::Relaxed),
            _ => None,
        }
    }
}

impl fmt::Display for Canonicalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Writes a header field with its line end. `whole` is the field as it stands in the message, `name` and
/// `value` are its parts.
pub(crate) fn write_field(
    form: Canonicalization,
    name: &[u8],
    value: &[u8],
    whole: &[u8],
    into: &mut Vec<u8>,
) {
    match form {
        Canonicalization::Simple => write_with_crlf(without_line_end(whole), into),
        Canonicalization::Relaxed => {
            into.extend(name.iter().map(u8::to_ascii_lowercase));
            into.push(b':');
            write_relaxed_value(value, into);
        }
    }
    into.extend_from_slice(b"\r\n");
}

/// RFC 6376 section 3.4.2: unfolded, runs of white space as one space, none at the ends.
fn write_relaxed_value(value: &[u8], into: &mut Vec<u8>) {
    let begin = into.len();
    let mut space = false;
    let mut octets = value.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b' ' | b'\t' => space = true,
            b'\n' => {}
            b'\r' if matches!(octets.peek(), None | Some(b'\n')) => {}
            _ => {
                if space && into.len() > begin {
                    into.push(b' ');
                }
                space = false;
                into.push(octet);
            }
        }
    }
}

/// The octets with every bare LF as CRLF.
fn write_with_crlf(octets: &[u8], into: &mut Vec<u8>) {
    let mut before = 0;
    for &octet in octets {
        if octet == b'\n' && before != b'\r' {
            into.push(b'\r');
        }
        into.push(octet);
        before = octet;
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// SHA-256 of the canonical body.
pub(crate) fn body_hash(form: Canonicalization, body: &[u8]) -> Vec<u8> {
    let mut hasher = Sha256::hasher();
    write_body(form, body, |octets| hasher.write(octets));
    hasher.complete().as_ref().to_vec()
}

/// Gives the canonical body to `into`, in pieces (RFC 6376 sections 3.4.3 and 3.4.4).
fn write_body(form: Canonicalization, body: &[u8], into: impl FnMut(&[u8])) {
    let mut pieces = Pieces {
        body,
        run: 0..0,
        empty_lines: 0,
        has_written: false,
        into,
    };
    let two_spaces = memmem::Finder::new(b"  ");
    let mut at = 0_usize;
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let end =
            memchr::memchr(b'\n', rest).map_or(body.len(), |lf| at.saturating_add(lf).saturating_add(1));
        let line = body.get(at..end).unwrap_or_default();
        let content = without_line_end(line);
        match form {
            Canonicalization::Simple => pieces.line(at, content.len(), line.ends_with(b"\r\n")),
            Canonicalization::Relaxed => {
                let content = without_trailing_space(content);
                let is_whole = line.strip_prefix(content) == Some(b"\r\n");
                if memchr::memchr(b'\t', content).is_none() && two_spaces.find(content).is_none() {
                    pieces.line(at, content.len(), is_whole);
                } else {
                    pieces.rewritten(&with_single_spaces(content));
                }
            }
        }
        at = end;
    }
    pieces.finish(form);
}

fn without_trailing_space(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

fn with_single_spaces(content: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(content.len());
    let mut space = false;
    for &octet in content {
        if matches!(octet, b' ' | b'\t') {
            space = true;
            continue;
        }
        if space {
            line.push(b' ');
        }
        space = false;
        line.push(octet);
    }
    line
}

/// CRLFs that are written at once.
const LINE_ENDS: &[u8] = b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";

/// Lines on their way to the hash. Lines that need no change are gathered to one run, since hashing
/// many short pieces costs more than hashing itself; empty lines wait, since the last ones do not count.
struct Pieces<'a, W: FnMut(&[u8])> {
    body: &'a [u8],
    run: std::ops::Range<usize>,
    empty_lines: usize,
    has_written: bool,
    into: W,
}

impl<W: FnMut(&[u8])> Pieces<'_, W> {
    /// A line of `len` octets at `at` that needs no change; `has_crlf` when CRLF follows it directly.
    fn line(&mut self, at: usize, len: usize, has_crlf: bool) {
        if len == 0 {
            self.empty_lines = self.empty_lines.saturating_add(1);
            return;
        }
        let end = at.saturating_add(len);
        if self.empty_lines > 0 || self.run.end != at {
            self.flush();
            self.run = at..end;
        }
        if has_crlf {
            self.run.end = end.saturating_add(2);
        } else {
            self.run.end = end;
            self.flush();
            self.write(b"\r\n");
        }
    }

    /// A line that had to be changed.
    fn rewritten(&mut self, line: &[u8]) {
        self.flush();
        self.write(line);
        self.write(b"\r\n");
    }

    /// Writes what waits.
    fn flush(&mut self) {
        let run = self.body.get(std::mem::take(&mut self.run)).unwrap_or_default();
        if !run.is_empty() {
            self.write(run);
        }
        let mut octets = std::mem::take(&mut self.empty_lines).saturating_mul(2);
        while octets > 0 {
            let ends = LINE_ENDS.get(..octets.min(LINE_ENDS.len())).unwrap_or_default();
            self.write(ends);
            octets = octets.saturating_sub(ends.len());
        }
    }

    fn write(&mut self, octets: &[u8]) {
        self.has_written = true;
        (self.into)(octets);
    }

    fn finish(mut self, form: Canonicalization) {
        self.empty_lines = 0;
        self.flush();
        if !self.has_written && form == Canonicalization::Simple {
            self.write(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests;
