//! The header of a message as signatures look at it: fields by name, counted from the bottom
//! (RFC 6376 section 5.4.2).
//!
//! Sees the fields that the rest of Posthorn sees ([`posthorn_message::header::Fields`]), so that what is
//! verified is what is shown. A header larger than [`HEADER_OCTETS`] is not looked at as a whole; see
//! [`Header::is_complete`].

use std::cmp::Ordering;

use posthorn_base::limits::HEADER_OCTETS;
use posthorn_message::header::{Fields, header_section};

use crate::canonical::{Canonicalization, write_field};
use crate::tags::Tags;

/// One field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    /// The name as written, without white space before the colon.
    pub(crate) name: &'a [u8],
    /// What follows the colon, without the last line end.
    pub(crate) value: &'a [u8],
    /// All of it.
    whole: &'a [u8],
}

impl Field<'_> {
    /// Case does not matter.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Writes the canonical form with its line end.
    pub(crate) fn write(&self, form: Canonicalization, into: &mut Vec<u8>) {
        write_field(form, self.name, self.value, self.whole, into);
    }

    /// Writes the canonical form without the signature in it (`b=`) and without the last line end:
    /// RFC 6376 section 3.7. `tags` were read from the value.
    pub(crate) fn write_unsigned(&self, form: Canonicalization, tags: &Tags<'_>, into: &mut Vec<u8>) {
        let (before, behind) = tags.around("b").unwrap_or((self.value, b""));
        let value = [before, behind].concat();
        let colon = memchr::memchr(b':', self.whole).unwrap_or(self.name.len());
        let name = self.whole.get(..=colon).unwrap_or(self.name);
        let whole = [name, &value].concat();
        write_field(form, self.name, &value, &whole, into);
        into.truncate(into.len().saturating_sub(2));
    }
}

/// All fields, and where the body begins.
pub(crate) struct Header<'a> {
    fields: Vec<Field<'a>>,
    /// Places in `fields`, ordered by name and then by place.
    by_name: Vec<usize>,
    body: &'a [u8],
    is_complete: bool,
}

impl<'a> Header<'a> {
    /// Takes a message apart.
    pub(crate) fn parse(octets: &'a [u8]) -> Self {
        let (section, body_at) = header_section(octets);
        let fields: Vec<Field<'a>> = Fields::new(section)
            .filter(|field| !field.name.is_empty())
            .map(|field| Field {
                name: field.name,
                value: field.value,
                whole: section.get(field.whole).unwrap_or_default(),
            })
            .collect();
        let mut by_name: Vec<usize> = (0..fields.len()).collect();
        by_name.sort_by(|a, b| match (fields.get(*a), fields.get(*b)) {
            (Some(a), Some(b)) => compare(a.name, b.name),
            _ => Ordering::Equal,
        });
        Self {
            fields,
            by_name,
            body: octets.get(body_at..).unwrap_or_default(),
            is_complete: section.len() <= HEADER_OCTETS,
        }
    }

    /// In the order of the message.
    pub(crate) fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// What follows the header.
    pub(crate) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Was all of the header looked at?
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// How many fields have this name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.named(name.as_bytes()).1.len()
    }

    /// The fields that a list of names means: the lowest field of a name first, each once, names beyond
    /// the fields that there are standing for nothing. `own` is the field whose signature it is: it was not
    /// there yet when the list was made, so it is never meant.
    pub(crate) fn select<'s>(&'s self, names: &[String], own: Option<&Field<'_>>) -> Vec<&'s Field<'a>> {
        let mut taken: Vec<(usize, usize)> = Vec::new();
        let mut selected = Vec::with_capacity(names.len());
        for name in names {
            let (begin, places) = self.named(name.as_bytes());
            if places.is_empty() {
                continue;
            }
            let at = taken.iter().position(|(known, _)| *known == begin);
            let at = at.unwrap_or_else(|| {
                taken.push((begin, 0));
                taken.len().saturating_sub(1)
            });
            let Some((_, count)) = taken.get_mut(at) else {
                continue;
            };
            let fields = places.iter().rev().filter_map(|place| self.fields.get(*place));
            let is_own = |field: &Field<'_>| own.is_some_and(|own| std::ptr::eq(own.whole, field.whole));
            selected.extend(fields.filter(|field| !is_own(field)).nth(*count));
            *count = count.saturating_add(1);
        }
        selected
    }

    /// The places of the fields of this name from the top, and where they begin in `by_name`.
    fn named(&self, name: &[u8]) -> (usize, &[usize]) {
        let order = |place: &usize| self.fields.get(*place).map(|field| compare(field.name, name));
        let begin = self
            .by_name
            .partition_point(|place| order(place) == Some(Ordering::Less));
        let rest = self.by_name.get(begin..).unwrap_or_default();
        let len = rest.partition_point(|place| order(place) == Some(Ordering::Equal));
        (begin, rest.get(..len).unwrap_or_default())
    }
}

/// Orders names without regard to case.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let a = a.iter().map(u8::to_ascii_lowercase);
    a.cmp(b.iter().map(u8::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_taken_from_the_bottom_and_each_once() {
        let header = Header::parse(b"A: 1\r\nB: 2\r\na: 3\r\nno field\r\n\r\nbody");
        let names: Vec<String> = ["a", "b", "a", "a", "c"].map(str::to_owned).to_vec();
        let values: Vec<&[u8]> = header.select(&names, None).iter().map(|f| f.value).collect();
        assert_eq!(values, [&b" 3"[..], b" 2", b" 1"]);
        assert_eq!(header.body(), b"body");
        assert_eq!((header.count("A"), header.count("c")), (2, 0));
    }

    #[test]
    fn the_signature_is_taken_out_of_its_field() {
        let header = Header::parse(b"DKIM-Signature : v=1; b = ab\r\n\tcd ;  d=x\r\n\r\n");
        let field = header.fields()[0];
        let tags = Tags::parse(field.value).unwrap();
        let written = |form| {
            let mut into = Vec::new();
            field.write_unsigned(form, &tags, &mut into);
            String::from_utf8(into).unwrap()
        };
        assert_eq!(
            written(Canonicalization::Simple),
            "DKIM-Signature : v=1; b =;  d=x"
        );
        assert_eq!(written(Canonicalization::Relaxed), "dkim-signature:v=1; b =; d=x");
    }
}
