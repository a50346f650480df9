//! A light scanner over header sections, RFC 5322 section 2.2: where the header ends, and which fields it
//! has. Copies nothing and refuses nothing; what the values mean is the business of those who ask.

use std::borrow::Cow;
use std::ops::Range;

use mail_parser::DateTime;
use posthorn_base::Timestamp;
use posthorn_base::limits::HEADER_OCTETS;

use crate::words::decode_words;

/// One field of a header section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written, without the colon; empty for a line that is no field.
    pub name: &'a [u8],
    /// What follows the colon, with its folding, without the line end.
    pub value: &'a [u8],
    /// Where the field lies in the octets that were given, with its last line end.
    pub whole: Range<usize>,
}

impl Field<'_> {
    /// Whether the field has this name; case does not matter.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The fields of a header section in their order, to the first empty line.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    raw: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// Over a header section or a whole message. Looks at the first [`HEADER_OCTETS`] alone.
    #[must_use]
    pub fn new(raw: &'a [u8]) -> Self {
        let raw = raw.get(..HEADER_OCTETS).unwrap_or(raw);
        Self { raw, at: 0 }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let start = self.at;
        let mut end = line_end(self.raw, start);
        let first = self.raw.get(start..end).unwrap_or_default();
        if first.is_empty() || is_empty_line(first) {
            return None;
        }
        while matches!(self.raw.get(end), Some(b' ' | b'\t')) {
            let next = line_end(self.raw, end);
            // A line of white space alone ends the header for some and folds for others; RFC 5322
            // section 4.2 (obs-FWS) makes it folding.
            end = next;
        }
        self.at = end;
        let whole = self.raw.get(start..end).unwrap_or_default();
        let (name, value) = split_field(whole);
        Some(Field {
            name,
            value,
            whole: start..end,
        })
    }
}

/// Name and value of a field; a line that is no field has an empty name.
fn split_field(whole: &[u8]) -> (&[u8], &[u8]) {
    let whole = trim_line_end(whole);
    if let Some((name, value)) = memchr::memchr(b':', whole).and_then(|at| whole.split_at_checked(at)) {
        let name = name.trim_ascii_end();
        if !name.is_empty() && name.iter().all(u8::is_ascii_graphic) {
            return (name, value.get(1..).unwrap_or_default());
        }
    }
    (b"", whole)
}

/// The header section with its empty line, and where the body begins.
///
/// Without an empty line all of it is header. Lines before the empty line of which none is a field are no
/// header but text that somebody sent bare: the header is empty then and the body begins at 0.
#[must_use]
pub fn header_section(raw: &[u8]) -> (&[u8], usize) {
    let end = header_end(raw, 0, |_| false);
    (raw.get(..end).unwrap_or_default(), end)
}

/// Where the header that begins at `start` ends, its empty line included. `is_delimiter` is asked for lines
/// that begin with `--`, given the place of the line: such a line ends the header before it.
pub(crate) fn header_end(raw: &[u8], start: usize, mut is_delimiter: impl FnMut(usize) -> bool) -> usize {
    let mut at = start;
    let mut has_field = false;
    while at < raw.len() {
        let end = line_end(raw, at);
        let line = raw.get(at..end).unwrap_or_default();
        if is_empty_line(line) {
            return if has_field || at == start { end } else { start };
        }
        if line.starts_with(b"--") && is_delimiter(at) {
            break;
        }
        has_field = has_field || !split_field(line).0.is_empty();
        at = end;
    }
    if has_field { at } else { start }
}

/// How many fields of this name the header of a message has.
#[must_use]
pub fn count_fields(raw: &[u8], name: &str) -> usize {
    Fields::new(raw).filter(|field| field.is(name)).count()
}

/// The value of the first field of this name, with its folding.
#[must_use]
pub fn first_field<'a>(raw: &'a [u8], name: &str) -> Option<&'a [u8]> {
    Fields::new(raw)
        .find(|field| field.is(name))
        .map(|field| field.value)
}

/// A value on one line: RFC 5322 section 2.2.3, without the white space at both ends. What is not UTF-8
/// becomes U+FFFD.
#[must_use]
pub fn unfold(value: &[u8]) -> Cow<'_, str> {
    match unfold_octets(value) {
        Cow::Borrowed(octets) => String::from_utf8_lossy(octets),
        Cow::Owned(octets) => Cow::Owned(String::from_utf8_lossy(&octets).into_owned()),
    }
}

/// A value on one line with its encoded-words (RFC 2047) decoded.
#[must_use]
pub fn decode(value: &[u8]) -> String {
    decode_words(&unfold_octets(value))
}

/// The moment a date value names, as RFC 5322 section 3.3 and its obsolete forms have it; `None` when it is
/// no date.
#[must_use]
pub fn date(value: &[u8]) -> Option<Timestamp> {
    let date = DateTime::parse_rfc822(&format!("{}\n", unfold(value)))?;
    date.is_valid().then(|| Timestamp::from_secs(date.to_timestamp()))
}

/// A value without CR and LF and without the white space at both ends.
#[must_use]
pub fn unfold_octets(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    if memchr::memchr2(b'\r', b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    Cow::Owned(
        value
            .iter()
            .copied()
            .filter(|octet| !matches!(octet, b'\r' | b'\n'))
            .collect(),
    )
}

/// Where the line that begins at `from` ends, its LF included.
pub(crate) fn line_end(raw: &[u8], from: usize) -> usize {
    let rest = raw.get(from..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(raw.len(), |at| from.saturating_add(at).saturating_add(1))
}

/// Whether a line holds its line end alone.
pub(crate) fn is_empty_line(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// A line without its LF or CRLF.
pub(crate) fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"Received: one\r\n\tby two\r\nSubject : hi\r\nno field here\r\nreceived: three\r\n\r\nReceived: body\r\n";

    #[test]
    fn fields_come_in_order_with_their_folding() {
        let fields: Vec<Field<'_>> = Fields::new(MESSAGE).collect();
        let names: Vec<&[u8]> = fields.iter().map(|field| field.name).collect();
        assert_eq!(names, [&b"Received"[..], b"Subject", b"", b"received"]);
        assert_eq!(fields[0].value, b" one\r\n\tby two");
        assert_eq!(
            &MESSAGE[fields[0].whole.clone()],
            b"Received: one\r\n\tby two\r\n"
        );
    }

    #[test]
    fn fields_of_the_body_do_not_count() {
        assert_eq!(count_fields(MESSAGE, "RECEIVED"), 2);
        assert_eq!(first_field(MESSAGE, "subject"), Some(&b" hi"[..]));
        assert_eq!(first_field(MESSAGE, "to"), None);
    }

    #[test]
    fn the_header_ends_with_its_empty_line() {
        let (header, body) = header_section(MESSAGE);
        assert_eq!(&MESSAGE[body..], b"Received: body\r\n");
        assert_eq!(header.len(), body);
        assert_eq!(header_section(b"\r\nbody"), (&b"\r\n"[..], 2));
        assert_eq!(header_section(b"A: b\nC: d\n\nx").1, 11);
        assert_eq!(header_section(b"A: b\r\n").1, 6);
        assert_eq!(header_section(b"").1, 0);
    }

    #[test]
    fn text_without_any_field_has_no_header() {
        assert_eq!(header_section(b"hello there\r\n\r\nbye"), (&b""[..], 0));
        assert_eq!(header_section(b"From me Mon Jan 1\nA: b\n\nbye").1, 24);
    }

    #[test]
    fn unfolding_takes_line_ends_away_and_keeps_the_white_space() {
        assert_eq!(unfold(b" a\r\n  b\n\tc\r\n"), "a  b\tc");
        assert_eq!(unfold(b" caf\xe9"), "caf\u{fffd}");
    }

    #[test]
    fn only_the_first_mebibyte_of_a_header_is_looked_at() {
        let mut raw = b"A: ".to_vec();
        raw.resize(HEADER_OCTETS + 10, b'x');
        raw.extend_from_slice(b"\r\nSubject: far away\r\n\r\n");
        assert_eq!(first_field(&raw, "Subject"), None);
        assert_eq!(header_section(&raw).1, raw.len());
    }
}
