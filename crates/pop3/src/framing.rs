//! Octets to lines, with a limit. A line ends with CRLF; a bare LF is taken too, as every POP3 server
//! does: commands carry no data in which the difference could hide anything.

use posthorn_base::limits;

/// An ordinary command line with its CRLF. RFC 2449 section 4 asks for 255.
pub(crate) const LINE_OCTETS: usize = 512;

/// A line was longer than its limit; it is skipped to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Input that has not been handled yet.
#[derive(Debug, Default)]
pub(crate) struct Input {
    octets: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to here there is no LF.
    searched: usize,
    /// The rest of a line that was too long is dropped as it comes.
    skipping: bool,
}

impl Input {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        if self.start > 0 {
            self.octets.drain(..self.start);
            self.searched = self.searched.saturating_sub(self.start);
            self.start = 0;
        }
        self.octets.extend_from_slice(octets);
    }

    /// Forgets everything, as before a TLS handshake.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Octets held.
    pub(crate) fn len(&self) -> usize {
        self.octets.len().saturating_sub(self.start)
    }

    /// The limit of the next line of a command: `AUTH` may carry an initial response.
    pub(crate) fn command_limit(&self) -> usize {
        let verb = self
            .start
            .checked_add(5)
            .and_then(|end| self.octets.get(self.start..end));
        match verb.is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH ")) {
            true => limits::SASL_LINE_OCTETS,
            false => LINE_OCTETS,
        }
    }

    /// The next line without its end; `None` when it is not complete. `limit` counts the line's end.
    pub(crate) fn next_line(&mut self, limit: usize) -> Option<Result<Vec<u8>, TooLong>> {
        loop {
            let from = self.searched.max(self.start);
            let found = self
                .octets
                .get(from..)
                .and_then(|rest| rest.iter().position(|&c| c == b'\n'));
            let Some(offset) = found else {
                return self.wait(limit);
            };
            let end = from.saturating_add(offset);
            let line = self.octets.get(self.start..end).unwrap_or_default();
            let is_too_long = line.len() >= limit;
            let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
            self.start = end.saturating_add(1);
            self.searched = self.start;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            return Some(if is_too_long { Err(TooLong) } else { Ok(line) });
        }
    }

    /// There is no LF in sight: what is held cannot grow beyond the limit.
    fn wait(&mut self, limit: usize) -> Option<Result<Vec<u8>, TooLong>> {
        self.searched = self.octets.len();
        let reported = self.skipping;
        if !self.skipping && self.len() < limit {
            return None;
        }
        self.clear();
        self.skipping = true;
        if reported { None } else { Some(Err(TooLong)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]], limit: usize) -> Vec<Result<Vec<u8>, TooLong>> {
        let mut input = Input::default();
        let mut lines = Vec::new();
        for piece in pieces {
            input.push(piece);
            while let Some(line) = input.next_line(limit) {
                lines.push(line);
            }
        }
        lines
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_taken_and_one_octet_more_is_not() {
        assert_eq!(lines(&[b"12345678\r\n"], 10), [Ok(b"12345678".to_vec())]);
        assert_eq!(
            lines(&[b"123456789\r\n", b"a\n"], 10),
            [Err(TooLong), Ok(b"a".to_vec())]
        );
    }

    #[test]
    fn an_endless_line_is_reported_once_and_holds_nothing() {
        let mut input = Input::default();
        let mut reports = 0;
        for _ in 0..1000 {
            input.push(&[b'x'; 100]);
            while let Some(line) = input.next_line(LINE_OCTETS) {
                assert_eq!(line, Err(TooLong));
                reports += 1;
            }
            assert!(input.len() < LINE_OCTETS);
        }
        assert_eq!(reports, 1);
        input.push(b"\r\nNOOP\r\n");
        assert_eq!(input.next_line(LINE_OCTETS), Some(Ok(b"NOOP".to_vec())));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_lines(
            text in prop::collection::vec(prop::sample::select(&b"ab\r\n\0\n"[..]), 0..80),
            cuts in prop::collection::vec(0usize..80, 0..6),
        ) {
            let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            places.extend([0, text.len()]);
            places.sort_unstable();
            let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(lines(&pieces, 9), lines(&[&text], 9));
        }
    }
}
