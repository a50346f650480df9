//! The text that IMAP `SEARCH` looks through (RFC 9051 section 6.4.4): decoded from any encoding and
//! charset. One pass gives all of it in pieces; what is searched whole is those pieces one after the other,
//! so that an index over the pieces and a look at the message agree. Decides no match.

pub use crate::casemap::{fold_case, fold_char, is_word_char};
use crate::head::Head;
use crate::header::{Field, Fields, decode};
use crate::parts::Kind;
use crate::scan::scan;
use crate::text::{decode_transfer, read_text, text_kind};

/// How often an attached message may be encoded within an encoded one.
const ENCODED_DEPTH: u32 = 3;

/// Where in a message a piece of its text stands, as far as SEARCH has a key for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TextPlace {
    /// The value of a Subject field.
    Subject,
    /// The value of a From field.
    From,
    /// The value of a To field.
    To,
    /// The value of a Cc field.
    Cc,
    /// The value of a Bcc field.
    Bcc,
    /// Anything else in the header: names of fields, and the values of other fields.
    OtherHeader,
    /// What [`body_text`] gives.
    Body,
}

impl TextPlace {
    /// The places that are the values of one field, with its name.
    pub const FIELDS: [(Self, &str); 5] = [
        (Self::Subject, "Subject"),
        (Self::From, "From"),
        (Self::To, "To"),
        (Self::Cc, "Cc"),
        (Self::Bcc, "Bcc"),
    ];

    /// Where the values of fields of this name stand; case does not matter.
    #[must_use]
    pub fn of_field(name: &str) -> Self {
        Self::of_name(name.as_bytes())
    }

    fn of_name(name: &[u8]) -> Self {
        Self::FIELDS
            .into_iter()
            .find(|(_, field)| name.eq_ignore_ascii_case(field.as_bytes()))
            .map_or(Self::OtherHeader, |(place, _)| place)
    }
}

/// Hands over every piece of a message's text, in the order of [`whole_text`]. Where two pieces meet, one of
/// them has a character that is neither letter nor digit: no word reaches across.
pub fn for_each_text(raw: &[u8], mut take: impl FnMut(TextPlace, &str)) {
    let (header, _) = crate::header::header_section(raw);
    for field in Fields::new(header) {
        let place = TextPlace::of_name(field.name);
        each_of_field(&field, &mut |piece, text| {
            let place = match piece {
                Piece::Name => TextPlace::OtherHeader,
                Piece::Value => place,
            };
            take(place, text);
        });
    }
    add_body(raw, ENCODED_DEPTH, &mut |text| take(TextPlace::Body, text));
}

/// All texts of a message but its header: text parts, names of attached files, and of attached messages the
/// header too. Lines between, for `SEARCH BODY`.
#[must_use]
pub fn body_text(raw: &[u8]) -> String {
    let mut all = String::with_capacity(raw.len());
    add_body(raw, ENCODED_DEPTH, &mut |text| all.push_str(text));
    all
}

/// Header and body, for `SEARCH TEXT`.
#[must_use]
pub fn whole_text(raw: &[u8]) -> String {
    let mut all = String::with_capacity(raw.len());
    for_each_text(raw, |_, text| all.push_str(text));
    all
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

#[derive(Clone, Copy)]
enum Piece {
    Name,
    Value,
}

fn each_of_field(field: &Field<'_>, take: &mut dyn FnMut(Piece, &str)) {
    if !field.name.is_empty() {
        take(Piece::Name, &String::from_utf8_lossy(field.name));
        take(Piece::Name, ": ");
    }
    take(Piece::Value, &decode(field.value));
    take(Piece::Name, "\n");
}

fn add_header(raw: &[u8], take: &mut dyn FnMut(&str)) {
    let (header, _) = crate::header::header_section(raw);
    for field in Fields::new(header) {
        each_of_field(&field, &mut |_, text| take(text));
    }
}

fn add_body(raw: &[u8], depth: u32, take: &mut dyn FnMut(&str)) {
    let scan = scan(raw);
    for ((part, head), at) in scan.parts.all().iter().zip(&scan.heads).zip(0_usize..) {
        let body = scan.raw.get(part.body()).unwrap_or_default();
        add_file_names(head, take);
        match part.kind {
            Kind::Multipart => {}
            Kind::Message => {
                let message = scan
                    .parts
                    .children(at)
                    .next()
                    .and_then(|child| scan.parts.all().get(child));
                if let Some(message) = message {
                    add_header(scan.raw.get(message.header()).unwrap_or_default(), take);
                }
            }
            Kind::Leaf => add_leaf(head, body, depth, take),
        }
    }
}

fn add_leaf(head: &Head<'_>, body: &[u8], depth: u32, take: &mut dyn FnMut(&str)) {
    if let Some(kind) = text_kind(head) {
        take(&read_text(head, kind, body));
        take("\n");
    } else if head.is_message_type() && depth > 0 {
        let message = decode_transfer(head, body);
        add_header(&message, take);
        add_body(&message, depth.saturating_sub(1), take);
    }
}

fn add_file_names(head: &Head<'_>, take: &mut dyn FnMut(&str)) {
    let disposed = head
        .disposition()
        .and_then(|value| value.parameter_text("filename"));
    for name in [disposed, head.content_type.parameter_text("name")]
        .into_iter()
        .flatten()
    {
        take(&name);
        take("\n");
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

    #[test]
    fn the_pieces_tell_where_a_text_stands() {
        let raw = b"Subject: a\r\nTO: b\r\nX-To: c\r\nno field\r\n\r\nd";
        let mut pieces = Vec::new();
        for_each_text(raw, |place, text| pieces.push((place, text.to_owned())));
        let at = |place| {
            let texts = pieces.iter().filter(|(found, _)| *found == place);
            texts.map(|(_, text)| text.as_str()).collect::<String>()
        };
        assert_eq!(at(TextPlace::Subject), "a");
        assert_eq!(at(TextPlace::To), "b");
        assert_eq!(at(TextPlace::Body), "d\n");
        assert_eq!(at(TextPlace::OtherHeader), "Subject: \nTO: \nX-To: c\nno field\n");
        assert_eq!(TextPlace::of_field("bcc"), TextPlace::Bcc);
    }
}
