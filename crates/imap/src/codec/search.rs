//! `search` with all its keys (RFC 3501 section 9, EMAILID and THREADID of RFC 8474, SAVED… of RFC 8514),
//! `$` and SAVE (RFC 5182), OLDER and YOUNGER (RFC 5032), RETURN (RFC 4731), PARTIAL (RFC 9394) and MODSEQ
//! (RFC 7162).

use super::mailbox::{self, NameCoding};
use super::reader::{Parsed, Reader, SyntaxError, utf8};
use super::{date, flags, partial, sequence_set, text};
use crate::types::command::Command;
use crate::types::search::{NamedMessages, SEARCH_DEPTH, SEARCH_KEYS, SearchCommand, SearchReturn};
use crate::types::sequence_set::Numbering;
use crate::types::{DayIs, MessageDate, SearchCriterion, SearchKey, SystemFlags, TextIn};

type Key = SearchKey<NamedMessages>;

/// The most return options of one search.
const RETURN_OPTIONS: usize = 10;

/// Reads the arguments of SEARCH.
pub(crate) fn parse(reader: &mut Reader<'_>, numbering: Numbering) -> Parsed<Command> {
    reader.space()?;
    let returns = parse_return(reader)?;
    let names_other_charset = names_other_charset(reader.clone());
    if parse_charset_option(reader)? == Charset::Unknown {
        reader.skip_rest();
        let saves = returns.is_some_and(|returns| returns.save);
        return Ok(Command::UnknownCharset { saves });
    }
    Ok(Command::Search(SearchCommand {
        numbering,
        returns,
        names_other_charset,
        key: parse_keys(reader)?,
    }))
}

/// Does CHARSET stand here, and is it not UTF-8?
fn names_other_charset(mut reader: Reader<'_>) -> bool {
    reader.keyword("CHARSET")
        && reader.space().is_ok()
        && !reader
            .astring()
            .is_ok_and(|charset| charset.eq_ignore_ascii_case(b"UTF-8"))
}

/// Can the texts of a command be read?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Known,
    Unknown,
}

/// Reads `CHARSET` with its name and the space behind it, if it is there.
pub(crate) fn parse_charset_option(reader: &mut Reader<'_>) -> Parsed<Charset> {
    if !reader.keyword("CHARSET") {
        return Ok(Charset::Known);
    }
    reader.space()?;
    let charset = parse_charset(reader)?;
    reader.space()?;
    Ok(charset)
}

/// Reads the name of a character set.
pub(crate) fn parse_charset(reader: &mut Reader<'_>) -> Parsed<Charset> {
    let charset = reader.astring()?;
    let is_known = ["UTF-8", "US-ASCII"]
        .iter()
        .any(|known| charset.eq_ignore_ascii_case(known.as_bytes()));
    Ok(match is_known {
        true => Charset::Known,
        false => Charset::Unknown,
    })
}

/// Reads the keys up to the end of the command.
pub(crate) fn parse_keys(reader: &mut Reader<'_>) -> Parsed<Key> {
    let mut left = Left {
        keys: SEARCH_KEYS,
        depth: SEARCH_DEPTH,
    };
    let mut keys = vec![parse_key(reader, &mut left)?];
    while reader.take(b' ') {
        keys.push(parse_key(reader, &mut left)?);
    }
    Ok(all_of(keys))
}

/// Reads `RETURN (…)` and the space behind it, if it is there.
pub(crate) fn parse_return(reader: &mut Reader<'_>) -> Parsed<Option<SearchReturn>> {
    if !reader.keyword("RETURN") {
        return Ok(None);
    }
    reader.space()?;
    let mut returns = SearchReturn::default();
    reader.list_or_empty(RETURN_OPTIONS, |reader| {
        match reader.word("a return option")?.to_ascii_uppercase().as_str() {
            "MIN" => returns.min = true,
            "MAX" => returns.max = true,
            "ALL" => returns.all = true,
            "COUNT" => returns.count = true,
            "SAVE" => returns.save = true,
            // RFC 9394 section 3.1: one page at most.
            "PARTIAL" if returns.partial.is_none() => {
                reader.space()?;
                returns.partial = Some(partial::parse(reader)?);
            }
            _ => return Err(SyntaxError::Expected("a return option")),
        }
        Ok(())
    })?;
    if returns.all && returns.partial.is_some() {
        return Err(SyntaxError::Expected("ALL or PARTIAL and not both"));
    }
    // RFC 4731 section 3.1: nothing named means ALL.
    returns.all |= returns == SearchReturn::default();
    reader.space()?;
    Ok(Some(returns))
}

/// What may still be read; a peer must not make us recurse without end.
struct Left {
    keys: usize,
    depth: usize,
}

fn all_of(mut keys: Vec<Key>) -> Key {
    match keys.len() {
        1 => keys.pop().unwrap_or(SearchKey::And(Vec::new())),
        _ => SearchKey::And(keys),
    }
}

fn parse_key(reader: &mut Reader<'_>, left: &mut Left) -> Parsed<Key> {
    left.keys = left
        .keys
        .checked_sub(1)
        .ok_or(SyntaxError::TooMany("search keys"))?;
    left.depth = left.depth.checked_sub(1).ok_or(SyntaxError::TooDeep)?;
    let key = match reader.peek() {
        Some(b'(') => reader
            .list(SEARCH_KEYS, |reader| parse_key(reader, left))
            .map(all_of),
        Some(b'*' | b'$' | b'0'..=b'9') => sequence_set::parse_messages(reader)
            .map(|set| SearchKey::Messages(NamedMessages::Set(Numbering::Sequence, set))),
        Some(_) | None => {
            let word = reader.word("a search key")?.to_ascii_uppercase();
            match plain_key(&word) {
                Some(key) => Ok(key),
                None => {
                    reader.space()?;
                    argument_key(&word, reader, left)
                }
            }
        }
    };
    left.depth = left.depth.saturating_add(1);
    key
}

/// Keys without arguments.
fn plain_key(word: &str) -> Option<Key> {
    let flag = |flags| SearchKey::from(SearchCriterion::Flags(flags));
    let not = |flags| SearchKey::Not(Box::new(flag(flags)));
    let recent = SearchKey::Messages(NamedMessages::Recent);
    Some(match word {
        "ALL" => SearchKey::And(Vec::new()),
        "ANSWERED" => flag(SystemFlags::ANSWERED),
        "DELETED" => flag(SystemFlags::DELETED),
        "DRAFT" => flag(SystemFlags::DRAFT),
        "FLAGGED" => flag(SystemFlags::FLAGGED),
        "SEEN" => flag(SystemFlags::SEEN),
        "UNANSWERED" => not(SystemFlags::ANSWERED),
        "UNDELETED" => not(SystemFlags::DELETED),
        "UNDRAFT" => not(SystemFlags::DRAFT),
        "UNFLAGGED" => not(SystemFlags::FLAGGED),
        "UNSEEN" => not(SystemFlags::SEEN),
        "RECENT" => recent,
        "OLD" => SearchKey::Not(Box::new(recent)),
        // Every mailbox keeps the dates.
        "SAVEDATESUPPORTED" => SearchKey::And(Vec::new()),
        "NEW" => SearchKey::And(vec![recent, not(SystemFlags::SEEN)]),
        _ => return None,
    })
}

/// Keys with arguments; the space before the first was read.
fn argument_key(word: &str, reader: &mut Reader<'_>, left: &mut Left) -> Parsed<Key> {
    Ok(match word {
        "UNKEYWORD" => SearchKey::Not(Box::new(
            SearchCriterion::Keyword(flags::parse_keyword(reader)?).into(),
        )),
        "UID" => SearchKey::Messages(NamedMessages::Set(
            Numbering::Uid,
            sequence_set::parse_messages(reader)?,
        )),
        "NOT" => SearchKey::Not(Box::new(parse_key(reader, left)?)),
        "OR" => {
            let first = parse_key(reader, left)?;
            reader.space()?;
            SearchKey::Or(Box::new(first), Box::new(parse_key(reader, left)?))
        }
        _ => criterion(word, reader)?.into(),
    })
}

fn criterion(word: &str, reader: &mut Reader<'_>) -> Parsed<SearchCriterion> {
    if let Some((date, is)) = dated(word) {
        return Ok(SearchCriterion::Dated(date, is, date::parse_date(reader)?));
    }
    Ok(match word {
        "BCC" | "CC" | "FROM" | "SUBJECT" | "TO" => {
            SearchCriterion::Holds(TextIn::Field(word.to_owned()), reader.text()?)
        }
        "HEADER" => {
            let field = utf8(reader.astring()?)?;
            reader.space()?;
            SearchCriterion::Holds(TextIn::Field(field), reader.text()?)
        }
        "BODY" => SearchCriterion::Holds(TextIn::Body, reader.text()?),
        "TEXT" => SearchCriterion::Holds(TextIn::Message, reader.text()?),
        "OLDER" => SearchCriterion::Older(reader.nonzero()?),
        "YOUNGER" => SearchCriterion::Younger(reader.nonzero()?),
        "EMAILID" => SearchCriterion::EmailId(parse_object_id(reader)?),
        "THREADID" => SearchCriterion::ThreadId(parse_object_id(reader)?),
        "KEYWORD" => SearchCriterion::Keyword(flags::parse_keyword(reader)?),
        "LARGER" => SearchCriterion::Larger(parse_size(reader)?),
        "SMALLER" => SearchCriterion::Smaller(parse_size(reader)?),
        "MODSEQ" => SearchCriterion::ModSeq(parse_modseq(reader)?),
        _ => return Err(SyntaxError::Expected("a search key")),
    })
}

/// The keys that compare a date with a day.
fn dated(word: &str) -> Option<(MessageDate, DayIs)> {
    let (date, is) = [("SENT", MessageDate::Sent), ("SAVED", MessageDate::Saved)]
        .into_iter()
        .find_map(|(of, date)| Some((date, word.strip_prefix(of)?)))
        .unwrap_or((MessageDate::Internal, word));
    let is = match is {
        "BEFORE" => DayIs::Before,
        "ON" => DayIs::On,
        "SINCE" => DayIs::Since,
        _ => return None,
    };
    Some((date, is))
}

fn parse_size(reader: &mut Reader<'_>) -> Parsed<u64> {
    reader.number64().map(i64::unsigned_abs)
}

/// `objectid` (RFC 8474 section 7).
fn parse_object_id(reader: &mut Reader<'_>) -> Parsed<String> {
    let id = reader.take_while(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'));
    match id.len() {
        1..=255 => utf8(id.into()),
        _ => Err(SyntaxError::Expected("an object id")),
    }
}

/// Mod-sequences are kept per message, so that the entry a client may name is ignored, as RFC 7162
/// section 3.1.5 demands.
fn parse_modseq(reader: &mut Reader<'_>) -> Parsed<i64> {
    if reader.peek() == Some(b'"') {
        reader.string()?;
        reader.space()?;
        let scope = reader.word("priv, shared or all")?;
        if !["PRIV", "SHARED", "ALL"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(scope))
        {
            return Err(SyntaxError::Expected("priv, shared or all"));
        }
        reader.space()?;
    }
    reader.number64()
}

/// Prints `* SEARCH …` (RFC 3501 section 7.2.5) or `* SORT …` (RFC 5256 section 4) with its line end.
pub(crate) fn print(
    out: &mut Vec<u8>,
    name: &str,
    numbers: impl IntoIterator<Item = u32>,
    modseq: Option<i64>,
) {
    out.extend_from_slice(format!("* {name}").as_bytes());
    for number in numbers {
        out.push(b' ');
        text::number(out, number);
    }
    if let Some(modseq) = modseq {
        out.extend_from_slice(format!(" (MODSEQ {modseq})").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// The mailbox that an ESEARCH response speaks of (RFC 7377 section 2.1).
pub(crate) struct Searched<'a> {
    pub(crate) names: NameCoding,
    pub(crate) name: &'a str,
    pub(crate) uid_validity: u32,
}

/// What an extended SEARCH found.
pub(crate) struct Esearch<'a> {
    pub(crate) tag: &'a str,
    /// `None`: the selected one, which need not be named.
    pub(crate) mailbox: Option<Searched<'a>>,
    pub(crate) numbering: Numbering,
    pub(crate) returns: SearchReturn,
    /// In the order of the reply.
    pub(crate) numbers: Vec<u32>,
    pub(crate) modseq: Option<i64>,
}

/// Prints `* ESEARCH …` (RFC 4731 section 3.1) with its line end.
pub(crate) fn print_extended(out: &mut Vec<u8>, found: &Esearch<'_>) {
    out.extend_from_slice(b"* ESEARCH (TAG ");
    text::string(out, found.tag.as_bytes());
    if let Some(searched) = &found.mailbox {
        out.extend_from_slice(b" MAILBOX ");
        mailbox::print(out, searched.names, searched.name);
        out.extend_from_slice(format!(" UIDVALIDITY {}", searched.uid_validity).as_bytes());
    }
    out.push(b')');
    if found.numbering == Numbering::Uid {
        out.extend_from_slice(b" UID");
    }
    if let (Some(first), Some(last)) = (found.numbers.first(), found.numbers.last()) {
        if found.returns.min {
            out.extend_from_slice(format!(" MIN {first}").as_bytes());
        }
        if found.returns.max {
            out.extend_from_slice(format!(" MAX {last}").as_bytes());
        }
        if found.returns.all {
            out.extend_from_slice(b" ALL ");
            sequence_set::print(out, found.numbers.iter().copied());
        }
    }
    if let Some(range) = found.returns.partial {
        out.extend_from_slice(b" PARTIAL (");
        partial::print(out, range);
        out.push(b' ');
        match range.slice(&found.numbers) {
            [] => out.extend_from_slice(b"NIL"),
            page => sequence_set::print(out, page.iter().copied()),
        }
        out.push(b')');
    }
    if found.returns.count {
        out.extend_from_slice(format!(" COUNT {}", found.numbers.len()).as_bytes());
    }
    if let Some(modseq) = found.modseq {
        out.extend_from_slice(format!(" MODSEQ {modseq}").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Parsed<Key> {
        let text = format!(" {text}");
        let mut reader = Reader::new(text.as_bytes(), NameCoding::Utf7);
        let command = parse(&mut reader, Numbering::Sequence)?;
        reader.end()?;
        if matches!(command, Command::UnknownCharset { .. }) {
            return Err(SyntaxError::BadCharset);
        }
        let Command::Search(search) = command else {
            panic!("{command:?}");
        };
        Ok(search.key)
    }

    #[test]
    fn or_takes_two_keys_and_not_one() {
        let seen = || SearchKey::Is(SearchCriterion::Flags(SystemFlags::SEEN));
        let draft = || SearchKey::Is(SearchCriterion::Flags(SystemFlags::DRAFT));
        assert_eq!(
            read("OR NOT SEEN (DRAFT SEEN) DRAFT"),
            Ok(SearchKey::And(vec![
                SearchKey::Or(
                    Box::new(SearchKey::Not(Box::new(seen()))),
                    Box::new(SearchKey::And(vec![draft(), seen()])),
                ),
                draft(),
            ]))
        );
    }

    #[test]
    fn nesting_and_number_have_limits() {
        let nested = |depth: usize| format!("{}SEEN{}", "(".repeat(depth), ")".repeat(depth));
        assert!(read(&nested(SEARCH_DEPTH - 1)).is_ok());
        assert_eq!(read(&nested(SEARCH_DEPTH)), Err(SyntaxError::TooDeep));
        assert_eq!(read(&nested(10_000)), Err(SyntaxError::TooDeep));
        assert_eq!(
            read(&format!("{}SEEN", "NOT ".repeat(10_000))),
            Err(SyntaxError::TooDeep)
        );
        assert_eq!(read(&"OR ".repeat(10_000)), Err(SyntaxError::TooDeep));
        assert!(read(vec!["SEEN"; SEARCH_KEYS].join(" ").as_str()).is_ok());
        assert_eq!(
            read(vec!["SEEN"; SEARCH_KEYS + 1].join(" ").as_str()),
            Err(SyntaxError::TooMany("search keys"))
        );
    }

    #[test]
    fn only_two_character_sets_are_known() {
        assert_eq!(
            read("CHARSET utf-8 SUBJECT {2}\r\nü"),
            Ok(SearchCriterion::Holds(TextIn::Field("SUBJECT".to_owned()), "ü".to_owned()).into())
        );
        assert_eq!(read("CHARSET KOI8-R ALL"), Err(SyntaxError::BadCharset));
        assert!(read("CHARSET US-ASCII ALL").is_ok());
    }

    #[test]
    fn the_entry_of_modseq_is_ignored() {
        assert_eq!(
            read("MODSEQ \"/flags/\\\\draft\" all 620162338"),
            Ok(SearchCriterion::ModSeq(620_162_338).into())
        );
        assert_eq!(read("MODSEQ 0"), Ok(SearchCriterion::ModSeq(0).into()));
    }

    #[test]
    fn object_ids_are_compared_with_their_case() {
        assert_eq!(
            read("emailid M1_a-B"),
            Ok(SearchCriterion::EmailId("M1_a-B".to_owned()).into())
        );
        assert!(read(&format!("THREADID {}", "x".repeat(255))).is_ok());
        for bad in ["EMAILID", "EMAILID ", "THREADID a.b", "EMAILID \"M1\""] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&format!("THREADID {}", "x".repeat(256))).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in [
            "",
            "FOO",
            "()",
            "(SEEN",
            "OR SEEN",
            "NOT",
            "HEADER x",
            "BEFORE x",
            "SEEN ",
            "SEEN  DRAFT",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
