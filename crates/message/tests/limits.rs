//! Messages made to hurt: many parts, deep nesting, endless headers and names. What is rendered stays within
//! a few times what came in, and everything holds together. Work is counted in `scan`'s own tests.

#[path = "support/checks.rs"]
mod support;

use posthorn_base::limits::{MIME_DEPTH, MIME_PARTS};
use posthorn_message::{Rendered, render, search};

fn rendered(raw: &str) -> Rendered {
    let rendered = render(raw.as_bytes());
    let stored = rendered.envelope.len() + rendered.body.len() + rendered.body_structure.len();
    assert!(
        stored <= 8 * raw.len() + 1_000,
        "{stored} octets stored of {}",
        raw.len()
    );
    rendered
}

#[test]
fn ten_thousand_parts_are_a_thousand() {
    let raw = format!(
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n{}",
        "--x\r\n\r\na\r\n".repeat(10_000)
    );
    support::check(raw.as_bytes(), "many parts");
    assert_eq!(render(raw.as_bytes()).parts.count(), MIME_PARTS);
}

#[test]
fn two_hundred_levels_are_fifty() {
    let level = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
    let raw: String = (0..200).map(level).collect();
    support::check(raw.as_bytes(), "deep multiparts");
    assert_eq!(rendered(&raw).parts.count(), MIME_DEPTH + 1);
    let raw = "Content-Type: message/rfc822\r\n\r\n".repeat(5_000);
    support::check(raw.as_bytes(), "deep messages");
}

#[test]
fn endless_headers_are_cut() {
    for (start, piece) in [
        ("To: ", "a@b.test, "),
        ("To: ", "(("),
        ("To: ", "<"),
        ("To: \"", "\\"),
        ("To: ", "[a:;"),
        ("Subject: ", "=?utf-8?q?a "),
        ("Subject: ", "[a] "),
        ("Subject: ", "\0"),
        ("References: ", "<a@b> "),
        ("References: ", "<"),
        ("Content-Type: ", "a/b; "),
        ("Content-Type: text/plain; ", "a*0*=b "),
        ("Content-Type: text/plain; ", "a=b "),
        ("Content-Disposition: a; ", "a*9=b;"),
        ("Content-Language: ", "a,"),
        ("Date: ", "1 "),
        ("X: y", "\r\nX: y"),
    ] {
        let raw = format!("{start}{}\r\n\r\nbody\r\n", piece.repeat(2_000_000 / piece.len()));
        let rendered = rendered(&raw);
        assert_eq!(
            usize::try_from(rendered.header_octets),
            Ok(raw.len() - 6),
            "{start}{piece}"
        );
        assert!(search::header_text(raw.as_bytes(), "To").len() <= 1);
    }
}

#[test]
fn endless_bodies_are_read_once() {
    for kind in [
        "text/plain",
        "text/html",
        "text/plain; charset=utf-7",
        "message/rfc822",
        "multipart/digest; boundary=x",
    ] {
        for piece in [
            "<a \"'", "<!--", "<style>", "&", "\r\n--x", "\r\n--", "\n\n", "> \n", "a:\n> ", "=\n", "+",
        ] {
            let raw = format!(
                "Content-Type: {kind}\r\n\r\n{}",
                piece.repeat(200_000 / piece.len())
            );
            rendered(&raw);
            let text = search::whole_text(raw.as_bytes());
            assert!(text.len() <= 8 * raw.len(), "{} octets of text", text.len());
        }
    }
}
