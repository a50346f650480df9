//! Strings in IMAP's wire form: `nstring`, `string`, `quoted` and `literal` of RFC 9051 section 9.

/// Octets up to which a string is quoted; clients with small line buffers get a literal for the rest.
const QUOTED_OCTETS: usize = 1_000;
/// Octets of one header value that are kept.
const VALUE_OCTETS: usize = 16_384;

/// `NIL` or a string.
pub(crate) fn write_nstring(value: Option<&[u8]>, out: &mut Vec<u8>) {
    match value {
        Some(value) => write_string(value, out),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// A quoted string where the octets allow it, a literal otherwise. NUL, which neither may hold, becomes
/// U+FFFD.
pub(crate) fn write_string(value: &[u8], out: &mut Vec<u8>) {
    let value = value.get(..VALUE_OCTETS).unwrap_or(value);
    let is_plain = value.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t'));
    if is_plain && value.len() <= QUOTED_OCTETS {
        out.push(b'"');
        for octet in value {
            if matches!(octet, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(*octet);
        }
        out.push(b'"');
        return;
    }
    if value.contains(&0) {
        let clean = value
            .split(|octet| *octet == 0)
            .collect::<Vec<_>>()
            .join("\u{fffd}".as_bytes());
        write_literal(&clean, out);
    } else {
        write_literal(value, out);
    }
}

fn write_literal(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{{}}}\r\n", value.len()).as_bytes());
    out.extend_from_slice(value);
}

/// A number after a space.
pub(crate) fn write_number(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(format!(" {number}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_string(value, &mut out);
        out
    }

    #[test]
    fn plain_text_is_quoted_with_its_quotes_escaped() {
        assert_eq!(string(b"a \"b\" \\c"), b"\"a \\\"b\\\" \\\\c\"");
        assert_eq!(string(b""), b"\"\"");
    }

    #[test]
    fn everything_else_is_a_literal() {
        assert_eq!(string("\u{e9}".as_bytes()), "{2}\r\n\u{e9}".as_bytes());
        assert_eq!(string(b"a\rb"), b"{3}\r\na\rb");
        assert_eq!(string(&[b'x'; 1_001])[..8], *b"{1001}\r\n");
    }

    #[test]
    fn nul_is_never_sent() {
        assert_eq!(string(b"a\0b"), "{5}\r\na\u{fffd}b".as_bytes());
    }

    #[test]
    fn a_value_without_end_is_cut() {
        assert_eq!(string(&[b'x'; 100_000])[..9], *b"{16384}\r\n");
    }
}
