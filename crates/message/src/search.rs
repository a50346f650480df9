//! The text that IMAP `SEARCH` looks through (RFC 9051 section 6.4.4): decoded from any encoding and
//! charset. Decides no match; an index over it belongs elsewhere.

pub use crate::casemap::fold_case;
use crate::head::Head;
use crate::header::{Fields, decode};
use crate::parts::Kind;
use crate::scan::scan;
use crate::text::{decode_transfer, read_text, text_kind};

/// How often an attached message may be encoded within an encoded one.
const ENCODED_DEPTH: u32 = 3;

/// All texts of a message but its header: text parts, names of attached files, and of attached messages the
/// header too. Lines between, for `SEARCH BODY`.
#[must_use]
pub fn body_text(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    add_body(raw, ENCODED_DEPTH, &mut text);
    text
}

/// Header and body, for `SEARCH TEXT`.
#[must_use]
pub fn whole_text(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    add_header(raw, &mut text);
    add_body(raw, ENCODED_DEPTH, &mut text);
    text
}

/// The values of all fields of this name in the message's header, decoded and on one line each.
#[must_use]
pub fn header_text(raw: &[u8], field: &str) -> Vec<String> {
    let (header, _) = crate::header::header_section(raw);
    Fields::new(header)
        .filter(|found| found.is(field))
        .map(|found| decode(found.value))
        .collect()
}

fn add_header(raw: &[u8], text: &mut String) {
    let (header, _) = crate::header::header_section(raw);
    for field in Fields::new(header) {
        if !field.name.is_empty() {
            text.push_str(&String::from_utf8_lossy(field.name));
            text.push_str(": ");
        }
        text.push_str(&decode(field.value));
        text.push('\n');
    }
}

fn add_body(raw: &[u8], depth: u32, text: &mut String) {
    let scan = scan(raw);
    for ((part, head), at) in scan.parts.all().iter().zip(&scan.heads).zip(0_usize..) {
        let body = scan.raw.get(part.body()).unwrap_or_default();
        add_file_names(head, text);
        match part.kind {
            Kind::Multipart => {}
            Kind::Message => {
                let message = scan
                    .parts
                    .children(at)
                    .next()
                    .and_then(|child| scan.parts.all().get(child));
                if let Some(message) = message {
                    add_header(scan.raw.get(message.header()).unwrap_or_default(), text);
                }
            }
            Kind::Leaf => add_leaf(head, body, depth, text),
        }
    }
}

fn add_leaf(head: &Head<'_>, body: &[u8], depth: u32, text: &mut String) {
    if let Some(kind) = text_kind(head) {
        text.push_str(&read_text(head, kind, body));
        text.push('\n');
    } else if head.is_message_type() && depth > 0 {
        let message = decode_transfer(head, body);
        add_header(&message, text);
        add_body(&message, depth.saturating_sub(1), text);
    }
}

fn add_file_names(head: &Head<'_>, text: &mut String) {
    let disposed = head
        .disposition()
        .and_then(|value| value.parameter_text("filename"));
    for name in [disposed, head.content_type.parameter_text("name")]
        .into_iter()
        .flatten()
    {
        text.push_str(&name);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Subject: =?utf-8?Q?caf=C3=A9?=\r\nReceived: a\r\n\tb\r\nReceived: c\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n--x\r\n\
        Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        gr=FC=\r\nn\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>one<p>two\r\n--x\r\n\
        Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?B?aW5uZXI=?=\r\n\r\ninner text\r\n--x\r\n\
        Content-Type: application/pdf; name=\"=?utf-8?Q?plan=C3=A9?=.pdf\"\r\n\r\nsecret\r\n--x--\r\n";

    #[test]
    fn all_texts_of_the_body_are_found_decoded() {
        let text = body_text(MESSAGE.as_bytes());
        for part in [
            "gr\u{fc}n",
            "one\ntwo",
            "Subject: inner",
            "inner text",
            "plan\u{e9}.pdf",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        for absent in ["caf\u{e9}", "preamble", "secret"] {
            assert!(!text.contains(absent), "{absent} in {text}");
        }
        assert!(whole_text(MESSAGE.as_bytes()).contains("Subject: caf\u{e9}\n"));
    }

    #[test]
    fn header_values_come_decoded_and_unfolded() {
        assert_eq!(header_text(MESSAGE.as_bytes(), "subject"), ["caf\u{e9}"]);
        assert_eq!(header_text(MESSAGE.as_bytes(), "Received"), ["a\tb", "c"]);
    }

    #[test]
    fn an_encoded_attached_message_is_looked_into() {
        let raw = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQpoaWRkZW4=\r\n";
        assert!(body_text(raw.as_bytes()).contains("hidden"));
    }
}
