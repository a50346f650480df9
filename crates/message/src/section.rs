//! Names a piece of a message, as `BODY[…]` of RFC 9051 section 6.4.5.1 does. Only the name: finding the
//! octets is `parts`' work.

/// A piece of a message: a part by its numbers, and what of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Section {
    /// Part numbers from the outside in, each from 1; empty: the message itself.
    pub part: Vec<u32>,
    /// What of that part.
    pub text: SectionText,
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
