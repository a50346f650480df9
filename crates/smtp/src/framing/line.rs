//! Lines with a length limit: RFC 5321 section 2.3.8. A line that is too long is counted, not kept.
//! Does not judge what stands in the line.

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// CR LF, as it should.
    CrLf,
    /// LF alone.
    BareLf,
}

/// One line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The octets; empty when the line was too long.
    pub(crate) octets: Vec<u8>,
    pub(crate) end: LineEnd,
    pub(crate) is_too_long: bool,
}

/// Collects a line from any split of the input.
#[derive(Debug)]
pub(crate) struct LineReader {
    partial: Vec<u8>,
    limit: usize,
    is_overlong: bool,
    last: Option<u8>,
}

impl LineReader {
    /// `limit`: octets of a line with its end.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            partial: Vec::new(),
            limit,
            is_overlong: false,
            last: None,
        }
    }

    /// Forgets a line that has begun.
    pub(crate) fn reset(&mut self) {
        self.partial.clear();
        self.is_overlong = false;
        self.last = None;
    }

    /// Takes octets up to the end of the line. Gives how many were used, and the line once it is whole.
    pub(crate) fn read(&mut self, octets: &[u8]) -> (usize, Option<Line>) {
        let Some(at) = octets.iter().position(|&c| c == b'\n') else {
            self.push(octets);
            return (octets.len(), None);
        };
        let (text, _) = octets.split_at_checked(at).unwrap_or((octets, &[]));
        self.push(text);
        (at.saturating_add(1), Some(self.finish()))
    }

    fn push(&mut self, octets: &[u8]) {
        let Some(&last) = octets.last() else { return };
        self.last = Some(last);
        // The LF is not in `partial`, so a line of exactly `limit` octets leaves `limit - 1` here.
        if self.partial.len().saturating_add(octets.len()) >= self.limit {
            self.is_overlong = true;
            self.partial = Vec::new();
        }
        if !self.is_overlong {
            self.partial.extend_from_slice(octets);
        }
    }

    fn finish(&mut self) -> Line {
        let mut octets = std::mem::take(&mut self.partial);
        let end = if self.last == Some(b'\r') {
            octets.pop();
            LineEnd::CrLf
        } else {
            LineEnd::BareLf
        };
        let is_too_long = self.is_overlong;
        self.reset();
        Line {
            octets,
            end,
            is_too_long,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(reader: &mut LineReader, octets: &[u8], piece: usize) -> Vec<Line> {
        let mut out = Vec::new();
        for part in octets.chunks(piece) {
            let mut at = 0;
            while at < part.len() {
                let (used, line) = reader.read(&part[at..]);
                at += used;
                out.extend(line);
            }
        }
        out
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_whole_and_one_more_octet_is_not() {
        let fits = lines(&mut LineReader::new(8), b"123456\r\n", 3);
        assert_eq!(fits[0].octets, b"123456");
        let over = lines(&mut LineReader::new(8), b"1234567\r\nnext\r\n", 3);
        assert!(over[0].is_too_long && over[0].end == LineEnd::CrLf);
        assert_eq!(over[1].octets, b"next");
    }

    #[test]
    fn ten_megabytes_without_an_end_are_not_kept() {
        let mut reader = LineReader::new(2048);
        for _ in 0..160 {
            assert_eq!(reader.read(&[b'a'; 65_536]), (65_536, None));
        }
        assert!(reader.partial.capacity() <= 2048);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_lines(
            octets in prop::collection::vec(prop::sample::select(b"ab\r\n".to_vec()), 0..60),
            piece in 1usize..8,
        ) {
            let whole = lines(&mut LineReader::new(9), &octets, usize::MAX);
            prop_assert_eq!(lines(&mut LineReader::new(9), &octets, piece), whole);
        }
    }
}
