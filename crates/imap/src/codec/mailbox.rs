//! Mailbox names on the wire: in modified UTF-7 (RFC 3501 section 5.1.3), or in UTF-8 for a client that has
//! enabled it (RFC 9051 section 5.1, RFC 6855 section 3). Every reader and printer of a name is told which.

use std::borrow::Cow;

use super::reader::{Parsed, Reader, SyntaxError, utf8};
use super::{text, utf7};
use crate::types::mailbox::canonical;

/// How mailbox names travel in this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameCoding {
    /// RFC 3501 section 5.1.3.
    Utf7,
    /// RFC 9051 section 5.1.
    Utf8,
}

/// Reads `mailbox`.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<String> {
    let wire = reader.astring()?;
    decode(reader.names(), wire).map(canonical)
}

/// Reads `list-mailbox`: a pattern.
pub(crate) fn parse_pattern(reader: &mut Reader<'_>) -> Parsed<String> {
    let wire = reader.list_mailbox()?;
    decode(reader.names(), wire)
}

/// Reads the reference of LIST: a mailbox name that may be empty or end with a separator.
pub(crate) fn parse_reference(reader: &mut Reader<'_>) -> Parsed<String> {
    let wire = reader.astring()?;
    decode(reader.names(), wire)
}

fn decode(names: NameCoding, wire: Cow<'_, [u8]>) -> Parsed<String> {
    match names {
        NameCoding::Utf7 if wire.is_ascii() => utf7::decode(&wire).ok_or(SyntaxError::BadMailboxName),
        // RFC 6855 section 3: what cannot be UTF-7 is taken for UTF-8, whatever was enabled.
        NameCoding::Utf7 | NameCoding::Utf8 => utf8(wire),
    }
}

/// Prints a mailbox name.
pub(crate) fn print(out: &mut Vec<u8>, names: NameCoding, name: &str) {
    match names {
        NameCoding::Utf7 => text::astring(out, utf7::encode(name).as_bytes()),
        NameCoding::Utf8 => text::utf8_astring(out, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: NameCoding, wire: &str) -> Parsed<String> {
        parse(&mut Reader::new(wire.as_bytes(), names))
    }

    fn printed(names: NameCoding, name: &str) -> String {
        let mut out = Vec::new();
        print(&mut out, names, name);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_ampersand_begins_nothing_where_names_are_utf8() {
        use NameCoding::{Utf7, Utf8};
        assert_eq!(read(Utf7, "Entw&APw-rfe").unwrap(), "Entw\u{fc}rfe");
        assert_eq!(read(Utf8, "Entw&APw-rfe").unwrap(), "Entw&APw-rfe");
        assert_eq!(printed(Utf8, "Entw&APw-rfe"), "Entw&APw-rfe");
        assert_eq!(printed(Utf7, "Entw&APw-rfe"), "Entw&-APw-rfe");
    }

    #[test]
    fn quoted_utf8_is_a_name_in_either_coding() {
        for names in [NameCoding::Utf7, NameCoding::Utf8] {
            assert_eq!(read(names, "\"Entw\u{fc}rfe\"").unwrap(), "Entw\u{fc}rfe");
        }
        assert_eq!(
            printed(NameCoding::Utf8, "Entw\u{fc}rfe \"1\""),
            "\"Entw\u{fc}rfe \\\"1\\\"\""
        );
        assert_eq!(printed(NameCoding::Utf8, ""), "\"\"");
        assert_eq!(printed(NameCoding::Utf8, "a\nb"), "{3}\r\na\nb");
    }
}
