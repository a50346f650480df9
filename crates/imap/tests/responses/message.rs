//! Random messages of which it is known what ENVELOPE and BODYSTRUCTURE must say.

use imap_codec::imap_types::body::{Body, BodyStructure, SpecificFields};
use imap_codec::imap_types::core::{IString, NString};
use imap_codec::imap_types::envelope::{Address, Envelope};

use crate::dice::Dice;

/// An address: name, local part, domain.
type Mailbox = (Option<String>, String, String);

/// What a message was made of.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) raw: Vec<u8>,
    subject: Option<String>,
    from: Vec<Mailbox>,
    to: Vec<Mailbox>,
    message_id: Option<String>,
    part: Part,
}

/// A part, and what its description says.
#[derive(Debug)]
enum Part {
    /// Subtype, name, octets, lines.
    Text(&'static str, Option<String>, usize, usize),
    /// Octets.
    Image(usize),
    Multipart(&'static str, Vec<Self>),
    /// Octets, lines.
    Message(Box<Message>, usize, usize),
}

fn words(dice: &mut Dice) -> String {
    const WORDS: [&str; 9] = ["a", "Re:", "\"", "\\", "é", "(x", "{4}", "NIL", "]"];
    let count = 1 + dice.below(4);
    let words: Vec<&str> = (0..count).map(|_| WORDS[dice.below(WORDS.len())]).collect();
    words.join(" ")
}

/// As a quoted string of RFC 5322 and of MIME.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn mailboxes(dice: &mut Dice) -> Vec<Mailbox> {
    (0..=dice.below(3))
        .map(|_| {
            let name = (!dice.is_one_in(3)).then(|| words(dice));
            (
                name,
                dice.one(&["anna", "b.c", "x+y"]).to_owned(),
                "x.test".to_owned(),
            )
        })
        .collect()
}

fn print_mailboxes(list: &[Mailbox]) -> String {
    let printed: Vec<String> = list
        .iter()
        .map(|(name, local, domain)| match name {
            Some(name) => format!("{} <{local}@{domain}>", quoted(name)),
            None => format!("{local}@{domain}"),
        })
        .collect();
    printed.join(",\r\n ")
}

impl Message {
    pub(crate) fn new(dice: &mut Dice, depth: usize) -> Self {
        let subject = (!dice.is_one_in(4)).then(|| words(dice));
        let message_id = (!dice.is_one_in(4)).then(|| format!("<{}@x.test>", dice.number()));
        let (from, to) = (mailboxes(dice), mailboxes(dice));
        let mut header = format!(
            "From: {}\r\nTo: {}\r\n",
            print_mailboxes(&from),
            print_mailboxes(&to)
        );
        if let Some(subject) = &subject {
            header.push_str(&format!("Subject: {}\r\n", subject.replace(' ', "\r\n ")));
        }
        if let Some(id) = &message_id {
            header.push_str(&format!("Message-ID: {id}\r\n"));
        }
        let mut raw = header.into_bytes();
        let part = Part::write(dice, depth, &mut raw);
        Self {
            raw,
            subject,
            from,
            to,
            message_id,
            part,
        }
    }

    pub(crate) fn assert_envelope(&self, read: &Envelope<'_>) {
        let text = |string: &NString<'_>| {
            string
                .clone()
                .into_option()
                .map(|octets| String::from_utf8(octets.into_owned()).unwrap())
        };
        let list = |list: &[Address<'_>]| -> Vec<Mailbox> {
            list.iter()
                .map(|one| {
                    (
                        text(&one.name),
                        text(&one.mailbox).unwrap(),
                        text(&one.host).unwrap(),
                    )
                })
                .collect()
        };
        assert_eq!(text(&read.subject), self.subject);
        assert_eq!(text(&read.message_id), self.message_id);
        // RFC 3501 section 7.4.2: Sender and Reply-To are From's where they are missing.
        for from in [&read.from, &read.sender, &read.reply_to] {
            assert_eq!(list(from), self.from);
        }
        assert_eq!(list(&read.to), self.to);
        assert!(read.cc.is_empty() && read.bcc.is_empty());
        assert_eq!((text(&read.date), text(&read.in_reply_to)), (None, None));
    }

    pub(crate) fn assert_structure(&self, read: &BodyStructure<'_>) {
        self.part.assert_same(read);
    }
}

/// A last line without its end is a line.
fn lines(octets: &[u8]) -> usize {
    let ends = octets.iter().filter(|octet| **octet == b'\n').count();
    ends + usize::from(!octets.is_empty() && !octets.ends_with(b"\n"))
}

impl Part {
    /// Writes the rest of the header, the empty line and the body.
    fn write(dice: &mut Dice, depth: usize, raw: &mut Vec<u8>) -> Self {
        let kinds = if depth == 0 { 2 } else { 4 };
        match dice.below(kinds) {
            0 => {
                let subtype = dice.one(&["plain", "html", "x-y"]);
                let name = dice.is_one_in(2).then(|| words(dice));
                raw.extend(format!("Content-Type: text/{subtype}").into_bytes());
                if let Some(name) = &name {
                    raw.extend(format!(";\r\n name={}", quoted(name)).into_bytes());
                }
                let body = "line\r\n".repeat(dice.below(4));
                raw.extend(format!("\r\n\r\n{body}").into_bytes());
                let subtype = match subtype {
                    "plain" => "PLAIN",
                    "html" => "HTML",
                    _ => "X-Y",
                };
                Self::Text(subtype, name, body.len(), lines(body.as_bytes()))
            }
            1 => {
                let body = "AAAA".repeat(dice.below(5));
                raw.extend(
                    format!("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}")
                        .bytes(),
                );
                Self::Image(body.len())
            }
            2 => {
                let boundary = format!("b{}", dice.number());
                raw.extend(format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n").bytes());
                let parts = (0..=dice.below(3))
                    .map(|_| {
                        raw.extend(format!("\r\n--{boundary}\r\n").bytes());
                        Self::write(dice, depth - 1, raw)
                    })
                    .collect();
                raw.extend(format!("\r\n--{boundary}--\r\n").bytes());
                Self::Multipart("MIXED", parts)
            }
            _ => {
                raw.extend(b"Content-Type: message/rfc822\r\n\r\n");
                let inner = Message::new(dice, depth - 1);
                raw.extend(&inner.raw);
                let (octets, lines) = (inner.raw.len(), lines(&inner.raw));
                Self::Message(Box::new(inner), octets, lines)
            }
        }
    }

    fn assert_same(&self, read: &BodyStructure<'_>) {
        match (self, read) {
            (Self::Multipart(expected, parts), BodyStructure::Multi { bodies, subtype, .. }) => {
                assert!(is(subtype, expected), "{subtype:?}");
                assert_eq!(parts.len(), bodies.as_ref().len());
                for (part, read) in parts.iter().zip(bodies.as_ref()) {
                    part.assert_same(read);
                }
            }
            (_, BodyStructure::Single { body, .. }) => self.assert_leaf(body),
            (_, BodyStructure::Multi { .. }) => panic!("{self:?} is {read:?}"),
        }
    }

    fn assert_leaf(&self, read: &Body<'_>) {
        let size = usize::try_from(read.basic.size).unwrap();
        match (self, &read.specific) {
            (
                Self::Text(expected, name, octets, lines),
                SpecificFields::Text {
                    subtype,
                    number_of_lines,
                },
            ) => {
                assert!(is(subtype, expected), "{subtype:?}");
                assert_eq!((size, usize::try_from(*number_of_lines)), (*octets, Ok(*lines)));
                let read = read.basic.parameter_list.iter().find(|(key, _)| is(key, "NAME"));
                let read = read.map(|(_, value)| String::from_utf8(value.as_ref().to_vec()).unwrap());
                assert_eq!(read, *name);
            }
            (Self::Image(octets), SpecificFields::Basic { r#type, subtype }) => {
                assert!(is(r#type, "IMAGE") && is(subtype, "PNG"));
                assert!(is(&read.basic.content_transfer_encoding, "BASE64"));
                assert_eq!(size, *octets);
            }
            (
                Self::Message(message, octets, lines),
                SpecificFields::Message {
                    envelope,
                    body_structure,
                    number_of_lines,
                },
            ) => {
                assert_eq!((size, usize::try_from(*number_of_lines)), (*octets, Ok(*lines)));
                message.assert_envelope(envelope);
                message.assert_structure(body_structure);
            }
            (_, read) => panic!("{self:?} is {read:?}"),
        }
    }
}

/// RFC 2045: types and names of parameters have no case.
fn is(read: &IString<'_>, expected: &str) -> bool {
    read.as_ref().eq_ignore_ascii_case(expected.as_bytes())
}
