//! Names a piece of a message, as `BODY[…]` of RFC 9051 section 6.4.5.1 does. Finding the octets is
//! `parts`' work; which header fields of them are meant stands here.

use std::borrow::Cow;

use crate::header::{Fields, is_empty_line, line_end};

/// A piece of a message: a part by its numbers, and what of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Section {
    /// Part numbers from the outside in, each from 1; empty: the message itself.
    pub part: Vec<u32>,
    /// What of that part.
    pub text: SectionText,
}

impl Section {
    /// What the section names of the octets where [`crate::Parts::range`] finds it.
    #[must_use]
    pub fn of<'a>(&self, octets: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.text {
            SectionText::Whole | SectionText::Mime | SectionText::Header | SectionText::Text => {
                Cow::Borrowed(octets)
            }
            SectionText::HeaderFields(names) => Cow::Owned(pick_fields(octets, |name| is_among(names, name))),
            SectionText::HeaderFieldsNot(names) => {
                Cow::Owned(pick_fields(octets, |name| !is_among(names, name)))
            }
        }
    }
}

/// `section-msgtext` and `section-text` of RFC 9051 section 9.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SectionText {
    /// The whole: of the message with its header, of a part its body.
    Whole,
    /// The header of the message, or of the `message/rfc822` part.
    Header,
    /// These fields of that header, in the message's order, with the empty line.
    HeaderFields(Vec<String>),
    /// That header without these fields, with the empty line.
    HeaderFieldsNot(Vec<String>),
    /// What follows that header.
    Text,
    /// The MIME header of the part; needs a part number.
    Mime,
}

fn is_among(names: &[String], name: &[u8]) -> bool {
    names.iter().any(|is| is.as_bytes().eq_ignore_ascii_case(name))
}

/// The fields whose name is wanted, and the empty line if the header has one. A line that is no field has
/// an empty name.
fn pick_fields(header: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut picked = Vec::new();
    for field in Fields::new(header) {
        if is_wanted(field.name) {
            picked.extend_from_slice(header.get(field.whole).unwrap_or_default());
        }
    }
    let has_empty_line = header.is_empty() || ends_with_empty_line(header);
    if has_empty_line {
        picked.extend_from_slice(b"\r\n");
    }
    picked
}

fn ends_with_empty_line(header: &[u8]) -> bool {
    let start = header.strip_suffix(b"\n").map_or(0, |rest| {
        memchr::memrchr(b'\n', rest).map_or(0, |at| at.saturating_add(1))
    });
    header
        .get(start..line_end(header, start))
        .is_some_and(is_empty_line)
}
