//! What must hold for every message, however broken; and a reader for IMAP's parenthesized lists.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

use posthorn_message::{Parts, Section, SectionText, header, render, search};

/// A value of IMAP's wire form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// `NIL`.
    Nil,
    /// A number.
    Number(usize),
    /// A quoted string or a literal.
    String(Vec<u8>),
    /// `(…)`.
    List(Vec<Self>),
}

/// Reads one value that fills all of `text`; panics when the text is none.
pub(crate) fn parse(text: &[u8]) -> Value {
    let mut rest = text;
    let value = take(&mut rest);
    assert!(rest.is_empty(), "{} is left", String::from_utf8_lossy(rest));
    value
}

fn take(rest: &mut &[u8]) -> Value {
    match rest[0] {
        b'(' => take_list(rest),
        b'"' => take_quoted(rest),
        b'{' => take_literal(rest),
        b'N' => {
            *rest = rest.strip_prefix(b"NIL").expect("NIL");
            Value::Nil
        }
        _ => Value::Number(take_number(rest)),
    }
}

fn take_list(rest: &mut &[u8]) -> Value {
    *rest = &rest[1..];
    let mut values = Vec::new();
    while rest[0] != b')' {
        values.push(take(rest));
        // Lists may follow each other without a space: the parts of a multipart, the addresses of a field.
        if rest[0] == b' ' {
            *rest = &rest[1..];
            assert_ne!(rest[0], b')', "a space before the end");
        } else {
            assert!(rest[0] == b')' || rest[0] == b'(', "no space between values");
        }
    }
    *rest = &rest[1..];
    assert!(!values.is_empty(), "an empty list");
    Value::List(values)
}

fn take_quoted(rest: &mut &[u8]) -> Value {
    *rest = &rest[1..];
    let mut text = Vec::new();
    while rest[0] != b'"' {
        if rest[0] == b'\\' {
            *rest = &rest[1..];
        }
        assert!(
            matches!(rest[0], 1..=127) && !matches!(rest[0], b'\r' | b'\n'),
            "not for a quoted string"
        );
        text.push(rest[0]);
        *rest = &rest[1..];
    }
    *rest = &rest[1..];
    Value::String(text)
}

fn take_literal(rest: &mut &[u8]) -> Value {
    *rest = &rest[1..];
    let len = take_number(rest);
    *rest = rest.strip_prefix(b"}\r\n").expect("the line end of a literal");
    let text = rest[..len].to_vec();
    assert!(!text.contains(&0), "NUL in a literal");
    *rest = &rest[len..];
    Value::String(text)
}

fn take_number(rest: &mut &[u8]) -> usize {
    let len = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let number = str::from_utf8(&rest[..len]).unwrap().parse().expect("a number");
    *rest = &rest[len..];
    number
}

/// The part numbers that a `BODY` or `BODYSTRUCTURE` speaks of, with the size that it says of each leaf.
pub(crate) fn numbers(structure: &Value) -> Vec<(Vec<u32>, Option<usize>)> {
    let mut all = Vec::new();
    number_message(structure, &[], &mut all);
    all
}

fn number_message(value: &Value, prefix: &[u32], all: &mut Vec<(Vec<u32>, Option<usize>)>) {
    let Value::List(values) = value else {
        panic!("no list: {value:?}")
    };
    if matches!(values[0], Value::List(_)) {
        number_children(values, prefix, all);
    } else {
        number_part(value, [prefix, &[1]].concat(), all);
    }
}

fn number_children(values: &[Value], prefix: &[u32], all: &mut Vec<(Vec<u32>, Option<usize>)>) {
    let children = values.iter().take_while(|value| matches!(value, Value::List(_)));
    for (child, number) in children.zip(1..) {
        number_part(child, [prefix, &[number]].concat(), all);
    }
}

fn number_part(value: &Value, numbers: Vec<u32>, all: &mut Vec<(Vec<u32>, Option<usize>)>) {
    let Value::List(values) = value else {
        panic!("no list: {value:?}")
    };
    if matches!(values[0], Value::List(_)) {
        all.push((numbers.clone(), None));
        return number_children(values, &numbers, all);
    }
    let Value::Number(size) = values[6] else {
        panic!("no size: {value:?}")
    };
    all.push((numbers.clone(), Some(size)));
    let is_message = [&b"RFC822"[..], b"GLOBAL"]
        .iter()
        .any(|sub| values[1] == Value::String(sub.to_vec()));
    if values[0] == Value::String(b"MESSAGE".to_vec()) && is_message {
        assert!(
            matches!(&values[7], Value::List(envelope) if envelope.len() == 10),
            "no envelope: {value:?}"
        );
        assert!(matches!(values[9], Value::Number(_)), "no lines: {value:?}");
        number_message(&values[8], &numbers, all);
    }
}

/// What holds for every message.
pub(crate) fn check(raw: &[u8], name: &str) {
    let rendered = render(raw);
    let Value::List(envelope) = parse(&rendered.envelope) else {
        panic!("{name}: no envelope")
    };
    assert_eq!(envelope.len(), 10, "{name}");
    let structure = numbers(&parse(&rendered.body_structure));
    assert_eq!(
        structure,
        numbers(&parse(&rendered.body)),
        "{name}: BODY and BODYSTRUCTURE differ"
    );
    let told: Vec<Vec<u32>> = structure.iter().map(|(numbers, _)| numbers.clone()).collect();
    assert_eq!(
        told,
        rendered.parts.numbers(),
        "{name}: the structure speaks of other parts"
    );
    for (part, size) in structure {
        let section = |text| {
            rendered.parts.section(
                raw,
                &Section {
                    part: part.clone(),
                    text,
                },
            )
        };
        let body = section(SectionText::Whole).unwrap_or_else(|| panic!("{name}: no part {part:?}"));
        assert!(
            size.is_none_or(|size| size == body.len()),
            "{name}: part {part:?} has another size"
        );
        assert!(
            section(SectionText::Mime).is_some(),
            "{name}: no MIME header of part {part:?}"
        );
    }
    check_whole(raw, name);
    assert_eq!(
        Parts::from_bytes(&rendered.parts.to_bytes()).as_ref(),
        Some(&rendered.parts),
        "{name}"
    );
    assert!(rendered.preview.chars().count() <= 200, "{name}: a long preview");
    assert!(rendered.thread.references.len() <= 50, "{name}");
    let text = search::whole_text(raw);
    assert!(
        text.len() <= 8 * raw.len() + 100,
        "{name}: {} octets of text",
        text.len()
    );
}

/// Header and text are the message, cut where the header scanner cuts it.
fn check_whole(raw: &[u8], name: &str) {
    let rendered = render(raw);
    let section = |text| {
        let section = Section {
            part: Vec::new(),
            text,
        };
        rendered
            .parts
            .section(raw, &section)
            .unwrap_or_default()
            .into_owned()
    };
    let (head, at) = header::header_section(raw);
    assert_eq!(section(SectionText::Header), head, "{name}");
    assert_eq!(section(SectionText::Text), &raw[at..], "{name}");
    assert_eq!(section(SectionText::Whole), raw, "{name}");
    assert_eq!(usize::try_from(rendered.header_octets), Ok(at), "{name}");
    let fields: Vec<u8> = header::Fields::new(head)
        .flat_map(|field| head[field.whole].to_vec())
        .collect();
    assert!(head.starts_with(&fields), "{name}: fields lie elsewhere");
}
