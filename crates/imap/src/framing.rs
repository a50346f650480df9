//! Cuts the input into commands: lines ending with CRLF and the literals they announce (RFC 9051
//! section 4.3, RFC 7888). Knows nothing of what stands in them.
//!
//! A line ends with LF; without CR before it the peer broke the protocol and the connection ends, for a
//! reader and a framer that disagree about line ends could take a literal for a command.

/// The input of one session: what was received and not taken yet.
#[derive(Debug)]
pub(crate) struct Framing {
    held: Vec<u8>,
    /// Where the current command begins in `held`.
    start: usize,
    /// Where its next line begins; beyond the end while a literal has not come completely.
    line: usize,
    /// Up to here there is no LF in the current line.
    looked: usize,
}

/// What stands at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// More must come first.
    Incomplete,
    /// The command so far ends with the announcement of a literal, whose octets follow.
    Literal(LiteralHead),
    /// A command or line is complete.
    Complete,
    /// It is longer than the limit.
    TooLong,
    /// A line ended without CR.
    BareLf,
}

/// `{size}` or `{size+}` at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiteralHead {
    /// `u64::MAX` also for numbers beyond that.
    pub(crate) size_octets: u64,
    pub(crate) sync: Sync,
}

/// Does the client wait for our "+" before it sends the literal?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    Waits,
    SendsAnyway,
}

impl Framing {
    pub(crate) const fn new() -> Self {
        Self {
            held: Vec::new(),
            start: 0,
            line: 0,
            looked: 0,
        }
    }

    pub(crate) fn push(&mut self, octets: &[u8]) {
        if self.start > 0 {
            self.held.drain(..self.start.min(self.held.len()));
            self.line = self.line.saturating_sub(self.start);
            self.looked = self.looked.saturating_sub(self.start);
            self.start = 0;
        }
        self.held.extend_from_slice(octets);
    }

    /// Octets that were received and not taken.
    pub(crate) fn held_octets(&self) -> usize {
        self.held.len().saturating_sub(self.start)
    }

    /// Drops everything, as STARTTLS demands.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Looks for the end of the command's current line.
    pub(crate) fn next(&mut self, limit: usize) -> Frame {
        let (end, frame) = match self.find_line(limit) {
            Ok(found) => found,
            Err(frame) => return frame,
        };
        let line = self.held.get(self.line..end).unwrap_or_default();
        let Some(text) = line.strip_suffix(b"\r\n") else {
            return Frame::BareLf;
        };
        let literal = literal_at_end(text);
        self.line = end;
        self.looked = end;
        literal.map_or(frame, Frame::Literal)
    }

    /// Looks for the end of a line in which literals have no meaning.
    pub(crate) fn next_line(&mut self, limit: usize) -> Frame {
        match self.next(limit) {
            Frame::Literal(_) => Frame::Complete,
            frame @ (Frame::Incomplete | Frame::Complete | Frame::TooLong | Frame::BareLf) => frame,
        }
    }

    fn find_line(&mut self, limit: usize) -> Result<(usize, Frame), Frame> {
        let fresh = self.held.get(self.looked.max(self.line)..).unwrap_or_default();
        let end = fresh
            .iter()
            .position(|&octet| octet == b'\n')
            .map(|at| self.looked.max(self.line).saturating_add(at).saturating_add(1));
        let seen = end.unwrap_or(self.held.len());
        if seen.saturating_sub(self.start) > limit {
            return Err(Frame::TooLong);
        }
        self.looked = seen;
        end.map(|end| (end, Frame::Complete)).ok_or(Frame::Incomplete)
    }

    /// The octets of an announced literal belong to the command; the next line begins after them.
    pub(crate) fn include_literal(&mut self, size_octets: usize) {
        self.line = self.line.saturating_add(size_octets);
        self.looked = self.line;
    }

    /// The command up to where [`Self::next`] has looked.
    pub(crate) fn command(&self) -> &[u8] {
        self.held.get(self.start..self.line).unwrap_or_default()
    }

    /// Octets of the command so far.
    pub(crate) const fn command_octets(&self) -> usize {
        self.line.saturating_sub(self.start)
    }

    /// Takes the command; its last CRLF is cut off.
    pub(crate) fn take_command(&mut self) -> Vec<u8> {
        let mut command = self.command().to_vec();
        if command.ends_with(b"\r\n") {
            command.truncate(command.len().saturating_sub(2));
        }
        self.start = self.line;
        self.let_go();
        command
    }

    /// Takes up to `size_octets` of what follows the last line, as a streamed literal.
    pub(crate) fn take_data(&mut self, size_octets: u64) -> Vec<u8> {
        let there = self.held.get(self.start..).unwrap_or_default();
        let wanted = usize::try_from(size_octets)
            .unwrap_or(usize::MAX)
            .min(there.len());
        let data = there.get(..wanted).unwrap_or_default().to_vec();
        self.start = self.start.saturating_add(wanted);
        self.line = self.start;
        self.looked = self.start;
        self.let_go();
        data
    }

    /// When everything is taken no room is kept: most sessions are idle most of the time.
    fn let_go(&mut self) {
        if self.start >= self.held.len() {
            *self = Self::new();
        }
    }
}

/// Reads `{digits}` or `{digits+}` at the end of a line without its CRLF.
fn literal_at_end(line: &[u8]) -> Option<LiteralHead> {
    let inner = line.strip_suffix(b"}")?;
    let (inner, sync) = match inner.strip_suffix(b"+") {
        Some(inner) => (inner, Sync::SendsAnyway),
        None => (inner, Sync::Waits),
    };
    let open = inner.iter().rposition(|octet| !octet.is_ascii_digit())?;
    let digits = inner.get(open.checked_add(1)?..)?;
    if inner.get(open) != Some(&b'{') || digits.is_empty() {
        return None;
    }
    let size_octets = digits.iter().fold(0u64, |size, digit| {
        size.saturating_mul(10)
            .saturating_add(u64::from(digit.saturating_sub(b'0')))
    });
    Some(LiteralHead { size_octets, sync })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(octets: &[u8]) -> Framing {
        let mut framing = Framing::new();
        framing.push(octets);
        framing
    }

    #[test]
    fn a_line_is_a_command_without_its_crlf() {
        let mut framing = framing(b"a NOOP\r\nb ");
        assert_eq!(framing.next(100), Frame::Complete);
        assert_eq!(framing.take_command(), b"a NOOP");
        assert_eq!(framing.next(100), Frame::Incomplete);
        assert_eq!(framing.held_octets(), 2);
    }

    #[test]
    fn a_line_that_looks_like_a_command_inside_a_literal_is_none() {
        let mut framing = framing(b"a LOGIN {9}\r\nb LOGOUT\n");
        let head = LiteralHead {
            size_octets: 9,
            sync: Sync::Waits,
        };
        assert_eq!(framing.next(100), Frame::Literal(head));
        framing.include_literal(9);
        assert_eq!(framing.next(100), Frame::Incomplete);
        framing.push(b" x\r\n");
        assert_eq!(framing.next(100), Frame::Complete);
        assert_eq!(framing.take_command(), b"a LOGIN {9}\r\nb LOGOUT\n x");
    }

    #[test]
    fn a_size_beyond_all_numbers_is_a_very_large_literal() {
        let head = literal_at_end(b"a LOGIN {99999999999999999999999+}").unwrap();
        assert_eq!(head.size_octets, u64::MAX);
        assert_eq!(head.sync, Sync::SendsAnyway);
        for none in [&b"a {}"[..], b"a {+}", b"a {x1}", b"a 1}", b"{1} ", b"}", b"1}"] {
            assert_eq!(literal_at_end(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_too_long_whether_or_not_it_ended() {
        assert_eq!(framing(&[b'x'; 11]).next(10), Frame::TooLong);
        assert_eq!(framing(b"xxxxxxxxxx\r\n").next(10), Frame::TooLong);
        assert_eq!(framing(b"xxxxxxxx\r\n").next(10), Frame::Complete);
    }

    #[test]
    fn a_bare_lf_ends_no_line() {
        assert_eq!(framing(b"a NOOP\nb NOOP\r\n").next(100), Frame::BareLf);
    }

    #[test]
    fn a_streamed_literal_is_taken_as_it_comes() {
        let mut framing = framing(b"a APPEND x {5}\r\nab");
        assert!(matches!(framing.next(100), Frame::Literal(_)));
        framing.take_command();
        assert_eq!(framing.take_data(5), b"ab");
        framing.push(b"cde\r\n");
        assert_eq!(framing.take_data(3), b"cde");
        assert_eq!(framing.next_line(100), Frame::Complete);
        assert_eq!(framing.take_command(), b"");
    }
}
