//! The header of one part: which fields it has that matter to us, each found once. Interprets no more than
//! the scanner needs.

use std::borrow::Cow;

use crate::header::{Fields, unfold_octets};
use crate::mime_value::MimeValue;

/// Address fields of one kind that are looked at; RFC 5322 allows one.
const ADDRESS_FIELDS: usize = 16;

/// The fields of a part's header, raw. Of a field that should be there once, the first counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head<'a> {
    /// `Content-Type`, taken apart; empty when there is none.
    pub(crate) content_type: MimeValue,
    /// Media type in lower case, defaults applied.
    pub(crate) media: (Vec<u8>, Vec<u8>),
    pub(crate) encoding: Option<&'a [u8]>,
    pub(crate) id: Option<&'a [u8]>,
    pub(crate) description: Option<&'a [u8]>,
    pub(crate) disposition: Option<&'a [u8]>,
    pub(crate) language: Option<&'a [u8]>,
    pub(crate) location: Option<&'a [u8]>,
    pub(crate) date: Option<&'a [u8]>,
    pub(crate) subject: Option<&'a [u8]>,
    pub(crate) from: Vec<&'a [u8]>,
    pub(crate) sender: Vec<&'a [u8]>,
    pub(crate) reply_to: Vec<&'a [u8]>,
    pub(crate) to: Vec<&'a [u8]>,
    pub(crate) cc: Vec<&'a [u8]>,
    pub(crate) bcc: Vec<&'a [u8]>,
    pub(crate) in_reply_to: Option<&'a [u8]>,
    pub(crate) message_id: Option<&'a [u8]>,
    pub(crate) references: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    /// Reads a header section. In a `multipart/digest` a part without a type is a message, RFC 2046 section
    /// 5.1.5.
    pub(crate) fn parse(header: &'a [u8], in_digest: bool) -> Self {
        let mut head = Self::default();
        let mut content_type = None;
        for field in Fields::new(header) {
            let mut name = [0_u8; 25];
            let Some(lower) = name.get_mut(..field.name.len()) else {
                continue;
            };
            lower.copy_from_slice(field.name);
            lower.make_ascii_lowercase();
            head.note(lower, field.value, &mut content_type);
        }
        if let Some(value) = content_type {
            head.content_type = MimeValue::parse(&unfold_octets(value));
        }
        head.media = media(&head.content_type.value).unwrap_or_else(|| {
            if in_digest {
                (b"message".to_vec(), b"rfc822".to_vec())
            } else {
                (b"text".to_vec(), b"plain".to_vec())
            }
        });
        head
    }

    fn note(&mut self, name: &[u8], value: &'a [u8], content_type: &mut Option<&'a [u8]>) {
        let once = match name {
            b"content-type" => content_type,
            b"content-transfer-encoding" => &mut self.encoding,
            b"content-id" => &mut self.id,
            b"content-description" => &mut self.description,
            b"content-disposition" => &mut self.disposition,
            b"content-language" => &mut self.language,
            b"content-location" => &mut self.location,
            b"date" => &mut self.date,
            b"subject" => &mut self.subject,
            b"in-reply-to" => &mut self.in_reply_to,
            b"message-id" => &mut self.message_id,
            b"references" => &mut self.references,
            b"from" => return push(&mut self.from, value),
            b"sender" => return push(&mut self.sender, value),
            b"reply-to" => return push(&mut self.reply_to, value),
            b"to" => return push(&mut self.to, value),
            b"cc" => return push(&mut self.cc, value),
            b"bcc" => return push(&mut self.bcc, value),
            _ => return,
        };
        once.get_or_insert(value);
    }

    /// The boundary, of a multipart that has one.
    pub(crate) fn boundary(&self) -> Option<&[u8]> {
        if self.media.0 != b"multipart" {
            return None;
        }
        self.content_type
            .parameter("boundary")
            .map(<[u8]>::trim_ascii_end)
            .filter(|boundary| !boundary.is_empty())
    }

    /// Whether the children of this multipart are messages unless they say otherwise.
    pub(crate) fn is_digest(&self) -> bool {
        self.media.0 == b"multipart" && self.media.1 == b"digest"
    }

    /// Whether a message is attached here that can be read in place, which an encoded one cannot; RFC 2046
    /// section 5.2.1 forbids encoding it.
    pub(crate) fn is_message(&self) -> bool {
        self.is_message_type() && self.is_unencoded()
    }

    /// `message/rfc822`, or `message/global` of RFC 6532.
    pub(crate) fn is_message_type(&self) -> bool {
        self.media.0 == b"message" && matches!(self.media.1.as_slice(), b"rfc822" | b"global")
    }

    fn is_unencoded(&self) -> bool {
        !matches!(self.encoding_name().as_slice(), b"base64" | b"quoted-printable")
    }

    /// `Content-Transfer-Encoding` in lower case, without comments; `7bit` when there is none.
    pub(crate) fn encoding_name(&self) -> Vec<u8> {
        let name = self
            .encoding
            .map(|value| MimeValue::parse(&unfold_octets(value)).value.to_ascii_lowercase());
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| b"7bit".to_vec())
    }

    /// `Content-Disposition`; a field without a type counts as `attachment`, RFC 2183 section 2.8.
    pub(crate) fn disposition(&self) -> Option<MimeValue> {
        let mut value = MimeValue::parse(&unfold_octets(self.disposition?));
        if value.value.is_empty() {
            if value.parameters.is_empty() {
                return None;
            }
            value.value = b"attachment".to_vec();
        }
        Some(value)
    }

    /// An unfolded value.
    pub(crate) fn unfolded(value: Option<&'a [u8]>) -> Option<Cow<'a, [u8]>> {
        value.map(unfold_octets)
    }
}

fn push<'a>(fields: &mut Vec<&'a [u8]>, value: &'a [u8]) {
    if fields.len() < ADDRESS_FIELDS {
        fields.push(value);
    }
}

/// Type and subtype in lower case; `None` for what is no media type, which counts as none at all, RFC 2045
/// section 5.2.
fn media(value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let slash = memchr::memchr(b'/', value)?;
    let (main, sub) = value.split_at_checked(slash)?;
    let sub = sub.get(1..)?;
    let is_token = |text: &[u8]| {
        !text.is_empty()
            && text
                .iter()
                .all(|octet| octet.is_ascii_graphic() && *octet != b'"')
    };
    (is_token(main) && is_token(sub)).then(|| (main.to_ascii_lowercase(), sub.to_ascii_lowercase()))
}
