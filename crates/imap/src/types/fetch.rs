//! What FETCH asks for (RFC 9051 section 6.4.5).

use posthorn_message::{Section, SectionText};

use super::partial::PartialRange;
use super::sequence_set::{MessageSet, Numbering};

/// The octets wanted of a section: `<offset.length>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Partial {
    /// The first octet, counted from 0; beyond the end the result is empty. Up to 63 bits.
    pub offset: u64,
    /// At most that many octets; never 0. Up to 63 bits.
    pub length: u64,
}

/// A piece of the message that the shell must read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SectionWant {
    /// Which piece.
    pub section: Section,
    /// In which form.
    pub form: SectionForm,
    /// Which octets of it, in that form; `None`: all.
    pub partial: Option<Partial>,
}

/// How a section is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SectionForm {
    /// As it stands in the message.
    Stored,
    /// Behind its transfer encoding (RFC 3516): the leaves of the message; all else has none.
    Decoded,
    /// How many octets it has behind its transfer encoding, in decimal digits.
    DecodedSize,
}

/// What must be looked up per message beyond what every [`crate::FetchRow`] has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchWant {
    /// The ENVELOPE, as wire octets.
    pub envelope: bool,
    /// BODYSTRUCTURE, as wire octets.
    pub body_structure: bool,
    /// BODY without extension data, as wire octets.
    pub body: bool,
    /// The preview (RFC 8970).
    pub preview: bool,
    /// EMAILID and THREADID.
    pub object_ids: bool,
    /// These sections, answered in this order.
    pub sections: Vec<SectionWant>,
}

impl FetchWant {
    /// Is anything wanted that is made from the message's content?
    #[must_use]
    pub const fn needs_content(&self) -> bool {
        self.envelope || self.body_structure || self.body || self.preview || !self.sections.is_empty()
    }
}

/// `fetch-att`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FetchItem {
    Flags,
    InternalDate,
    Size,
    Uid,
    ModSeq,
    Envelope,
    BodyStructure,
    Body,
    EmailId,
    ThreadId,
    SaveDate,
    /// With LAZY or without: a preview is made when the message comes, so that none is ever late.
    Preview,
    Section(FetchSection),
}

/// A section with how it is named in the reply and whether it marks the message as seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FetchSection {
    pub(crate) want: SectionWant,
    pub(crate) spelling: Spelling,
    pub(crate) is_peek: bool,
}

/// Under which name a section was asked for, and is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `BODY[…]`.
    Body,
    /// `RFC822`.
    Rfc822,
    /// `RFC822.HEADER`.
    Rfc822Header,
    /// `RFC822.TEXT`.
    Rfc822Text,
    /// `BINARY[…]` (RFC 3516).
    Binary,
    /// `BINARY.SIZE[…]`.
    BinarySize,
}

impl Spelling {
    /// The form that goes with the name.
    pub(crate) const fn form(self) -> SectionForm {
        match self {
            Self::Body | Self::Rfc822 | Self::Rfc822Header | Self::Rfc822Text => SectionForm::Stored,
            Self::Binary => SectionForm::Decoded,
            Self::BinarySize => SectionForm::DecodedSize,
        }
    }

    /// The old names stand for these sections (RFC 3501 section 6.4.5); only the header is a peek.
    pub(crate) fn to_section(self) -> FetchSection {
        let text = match self {
            Self::Body | Self::Rfc822 | Self::Binary | Self::BinarySize => SectionText::Whole,
            Self::Rfc822Header => SectionText::Header,
            Self::Rfc822Text => SectionText::Text,
        };
        let part = Vec::new();
        FetchSection {
            want: SectionWant {
                section: Section { part, text },
                form: self.form(),
                partial: None,
            },
            spelling: self,
            is_peek: self == Self::Rfc822Header,
        }
    }
}

/// FETCH and UID FETCH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FetchCommand {
    pub(crate) numbering: Numbering,
    pub(crate) set: MessageSet,
    /// In the client's order, without repetitions.
    pub(crate) items: Vec<FetchItem>,
    pub(crate) modifiers: FetchModifiers,
}

/// What stands behind the items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FetchModifiers {
    /// RFC 7162 section 3.1.4.1: only messages changed after this.
    pub(crate) changed_since: Option<i64>,
    /// RFC 7162 section 3.2.6: what was expunged after that is told as well; only beside `changed_since`.
    pub(crate) vanished: bool,
    /// RFC 9394 section 3.3: only this page of the messages named.
    pub(crate) partial: Option<PartialRange>,
}
