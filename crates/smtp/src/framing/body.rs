//! The content of a message as it comes in: dots taken away (RFC 5321 section 4.5.2) or octets counted
//! (`BDAT`, RFC 3030), lines checked, size limited. Nothing is kept here; octets pass through.
//!
//! Against SMTP smuggling: the only end of data is CR LF `.` CR LF, exactly. A CR without LF or an LF
//! without CR never begins a line here, so `LF . LF`, `LF . CR LF` or `CR . CR` end nothing. They make the
//! message void: reading goes on to the true end, and then the message is refused, so that no server behind
//! us that is more lenient can see two messages where we saw one.

/// Why a body is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// A CR that no LF follows.
    BareCr,
    /// An LF that no CR precedes.
    BareLf,
    /// A line over the limit.
    LineTooLong,
    /// More octets than one message may have.
    TooLarge,
}

/// How the end of the content is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// `DATA`: dot-stuffed lines up to CR LF `.` CR LF.
    Dots,
    /// `BDAT`: the caller counts; lines are checked all the same.
    CountedLines,
    /// `BDAT` of a `BINARYMIME` message: any octets.
    CountedOctets,
}

/// What the limits on a body are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) line_octets: usize,
    pub(crate) message_octets: u64,
}

/// Where in a line the next octet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At its beginning.
    LineStart,
    /// After a dot at its beginning; the dot is not kept.
    Dot,
    /// After dot and CR at its beginning.
    DotCr,
    /// Somewhere within.
    Line,
    /// After a CR within.
    Cr,
}

/// Reads one body from any split of the input.
#[derive(Debug)]
pub(crate) struct BodyReader {
    framing: Framing,
    limits: BodyLimits,
    at: At,
    line_octets: usize,
    total_octets: u64,
    fault: Option<BodyFault>,
}

/// How far [`BodyReader::read`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// All octets are used, the body goes on.
    More,
    /// The body ended; so many octets were used.
    End(usize),
}

impl BodyReader {
    pub(crate) fn new(framing: Framing, limits: BodyLimits) -> Self {
        Self {
            framing,
            limits,
            at: At::LineStart,
            line_octets: 0,
            total_octets: 0,
            fault: None,
        }
    }

    /// The first reason why the body is void.
    pub(crate) fn fault(&self) -> Option<BodyFault> {
        self.fault
    }

    /// Octets kept so far.
    pub(crate) fn total_octets(&self) -> u64 {
        self.total_octets
    }

    /// Reads on; what is to be kept is appended to `out`, up to the octet that makes the body void.
    pub(crate) fn read(&mut self, octets: &[u8], out: &mut Vec<u8>) -> Progress {
        if self.framing == Framing::CountedOctets {
            self.keep(octets, out);
            return Progress::More;
        }
        // `octets[kept..pos]` is looked at and not yet kept: one copy for many lines.
        let mut kept: usize = 0;
        let mut pos: usize = 0;
        while let Some((&next, _)) = octets.get(pos..).and_then(<[u8]>::split_first) {
            match self.at {
                At::LineStart if next == b'.' && self.framing == Framing::Dots => {
                    self.keep(between(octets, kept, pos), out);
                    pos = pos.saturating_add(1);
                    kept = pos;
                    self.at = At::Dot;
                }
                At::LineStart => self.at = At::Line,
                At::Dot if next == b'\r' => {
                    pos = pos.saturating_add(1);
                    kept = pos;
                    self.at = At::DotCr;
                }
                At::Dot => self.at = At::Line,
                At::DotCr if next == b'\n' => return Progress::End(pos.saturating_add(1)),
                At::DotCr => {
                    self.fail(BodyFault::BareCr);
                    self.at = At::Line;
                }
                At::Cr if next == b'\n' => {
                    pos = pos.saturating_add(1);
                    self.line_octets = 0;
                    self.at = At::LineStart;
                }
                At::Cr => {
                    self.keep(between(octets, kept, pos), out);
                    kept = pos;
                    self.fail(BodyFault::BareCr);
                    self.at = At::Line;
                }
                At::Line => {
                    let from = pos;
                    pos = self.read_within_line(octets, from);
                    if let Some(fault) = self.fault_in(octets, from, pos) {
                        let good = pos.min(fault.1);
                        self.keep(between(octets, kept, good), out);
                        kept = pos;
                        self.fail(fault.0);
                    }
                }
            }
        }
        self.keep(between(octets, kept, pos), out);
        Progress::More
    }

    /// Goes on to behind the next CR or LF, or to the end; gives the new position.
    fn read_within_line(&mut self, octets: &[u8], from: usize) -> usize {
        let rest = octets.get(from..).unwrap_or_default();
        match rest.iter().position(|&c| c == b'\r' || c == b'\n') {
            Some(length) => {
                let at = from.saturating_add(length);
                if octets.get(at) == Some(&b'\r') {
                    self.at = At::Cr;
                }
                at.saturating_add(1)
            }
            None => octets.len(),
        }
    }

    /// What is wrong with `octets[from..to]`, a stretch of one line, and the position of the octet where it
    /// shows.
    fn fault_in(&mut self, octets: &[u8], from: usize, to: usize) -> Option<(BodyFault, usize)> {
        let room = self.limits.line_octets.saturating_sub(self.line_octets);
        let length = to.saturating_sub(from);
        self.line_octets = self.line_octets.saturating_add(length);
        if length > room {
            return Some((BodyFault::LineTooLong, from.saturating_add(room)));
        }
        let last = to.checked_sub(1)?;
        (octets.get(last) == Some(&b'\n')).then_some((BodyFault::BareLf, last))
    }

    /// The content is complete (`BDAT … LAST`): a CR at its very end has no LF.
    pub(crate) fn finish(&mut self) {
        if self.at == At::Cr && self.framing == Framing::CountedLines {
            self.fail(BodyFault::BareCr);
        }
    }

    fn fail(&mut self, fault: BodyFault) {
        self.fault.get_or_insert(fault);
    }

    fn keep(&mut self, run: &[u8], out: &mut Vec<u8>) {
        if self.fault.is_some() || run.is_empty() {
            return;
        }
        let room = self.limits.message_octets.saturating_sub(self.total_octets);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let fits = match run.split_at_checked(room) {
            Some((fits, over)) => {
                if !over.is_empty() {
                    self.fail(BodyFault::TooLarge);
                }
                fits
            }
            None => run,
        };
        out.extend_from_slice(fits);
        let count = u64::try_from(fits.len()).unwrap_or(u64::MAX);
        self.total_octets = self.total_octets.saturating_add(count);
    }
}

fn between(octets: &[u8], from: usize, to: usize) -> &[u8] {
    octets.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: BodyLimits = BodyLimits {
        line_octets: 30,
        message_octets: 60,
    };

    /// What was kept, the fault, and how many octets were used when the end came.
    fn read(framing: Framing, octets: &[u8], piece: usize) -> (Vec<u8>, Option<BodyFault>, Option<usize>) {
        let mut reader = BodyReader::new(framing, LIMITS);
        let mut out = Vec::new();
        let mut before = 0;
        for part in octets.chunks(piece) {
            if let Progress::End(used) = reader.read(part, &mut out) {
                return (out, reader.fault(), Some(before + used));
            }
            before += part.len();
        }
        (out, reader.fault(), None)
    }

    fn data(octets: &[u8]) -> (Vec<u8>, Option<BodyFault>, Option<usize>) {
        read(Framing::Dots, octets, usize::MAX)
    }

    #[test]
    fn dots_at_the_beginning_of_lines_are_taken_away() {
        assert_eq!(
            data(b"a\r\n..b\r\n.c\r\nd.\r\n.\r\nQUIT"),
            (b"a\r\n.b\r\nc\r\nd.\r\n".to_vec(), None, Some(19))
        );
    }

    #[test]
    fn an_empty_body_ends_at_once() {
        assert_eq!(data(b".\r\n"), (Vec::new(), None, Some(3)));
    }

    #[test]
    fn nothing_but_crlf_dot_crlf_ends_the_data() {
        for fake in [
            &b"a\n.\n"[..],
            b"a\n.\r\n",
            b"a\r\n.\n",
            b"a\r.\r",
            b"a\r\n.\r",
            b"a\r.\r\n",
            b"a\r\n.\r\r\n",
            b"a\n\n.\n\n",
        ] {
            let mut octets = fake.to_vec();
            octets.extend_from_slice(b"MAIL FROM:<x@y.test>\r\n.\r\n");
            let (_, fault, end) = data(&octets);
            assert_eq!(end, Some(octets.len()), "{fake:?}");
            assert!(fault.is_some(), "{fake:?}");
        }
    }

    #[test]
    fn a_body_of_the_limit_is_kept_and_one_octet_more_is_not() {
        let line = b"123456789012345678\r\n";
        let mut octets = line.repeat(3);
        assert_eq!(read(Framing::CountedLines, &octets, 7).1, None);
        octets.push(b'x');
        let (kept, fault, _) = read(Framing::CountedLines, &octets, 7);
        assert_eq!((kept.len(), fault), (60, Some(BodyFault::TooLarge)));
    }

    #[test]
    fn a_line_over_the_limit_makes_the_body_void() {
        let mut octets = vec![b'a'; 31];
        octets.extend_from_slice(b"\r\n.\r\n");
        let (kept, fault, end) = data(&octets);
        assert_eq!(
            (kept.len(), fault, end),
            (30, Some(BodyFault::LineTooLong), Some(36))
        );
    }

    #[test]
    fn a_cr_at_the_very_end_of_counted_lines_is_bare() {
        let mut reader = BodyReader::new(Framing::CountedLines, LIMITS);
        let mut out = Vec::new();
        reader.read(b"a\r", &mut out);
        assert_eq!(reader.fault(), None);
        reader.finish();
        assert_eq!(reader.fault(), Some(BodyFault::BareCr));
    }

    #[test]
    fn counted_octets_may_be_anything() {
        let octets = b"\r\n.\r\n\0\n\r\xff";
        assert_eq!(
            read(Framing::CountedOctets, octets, 2),
            (octets.to_vec(), None, None)
        );
    }

    proptest! {
        #[test]
        fn any_split_keeps_the_same(
            octets in prop::collection::vec(prop::sample::select(b"ab.\r\n\r\n".to_vec()), 0..100),
            piece in 1usize..9,
        ) {
            for framing in [Framing::Dots, Framing::CountedLines, Framing::CountedOctets] {
                prop_assert_eq!(read(framing, &octets, piece), read(framing, &octets, usize::MAX));
            }
        }
    }
}
