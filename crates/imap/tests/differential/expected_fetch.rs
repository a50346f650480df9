//! What FETCH must ask for.

use std::num::NonZeroU32;

use imap_codec::imap_types::command::FetchModifier;
use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::fetch::{
    Macro, MacroOrMessageDataItemNames, MessageDataItemName, Part, Section as TheirSection,
};
use imap_codec::imap_types::sequence::SequenceSet;
use posthorn_imap::Ask;
use posthorn_imap::types::{FetchWant, Partial, SectionForm, SectionWant};
use posthorn_message::{Section, SectionText};

use crate::expected::{Expected, MAILBOX, messages, named, text};

pub(crate) fn fetch(
    set: &SequenceSet,
    names: &MacroOrMessageDataItemNames<'_>,
    by_uid: bool,
    modifiers: &[FetchModifier],
) -> Expected {
    let since = modifiers.iter().find_map(|modifier| match modifier {
        FetchModifier::ChangedSince(modseq) => Some(i64::try_from(modseq.get()).unwrap()),
        FetchModifier::Vanished => None,
    });
    if named(set, by_uid).is_none() {
        return Expected::Nothing;
    }
    if let Some(since_modseq) = since {
        return Expected::Ask(Ask::ChangedUids {
            mailbox: MAILBOX,
            since_modseq,
        });
    }
    let items = match names {
        MacroOrMessageDataItemNames::Macro(name) => expanded(name),
        MacroOrMessageDataItemNames::MessageDataItemNames(items) => items.clone(),
    };
    let mut want = FetchWant::default();
    let mut sections = Vec::new();
    for item in items {
        match &item {
            MessageDataItemName::Envelope => want.envelope = true,
            MessageDataItemName::BodyStructure => want.body_structure = true,
            MessageDataItemName::Body => want.body = true,
            _ => {
                let is_new = !sections.contains(&item);
                if let Some(section) = section_want(&item)
                    && is_new
                {
                    want.sections.push(section);
                    sections.push(item);
                }
            }
        }
    }
    let mark_seen = sections.iter().any(marks_seen);
    messages(set, by_uid, |uids| Ask::Fetch {
        mailbox: MAILBOX,
        uids,
        want,
        mark_seen,
        octets_at_most: posthorn_imap::Limits::default().batch_octets,
    })
}

fn expanded(name: &Macro) -> Vec<MessageDataItemName<'static>> {
    match name {
        Macro::Fast => Vec::new(),
        Macro::All => vec![MessageDataItemName::Envelope],
        Macro::Full => vec![MessageDataItemName::Envelope, MessageDataItemName::Body],
        _ => panic!("a new macro"),
    }
}

/// RFC 3501 section 6.4.5.
fn marks_seen(item: &MessageDataItemName<'_>) -> bool {
    match item {
        MessageDataItemName::BodyExt { peek, .. } | MessageDataItemName::Binary { peek, .. } => !peek,
        MessageDataItemName::Rfc822 | MessageDataItemName::Rfc822Text => true,
        _ => false,
    }
}

fn section_want(item: &MessageDataItemName<'_>) -> Option<SectionWant> {
    let whole = |part: Vec<u32>| Section {
        part,
        text: SectionText::Whole,
    };
    let message = |text| Section {
        part: Vec::new(),
        text,
    };
    let numbers = |numbers: &[NonZeroU32]| numbers.iter().map(|number| number.get()).collect();
    let range = |partial: &Option<(u32, NonZeroU32)>| {
        partial.map(|(offset, length)| Partial {
            offset: offset.into(),
            length: length.get().into(),
        })
    };
    let want = |section, form, partial| {
        Some(SectionWant {
            section,
            form,
            partial,
        })
    };
    match item {
        MessageDataItemName::Rfc822 => want(message(SectionText::Whole), SectionForm::Stored, None),
        MessageDataItemName::Rfc822Header => want(message(SectionText::Header), SectionForm::Stored, None),
        MessageDataItemName::Rfc822Text => want(message(SectionText::Text), SectionForm::Stored, None),
        MessageDataItemName::BodyExt { section, partial, .. } => {
            let section = section
                .as_ref()
                .map_or_else(|| Some(whole(Vec::new())), section_of)?;
            want(section, SectionForm::Stored, range(partial))
        }
        MessageDataItemName::Binary { section, partial, .. } => {
            want(whole(numbers(section)), SectionForm::Decoded, range(partial))
        }
        MessageDataItemName::BinarySize { section } => {
            want(whole(numbers(section)), SectionForm::DecodedSize, None)
        }
        _ => None,
    }
}

fn section_of(theirs: &TheirSection<'_>) -> Option<Section> {
    let numbers = |part: &Part| {
        part.0
            .as_ref()
            .iter()
            .map(|number| number.get())
            .collect::<Vec<u32>>()
    };
    let optional = |part: &Option<Part>| part.as_ref().map(numbers).unwrap_or_default();
    let fields = |fields: &[AString<'_>]| fields.iter().map(text).collect::<Option<Vec<String>>>();
    let (part, text) = match theirs {
        TheirSection::Part(part) => (numbers(part), SectionText::Whole),
        TheirSection::Header(part) => (optional(part), SectionText::Header),
        TheirSection::HeaderFields(part, names) => {
            (optional(part), SectionText::HeaderFields(fields(names.as_ref())?))
        }
        TheirSection::HeaderFieldsNot(part, names) => (
            optional(part),
            SectionText::HeaderFieldsNot(fields(names.as_ref())?),
        ),
        TheirSection::Text(part) => (optional(part), SectionText::Text),
        TheirSection::Mime(part) => (numbers(part), SectionText::Mime),
    };
    Some(Section { part, text })
}
