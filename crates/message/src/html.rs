//! Text of an HTML part for previews and search: tags away, entities decoded, blocks on lines of their own.
//! Not a sanitizer: what comes out is text and must be shown as text. One pass; whatever is never closed is
//! looked for once.

use mail_parser::decoders::html::add_html_token;

/// Elements whose content nobody reads.
const UNREAD: [&str; 5] = ["head", "style", "script", "template", "title"];
/// Elements within a line; all others begin a new one.
const WITHIN_LINE: [&str; 24] = [
    "a", "abbr", "b", "big", "bdi", "bdo", "cite", "code", "del", "em", "font", "i", "img", "ins", "label",
    "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u",
];
/// The longest entity is `&CounterClockwiseContourIntegral;`.
const ENTITY_OCTETS: usize = 34;

/// The text that a reader of this HTML would see, roughly.
pub(crate) fn html_to_text(html: &str) -> String {
    let mut reader = Reader {
        rest: html,
        text: String::with_capacity(html.len() / 2),
        has_quote_ends: true,
    };
    while let Some(at) = memchr::memchr2(b'<', b'&', reader.rest.as_bytes()) {
        let (before, from) = reader.rest.split_at_checked(at).unwrap_or((reader.rest, ""));
        reader.text.push_str(before);
        reader.rest = from;
        if from.starts_with('&') {
            reader.entity();
        } else {
            reader.markup();
        }
    }
    reader.text.push_str(reader.rest);
    reader.text
}

struct Reader<'a> {
    rest: &'a str,
    text: String,
    /// False once a quote within a tag was found not to end: then quotes are not looked at any more.
    has_quote_ends: bool,
}

impl<'a> Reader<'a> {
    fn entity(&mut self) {
        let window = self.rest.as_bytes();
        let window = window.get(..ENTITY_OCTETS).unwrap_or(window);
        let end = memchr::memchr(b';', window).map_or(1, |at| at.saturating_add(1));
        let token = self.take(end);
        add_html_token(&mut self.text, token.as_bytes(), false);
    }

    /// Takes octets off the front; all of them when the place is within a character.
    fn take(&mut self, len: usize) -> &'a str {
        let (token, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.rest = rest;
        token
    }

    fn markup(&mut self) {
        if self.rest.starts_with("<!--") {
            let end = memchr::memmem::find(self.rest.as_bytes(), b"-->");
            self.take(end.map_or(self.rest.len(), |at| at.saturating_add(3)));
            return;
        }
        let next = self.rest.as_bytes().get(1).copied().unwrap_or(b' ');
        if !next.is_ascii_alphabetic() && !matches!(next, b'/' | b'!' | b'?') {
            let literal = self.take(1);
            self.text.push_str(literal);
            return;
        }
        let tag = self.take_tag();
        let inner = tag.trim_start_matches('<');
        let is_end = inner.starts_with('/');
        let name = inner.trim_start_matches('/');
        let name = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if !is_end && UNREAD.contains(&name.as_str()) {
            self.skip_element(&name);
        } else if matches!(name.as_str(), "td" | "th") {
            self.text.push(' ');
        } else if !WITHIN_LINE.contains(&name.as_str()) {
            self.text.push('\n');
        }
    }

    /// Takes a tag up to its `>`, those within quotes excepted.
    fn take_tag(&mut self) -> &'a str {
        let bytes = self.rest.as_bytes();
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..) {
            let Some(found) = memchr::memchr3(b'>', b'"', b'\'', rest) else {
                break;
            };
            at = at.saturating_add(found).saturating_add(1);
            let mark = rest.get(found).copied().unwrap_or(b'>');
            if mark == b'>' {
                return self.take(at);
            }
            if !self.has_quote_ends {
                continue;
            }
            match bytes.get(at..).and_then(|rest| memchr::memchr(mark, rest)) {
                Some(end) => at = at.saturating_add(end).saturating_add(1),
                None => self.has_quote_ends = false,
            }
        }
        self.take(self.rest.len())
    }

    fn skip_element(&mut self, name: &str) {
        let bytes = self.rest.as_bytes();
        let end = memchr::memmem::find_iter(bytes, b"</").find(|at| {
            let start = at.saturating_add(2);
            bytes
                .get(start..start.saturating_add(name.len()))
                .is_some_and(|is| is.eq_ignore_ascii_case(name.as_bytes()))
        });
        self.take(end.unwrap_or(self.rest.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(html: &str) -> Vec<String> {
        html_to_text(html).split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_a_reader_sees_stays() {
        let html = "<!DOCTYPE html><html><head><title>No</title><style>p {}</style></head><body>\
            <h1>Hi</h1><p>all <b>you</b>rs &amp; mine&nbsp;&#8364;</p><!-- <p>no --><td>a</td><td>b</td>\
            <script>if (a < b) {}</script><img alt='x > y'>end";
        assert_eq!(
            words(html),
            ["Hi", "all", "yours", "&", "mine", "\u{20ac}", "a", "b", "end"]
        );
    }

    #[test]
    fn broken_markup_loses_no_more_than_it_must() {
        assert_eq!(
            words("1 < 2 & 3 &nosuch; <b>x"),
            ["1", "<", "2", "&", "3", "&nosuch;", "x"]
        );
        assert_eq!(words("a<p title=\"no end>b<br>c"), ["a", "b", "c"]);
        assert_eq!(words("a<style>b"), ["a"]);
        assert_eq!(words("a&\u{e9};<"), ["a&\u{e9};<"]);
    }

    #[test]
    fn what_never_ends_is_looked_for_once() {
        for piece in ["<a \"", "<!--", "<style>", "<a '\"", "&", "</"] {
            html_to_text(&piece.repeat(200_000));
        }
    }
}
