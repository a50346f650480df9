//! The readable text of a part: transfer encoding, charset and HTML taken off. Decodes broken encodings as
//! far as they go; never fails.

use std::borrow::Cow;

use crate::body_structure::leaf_media;
use crate::head::Head;
use crate::html::html_to_text;
use crate::words::{decode_base64, decode_charset, hex_pair};

/// What kind of text a leaf holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    Html,
    /// Plain text, and every other `text/…`.
    Plain,
}

/// Whether a leaf holds text.
pub(crate) fn text_kind(head: &Head<'_>) -> Option<TextKind> {
    let (main, sub) = leaf_media(head);
    match (main.as_slice(), sub.as_slice()) {
        (b"text", b"html") => Some(TextKind::Html),
        (b"text", _) => Some(TextKind::Plain),
        _ => None,
    }
}

/// The text of a part whose body is `body`.
pub(crate) fn read_text(head: &Head<'_>, kind: TextKind, body: &[u8]) -> String {
    let octets = decode_transfer(head, body);
    let text = decode_charset(&octets, head.content_type.parameter("charset"));
    match kind {
        TextKind::Html => html_to_text(&text),
        TextKind::Plain => text,
    }
}

/// The octets of a part's body behind its transfer encoding; `header` is the part's own.
#[must_use]
pub fn decode_body<'a>(header: &[u8], body: &'a [u8]) -> Cow<'a, [u8]> {
    decode_transfer(&Head::parse(header, false), body)
}

/// As [`decode_body`]. `None`: the encoding is none that is known, and the octets stand for something else.
#[must_use]
pub fn decode_known_body<'a>(header: &[u8], body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let head = Head::parse(header, false);
    match head.encoding_name().as_slice() {
        b"7bit" | b"8bit" | b"binary" | b"base64" | b"quoted-printable" => Some(decode_transfer(&head, body)),
        _ => None,
    }
}

/// The media type that a part's header announces, in lower case, such as `application/gzip`; `text/plain`
/// when it announces none.
#[must_use]
pub fn media_type(header: &[u8]) -> String {
    let (main, sub) = Head::parse(header, false).media;
    format!(
        "{}/{}",
        String::from_utf8_lossy(&main),
        String::from_utf8_lossy(&sub)
    )
}

/// The octets of a body behind its transfer encoding.
pub(crate) fn decode_transfer<'a>(head: &Head<'_>, body: &'a [u8]) -> Cow<'a, [u8]> {
    match head.encoding_name().as_slice() {
        b"base64" => Cow::Owned(decode_base64(body)),
        b"quoted-printable" => Cow::Owned(decode_quoted_printable(body)),
        _ => Cow::Borrowed(body),
    }
}

/// RFC 2045 section 6.7; what is no valid escape stays as it is, as the RFC advises.
pub(crate) fn decode_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        let content = line.trim_ascii_end();
        let (content, is_soft) = content
            .strip_suffix(b"=")
            .map_or((content, false), |content| (content, true));
        let mut rest = content;
        while let Some(at) = memchr::memchr(b'=', rest) {
            let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, b""));
            octets.extend_from_slice(before);
            rest = escape.get(1..).unwrap_or_default();
            match hex_pair(rest) {
                Some((octet, tail)) => {
                    octets.push(octet);
                    rest = tail;
                }
                None => octets.push(b'='),
            }
        }
        octets.extend_from_slice(rest);
        if !is_soft {
            octets.extend_from_slice(if line.ends_with(b"\r\n") {
                b"\r\n"
            } else if line.ends_with(b"\n") {
                b"\n"
            } else {
                b""
            });
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_decodes_with_soft_line_ends() {
        assert_eq!(
            decode_quoted_printable(b"a=20=\r\nb=C3=A9  \r\nc"),
            "a b\u{e9}\r\nc".as_bytes()
        );
    }

    #[test]
    fn a_part_is_decoded_by_its_own_header() {
        let header = b"Content-Type: Application/GZip\r\nContent-Transfer-Encoding: Base64\r\n\r\n";
        assert_eq!(decode_body(header, b"aGVs\r\nbG8=\r\n").as_ref(), b"hello");
        assert_eq!(decode_body(b"", b"as it is").as_ref(), b"as it is");
        assert_eq!(
            decode_known_body(header, b"aGVsbG8=").as_deref(),
            Some(&b"hello"[..])
        );
        assert_eq!(
            decode_known_body(b"", b"as it is").as_deref(),
            Some(&b"as it is"[..])
        );
        let unknown = b"Content-Transfer-Encoding: x-uuencode\r\n\r\n";
        assert_eq!(decode_known_body(unknown, b"begin"), None);
        assert_eq!(media_type(header), "application/gzip");
        assert_eq!(media_type(b""), "text/plain");
    }

    #[test]
    fn a_broken_escape_stays() {
        assert_eq!(decode_quoted_printable(b"1=2 =G0 =4"), b"1=2 =G0 =4");
    }
}
