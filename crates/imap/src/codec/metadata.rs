//! GETMETADATA, SETMETADATA and the METADATA response (RFC 5464 section 5). Options of GETMETADATA may stand in
//! front of the mailbox, as the grammar has them, or behind it, as the RFC's examples do.

use super::mailbox::{self, NameCoding};
use super::reader::{Parsed, Reader, SyntaxError, utf8};
use super::text;
use crate::types::command::Command;
use crate::types::metadata::{Depth, Entry, GetMetadata, PRIVATE, SHARED};

/// The longest name of an entry in octets.
const ENTRY_OCTETS: usize = 255;
/// The most entries of one command.
const ENTRIES: usize = 100;
/// The most options.
const OPTIONS: usize = 10;

/// How complete the name of an entry must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    /// It may have a value.
    Whole,
    /// It may stand for those below it.
    Beginning,
}

/// `getmetadata = "GETMETADATA" [SP options] SP mailbox SP entries`.
pub(crate) fn parse_get(reader: &mut Reader<'_>) -> Parsed<Command> {
    let mut get = GetMetadata {
        name: None,
        entries: Vec::new(),
        depth: Depth::default(),
        max_size: None,
    };
    reader.space()?;
    if reader.peek() == Some(b'(') {
        parse_options(reader, &mut get)?;
        reader.space()?;
    }
    get.name = parse_name(reader)?;
    reader.space()?;
    let mut ahead = reader.clone();
    // Entries begin with a slash, options with a letter.
    if ahead.take(b'(') && ahead.peek().is_some_and(|octet| octet.is_ascii_alphabetic()) {
        parse_options(reader, &mut get)?;
        reader.space()?;
    }
    let entry = |reader: &mut Reader<'_>| parse_entry(reader, Name::Beginning);
    get.entries = match reader.peek() == Some(b'(') {
        true => reader.list(ENTRIES, entry)?,
        false => vec![entry(reader)?],
    };
    Ok(Command::GetMetadata(get))
}

fn parse_options(reader: &mut Reader<'_>, get: &mut GetMetadata) -> Parsed<()> {
    reader.list(OPTIONS, |reader| {
        let option = reader.word("MAXSIZE or DEPTH")?.to_ascii_uppercase();
        reader.space()?;
        match option.as_str() {
            "MAXSIZE" => get.max_size = Some(reader.number()?),
            "DEPTH" => {
                get.depth = match reader.word("a depth")?.to_ascii_lowercase().as_str() {
                    "0" => Depth::Zero,
                    "1" => Depth::One,
                    "infinity" => Depth::Infinity,
                    _ => return Err(SyntaxError::Expected("0, 1 or infinity")),
                }
            }
            _ => return Err(SyntaxError::Expected("MAXSIZE or DEPTH")),
        }
        Ok(())
    })?;
    Ok(())
}

/// `setmetadata = "SETMETADATA" SP mailbox SP entry-values`.
pub(crate) fn parse_set(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let name = parse_name(reader)?;
    reader.space()?;
    let entries = reader.list(ENTRIES, |reader| {
        let entry = parse_entry(reader, Name::Whole)?;
        reader.space()?;
        Ok((entry, reader.nstring_or_literal8()?))
    })?;
    Ok(Command::SetMetadata { name, entries })
}

/// The empty name stands for the server.
fn parse_name(reader: &mut Reader<'_>) -> Parsed<Option<String>> {
    let name = mailbox::parse(reader)?;
    Ok((!name.is_empty()).then_some(name))
}

fn parse_entry(reader: &mut Reader<'_>, name: Name) -> Parsed<String> {
    let entry = utf8(reader.astring()?)?.to_ascii_lowercase();
    match is_entry(&entry, name) {
        true => Ok(entry),
        false => Err(SyntaxError::Expected("the name of an entry")),
    }
}

/// RFC 5464 section 3.2.
fn is_entry(entry: &str, name: Name) -> bool {
    let is_fit = |octet: u8| octet.is_ascii() && octet > 0x19 && !matches!(octet, b'*' | b'%');
    let Some(components) = entry.strip_prefix('/') else {
        return false;
    };
    let components: Vec<&str> = components.split('/').collect();
    let has_scope = [SHARED, PRIVATE]
        .iter()
        .any(|scope| scope.strip_prefix('/') == components.first().copied());
    let at_least = match (name, components.get(1)) {
        (Name::Beginning, _) => 1,
        (Name::Whole, Some(&"vendor")) => 4,
        (Name::Whole, _) => 2,
    };
    has_scope
        && entry.len() <= ENTRY_OCTETS
        && entry.bytes().all(is_fit)
        && components.iter().all(|component| !component.is_empty())
        && components.len() >= at_least
}

/// Prints `* METADATA mailbox (entry value …)` with its line end; nothing when there are no entries.
pub(crate) fn print(out: &mut Vec<u8>, names: NameCoding, name: Option<&str>, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    out.extend_from_slice(b"* METADATA ");
    mailbox::print(out, names, name.unwrap_or_default());
    for (index, (entry, value)) in entries.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b" (" } else { b" " });
        text::astring(out, entry.as_bytes());
        out.push(b' ');
        match value {
            None => out.extend_from_slice(b"NIL"),
            Some(value) if value.contains(&0) => {
                text::binary_head(out, value);
                out.extend_from_slice(value);
            }
            Some(value) => text::string(out, value),
        }
    }
    out.extend_from_slice(b")\r\n");
}

/// Prints `* METADATA mailbox entry` with its line end: it is not what it was (RFC 5464 section 4.4.2).
pub(crate) fn print_changed(out: &mut Vec<u8>, names: NameCoding, name: Option<&str>, entry: &str) {
    out.extend_from_slice(b"* METADATA ");
    mailbox::print(out, names, name.unwrap_or_default());
    out.push(b' ');
    text::astring(out, entry.as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_entries_keep_the_rules() {
        for good in [
            "/private/comment",
            "/shared/vendor/acme/x",
            "/private/a/b/c",
            "/shared/a b",
        ] {
            assert!(is_entry(good, Name::Whole), "{good}");
        }
        for bad in [
            "",
            "/",
            "comment",
            "/public/x",
            "/private",
            "/private/",
            "/private//x",
            "/private/x/",
            "/private/a*",
            "/private/%",
            "/private/\u{e4}",
            "/private/\u{7}",
            "/shared/vendor/acme",
            &format!("/private/{}", "x".repeat(255)),
        ] {
            assert!(!is_entry(bad, Name::Whole), "{bad}");
        }
        assert!(is_entry("/private", Name::Beginning) && is_entry("/shared/vendor/acme", Name::Beginning));
        assert!(!is_entry("/privat", Name::Beginning));
    }
}
