//! Replies: RFC 5321 section 4.2, with the enhanced codes of RFC 2034 and RFC 3463. Printed by the server,
//! parsed by the client. Which reply belongs to which failure stands in `refusal` and `server::fault`.

use std::fmt;

/// `status-code = class "." subject "." detail`, RFC 3463 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnhancedCode {
    /// 2, 4 or 5.
    pub class: u8,
    /// 0 to 999.
    pub subject: u16,
    /// 0 to 999.
    pub detail: u16,
}

impl EnhancedCode {
    /// The code `class.subject.detail`.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self {
            class,
            subject,
            detail,
        }
    }

    /// Cuts an enhanced code off the front of a reply's text; it must be of the class of `code`.
    fn split(text: &str, code: u16) -> Option<(Self, &str)> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut numbers = word.split('.').map(|number| {
            let is_short = (1..=3).contains(&number.len()) && number.bytes().all(|c| c.is_ascii_digit());
            number.parse::<u16>().ok().filter(|_| is_short)
        });
        let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
        if numbers.next().is_some() || class != code / 100 || !matches!(class, 2 | 4 | 5) {
            return None;
        }
        Some((Self::new(u8::try_from(class).ok()?, subject, detail), rest))
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// One reply of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599 on the wire.
    pub code: u16,
    /// `None` where the peer sent none, and in greetings and replies to `HELO`, `EHLO` and `DATA`.
    pub enhanced: Option<EnhancedCode>,
    /// The text of each line, without codes; at least one, printable.
    pub lines: Vec<String>,
}

/// What a reply means for the one who asked (RFC 5321 section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// 2yz: done.
    Delivered,
    /// 4yz, and whatever makes no sense: worth another attempt.
    Temporary,
    /// 5yz: another attempt will end the same way.
    Permanent,
}

/// Octets of text in one line; with codes and CRLF it stays below the 512 of RFC 5321 section 4.5.3.1.5.
const TEXT_OCTETS: usize = 480;

impl Reply {
    /// A reply of one line with an enhanced code.
    #[must_use]
    pub fn new(code: u16, enhanced: (u8, u16, u16), text: &str) -> Self {
        let (class, subject, detail) = enhanced;
        Self {
            code,
            enhanced: Some(EnhancedCode::new(class, subject, detail)),
            lines: vec![clean(text)],
        }
    }

    /// A reply without an enhanced code.
    #[must_use]
    pub fn bare<'a>(code: u16, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut lines: Vec<String> = lines.into_iter().map(clean).collect();
        if lines.is_empty() {
            lines.push(String::new());
        }
        Self {
            code,
            enhanced: None,
            lines,
        }
    }

    /// All lines of text in one.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    /// What it means.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self.code {
            200..300 => Class::Delivered,
            500..600 => Class::Permanent,
            _ => Class::Temporary,
        }
    }

    /// Appends the reply as it goes over the wire.
    pub(crate) fn print(&self, out: &mut Vec<u8>) {
        let last = self.lines.len().saturating_sub(1);
        for (index, line) in self.lines.iter().enumerate() {
            out.extend_from_slice(self.code.to_string().as_bytes());
            out.push(if index == last { b' ' } else { b'-' });
            if let Some(enhanced) = self.enhanced {
                out.extend_from_slice(enhanced.to_string().as_bytes());
                out.push(b' ');
            }
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

impl fmt::Display for Reply {
    /// One line, for the log: `550 5.1.1 No such user`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        write!(f, " {}", self.text())
    }
}

/// What goes into a reply is printable ASCII of limited length, whoever made the text.
fn clean(text: &str) -> String {
    text.chars()
        .take(TEXT_OCTETS)
        .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
        .collect()
}

/// Lines of one reply that are read at most.
const REPLY_LINES: usize = 100;

/// What came is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer sent something that is no SMTP reply")]
pub(crate) struct Garbage;

/// Puts the lines of a reply together.
#[derive(Debug, Default)]
pub(crate) struct ReplyReader {
    code: Option<u16>,
    enhanced: Option<EnhancedCode>,
    lines: Vec<String>,
}

impl ReplyReader {
    /// Takes one line; gives the reply when it was the last.
    pub(crate) fn read(&mut self, line: &[u8]) -> Result<Option<Reply>, Garbage> {
        let (digits, rest) = line.split_at_checked(3).ok_or(Garbage)?;
        let code = std::str::from_utf8(digits)
            .ok()
            .filter(|text| text.bytes().all(|c| c.is_ascii_digit()))
            .and_then(|text| text.parse::<u16>().ok())
            .filter(|code| (200..600).contains(code))
            .ok_or(Garbage)?;
        let is_last = match rest.first() {
            None | Some(b' ') => true,
            Some(b'-') => false,
            Some(_) => return Err(Garbage),
        };
        if *self.code.get_or_insert(code) != code || self.lines.len() >= REPLY_LINES {
            return Err(Garbage);
        }
        let text = String::from_utf8_lossy(rest.get(1..).unwrap_or_default());
        let text = text.replace(char::is_control, "?");
        self.push(code, &text);
        if !is_last {
            return Ok(None);
        }
        let done = std::mem::take(self);
        Ok(Some(Reply {
            code,
            enhanced: done.enhanced,
            lines: done.lines,
        }))
    }

    fn push(&mut self, code: u16, text: &str) {
        let split = EnhancedCode::split(text, code);
        if self.lines.is_empty() {
            self.enhanced = split.map(|(enhanced, _)| enhanced);
        }
        let line = match split {
            Some((enhanced, rest)) if Some(enhanced) == self.enhanced => rest,
            Some(_) | None => text,
        };
        self.lines.push(line.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(octets: &[u8]) -> Result<Option<Reply>, Garbage> {
        let mut reader = ReplyReader::default();
        let mut reply = None;
        for line in octets.split_inclusive(|&c| c == b'\n') {
            reply = reader.read(line.strip_suffix(b"\r\n").unwrap_or(line))?;
        }
        Ok(reply)
    }

    #[test]
    fn an_enhanced_code_of_another_class_is_text() {
        let reply = read(b"550 4.1.1 odd").unwrap().unwrap();
        assert_eq!((reply.enhanced, reply.text().as_str()), (None, "4.1.1 odd"));
        let reply = read(b"550 5.1.1000 odd").unwrap().unwrap();
        assert_eq!(reply.enhanced, None);
    }

    #[test]
    fn a_code_alone_is_a_reply() {
        let reply = read(b"250").unwrap().unwrap();
        assert_eq!((reply.code, reply.class()), (250, Class::Delivered));
    }

    #[test]
    fn what_is_no_reply_is_garbage() {
        for octets in [
            &b"\r\n"[..],
            b"25",
            b"2x0 ok",
            b"999 no",
            b"250ok",
            b"250-a\r\n251 b",
            b"HTTP/1.1",
        ] {
            assert_eq!(read(octets), Err(Garbage), "{octets:?}");
        }
    }

    #[test]
    fn a_reply_of_endless_lines_is_garbage() {
        assert!(read(&b"250-a\r\n".repeat(REPLY_LINES)).is_ok());
        assert_eq!(read(&b"250-a\r\n".repeat(REPLY_LINES + 1)), Err(Garbage));
    }

    #[test]
    fn no_text_can_end_the_line() {
        assert_eq!(Reply::new(550, (5, 7, 1), "a\r\n250 ok").text(), "a??250 ok");
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(
            class in prop::sample::select(vec![2u8, 4, 5]),
            enhanced in prop::option::of((0u16..1000, 0u16..1000)),
            lines in prop::collection::vec("[a-z!]?[ -~]{0,20}", 1..4),
        ) {
            let lines: Vec<String> = lines.iter().map(|line| format!("x{line}")).collect();
            let enhanced = enhanced.map(|(subject, detail)| EnhancedCode::new(class, subject, detail));
            let reply = Reply { code: u16::from(class) * 100 + 50, enhanced, lines };
            let mut out = Vec::new();
            reply.print(&mut out);
            prop_assert_eq!(read(&out), Ok(Some(reply)));
        }

        #[test]
        fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..60)) {
            let _unused = read(&octets).is_ok();
        }
    }
}
