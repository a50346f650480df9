//! Values with parameters: `Content-Type` (RFC 2045 section 5.1), `Content-Disposition` (RFC 2183), with the
//! continuations and charsets of RFC 2231. Takes what real mail has: missing semicolons, unquoted spaces,
//! comments in odd places. Knows no media type; that is `scan` and `body_structure`.

use crate::words::{decode_charset, decode_words, hex_pair};

/// Parameters of one value that are kept.
const PARAMETERS: usize = 64;
/// Pieces that one RFC 2231 parameter may be cut into.
const PIECES: usize = 64;

/// A value and its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MimeValue {
    /// What stands before the first semicolon, without comments and white space.
    pub(crate) value: Vec<u8>,
    /// Names as written and values without their quotes, in order; RFC 2231 pieces joined, see [`join`].
    pub(crate) parameters: Vec<(Vec<u8>, Vec<u8>)>,
}

impl MimeValue {
    /// Takes an unfolded value apart.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut cursor = Cursor { rest: text };
        cursor.skip_filler();
        let value = cursor.take_value_token();
        let mut parameters = Vec::new();
        while parameters.len() < PARAMETERS {
            cursor.skip_filler();
            if cursor.rest.is_empty() {
                break;
            }
            let name = cursor.take_while(|octet| !matches!(octet, b'=' | b';' | b' ' | b'\t' | b'('));
            cursor.skip_space_and_comments();
            let Some(after) = cursor.rest.strip_prefix(b"=") else {
                continue;
            };
            cursor.rest = after;
            cursor.skip_space();
            let value = cursor.take_parameter_value();
            if !name.is_empty() {
                parameters.push((name.to_vec(), value));
            }
        }
        Self {
            value,
            parameters: join(parameters),
        }
    }

    /// The value of a parameter as it stands.
    pub(crate) fn parameter(&self, name: &str) -> Option<&[u8]> {
        self.parameters
            .iter()
            .find(|(is, _)| is.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_slice())
    }

    /// The text of a parameter: RFC 2231 charsets decoded, and encoded-words too, which do not belong there
    /// and are there all the same.
    pub(crate) fn parameter_text(&self, name: &str) -> Option<String> {
        let extended = self.parameter(&format!("{name}*")).and_then(|value| {
            let mut pieces = value.splitn(3, |octet| *octet == b'\'');
            let (charset, _language, text) = (pieces.next()?, pieces.next()?, pieces.next()?);
            Some(decode_charset(&percent_decode(text), Some(charset)))
        });
        extended.or_else(|| self.parameter(name).map(decode_words))
    }
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Semicolons, white space and comments.
    fn skip_filler(&mut self) {
        loop {
            match self.rest {
                [b' ' | b'\t' | b';', rest @ ..] => self.rest = rest,
                [b'(', ..] => self.skip_comment(),
                _ => break,
            }
        }
    }

    fn skip_space_and_comments(&mut self) {
        self.skip_space();
        while self.rest.starts_with(b"(") {
            self.skip_comment();
            self.skip_space();
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn skip_comment(&mut self) {
        let mut depth = 0_usize;
        while let [octet, rest @ ..] = self.rest {
            self.rest = rest;
            match octet {
                b'\\' => self.rest = rest.get(1..).unwrap_or_default(),
                b'(' => depth = depth.saturating_add(1),
                b')' if depth <= 1 => break,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let len = self
            .rest
            .iter()
            .position(|octet| !keep(*octet))
            .unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, b""));
        self.rest = rest;
        token
    }

    /// The value itself: no white space, so that `text / plain` is `text/plain`, up to a semicolon or to
    /// what looks like a parameter whose semicolon is missing.
    fn take_value_token(&mut self) -> Vec<u8> {
        let mut value = Vec::new();
        loop {
            let before = self.rest;
            let token = self.take_while(|octet| !matches!(octet, b';' | b' ' | b'\t' | b'('));
            if token.contains(&b'=') {
                self.rest = before;
                return value;
            }
            value.extend_from_slice(token);
            match self.rest {
                [b' ' | b'\t', rest @ ..] => self.rest = rest,
                [b'(', ..] => self.skip_comment(),
                _ => return value,
            }
        }
    }

    fn take_parameter_value(&mut self) -> Vec<u8> {
        if let Some(inner) = self.rest.strip_prefix(b"\"") {
            self.rest = inner;
            return self.take_quoted();
        }
        let upto = self.rest;
        let all = self.take_while(|octet| octet != b';');
        let Some(space) = all.iter().position(|octet| matches!(octet, b' ' | b'\t')) else {
            return all.to_vec();
        };
        // `name=My File.pdf` is one value, `a=b c="d"` lacks a semicolon, `a=b (c)` has a comment.
        let (token, tail) = all.split_at_checked(space).unwrap_or((all, b""));
        let opens_comment = tail.trim_ascii_start().starts_with(b"(");
        if opens_comment || tail.contains(&b'=') {
            self.rest = upto.get(space..).unwrap_or_default();
            return token.to_vec();
        }
        all.trim_ascii_end().to_vec()
    }

    fn take_quoted(&mut self) -> Vec<u8> {
        let mut value = Vec::new();
        while let [octet, rest @ ..] = self.rest {
            self.rest = rest;
            match (octet, rest) {
                (b'"', _) => break,
                (b'\\', [escaped, after @ ..]) => {
                    value.push(*escaped);
                    self.rest = after;
                }
                (other, _) => value.push(*other),
            }
        }
        value
    }
}

/// Joins the pieces of RFC 2231 section 3: `a*0="x"; a*1="y"` becomes `a`, `a*0*=utf-8''x; a*1=y` becomes
/// `a*` with the charset in front and everything percent-encoded, which is what clients can read whatever
/// revision of IMAP they speak (RFC 9051 section 7.5.2 would rather have it decoded).
fn join(parameters: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut joined = Vec::with_capacity(parameters.len());
    for (name, value) in &parameters {
        match piece(name) {
            None => joined.push((name.clone(), value.clone())),
            Some((stem, 0, _)) => joined.push(join_pieces(stem, &parameters)),
            Some(_) => {}
        }
    }
    joined
}

/// Stem, number and whether it is percent-encoded, of the name of a piece.
fn piece(name: &[u8]) -> Option<(&[u8], usize, bool)> {
    let (name, is_encoded) = name.strip_suffix(b"*").map_or((name, false), |name| (name, true));
    let star = memchr::memchr(b'*', name)?;
    let (stem, number) = name.split_at_checked(star)?;
    let number = str::from_utf8(number.get(1..)?).ok()?;
    Some((
        stem,
        number.parse().ok().filter(|number| *number < PIECES)?,
        is_encoded,
    ))
}

fn join_pieces(stem: &[u8], parameters: &[(Vec<u8>, Vec<u8>)]) -> (Vec<u8>, Vec<u8>) {
    let mut found: Vec<(usize, bool, &[u8])> = parameters
        .iter()
        .filter_map(|(name, value)| piece(name).map(|piece| (piece, value.as_slice())))
        .filter(|((is, _, _), _)| is.eq_ignore_ascii_case(stem))
        .map(|((_, number, is_encoded), value)| (number, is_encoded, value))
        .collect();
    found.sort_by_key(|(number, _, _)| *number);
    let in_a_row = found
        .iter()
        .zip(0..)
        .take_while(|((number, _, _), expected)| number == expected);
    let pieces: Vec<(bool, &[u8])> = in_a_row
        .map(|((_, is_encoded, value), _)| (*is_encoded, *value))
        .collect();
    let mut name = stem.to_vec();
    if !pieces.first().is_some_and(|(is_encoded, _)| *is_encoded) {
        return (
            name,
            pieces
                .iter()
                .flat_map(|(_, value)| value.iter().copied())
                .collect(),
        );
    }
    name.push(b'*');
    let mut value = Vec::new();
    for (is_encoded, text) in pieces {
        if is_encoded {
            value.extend_from_slice(text);
        } else {
            percent_encode(text, &mut value);
        }
    }
    (name, value)
}

fn percent_encode(text: &[u8], out: &mut Vec<u8>) {
    for octet in text {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_') {
            out.push(*octet);
        } else {
            out.extend_from_slice(format!("%{octet:02X}").as_bytes());
        }
    }
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [octet, tail @ ..] = rest {
        rest = tail;
        match hex_pair(tail).filter(|_| *octet == b'%') {
            Some((value, tail)) => {
                octets.push(value);
                rest = tail;
            }
            None => octets.push(*octet),
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (String, Vec<(String, String)>) {
        let value = MimeValue::parse(text.as_bytes());
        let string = |octets: &Vec<u8>| String::from_utf8_lossy(octets).into_owned();
        let parameters = value
            .parameters
            .iter()
            .map(|(name, value)| (string(name), string(value)));
        (string(&value.value), parameters.collect())
    }

    fn expect(text: &str, value: &str, parameters: &[(&str, &str)]) {
        let owned = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        assert_eq!(parse(text), (value.to_owned(), owned.collect()), "of {text}");
    }

    #[test]
    fn comments_stand_between_all_parts_of_a_value() {
        // RFC 2045 section 5.1.
        expect(
            "(a) text (b) / (c) html (d); (e) charset (f(g)) (h) = \"utf-8\" (i); x(j)=y",
            "text/html",
            &[("charset", "utf-8"), ("x", "y")],
        );
    }

    #[test]
    fn values_and_parameters_come_apart() {
        expect(
            "text/plain; charset=us-ascii (Plain text)",
            "text/plain",
            &[("charset", "us-ascii")],
        );
        expect(
            "text/plain; charset=\"us\\\"ascii\";",
            "text/plain",
            &[("charset", "us\"ascii")],
        );
        expect(
            "attachment (really) ; filename = x.pdf",
            "attachment",
            &[("filename", "x.pdf")],
        );
        expect("", "", &[]);
    }

    #[test]
    fn common_mistakes_are_read_as_they_were_meant() {
        expect(
            "multipart/mixed \tboundary=\"b\"",
            "multipart/mixed",
            &[("boundary", "b")],
        );
        expect("a/b; x=y z=\"1\"; q", "a/b", &[("x", "y"), ("z", "1")]);
        expect(
            "application/pdf; name=My File (1).pdf",
            "application/pdf",
            &[("name", "My File (1).pdf")],
        );
        expect(";filename=\"a.png\"", "", &[("filename", "a.png")]);
        expect("text / plain", "text/plain", &[]);
    }

    #[test]
    fn pieces_of_rfc_2231_are_joined() {
        expect(
            "message/external-body; URL*0=\"ftp://\"; url*1=\"cs.utk.edu/pub\"; access-type=URL",
            "message/external-body",
            &[("URL", "ftp://cs.utk.edu/pub"), ("access-type", "URL")],
        );
        expect(
            "application/x-stuff; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*0*=us-ascii'en'This%20is%20even%20more%20; title*2=\"isn't it!\"",
            "application/x-stuff",
            &[(
                "title*",
                "us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it%21",
            )],
        );
    }

    #[test]
    fn a_file_name_is_read_whatever_way_it_was_encoded() {
        for value in [
            "a; filename*=utf-8''caf%C3%A9.txt",
            "a; filename=\"=?utf-8?Q?caf=C3=A9.txt?=\"",
            "a; filename*0*=utf-8''caf%C3; filename*1*=%A9.txt",
        ] {
            let text = MimeValue::parse(value.as_bytes()).parameter_text("filename");
            assert_eq!(text.as_deref(), Some("caf\u{e9}.txt"), "of {value}");
        }
    }

    #[test]
    fn a_value_of_many_parameters_is_cut() {
        let value = MimeValue::parse("a; b=c".repeat(1_000).as_bytes());
        assert!(value.parameters.len() <= PARAMETERS);
    }
}
