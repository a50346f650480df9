//! `fetch` with all its items (RFC 3501 section 9, EMAILID and THREADID of RFC 8474, SAVEDATE of RFC 8514,
//! PREVIEW of RFC 8970, BINARY of RFC 3516) and CHANGEDSINCE (RFC 7162), and the names of sections in responses.

use posthorn_message::{Section, SectionText};

use super::reader::{Parsed, Reader, SyntaxError, utf8};
use super::{partial, sequence_set, text};
use crate::types::command::Command;
use crate::types::fetch::{FetchCommand, FetchItem, FetchModifiers, FetchSection, Spelling};
use crate::types::sequence_set::Numbering;
use crate::types::{Partial, SectionWant};

/// The most items of one FETCH.
const ITEMS: usize = 100;
/// The most modifiers of one FETCH.
const MODIFIERS: usize = 10;
/// The most fields of one `HEADER.FIELDS`.
const FIELDS: usize = 200;
/// The deepest part number.
const PART_DEPTH: usize = 100;

/// Reads the arguments of FETCH.
pub(crate) fn parse(reader: &mut Reader<'_>, numbering: Numbering) -> Parsed<Command> {
    reader.space()?;
    let set = sequence_set::parse_messages(reader)?;
    reader.space()?;
    let mut items = match reader.peek() {
        Some(b'(') => parse_items(reader)?,
        Some(_) | None => parse_item(reader)?,
    };
    let mut modifiers = FetchModifiers::default();
    if reader.take(b' ') {
        reader.list(MODIFIERS, |reader| {
            parse_modifier(reader, numbering, &mut modifiers)
        })?;
    }
    if modifiers.changed_since.is_some() {
        // RFC 7162 section 3.1.4.1: the client is told the mod-sequences it asked by.
        items.push(FetchItem::ModSeq);
    } else if modifiers.vanished {
        return Err(SyntaxError::Expected("CHANGEDSINCE beside VANISHED"));
    }
    Ok(Command::Fetch(FetchCommand {
        numbering,
        set,
        items: unique(items),
        modifiers,
    }))
}

/// Reads items in their parentheses.
pub(crate) fn parse_items(reader: &mut Reader<'_>) -> Parsed<Vec<FetchItem>> {
    Ok(reader.list(ITEMS, parse_item)?.concat())
}

/// The items, each once.
pub(crate) fn unique(items: Vec<FetchItem>) -> Vec<FetchItem> {
    let mut unique: Vec<FetchItem> = Vec::with_capacity(items.len());
    for item in items {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    unique
}

/// Reads one modifier (RFC 4466 section 2.4); VANISHED and PARTIAL are for UID FETCH alone.
fn parse_modifier(
    reader: &mut Reader<'_>,
    numbering: Numbering,
    modifiers: &mut FetchModifiers,
) -> Parsed<()> {
    if reader.keyword("CHANGEDSINCE") {
        reader.space()?;
        modifiers.changed_since = Some(reader.number64()?);
        return Ok(());
    }
    if numbering == Numbering::Uid && reader.keyword("VANISHED") {
        modifiers.vanished = true;
        return Ok(());
    }
    if numbering == Numbering::Uid && modifiers.partial.is_none() && reader.keyword("PARTIAL") {
        reader.space()?;
        modifiers.partial = Some(partial::parse(reader)?);
        return Ok(());
    }
    Err(SyntaxError::Expected("CHANGEDSINCE"))
}

/// Reads an item or a macro. Macros are for a FETCH without parentheses; inside them they do no harm.
fn parse_item(reader: &mut Reader<'_>) -> Parsed<Vec<FetchItem>> {
    use FetchItem::{Body, Envelope, Flags, InternalDate, Size};
    let word = reader.word("a fetch item")?.to_ascii_uppercase();
    let section = |spelling: Spelling| FetchItem::Section(spelling.to_section());
    Ok(match word.as_str() {
        "FAST" => vec![Flags, InternalDate, Size],
        "ALL" => vec![Flags, InternalDate, Size, Envelope],
        "FULL" => vec![Flags, InternalDate, Size, Envelope, Body],
        "FLAGS" => vec![Flags],
        "INTERNALDATE" => vec![InternalDate],
        "RFC822.SIZE" => vec![Size],
        "UID" => vec![FetchItem::Uid],
        "MODSEQ" => vec![FetchItem::ModSeq],
        "ENVELOPE" => vec![Envelope],
        "BODYSTRUCTURE" => vec![FetchItem::BodyStructure],
        "EMAILID" => vec![FetchItem::EmailId],
        "THREADID" => vec![FetchItem::ThreadId],
        "SAVEDATE" => vec![FetchItem::SaveDate],
        "PREVIEW" => {
            skip_preview_modifiers(reader);
            vec![FetchItem::Preview]
        }
        "RFC822" => vec![section(Spelling::Rfc822)],
        "RFC822.HEADER" => vec![section(Spelling::Rfc822Header)],
        "RFC822.TEXT" => vec![section(Spelling::Rfc822Text)],
        "BODY" if reader.peek() != Some(b'[') => vec![Body],
        "BODY" | "BODY.PEEK" => vec![FetchItem::Section(FetchSection {
            want: SectionWant {
                section: parse_section(reader)?,
                form: Spelling::Body.form(),
                partial: parse_partial(reader)?,
            },
            spelling: Spelling::Body,
            is_peek: word == "BODY.PEEK",
        })],
        "BINARY" | "BINARY.PEEK" => vec![FetchItem::Section(FetchSection {
            want: SectionWant {
                section: parse_binary_section(reader)?,
                form: Spelling::Binary.form(),
                partial: parse_partial(reader)?,
            },
            spelling: Spelling::Binary,
            is_peek: word == "BINARY.PEEK",
        })],
        "BINARY.SIZE" => vec![FetchItem::Section(FetchSection {
            want: SectionWant {
                section: parse_binary_section(reader)?,
                form: Spelling::BinarySize.form(),
                partial: None,
            },
            spelling: Spelling::BinarySize,
            is_peek: true,
        })],
        _ => return Err(SyntaxError::Expected("a fetch item")),
    })
}

/// Reads ` (LAZY)` if it is next. Anything else in parentheses is not the preview's: CHANGEDSINCE may
/// follow.
fn skip_preview_modifiers(reader: &mut Reader<'_>) {
    let lazy = |reader: &mut Reader<'_>| match reader.keyword("LAZY") {
        true => Ok(()),
        false => Err(SyntaxError::Expected("LAZY")),
    };
    let mut ahead = reader.clone();
    if ahead.take(b' ') && ahead.list(ITEMS, lazy).is_ok() {
        *reader = ahead;
    }
}

/// Reads `section`.
fn parse_section(reader: &mut Reader<'_>) -> Parsed<Section> {
    reader.expect(b'[', "[")?;
    let mut part = Vec::new();
    while reader.peek().is_some_and(|octet| octet.is_ascii_digit()) {
        if part.len() >= PART_DEPTH {
            return Err(SyntaxError::TooDeep);
        }
        part.push(reader.nonzero()?);
        if !reader.take(b'.') {
            reader.expect(b']', "]")?;
            let text = SectionText::Whole;
            return Ok(Section { part, text });
        }
    }
    if part.is_empty() && reader.take(b']') {
        let text = SectionText::Whole;
        return Ok(Section { part, text });
    }
    let text = match reader.word("a section")?.to_ascii_uppercase().as_str() {
        "HEADER" => SectionText::Header,
        "HEADER.FIELDS" => SectionText::HeaderFields(parse_fields(reader)?),
        "HEADER.FIELDS.NOT" => SectionText::HeaderFieldsNot(parse_fields(reader)?),
        "TEXT" => SectionText::Text,
        "MIME" if !part.is_empty() => SectionText::Mime,
        _ => return Err(SyntaxError::Expected("a section")),
    };
    reader.expect(b']', "]")?;
    Ok(Section { part, text })
}

/// Reads `section-binary` (RFC 3516 section 7): part numbers alone.
fn parse_binary_section(reader: &mut Reader<'_>) -> Parsed<Section> {
    let section = parse_section(reader)?;
    match section.text == SectionText::Whole {
        true => Ok(section),
        false => Err(SyntaxError::Expected("a part number")),
    }
}

fn parse_fields(reader: &mut Reader<'_>) -> Parsed<Vec<String>> {
    reader.space()?;
    // `header-fld-name` is an astring, whose atoms may hold `]`; a field name never does.
    reader.list(FIELDS, |reader| utf8(reader.astring()?))
}

/// Reads `<offset.length>`, in numbers as large as RFC 9051 has them.
fn parse_partial(reader: &mut Reader<'_>) -> Parsed<Option<Partial>> {
    if !reader.take(b'<') {
        return Ok(None);
    }
    let offset = reader.number64()?.unsigned_abs();
    reader.expect(b'.', ".")?;
    let length = reader.number64()?.unsigned_abs();
    if length == 0 {
        return Err(SyntaxError::Expected("a number above 0"));
    }
    reader.expect(b'>', ">")?;
    Ok(Some(Partial { offset, length }))
}

/// Prints the name under which a section is answered.
pub(crate) fn print_section(out: &mut Vec<u8>, section: &FetchSection) {
    match section.spelling {
        Spelling::Rfc822 => out.extend_from_slice(b"RFC822"),
        Spelling::Rfc822Header => out.extend_from_slice(b"RFC822.HEADER"),
        Spelling::Rfc822Text => out.extend_from_slice(b"RFC822.TEXT"),
        Spelling::BinarySize => {
            out.extend_from_slice(b"BINARY.SIZE[");
            print_body_section(out, &section.want.section);
        }
        Spelling::Body | Spelling::Binary => {
            out.extend_from_slice(match section.spelling == Spelling::Binary {
                true => b"BINARY[",
                false => b"BODY[",
            });
            print_body_section(out, &section.want.section);
            if let Some(partial) = section.want.partial {
                out.extend_from_slice(format!("<{}>", partial.offset).as_bytes());
            }
        }
    }
}

fn print_body_section(out: &mut Vec<u8>, section: &Section) {
    for (index, number) in section.part.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        text::number(out, number);
    }
    if !section.part.is_empty() && section.text != SectionText::Whole {
        out.push(b'.');
    }
    match &section.text {
        SectionText::Whole => {}
        SectionText::Header => out.extend_from_slice(b"HEADER"),
        SectionText::Text => out.extend_from_slice(b"TEXT"),
        SectionText::Mime => out.extend_from_slice(b"MIME"),
        SectionText::HeaderFields(fields) => print_fields(out, "HEADER.FIELDS (", fields),
        SectionText::HeaderFieldsNot(fields) => print_fields(out, "HEADER.FIELDS.NOT (", fields),
    }
    out.push(b']');
}

fn print_fields(out: &mut Vec<u8>, label: &str, fields: &[String]) {
    out.extend_from_slice(label.as_bytes());
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        text::astring(out, field.as_bytes());
    }
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mailbox::NameCoding;

    fn read(text: &str) -> Parsed<Vec<FetchItem>> {
        let text = format!(" 1 {text}");
        let mut reader = Reader::new(text.as_bytes(), NameCoding::Utf7);
        let command = parse(&mut reader, Numbering::Sequence)?;
        reader.end()?;
        let Command::Fetch(fetch) = command else {
            panic!("{command:?}");
        };
        Ok(fetch.items)
    }

    #[test]
    fn a_section_is_answered_as_it_was_asked() {
        for name in [
            "BODY[]",
            "BODY[1]",
            "BODY[4.2.2.1]",
            "BODY[HEADER]",
            "BODY[TEXT]",
            "BODY[4.1.MIME]",
            "BODY[3.HEADER]",
            "BODY[HEADER.FIELDS (DATE FROM)]",
            "BODY[4.2.HEADER.FIELDS.NOT (X-Spam)]",
            "RFC822",
            "RFC822.HEADER",
            "RFC822.TEXT",
            "BINARY[]",
            "BINARY[4.2]",
            "BINARY.SIZE[1]",
        ] {
            let items = read(name).unwrap();
            let [FetchItem::Section(section)] = items.as_slice() else {
                panic!("{items:?}");
            };
            let mut out = Vec::new();
            print_section(&mut out, section);
            assert_eq!(String::from_utf8(out).unwrap(), name);
        }
    }

    #[test]
    fn a_partial_is_answered_with_its_offset_alone() {
        let items = read("(BODY.PEEK[1.2.HEADER.FIELDS (\"From\")]<10.512>)").unwrap();
        let [FetchItem::Section(section)] = items.as_slice() else {
            panic!("{items:?}");
        };
        assert!(section.is_peek);
        let mut out = Vec::new();
        print_section(&mut out, section);
        assert_eq!(out, b"BODY[1.2.HEADER.FIELDS (From)]<10>");
    }

    #[test]
    fn a_partial_may_reach_beyond_32_bits() {
        let items = read("BODY[]<4294967296.9223372036854775807>").unwrap();
        let [FetchItem::Section(section)] = items.as_slice() else {
            panic!("{items:?}");
        };
        let mut out = Vec::new();
        print_section(&mut out, section);
        assert_eq!(out, b"BODY[]<4294967296>");
        assert!(read("BODY[]<0.9223372036854775808>").is_err());
    }

    #[test]
    fn macros_and_repetitions_come_once() {
        assert_eq!(read("FULL").unwrap().len(), 5);
        assert_eq!(read("(FLAGS UID FLAGS BODY)").unwrap().len(), 3);
    }

    #[test]
    fn lazy_belongs_to_the_preview_and_changedsince_to_the_command() {
        assert_eq!(read("PREVIEW"), Ok(vec![FetchItem::Preview]));
        assert_eq!(read("PREVIEW (LAZY)"), Ok(vec![FetchItem::Preview]));
        assert_eq!(read("(PREVIEW (LAZY) UID)").unwrap().len(), 2);
        assert_eq!(read("(UID PREVIEW (lazy LAZY))").unwrap().len(), 2);
        let both = [FetchItem::Preview, FetchItem::ModSeq];
        assert_eq!(read("PREVIEW (CHANGEDSINCE 7)").unwrap(), both);
        assert_eq!(read("PREVIEW (LAZY) (CHANGEDSINCE 7)").unwrap(), both);
        for bad in [
            "PREVIEW ()",
            "PREVIEW (EAGER)",
            "(PREVIEW (EAGER))",
            "PREVIEW (LAZY",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_item_is_refused() {
        for bad in [
            "",
            "()",
            "FOO",
            "BODY[",
            "BODY[0]",
            "BODY[1.]",
            "BODY[MIME]",
            "BODY[1.FOO]",
            "BODY[]<0>",
            "BODY[]<0.0>",
            "BODY[HEADER.FIELDS ()]",
            "BODY[HEADER.FIELDS]",
            "RFC822.FOO",
            "(FLAGS",
            "FLAGS (FOO 1)",
            "FLAGS ()",
            "BODY.PEEK",
            "BINARY",
            "BINARY[HEADER]",
            "BINARY[1.MIME]",
            "BINARY.SIZE",
            "BINARY.SIZE[1]<0.1>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
