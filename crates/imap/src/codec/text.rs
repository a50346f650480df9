//! Prints strings (RFC 3501 section 4.3): quoted where that is possible, else as a literal.

use std::io::Write;

/// The longest text that is printed quoted; beyond that a literal needs no scan by the client.
const QUOTED_OCTETS: usize = 1_024;

/// Prints a `string`.
pub(crate) fn string(out: &mut Vec<u8>, text: &[u8]) {
    let is_quotable = text.len() <= QUOTED_OCTETS && text.iter().all(|octet| matches!(octet, b' '..=b'~'));
    if !is_quotable {
        literal_head(out, text.len());
        out.extend_from_slice(text);
        return;
    }
    quoted(out, text);
}

fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &octet in text {
        if matches!(octet, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(octet);
    }
    out.push(b'"');
}

/// Prints an `astring` for a client that takes UTF-8 in quoted strings (RFC 9051 section 4.3).
pub(crate) fn utf8_astring(out: &mut Vec<u8>, text: &str) {
    match text.is_ascii() || text.len() > QUOTED_OCTETS || text.contains(['\0', '\r', '\n']) {
        true => astring(out, text.as_bytes()),
        false => quoted(out, text.as_bytes()),
    }
}

/// Prints an `astring`: as an atom where that is possible.
pub(crate) fn astring(out: &mut Vec<u8>, text: &[u8]) {
    let is_atom = !text.is_empty()
        && !text.eq_ignore_ascii_case(b"NIL")
        && text.iter().all(|&octet| super::reader::is_astring_char(octet));
    if is_atom {
        out.extend_from_slice(text);
    } else {
        string(out, text);
    }
}

/// Prints `{size}` and its line end.
pub(crate) fn literal_head(out: &mut Vec<u8>, size_octets: usize) {
    out.extend_from_slice(format!("{{{size_octets}}}\r\n").as_bytes());
}

/// Puts another octet in the place of each NUL: no literal may hold one (RFC 3501 section 9, CHAR8), and mail
/// comes with some all the same. All sizes stay right; BINARY gives the octets as they are.
pub(crate) fn replace_nul(octets: &mut [u8]) {
    if octets.contains(&0) {
        for octet in octets.iter_mut().filter(|octet| **octet == 0) {
            *octet = 0x80;
        }
    }
}

/// Prints the head of a literal, or of a `literal8` (RFC 3516) where one is needed: a NUL may stand only there.
pub(crate) fn binary_head(out: &mut Vec<u8>, octets: &[u8]) {
    if octets.contains(&0) {
        out.push(b'~');
    }
    literal_head(out, octets.len());
}

/// Prints a number.
pub(crate) fn number(out: &mut Vec<u8>, number: impl std::fmt::Display) {
    // Writing to memory cannot fail.
    drop(write!(out, "{number}"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::Reader;
    use crate::codec::mailbox::NameCoding;

    fn printed(text: &[u8]) -> String {
        let mut out = Vec::new();
        astring(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_simplest_form_is_chosen() {
        assert_eq!(printed(b"INBOX"), "INBOX");
        assert_eq!(printed(b"a b\""), "\"a b\\\"\"");
        assert_eq!(printed(b""), "\"\"");
        assert_eq!(printed(b"nil"), "\"nil\"");
        assert_eq!(printed("ü".as_bytes()), "{2}\r\nü");
        assert_eq!(printed(b"a\r\nb"), "{4}\r\na\r\nb");
    }

    proptest! {
        #[test]
        fn a_printed_string_is_read_as_it_was(text in proptest::collection::vec(1u8.., 0..40)) {
            let mut out = Vec::new();
            astring(&mut out, &text);
            out.extend_from_slice(b" x");
            let mut reader = Reader::new(&out, NameCoding::Utf7);
            let read = reader.astring().unwrap().into_owned();
            prop_assert_eq!(read, text);
            prop_assert_eq!(reader.peek(), Some(b' '));
        }
    }
}
