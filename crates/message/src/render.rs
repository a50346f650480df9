//! Everything the store keeps of a message besides its octets, made once when the message arrives, so that
//! listing a mailbox never opens a message.

use std::collections::HashSet;

use posthorn_base::Timestamp;

use crate::address_list::Entry;
use crate::body_structure::{Form, write_structure};
use crate::envelope::{addresses, write_envelope};
use crate::head::Head;
use crate::header::{date, decode};
use crate::line_count::LineCount;
use crate::parts::{Kind, Parts};
use crate::preview::preview;
use crate::scan::{Scan, scan};
use crate::thread::ThreadKeys;

/// Addresses of one field that are named in a listing.
const NAMED: usize = 10;

/// Everything the store keeps of a message besides its octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// IMAP `ENVELOPE` in wire form, `(…)`.
    pub envelope: Vec<u8>,
    /// IMAP `BODYSTRUCTURE` in wire form, with extension data.
    pub body_structure: Vec<u8>,
    /// IMAP `BODY` in wire form, without extension data.
    pub body: Vec<u8>,
    /// Where the parts lie.
    pub parts: Parts,
    /// At most 200 characters of readable text, RFC 8970.
    pub preview: String,
    /// What threads the message to others.
    pub thread: ThreadKeys,
    /// The subject, decoded; `None` without the field.
    pub subject: Option<String>,
    /// Names or else addresses of `From`, decoded, with commas between; `None` without any.
    pub from: Option<String>,
    /// The same of `To`; at most ten.
    pub to: Option<String>,
    /// The same of `Cc`; at most ten.
    pub cc: Option<String>,
    /// The `Date` field; `None` when it is absent or no date.
    pub sent: Option<Timestamp>,
    /// Whether there is something to save: a part marked so, a file, an attached message.
    pub has_attachment: bool,
    /// Octets of the header with its empty line.
    pub header_octets: u32,
}

/// Renders a message. Never fails: broken mail gets a sensible shape.
#[must_use]
pub fn render(raw: &[u8]) -> Rendered {
    let scan = scan(raw);
    let lines = LineCount::new(scan.raw);
    let empty = Head::default();
    let head = scan.heads.first().unwrap_or(&empty);
    let mut envelope = Vec::with_capacity(512);
    write_envelope(head, &mut envelope);
    let structure = |form| {
        let mut out = Vec::with_capacity(256);
        write_structure(&scan, &lines, form, &mut out);
        out
    };
    Rendered {
        envelope,
        body_structure: structure(Form::Extended),
        body: structure(Form::Basic),
        preview: preview(&scan),
        thread: ThreadKeys::of(head),
        subject: head.subject.map(decode),
        from: names(&head.from),
        to: names(&head.to),
        cc: names(&head.cc),
        sent: head.date.and_then(date),
        has_attachment: has_attachment(&scan),
        header_octets: scan
            .parts
            .part(&[])
            .map_or(0, |part| u32::try_from(part.header().len()).unwrap_or(u32::MAX)),
        parts: scan.parts,
    }
}

fn names(fields: &[&[u8]]) -> Option<String> {
    let entries = addresses(fields);
    let names: Vec<String> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Mailbox(mailbox) => Some(mailbox.display()),
            Entry::GroupStart(_) | Entry::GroupEnd => None,
        })
        .take(NAMED)
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn has_attachment(scan: &Scan<'_>) -> bool {
    let mut alternatives = HashSet::new();
    for (at, head) in scan.heads.iter().enumerate() {
        if head.media.0 == b"multipart" && head.media.1 == b"alternative" {
            alternatives.extend(scan.parts.children(at));
        }
    }
    let mut parts = scan.parts.all().iter().zip(&scan.heads).enumerate();
    parts.any(|(at, (part, head))| match part.kind {
        Kind::Multipart => false,
        Kind::Message => true,
        Kind::Leaf => is_attachment(head, alternatives.contains(&at)),
    })
}

/// A leaf that is marked as one, or is neither text nor shown in its place nor another form of the text nor
/// a signature.
fn is_attachment(head: &Head<'_>, is_alternative: bool) -> bool {
    let (main, sub) = (head.media.0.as_slice(), head.media.1.as_slice());
    if matches!(
        sub,
        b"pgp-signature" | b"pkcs7-signature" | b"x-pkcs7-signature" | b"pgp-encrypted"
    ) {
        return false;
    }
    let disposition = head.disposition().map(|value| value.value.to_ascii_lowercase());
    match disposition.as_deref() {
        Some(b"attachment") => true,
        Some(b"inline") => false,
        _ if is_alternative => false,
        _ if head.id.is_some() && main == b"image" => false,
        _ => {
            matches!(
                main,
                b"application" | b"image" | b"audio" | b"video" | b"font" | b"model"
            ) || head.is_message_type()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "From: =?utf-8?Q?Andr=C3=A9?= <a@x.test>, b@x.test\r\nTo: Group: c@x.test;\r\n\
        Subject: =?utf-8?Q?caf=C3=A9?=\r\n au lait\r\nDate: Wed, 17 Jul 1996 02:44:25 -0700 (PDT)\r\n\r\nbody\r\n";

    #[test]
    fn a_listing_finds_decoded_texts() {
        let rendered = render(MESSAGE.as_bytes());
        assert_eq!(rendered.subject.as_deref(), Some("caf\u{e9} au lait"));
        assert_eq!(rendered.from.as_deref(), Some("Andr\u{e9}, b@x.test"));
        assert_eq!(rendered.to.as_deref(), Some("c@x.test"));
        assert_eq!(rendered.cc, None);
        assert_eq!(
            rendered.sent.map(|at| at.to_rfc3339()).as_deref(),
            Some("1996-07-17T09:44:25Z")
        );
        assert_eq!(rendered.preview, "body");
        assert_eq!(usize::try_from(rendered.header_octets), Ok(MESSAGE.len() - 6));
        assert!(!rendered.has_attachment);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for date in ["Whenever", "", "99 Foo 2020 25:61:00", "1996-07-17T02:44:25Z"] {
            assert_eq!(super::date(date.as_bytes()), None, "of {date}");
        }
    }

    #[test]
    fn an_attachment_is_what_one_would_save() {
        for (header, expected) in [
            ("Content-Type: text/plain", false),
            ("Content-Type: application/pdf", true),
            (
                "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv",
                true,
            ),
            ("Content-Type: image/png\r\nContent-Disposition: inline", false),
            ("Content-Type: image/png\r\nContent-ID: <a@b>", false),
            (
                "Content-Type: application/pgp-signature; name=signature.asc",
                false,
            ),
            ("Content-Type: message/rfc822", true),
            ("Content-Type: message/delivery-status", false),
        ] {
            assert_eq!(
                render(format!("{header}\r\n\r\nx").as_bytes()).has_attachment,
                expected,
                "of {header}"
            );
        }
    }

    #[test]
    fn another_form_of_the_text_is_no_attachment() {
        let raw = "Content-Type: multipart/alternative; boundary=x\n\n--x\n\nyes\n--x\nContent-Type: application/ics\n\nno\n--x--";
        assert!(!render(raw.as_bytes()).has_attachment);
        assert!(render(raw.replace("alternative", "mixed").as_bytes()).has_attachment);
    }

    #[test]
    fn nothing_at_all_still_has_a_shape() {
        let rendered = render(b"");
        assert_eq!(rendered.envelope, b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
        assert_eq!(
            rendered.body,
            b"(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 0 0)"
        );
        assert_eq!(rendered.parts.numbers(), [[1]]);
    }
}
