//! The examples of RFC 6376 section 3.4.5, and a slow version of the relaxed form to compare with.

use proptest::prelude::*;

use super::*;

fn body(form: Canonicalization, body: &[u8]) -> String {
    let mut all = Vec::new();
    write_body(form, body, |octets| all.extend_from_slice(octets));
    String::from_utf8(all).unwrap()
}

fn relaxed(octets: &[u8]) -> String {
    body(Canonicalization::Relaxed, octets)
}

fn simple(octets: &[u8]) -> String {
    body(Canonicalization::Simple, octets)
}

fn field(form: Canonicalization, whole: &[u8]) -> String {
    let colon = whole.iter().position(|&octet| octet == b':').unwrap();
    let mut all = Vec::new();
    let value = without_line_end(&whole[colon + 1..]);
    write_field(form, whole[..colon].trim_ascii_end(), value, whole, &mut all);
    String::from_utf8(all).unwrap()
}

#[test]
fn the_example_of_rfc_6376_section_3_4_5() {
    let text = b" C \r\nD \t E\r\n\r\n\r\n";
    assert_eq!(relaxed(text), " C\r\nD E\r\n");
    assert_eq!(simple(text), " C \r\nD \t E\r\n");
    assert_eq!(field(Canonicalization::Relaxed, b"A: X\r\n"), "a:X\r\n");
    assert_eq!(
        field(Canonicalization::Relaxed, b"B : Y\t\r\n\tZ  \r\n"),
        "b:Y Z\r\n"
    );
    assert_eq!(
        field(Canonicalization::Simple, b"B : Y\t\r\n\tZ  \r\n"),
        "B : Y\t\r\n\tZ  \r\n"
    );
}

#[test]
fn an_empty_body_is_a_line_end_or_nothing() {
    for text in [&b""[..], b"\r\n", b"\r\n\r\n\r\n"] {
        assert_eq!(simple(text), "\r\n");
        assert_eq!(relaxed(text), "");
    }
}

#[test]
fn lines_of_white_space_at_the_end_are_empty_lines_when_relaxed() {
    assert_eq!(relaxed(b"a\r\n \r\n\t\r\n"), "a\r\n");
    assert_eq!(relaxed(b" \r\n"), "");
    assert_eq!(relaxed(b"a\r\n \r\nb"), "a\r\n\r\nb\r\n");
    assert_eq!(simple(b"a\r\n \r\n\r\n"), "a\r\n \r\n");
}

#[test]
fn a_last_line_without_its_end_gets_one() {
    assert_eq!(simple(b"a\r\n\r\nb"), "a\r\n\r\nb\r\n");
    assert_eq!(relaxed(b"a  b"), "a b\r\n");
}

#[test]
fn a_bare_lf_counts_as_a_line_end_and_a_bare_cr_as_content() {
    assert_eq!(simple(b"a\n\nb\r\nc\n"), "a\r\n\r\nb\r\nc\r\n");
    assert_eq!(relaxed(b"a\n\nb \nc\n"), "a\r\n\r\nb\r\nc\r\n");
    assert_eq!(simple(b"a\rb\r\r\n"), "a\rb\r\r\n");
    assert_eq!(field(Canonicalization::Simple, b"A: b\n c\n"), "A: b\r\n c\r\n");
    assert_eq!(field(Canonicalization::Relaxed, b"A: b\n c\n"), "a:b c\r\n");
}

/// The words of RFC 6376 section 3.4.4 one after the other, without any regard to speed.
fn relaxed_slowly(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let mut lines: Vec<String> = text
        .split("\r\n")
        .map(|line| {
            let line = line.trim_end_matches([' ', '\t']).replace('\t', " ");
            let mut line = line;
            while line.contains("  ") {
                line = line.replace("  ", " ");
            }
            line
        })
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

proptest! {
    #[test]
    fn relaxed_bodies_are_what_the_rfc_says(text in "([ab \t]|\r\n|\n){0,40}") {
        prop_assert_eq!(relaxed(text.as_bytes()), relaxed_slowly(&text));
    }

    #[test]
    fn canonical_bodies_stay_as_they_are(text in "([ab \t\r\n]|\r\n){0,40}") {
        let once = simple(text.as_bytes());
        prop_assert_eq!(simple(once.as_bytes()), once);
        let once = relaxed(text.as_bytes());
        prop_assert_eq!(relaxed(once.as_bytes()), once);
    }
}
