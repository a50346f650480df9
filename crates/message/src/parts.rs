//! Where the parts of a message lie, and which octets `BODY[…]` names: RFC 9051 section 6.4.5.1, RFC 3501
//! section 6.4.5. Kept with each message, so that fetching a part needs no parse. Finding the parts is
//! `scan`'s work; `parts::wire` has the stored form.

mod wire;

use std::borrow::Cow;
use std::ops::Range;

use crate::section::{Section, SectionText};

/// What a part consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing that has part numbers of its own.
    Leaf,
    /// Parts between boundaries, at least one.
    Multipart,
    /// A message with a header and a body of its own.
    Message,
}

/// A part of a message. Offsets are octets from the beginning of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it consists of.
    pub kind: Kind,
    header: u32,
    body: u32,
    end: u32,
    /// Parts in this tree, itself included.
    tree: u32,
}

impl Part {
    pub(crate) fn new(kind: Kind, header: usize, body: usize) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            kind,
            header: offset(header),
            body: offset(body),
            end: offset(body),
            tree: 1,
        }
    }

    pub(crate) fn close(&mut self, end: usize, tree: usize) {
        self.end = self.body.max(u32::try_from(end).unwrap_or(u32::MAX));
        self.tree = u32::try_from(tree).unwrap_or(u32::MAX);
        if self.tree == 1 {
            self.kind = Kind::Leaf;
        }
    }

    /// Where its header lies: MIME header, or header of the message.
    #[must_use]
    pub fn header(&self) -> Range<usize> {
        to_usize(self.header)..to_usize(self.body)
    }

    /// Where its body lies, as encoded for transfer.
    #[must_use]
    pub fn body(&self) -> Range<usize> {
        to_usize(self.body)..to_usize(self.end)
    }
}

/// The tree of a message's parts. The first part is the message itself; the child of a part that is a
/// message is that message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Each part before its children.
    parts: Vec<Part>,
}

impl Parts {
    pub(crate) fn new(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    /// All parts, each before its children.
    pub(crate) fn all(&self) -> &[Part] {
        &self.parts
    }

    /// How many parts the tree has; attached messages count twice, as a part and as a message.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// Indexes of the children of the part at this index.
    pub(crate) fn children(&self, of: usize) -> impl Iterator<Item = usize> {
        let end = self
            .parts
            .get(of)
            .map_or(0, |part| of.saturating_add(to_usize(part.tree)));
        let first = of.saturating_add(1);
        std::iter::successors(Some(first), |at| {
            Some(at.saturating_add(to_usize(self.parts.get(*at)?.tree)))
        })
        .take_while(move |at| *at < end)
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.parts.get(at).map(|part| part.kind)
    }

    /// The part with these numbers; without numbers, the message itself.
    #[must_use]
    pub fn part(&self, numbers: &[u32]) -> Option<&Part> {
        self.parts.get(self.index(numbers)?)
    }

    fn index(&self, numbers: &[u32]) -> Option<usize> {
        let mut at = 0;
        // Numbers count within a message: its parts when it is a multipart, itself as part 1 otherwise.
        let mut is_message = true;
        for number in numbers {
            if !is_message && self.kind(at)? == Kind::Message {
                at = self.children(at).next()?;
                is_message = true;
            }
            let nth = usize::try_from(number.checked_sub(1)?).ok()?;
            at = match (self.kind(at)?, is_message) {
                (Kind::Multipart, _) => self.children(at).nth(nth)?,
                (Kind::Leaf | Kind::Message, true) if nth == 0 => at,
                (Kind::Leaf | Kind::Message, _) => return None,
            };
            is_message = false;
        }
        Some(at)
    }

    /// The octets that a section names. `None`: there is no such part, or it has no such thing, as the
    /// `HEADER` of what is not a message; IMAP answers `NIL` then.
    #[must_use]
    pub fn section<'a>(&self, raw: &'a [u8], section: &Section) -> Option<Cow<'a, [u8]>> {
        raw.get(self.range(section, raw.len())?)
            .map(|octets| section.of(octets))
    }

    /// Where the octets lie that a section names in a message of so many octets; [`Section::of`] picks from
    /// them what is not all of them. `None` as with [`Self::section`].
    #[must_use]
    pub fn range(&self, section: &Section, message_octets: usize) -> Option<Range<usize>> {
        let at = self.index(&section.part)?;
        let part = self.parts.get(at)?;
        match &section.text {
            SectionText::Whole if section.part.is_empty() => Some(0..message_octets),
            SectionText::Whole => Some(part.body()),
            SectionText::Mime if section.part.is_empty() => None,
            SectionText::Mime => Some(part.header()),
            SectionText::Text => Some(self.message(at, section)?.body()),
            SectionText::Header | SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
                Some(self.message(at, section)?.header())
            }
        }
    }

    /// The message that a section without MIME is about: the whole, or the one attached at `at`.
    fn message(&self, at: usize, section: &Section) -> Option<&Part> {
        if section.part.is_empty() {
            return self.parts.first();
        }
        if self.kind(at)? != Kind::Message {
            return None;
        }
        self.parts.get(self.children(at).next()?)
    }

    /// The numbers of every part that has some, in the message's order.
    #[must_use]
    pub fn numbers(&self) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        self.number_message(0, &[], &mut all);
        all
    }

    fn number_message(&self, at: usize, prefix: &[u32], all: &mut Vec<Vec<u32>>) {
        if self.kind(at) == Some(Kind::Multipart) {
            self.number_children(at, prefix, all);
        } else {
            self.number_part(at, [prefix, &[1]].concat(), all);
        }
    }

    fn number_children(&self, at: usize, prefix: &[u32], all: &mut Vec<Vec<u32>>) {
        for (child, number) in self.children(at).zip(1..) {
            self.number_part(child, [prefix, &[number]].concat(), all);
        }
    }

    fn number_part(&self, at: usize, numbers: Vec<u32>, all: &mut Vec<Vec<u32>>) {
        all.push(numbers.clone());
        match self.kind(at) {
            Some(Kind::Multipart) => self.number_children(at, &numbers, all),
            Some(Kind::Message) => {
                if let Some(message) = self.children(at).next() {
                    self.number_message(message, &numbers, all);
                }
            }
            Some(Kind::Leaf) | None => {}
        }
    }
}

pub(crate) fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
