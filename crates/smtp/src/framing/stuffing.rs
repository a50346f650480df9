//! A message on its way out as `DATA` wants it: RFC 5321 section 4.5.2. Lazily, in chunks, from the shared
//! octets. A bare CR or LF becomes CR LF: what we send must not be read as two messages by anybody
//! (RFC 5321 section 2.3.8 forbids it), and messages that came by SMTP have none.

use std::sync::Arc;

/// Octets of input that one chunk is made from.
const CHUNK_OCTETS: usize = 65_536;

/// Gives a body in dot-stuffed chunks; the last one ends with CR LF `.` CR LF.
#[derive(Debug)]
pub(crate) struct Stuffing {
    body: Arc<[u8]>,
    pos: usize,
    before: Before,
    is_done: bool,
}

/// What the octet before the next one was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    LineEnd,
    /// A CR, already written as CR LF: an LF that follows belongs to it.
    Cr,
    Text,
}

impl Stuffing {
    pub(crate) fn new(body: Arc<[u8]>) -> Self {
        Self {
            body,
            pos: 0,
            before: Before::LineEnd,
            is_done: false,
        }
    }

    /// The next chunk; `None` after the last.
    pub(crate) fn next_chunk(&mut self) -> Option<Vec<u8>> {
        if self.is_done {
            return None;
        }
        let body = Arc::clone(&self.body);
        let rest = body.get(self.pos..).unwrap_or_default();
        let part = rest.get(..CHUNK_OCTETS).unwrap_or(rest);
        let mut out = Vec::with_capacity(part.len().saturating_add(part.len() / 16).saturating_add(8));
        self.pos = self.pos.saturating_add(part.len());
        self.write(part, &mut out);
        if self.pos >= body.len() {
            if self.before == Before::Text {
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b".\r\n");
            self.is_done = true;
        }
        Some(out)
    }

    fn write(&mut self, part: &[u8], out: &mut Vec<u8>) {
        let mut rest = part;
        while let Some((&first, after)) = rest.split_first() {
            if self.before == Before::Cr {
                self.before = Before::LineEnd;
                if first == b'\n' {
                    rest = after;
                    continue;
                }
            }
            if self.before == Before::LineEnd && first == b'.' {
                out.push(b'.');
            }
            let length = rest.iter().position(|&c| c == b'\r' || c == b'\n');
            let (text, tail) = rest
                .split_at_checked(length.unwrap_or(rest.len()))
                .unwrap_or((rest, &[]));
            out.extend_from_slice(text);
            if !text.is_empty() {
                self.before = Before::Text;
            }
            rest = tail;
            if let Some((&end, after)) = tail.split_first() {
                out.extend_from_slice(b"\r\n");
                self.before = if end == b'\r' { Before::Cr } else { Before::LineEnd };
                rest = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuffed(body: &[u8]) -> Vec<u8> {
        let mut stuffing = Stuffing::new(body.into());
        let mut out = Vec::new();
        while let Some(chunk) = stuffing.next_chunk() {
            out.extend(chunk);
        }
        out
    }

    #[test]
    fn a_dot_at_the_beginning_of_a_line_is_doubled() {
        assert_eq!(stuffed(b".\r\n..a\r\nb.\r\n"), b"..\r\n...a\r\nb.\r\n.\r\n");
    }

    #[test]
    fn a_body_without_final_crlf_gets_one() {
        assert_eq!(stuffed(b"a"), b"a\r\n.\r\n");
        assert_eq!(stuffed(b""), b".\r\n");
    }

    #[test]
    fn bare_cr_and_lf_become_line_ends() {
        assert_eq!(stuffed(b"a\n.\nb\r.\r\r\n"), b"a\r\n..\r\nb\r\n..\r\n\r\n.\r\n");
    }

    #[test]
    fn a_line_end_across_two_chunks_stays_one() {
        let mut body = vec![b'x'; CHUNK_OCTETS - 1];
        body.extend_from_slice(b"\r\n.y\r\n");
        let mut expected = body.clone();
        expected.insert(CHUNK_OCTETS + 1, b'.');
        expected.extend_from_slice(b".\r\n");
        assert_eq!(stuffed(&body), expected);
    }
}
