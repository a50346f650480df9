//! The preview of RFC 8970: the beginning of what a person would read, on one line. Quoted lines, their
//! introductions and signatures are left out as long as something else is there.

use crate::parts::Kind;
use crate::scan::Scan;
use crate::text::{TextKind, read_text, text_kind};

/// Characters of a preview, RFC 8970 section 3.1.
const CHARACTERS: usize = 200;
/// Octets of a plain part that are decoded for it.
const PLAIN_OCTETS: usize = 16_384;
/// Octets of an HTML part: style sheets come first and are long.
const HTML_OCTETS: usize = 131_072;
/// Parts that are tried until one has text.
const TRIES: usize = 4;

/// The preview of a message; empty when there is nothing to read.
pub(crate) fn preview(scan: &Scan<'_>) -> String {
    let readable = || {
        scan.parts
            .all()
            .iter()
            .zip(&scan.heads)
            .filter_map(|(part, head)| {
                let kind = text_kind(head).filter(|_| part.kind == Kind::Leaf)?;
                let is_attachment = head
                    .disposition()
                    .is_some_and(|value| value.value.eq_ignore_ascii_case(b"attachment"));
                (!is_attachment).then_some((part, head, kind))
            })
    };
    // Plain text says the same as its HTML twin and needs less guessing.
    let plain = readable()
        .filter(|(_, _, kind)| *kind == TextKind::Plain)
        .take(TRIES);
    let html = readable()
        .filter(|(_, _, kind)| *kind == TextKind::Html)
        .take(TRIES);
    plain
        .chain(html)
        .map(|(part, head, kind)| {
            let limit = if kind == TextKind::Html {
                HTML_OCTETS
            } else {
                PLAIN_OCTETS
            };
            let body = scan.raw.get(part.body()).unwrap_or_default();
            summary(&read_text(head, kind, body.get(..limit).unwrap_or(body)))
        })
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// The first characters of a text, without quotations if something is left then.
fn summary(text: &str) -> String {
    let own = fold(own_lines(text));
    if own.is_empty() { fold(text.lines()) } else { own }
}

/// The lines that the sender wrote himself.
fn own_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut lines = text
        .lines()
        .take_while(|line| !is_signature_mark(line))
        .filter(|line| !line.trim().is_empty())
        .peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let introduces =
                line.trim_end().ends_with(':') && lines.peek().is_some_and(|next| is_quoted(next));
            if !introduces && !is_quoted(line) {
                return Some(line);
            }
        }
    })
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// `-- ` of RFC 3676 section 4.3, and the line some programs put above what they forward.
fn is_signature_mark(line: &str) -> bool {
    matches!(line, "-- " | "--") || line.trim() == "-----Original Message-----"
}

/// One line of at most [`CHARACTERS`], white space folded, what cannot be seen left out.
fn fold<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut folded = String::new();
    let mut left = CHARACTERS;
    for word in lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || c.is_control())) {
        let mut seen = word.chars().filter(|c| !is_invisible(*c)).peekable();
        if seen.peek().is_none() {
            continue;
        }
        for c in Some(' ').filter(|_| !folded.is_empty()).into_iter().chain(seen) {
            if left == 0 {
                return folded;
            }
            folded.push(c);
            left = left.saturating_sub(1);
        }
    }
    folded
}

/// Characters without width, with which newsletters fill their previews, and those that turn the direction
/// of the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    fn of(message: &str) -> String {
        preview(&scan(message.as_bytes()))
    }

    #[test]
    fn white_space_is_folded_and_two_hundred_characters_are_kept() {
        assert_eq!(of("A: b\r\n\r\n  one\r\n\r\n\ttwo  three \r\n"), "one two three");
        let long = of(&format!("A: b\r\n\r\n{}", "\u{e9}".repeat(300)));
        assert_eq!(long.chars().count(), 200);
    }

    #[test]
    fn quotations_and_signatures_are_left_out_if_something_else_is_there() {
        assert_eq!(
            of("A: b\n\nOn Monday Joe wrote:\n> question\n\nanswer\n-- \nJane\n"),
            "answer"
        );
        assert_eq!(of("A: b\n\n> question\n> again\n"), "> question > again");
        assert_eq!(of("A: b\n\nthe list:\nmilk\n"), "the list: milk");
    }

    #[test]
    fn plain_text_is_preferred_and_html_read_without_it() {
        let both = "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>rich</p>\n--x\n\n{}\n--x--\n";
        assert_eq!(of(&both.replace("{}", "plain")), "plain");
        assert_eq!(of(&both.replace("{}", " ")), "rich");
    }

    #[test]
    fn attachments_are_not_read() {
        assert_eq!(of("Content-Disposition: attachment\n\nlist of names\n"), "");
    }

    #[test]
    fn what_cannot_be_seen_is_not_shown() {
        assert_eq!(
            of("Content-Type: text/html; charset=utf-8\n\na&zwnj;&nbsp;\u{200b} \u{202e}b\u{1}c"),
            "a b c"
        );
    }
}
