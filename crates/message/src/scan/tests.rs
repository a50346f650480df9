//! The scanner's limits, and the shapes that broken mail gets.

use super::*;

/// The tree as text: a leaf is its body, a multipart `[…]`, a message `<…>`.
fn shape(raw: &str) -> String {
    fn write(scan: &Scan<'_>, at: usize, out: &mut String) {
        let part = &scan.parts.all()[at];
        let (open, close) = match part.kind {
            Kind::Leaf => return out.push_str(str::from_utf8(&scan.raw[part.body()]).unwrap()),
            Kind::Multipart => ('[', ']'),
            Kind::Message => ('<', '>'),
        };
        out.push(open);
        for (child, number) in scan.parts.children(at).zip(0..) {
            if number > 0 {
                out.push('|');
            }
            write(scan, child, out);
        }
        out.push(close);
    }
    let scan = scan(raw.as_bytes());
    assert_eq!(scan.parts.count(), scan.heads.len());
    let mut out = String::new();
    write(&scan, 0, &mut out);
    out
}

fn multipart(boundary: &str, rest: &str) -> String {
    format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\n\n{rest}")
}

#[test]
fn the_line_end_before_a_delimiter_belongs_to_it() {
    assert_eq!(
        shape(&multipart(
            "x",
            "pre\n--x\n\na\n\n--x\n\nb\n--x--\nepi\n--x\n\nno\n"
        )),
        "[a\n|b]"
    );
    assert_eq!(
        shape(&multipart("x", "--x\r\n\r\na\r\n--x  \t\r\n\r\n--x--")),
        "[a|]"
    );
}

#[test]
fn a_multipart_without_any_part_is_a_leaf() {
    assert_eq!(shape(&multipart("x", "text")), "text");
    assert_eq!(shape(&multipart("x", "--x--\ntext")), "--x--\ntext");
    assert_eq!(shape("Content-Type: multipart/mixed\n\n--x\n\na"), "--x\n\na");
    assert_eq!(shape(&multipart("", "--\n\na")), "--\n\na");
}

#[test]
fn a_boundary_that_is_never_closed_ends_with_what_holds_it() {
    let inner = multipart("y", "--y\n\na\n--y\n\nb");
    assert_eq!(
        shape(&multipart("x", &format!("--x\n{inner}\n--x\n\nc"))),
        "[[a|b]|c]"
    );
}

#[test]
fn a_boundary_is_a_whole_line() {
    let inner = multipart("x1", "--x1\n\na --x\n--x12\n--x1--");
    assert_eq!(
        shape(&multipart("x", &format!("--x\n{inner}\n--xb\n--x--"))),
        "[[a --x\n--x12]]"
    );
}

#[test]
fn equal_boundaries_belong_to_the_inner_multipart() {
    let inner = multipart("x", "--x\n\na\n--x--");
    assert_eq!(
        shape(&multipart("x", &format!("--x\n{inner}\n--x\n\nb\n--x--"))),
        "[[a]|b]"
    );
}

#[test]
fn a_part_whose_header_is_cut_off_by_a_delimiter_is_empty() {
    assert_eq!(
        shape(&multipart("x", "--x\n--x\nContent-Type: text/html\n--x--")),
        "[|]"
    );
}

#[test]
fn what_holds_a_part_without_a_body_does_not_end_before_it() {
    let raw = multipart("x", &format!("--x\n{}\n--x--", multipart("y", "--y\n")));
    let scan = scan(raw.as_bytes());
    let ends: Vec<usize> = scan.parts.all()[1..].iter().map(|part| part.body().end).collect();
    assert_eq!(ends, [ends[1], ends[1]]);
}

#[test]
fn a_part_without_a_header_is_all_body() {
    assert_eq!(shape(&multipart("x", "--x\njust text\n--x--")), "[just text]");
}

#[test]
fn parts_of_a_digest_are_messages() {
    let raw = "Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: a\n\none\n--x\nContent-Type: text/plain\n\ntwo\n--x--";
    assert_eq!(shape(raw), "[<one>|two]");
}

#[test]
fn an_encoded_message_is_a_leaf() {
    assert_eq!(
        shape("Content-Type: message/rfc822\nContent-Transfer-Encoding: BASE64\n\nQQ=="),
        "QQ=="
    );
}

#[test]
fn ten_thousand_parts_are_cut_and_the_last_has_the_rest() {
    let raw = multipart("x", &"--x\n\na\n".repeat(10_000));
    let scan = scan(raw.as_bytes());
    assert_eq!(scan.parts.count(), MIME_PARTS);
    let last = scan.parts.all().last().unwrap();
    assert_eq!(last.body().end, raw.len());
    assert!(scan.compared <= 2 * MIME_PARTS, "{}", scan.compared);
}

#[test]
fn nesting_is_cut_and_the_innermost_has_the_rest() {
    let mut raw = String::new();
    for depth in 0..200 {
        raw.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n"
        ));
    }
    raw.push_str("\ninnermost");
    let scan = scan(raw.as_bytes());
    assert_eq!(scan.parts.count(), MIME_DEPTH + 1);
    assert_eq!(
        scan.parts.all().last().map(|part| part.body().end),
        Some(raw.len())
    );
    let messages = "Content-Type: message/rfc822\n\n".repeat(100_000);
    assert_eq!(super::scan(messages.as_bytes()).parts.count(), MIME_DEPTH + 1);
}

#[test]
fn work_is_bounded_by_length_times_nesting() {
    let mut raw = String::new();
    for depth in 0..MIME_DEPTH {
        raw.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n"
        ));
    }
    let lines = 20_000;
    raw.push_str(&"\n--no boundary".repeat(lines));
    let scan = scan(raw.as_bytes());
    assert!(
        scan.compared <= (lines + 2 * MIME_DEPTH) * MIME_DEPTH,
        "{}",
        scan.compared
    );
}

#[test]
fn a_header_of_ten_megabytes_is_found_and_not_read_to_its_end() {
    let mut raw = "X: y\r\n".repeat(1_700_000);
    raw.push_str("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na");
    let scan = scan(raw.as_bytes());
    assert_eq!(scan.parts.count(), 1);
    assert_eq!(scan.parts.all()[0].body(), raw.len() - 8..raw.len());
}
