//! `flag-list` (RFC 3501 section 9) in both directions.

use super::reader::{Parsed, Reader, SyntaxError};
use crate::types::{Flags, SystemFlags};

/// The most flags in one command.
const FLAGS: usize = 100;
/// The longest keyword.
const KEYWORD_OCTETS: usize = 100;

/// Reads `flag-list`.
pub(crate) fn parse_list(reader: &mut Reader<'_>) -> Parsed<Flags> {
    let flags = reader.list_or_empty(FLAGS, parse_flag)?;
    collect(flags)
}

/// Reads `flag *(SP flag)` up to the end of the command, as STORE also allows.
pub(crate) fn parse_bare(reader: &mut Reader<'_>) -> Parsed<Flags> {
    let mut flags = vec![parse_flag(reader)?];
    while reader.take(b' ') {
        if flags.len() >= FLAGS {
            return Err(SyntaxError::TooMany("flags"));
        }
        flags.push(parse_flag(reader)?);
    }
    collect(flags)
}

enum Flag {
    System(SystemFlags),
    Keyword(String),
    /// `\Recent` and what standards to come may have: not to be set, and hence passed over (RFC 3501 section 7.1,
    /// PERMANENTFLAGS).
    Unknown,
}

fn parse_flag(reader: &mut Reader<'_>) -> Parsed<Flag> {
    if reader.take(b'\\') {
        let name = format!("\\{}", reader.atom("a flag")?);
        return Ok(SystemFlags::from_name(&name).map_or(Flag::Unknown, Flag::System));
    }
    parse_keyword(reader).map(Flag::Keyword)
}

/// Reads `flag-keyword`.
pub(crate) fn parse_keyword(reader: &mut Reader<'_>) -> Parsed<String> {
    let keyword = reader.atom("a flag")?;
    if keyword.len() > KEYWORD_OCTETS {
        return Err(SyntaxError::Expected("a flag of at most 100 characters"));
    }
    Ok(keyword.to_owned())
}

fn collect(list: Vec<Flag>) -> Parsed<Flags> {
    let mut flags = Flags::default();
    for flag in list {
        match flag {
            Flag::System(flag) => flags.system = flags.system.with(flag),
            Flag::Unknown => {}
            Flag::Keyword(keyword) => {
                if !flags
                    .keywords
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&keyword))
                {
                    flags.keywords.push(keyword);
                }
            }
        }
    }
    Ok(flags)
}

/// Prints `(flag flag …)`, then `extra` inside the same parentheses.
pub(crate) fn print(out: &mut Vec<u8>, flags: &Flags, extra: Option<&str>) {
    let system: Vec<&str> = flags.system.names().collect();
    let names = system
        .into_iter()
        .chain(flags.keywords.iter().map(String::as_str))
        .chain(extra);
    out.push(b'(');
    for (index, name) in names.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(name.as_bytes());
    }
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::mailbox::NameCoding;

    fn read(text: &[u8]) -> Parsed<Flags> {
        let mut reader = Reader::new(text, NameCoding::Utf7);
        let flags = parse_list(&mut reader)?;
        reader.end().map(|()| flags)
    }

    #[test]
    fn system_flags_have_no_case_and_recent_cannot_be_set() {
        let flags = read(b"(\\seen \\DELETED $Forwarded $forwarded)").unwrap();
        assert_eq!(flags.system, SystemFlags::SEEN.with(SystemFlags::DELETED));
        assert_eq!(flags.keywords, ["$Forwarded"]);
        assert_eq!(read(b"(\\Recent \\Foo)"), Ok(Flags::default()));
        assert_eq!(read(b"(\\*)"), Err(SyntaxError::Expected("a flag")));
        assert!(read(format!("({})", "x".repeat(101)).as_bytes()).is_err());
        assert_eq!(read(b"()"), Ok(Flags::default()));
    }

    proptest! {
        #[test]
        fn printed_flags_are_read_as_they_were(
            bits in 0u8..32,
            keywords in proptest::collection::btree_set("[a-z$!-'+,./:-@\\[^_`|}~]{1,12}", 0..6),
        ) {
            let keywords = keywords
                .into_iter()
                .map(|keyword| keyword.replace(['"', '%'], "x"))
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect();
            let flags = Flags { system: SystemFlags::from_bits(bits), keywords };
            let mut out = Vec::new();
            print(&mut out, &flags, None);
            prop_assert_eq!(read(&out).map(|flags| flags.system), Ok(flags.system));
            prop_assert_eq!(read(&out).map(|flags| flags.keywords.len()), Ok(flags.keywords.iter()
                .map(|keyword| keyword.to_ascii_lowercase())
                .collect::<std::collections::BTreeSet<_>>().len()));
        }
    }
}
