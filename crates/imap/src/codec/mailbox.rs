//! Mailbox names on the wire (RFC 3501 section 5.1): in modified UTF-7. Every reader and printer of
//! a name is told the coding, because RFC 6855 and RFC 9051 let a client enable plain UTF-8.

use std::borrow::Cow;

use super::reader::{Parsed, Reader, SyntaxError};
use super::{text, utf7};
use crate::types::mailbox::canonical;

/// How mailbox names travel in this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameCoding {
    /// RFC 3501 section 5.1.3.
    Utf7,
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
        NameCoding::Utf7 => utf7::decode(&wire).ok_or(SyntaxError::BadMailboxName),
    }
}

/// Prints a mailbox name.
pub(crate) fn print(out: &mut Vec<u8>, names: NameCoding, name: &str) {
    match names {
        NameCoding::Utf7 => text::astring(out, utf7::encode(name).as_bytes()),
    }
}
