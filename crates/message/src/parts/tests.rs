//! Sections by hand-written messages: the example of RFC 9051 section 6.4.5.1, and the corners.

use super::*;
use crate::render;

/// The complex message of RFC 9051 section 6.4.5.1.
const COMPLEX: &str = "Subject: outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
--m\r\nContent-Type: text/plain\r\n\r\none\r\n\
--m\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n\
--m\r\nContent-Type: message/rfc822\r\n\r\n\
Subject: three\r\nContent-Type: multipart/mixed; boundary=t\r\n\r\n\
--t\r\nContent-Type: text/plain\r\n\r\n3.1\r\n\
--t\r\nContent-Type: application/octet-stream\r\n\r\n3.2\r\n--t--\r\n\
--m\r\nContent-Type: multipart/mixed; boundary=f\r\n\r\n\
--f\r\nContent-Type: image/gif\r\nContent-ID: <gif>\r\n\r\n4.1\r\n\
--f\r\nContent-Type: message/rfc822\r\n\r\n\
Subject: four\r\nTo: a@b.test\r\nContent-Type: multipart/mixed; boundary=g\r\n\r\n\
--g\r\n\r\n4.2.1\r\n\
--g\r\nContent-Type: multipart/alternative; boundary=h\r\n\r\n\
--h\r\nContent-Type: text/plain\r\n\r\n4.2.2.1\r\n\
--h\r\nContent-Type: text/richtext\r\n\r\n4.2.2.2\r\n--h--\r\n--g--\r\n--f--\r\n--m--\r\nepilogue\r\n";

fn get(raw: &str, part: &[u32], text: SectionText) -> Option<String> {
    let section = Section {
        part: part.to_vec(),
        text,
    };
    let found = render(raw.as_bytes())
        .parts
        .section(raw.as_bytes(), &section)
        .map(Cow::into_owned);
    found.map(|octets| String::from_utf8(octets).unwrap())
}

fn fields(names: &[&str]) -> SectionText {
    SectionText::HeaderFields(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn every_part_of_the_example_has_its_number() {
    for number in ["3.1", "3.2", "4.1", "4.2.1", "4.2.2.1", "4.2.2.2"] {
        let part: Vec<u32> = number.split('.').map(|digit| digit.parse().unwrap()).collect();
        assert_eq!(get(COMPLEX, &part, SectionText::Whole).as_deref(), Some(number));
    }
    assert_eq!(get(COMPLEX, &[1], SectionText::Whole).as_deref(), Some("one"));
    let numbers = render(COMPLEX.as_bytes()).parts.numbers();
    let expected: [&[u32]; 12] = [
        &[1],
        &[2],
        &[3],
        &[3, 1],
        &[3, 2],
        &[4],
        &[4, 1],
        &[4, 2],
        &[4, 2, 1],
        &[4, 2, 2],
        &[4, 2, 2, 1],
        &[4, 2, 2, 2],
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn header_and_text_belong_to_messages() {
    assert_eq!(
        get(COMPLEX, &[3], SectionText::Header).as_deref(),
        Some("Subject: three\r\nContent-Type: multipart/mixed; boundary=t\r\n\r\n")
    );
    let text = get(COMPLEX, &[4, 2], SectionText::Text).unwrap();
    assert!(text.starts_with("--g\r\n") && text.ends_with("--g--"));
    assert!(
        get(COMPLEX, &[], SectionText::Text)
            .unwrap()
            .ends_with("epilogue\r\n")
    );
    assert_eq!(get(COMPLEX, &[], SectionText::Whole).as_deref(), Some(COMPLEX));
    for part in [&[1][..], &[4], &[4, 1]] {
        assert_eq!(get(COMPLEX, part, SectionText::Header), None);
        assert_eq!(get(COMPLEX, part, SectionText::Text), None);
    }
}

#[test]
fn mime_headers_belong_to_parts() {
    assert_eq!(
        get(COMPLEX, &[4, 1], SectionText::Mime).as_deref(),
        Some("Content-Type: image/gif\r\nContent-ID: <gif>\r\n\r\n")
    );
    assert_eq!(
        get(COMPLEX, &[3], SectionText::Mime).as_deref(),
        Some("Content-Type: message/rfc822\r\n\r\n")
    );
    assert_eq!(get(COMPLEX, &[], SectionText::Mime), None);
}

#[test]
fn there_are_no_other_parts() {
    for part in [&[0][..], &[5], &[1, 1], &[3, 3], &[3, 1, 1], &[4, 3], &[u32::MAX]] {
        assert_eq!(get(COMPLEX, part, SectionText::Whole), None, "of {part:?}");
    }
}

#[test]
fn a_message_without_parts_is_its_own_part_one() {
    let raw = "Subject: x\r\n\r\nbody\r\n";
    assert_eq!(get(raw, &[1], SectionText::Whole).as_deref(), Some("body\r\n"));
    assert_eq!(
        get(raw, &[1], SectionText::Mime).as_deref(),
        Some("Subject: x\r\n\r\n")
    );
    assert_eq!(get(raw, &[1, 1], SectionText::Whole), None);
    assert_eq!(get(raw, &[2], SectionText::Whole), None);
    assert_eq!(get(raw, &[1], SectionText::Text), None);
}

#[test]
fn part_one_of_an_attached_plain_message_is_its_body() {
    let raw = "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody";
    assert_eq!(
        get(raw, &[1], SectionText::Whole).as_deref(),
        Some("Subject: in\r\n\r\nbody")
    );
    assert_eq!(
        get(raw, &[1], SectionText::Header).as_deref(),
        Some("Subject: in\r\n\r\n")
    );
    assert_eq!(get(raw, &[1, 1], SectionText::Whole).as_deref(), Some("body"));
    assert_eq!(
        get(raw, &[], SectionText::Text).as_deref(),
        Some("Subject: in\r\n\r\nbody")
    );
}

#[test]
fn chosen_fields_keep_their_order_and_the_empty_line() {
    let raw = "To: a\r\nSubject: x\r\n y\r\nno field\r\nto: b\r\n\r\nbody";
    assert_eq!(
        get(raw, &[], fields(&["TO", "cc"])).as_deref(),
        Some("To: a\r\nto: b\r\n\r\n")
    );
    assert_eq!(get(raw, &[], fields(&["x"])).as_deref(), Some("\r\n"));
    let not = SectionText::HeaderFieldsNot(vec!["to".to_owned()]);
    assert_eq!(
        get(raw, &[], not).as_deref(),
        Some("Subject: x\r\n y\r\nno field\r\n\r\n")
    );
    assert_eq!(
        get(COMPLEX, &[4, 2], fields(&["To"])).as_deref(),
        Some("To: a@b.test\r\n\r\n")
    );
}

#[test]
fn without_an_empty_line_none_is_made_up() {
    assert_eq!(
        get("To: a\r\nCc: b\r\n", &[], fields(&["to"])).as_deref(),
        Some("To: a\r\n")
    );
    assert_eq!(get("To: a\r\n", &[], SectionText::Text).as_deref(), Some(""));
}

#[test]
fn a_message_of_one_part_is_stored_in_sixteen_octets() {
    let raw = format!("Subject: {}\r\n\r\n{}", "x".repeat(5_000), "y".repeat(3_000_000));
    let bytes = render(raw.as_bytes()).parts.to_bytes();
    assert!(bytes.len() <= 16, "{} octets", bytes.len());
}

#[test]
fn what_describes_no_possible_tree_is_refused() {
    let good = render(COMPLEX.as_bytes()).parts.to_bytes();
    assert!(Parts::from_bytes(&good).is_some());
    for len in 0..good.len() {
        assert_eq!(Parts::from_bytes(&good[..len]), None);
    }
    assert_eq!(Parts::from_bytes(&[&good[..], b"\0"].concat()), None);
    for bad in [
        &[2, 0, 0, 0, 0][..],                        // a version to come
        &[1, 3, 0, 0, 0],                            // no such kind
        &[1, 1, 0, 0, 5, 0],                         // a multipart without parts
        &[1, 2, 0, 0, 5, 0, 0, 0, 6],                // a child beyond its parent
        &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff], // a number beyond 32 bits
    ] {
        assert_eq!(Parts::from_bytes(bad), None, "of {bad:?}");
    }
    let deep = [&[1_u8][..], &[2, 0, 0, 0].repeat(100_000)].concat();
    assert_eq!(Parts::from_bytes(&deep), None);
}

#[test]
fn a_message_that_was_cut_since_is_no_harm() {
    let parts = render(COMPLEX.as_bytes()).parts;
    for number in parts.numbers() {
        let section = Section {
            part: number,
            text: SectionText::Whole,
        };
        assert_eq!(parts.section(b"short", &section), None);
    }
}
