//! MIME that readers trip over, case by case: `cases/NN-name/message.eml` with `expected.txt` beside it, which says by
//! which RFC it is so. A line is a name and a value: `ENVELOPE`, `BODY`, `BODYSTRUCTURE`, or a section as in `BODY[…]`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::fs;
use std::path::Path;

use posthorn_message::{Section, SectionText, render};

#[test]
fn every_case_comes_out_as_its_rfc_has_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 20, "{cases:?}");
    for case in cases {
        let raw = fs::read(case.join("message.eml")).unwrap();
        let expected = fs::read_to_string(case.join("expected.txt")).unwrap();
        assert!(expected.starts_with("# RFC "), "{}: no reason", case.display());
        let found: String = expected.lines().map(|line| found(&raw, line)).collect();
        assert_eq!(found, expected, "{}", case.display());
    }
}

/// The line as it is for this message.
fn found(raw: &[u8], line: &str) -> String {
    if line.starts_with('#') {
        return format!("{line}\n");
    }
    let rendered = render(raw);
    let name = match line.strip_prefix('[') {
        Some(section) => line.split_at(section.find(']').unwrap() + 2).0,
        None => line.split(' ').next().unwrap(),
    };
    let value = match name {
        "ENVELOPE" => Some(rendered.envelope),
        "BODY" => Some(rendered.body),
        "BODYSTRUCTURE" => Some(rendered.body_structure),
        _ => {
            let section = section(name.trim_matches(['[', ']']));
            rendered
                .parts
                .section(raw, &section)
                .map(std::borrow::Cow::into_owned)
        }
    };
    match value {
        Some(value) if name.starts_with('[') => format!("{name} \"{}\"\n", value.escape_ascii()),
        Some(value) => format!(
            "{name} {}\n",
            String::from_utf8_lossy(&value).replace("\r\n", "\\r\\n")
        ),
        None => format!("{name} NIL\n"),
    }
}

/// Reads `1.2.HEADER.FIELDS (A B)`.
fn section(text: &str) -> Section {
    let mut part = Vec::new();
    let mut rest = text;
    while let Some(digits) = rest
        .split('.')
        .next()
        .filter(|piece| piece.parse::<u32>().is_ok())
    {
        part.push(digits.parse().unwrap());
        rest = rest.split_at(digits.len()).1.trim_start_matches('.');
    }
    let (word, fields) = rest.split_once(" (").unwrap_or((rest, ""));
    let fields = fields
        .trim_end_matches(')')
        .split(' ')
        .map(str::to_owned)
        .collect();
    let text = match word {
        "" => SectionText::Whole,
        "HEADER" => SectionText::Header,
        "TEXT" => SectionText::Text,
        "MIME" => SectionText::Mime,
        "HEADER.FIELDS" => SectionText::HeaderFields(fields),
        "HEADER.FIELDS.NOT" => SectionText::HeaderFieldsNot(fields),
        other => panic!("no section: {other}"),
    };
    Section { part, text }
}
