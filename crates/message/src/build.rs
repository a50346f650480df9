//! Writes the messages that the server itself sends: fields that fold and encode safely (RFC 5322 section
//! 2.2.3, RFC 2047), multiparts (RFC 2046), reports (RFC 6522). Invents nothing: date, ids and boundaries
//! come from the caller.

use posthorn_base::{Address, Domain, Timestamp};

/// Octets after which a line is folded, RFC 5322 section 2.1.1.
const LINE_OCTETS: usize = 78;
/// Octets of encoded text in one encoded-word, so that the first fits beside the name of its field; RFC 2047
/// section 2 allows 75 with `=?utf-8?Q?` and `?=`.
const WORD_OCTETS: usize = 45;

/// Writes a header field by field.
#[derive(Clone, Debug, Default)]
pub struct HeaderWriter {
    out: Vec<u8>,
}

impl HeaderWriter {
    /// An empty header.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A field of free text, such as `Subject`; what is not ASCII becomes encoded-words.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        let encoded = encode_text(value);
        self.structured(name, &encoded)
    }

    /// A field whose value is in its final syntax and ASCII. Folds at spaces. CR, LF and NUL become spaces,
    /// so that no value can begin a field of its own.
    #[must_use]
    pub fn structured(mut self, name: &str, value: &str) -> Self {
        let clean: String = value
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b':');
        let mut column = name.len().saturating_add(1);
        for word in clean.split(' ').filter(|word| !word.is_empty()) {
            let width = word.len().saturating_add(1);
            if column.saturating_add(width) > LINE_OCTETS && column > name.len().saturating_add(1) {
                self.out.extend_from_slice(b"\r\n");
                column = 0;
            }
            self.out.push(b' ');
            self.out.extend_from_slice(word.as_bytes());
            column = column.saturating_add(width);
        }
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// `Date`.
    #[must_use]
    pub fn date(self, at: Timestamp) -> Self {
        self.structured("Date", &at.to_rfc5322())
    }

    /// `Message-ID`; `unique` has to be so within the domain, and be made of letters, digits, `-` and `.`.
    #[must_use]
    pub fn message_id(self, unique: &str, domain: &Domain) -> Self {
        self.structured("Message-ID", &format!("<{unique}@{domain}>"))
    }

    /// A field of addresses, such as `From`, each with a name to show or an empty one.
    #[must_use]
    pub fn addresses(self, name: &str, addresses: &[(&str, &Address)]) -> Self {
        let list: Vec<String> = addresses
            .iter()
            .map(|(shown, address)| match shown.trim() {
                "" => address.to_string(),
                shown => format!("{} <{address}>", encode_phrase(shown)),
            })
            .collect();
        self.structured(name, &list.join(", "))
    }

    /// `MIME-Version` and `Content-Type`.
    #[must_use]
    pub fn content_type(self, value: &str) -> Self {
        self.structured("MIME-Version", "1.0")
            .structured("Content-Type", value)
    }

    /// The header without an empty line.
    #[must_use]
    pub fn into_fields(self) -> Vec<u8> {
        self.out
    }

    /// The message: header, empty line, body.
    #[must_use]
    pub fn finish(mut self, body: &[u8]) -> Vec<u8> {
        self.out.extend_from_slice(b"\r\n");
        self.out.extend_from_slice(body);
        self.out
    }
}

/// Text for an unstructured field: as it is when it is ASCII that no reader takes for an encoded-word,
/// encoded-words otherwise.
#[must_use]
pub fn encode_text(text: &str) -> String {
    if text.is_ascii() && !text.contains("=?") {
        return text.to_owned();
    }
    encode_words(text)
}

/// A name before an address: a quoted string, or encoded-words.
fn encode_phrase(name: &str) -> String {
    if !name.is_ascii() || name.contains("=?") {
        return encode_words(name);
    }
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Encoded-words of at most 75 octets with whole characters in each, RFC 2047 section 5.
fn encode_words(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        let encoded = encode_character(c);
        if word.len().saturating_add(encoded.len()) > WORD_OCTETS {
            words.push(std::mem::take(&mut word));
        }
        word.push_str(&encoded);
    }
    words.push(word);
    let words: Vec<String> = words.iter().map(|word| format!("=?utf-8?Q?{word}?=")).collect();
    words.join(" ")
}

/// The "Q" encoding with the few characters that are allowed everywhere, RFC 2047 section 5 (3).
fn encode_character(c: char) -> String {
    match c {
        ' ' => "_".to_owned(),
        'a'..='z' | 'A'..='Z' | '0'..='9' | '!' | '*' | '+' | '-' | '/' => c.to_string(),
        other => {
            let mut octets = [0; 4];
            other
                .encode_utf8(&mut octets)
                .bytes()
                .map(|octet| format!("={octet:02X}"))
                .collect()
        }
    }
}

/// A part of a multipart.
#[derive(Clone, Copy, Debug)]
pub struct BodyPart<'a> {
    /// Its `Content-Type` in final syntax, such as `text/plain; charset=utf-8`.
    pub content_type: &'a str,
    /// Its `Content-Description`, or empty.
    pub description: &'a str,
    /// Its body as it is to be sent. Octets above 127 are announced as `8bit`.
    pub body: &'a [u8],
}

/// A boundary that none of the parts contains: `=_` and the seed, with a number behind when it has to be.
#[must_use]
pub fn choose_boundary(seed: &str, parts: &[BodyPart<'_>]) -> String {
    let seed: String = seed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect();
    let mut boundary = format!("=_{seed}");
    // Each number that is taken costs the parts octets, so there is a free one.
    for number in 0_u64.. {
        let mark = boundary.as_bytes();
        if !parts
            .iter()
            .any(|part| memchr::memmem::find(part.body, mark).is_some())
        {
            break;
        }
        boundary = format!("=_{seed}_{number}_");
    }
    boundary
}

/// The body of a multipart: each part with its MIME header between boundaries.
#[must_use]
pub fn multipart(boundary: &str, parts: &[BodyPart<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        let mut header = HeaderWriter::new().structured("Content-Type", part.content_type);
        if !part.description.is_empty() {
            header = header.text("Content-Description", part.description);
        }
        if !part.body.is_ascii() {
            header = header.structured("Content-Transfer-Encoding", "8bit");
        }
        out.extend_from_slice(&header.finish(part.body));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

/// Finishes a message as a `multipart/report` (RFC 6522): `header` holds the fields but those of MIME,
/// `report_type` is for example `delivery-status`, `parts` are the human-readable text, the report, and
/// what is returned of the message, if anything.
#[must_use]
pub fn report(header: HeaderWriter, report_type: &str, seed: &str, parts: &[BodyPart<'_>]) -> Vec<u8> {
    let boundary = choose_boundary(seed, parts);
    header
        .content_type(&format!(
            "multipart/report; report-type={report_type}; boundary=\"{boundary}\""
        ))
        .finish(&multipart(&boundary, parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{decode, first_field};
    use crate::{Section, SectionText, render};

    fn parts_of<'a>(returned: &'a [u8]) -> [BodyPart<'a>; 3] {
        [
            BodyPart {
                content_type: "text/plain; charset=utf-8",
                description: "Notification",
                body: "na\u{ef}ve\r\n".as_bytes(),
            },
            BodyPart {
                content_type: "message/delivery-status",
                description: "",
                body: b"Reporting-MTA: dns; a.test\r\n\r\nAction: failed\r\n",
            },
            BodyPart {
                content_type: "message/rfc822",
                description: "",
                body: returned,
            },
        ]
    }

    #[test]
    fn a_text_that_is_not_ascii_comes_back_the_same() {
        for text in [
            "caf\u{e9} =?x",
            "plain",
            "\u{1f600}".repeat(60).as_str(),
            "a =?utf-8?Q?b?= c",
        ] {
            let header = HeaderWriter::new().text("Subject", text).finish(b"");
            assert!(header.is_ascii());
            assert!(
                header.split(|octet| *octet == b'\n').all(|line| line.len() <= 79),
                "{text}"
            );
            assert_eq!(decode(first_field(&header, "Subject").unwrap()), text);
        }
    }

    #[test]
    fn no_value_begins_a_field_of_its_own() {
        let header = HeaderWriter::new()
            .text("Subject", "a\r\nBcc: b@c.test\r\n\r\nbody")
            .finish(b"");
        assert_eq!(first_field(&header, "Bcc"), None);
        assert_eq!(
            decode(first_field(&header, "Subject").unwrap()),
            "a Bcc: b@c.test body"
        );
    }

    #[test]
    fn a_long_line_is_folded_at_a_space() {
        let header = HeaderWriter::new()
            .structured("To", &"word ".repeat(50))
            .into_fields();
        assert!(header.split(|octet| *octet == b'\n').all(|line| line.len() <= 79));
        assert_eq!(crate::header::count_fields(&header, "To"), 1);
    }

    #[test]
    fn addresses_have_their_names_quoted_or_encoded() {
        let address: Address = "a@b.test".parse().unwrap();
        let header = HeaderWriter::new()
            .addresses(
                "To",
                &[
                    ("J. \"X\" Doe", &address),
                    ("Andr\u{e9}", &address),
                    ("", &address),
                ],
            )
            .into_fields();
        assert_eq!(
            header,
            b"To: \"J. \\\"X\\\" Doe\" <a@b.test>, =?utf-8?Q?Andr=C3=A9?= <a@b.test>, a@b.test\r\n"
        );
    }

    #[test]
    fn the_parts_of_a_report_are_found_again() {
        let returned = b"Subject: x\r\n\r\n--=_seed\r\nbody\r\n";
        let domain: Domain = "a.test".parse().unwrap();
        let header = HeaderWriter::new()
            .date(Timestamp::from_secs(0))
            .message_id("1", &domain);
        let raw = report(header, "delivery-status", "seed", &parts_of(returned));
        let rendered = render(&raw);
        assert_eq!(rendered.thread.message_id.as_deref(), Some("1@a.test"));
        assert_eq!(rendered.parts.numbers(), [vec![1], vec![2], vec![3], vec![3, 1]]);
        let third = Section {
            part: vec![3],
            text: SectionText::Whole,
        };
        assert_eq!(
            rendered.parts.section(&raw, &third).as_deref(),
            Some(&returned[..])
        );
    }
}
