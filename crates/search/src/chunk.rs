//! Chunks of terms and of their postings, in stored form.
//!
//! Terms: each with its mark before it, in order, so that `memmem` finds text in them. Postings: for each term
//! in the same order the octets of its list and the list, a LEB128 number for the first content, counted from
//! the segment's first, and one for the distance to each following.

use posthorn_store::StoreError;

use crate::terms::{LAST_MARK, is_mark};

/// Octets of terms after which a chunk is full.
const TERMS_OCTETS: usize = 32 * 1_024;
/// Octets of postings after which it is.
const POSTINGS_OCTETS: usize = 128 * 1_024;

/// A chunk in stored form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) terms: Vec<u8>,
    pub(crate) postings: Vec<u8>,
    /// Where its last term begins.
    last: usize,
}

impl Chunk {
    /// Adds a term with its mark; terms come in order, contents ascend.
    pub(crate) fn push(&mut self, marked: &[u8], contents: &[u32]) {
        self.last = self.terms.len();
        self.terms.extend_from_slice(marked);
        let mut list = Vec::with_capacity(contents.len() + 4);
        let mut before = 0;
        for content in contents {
            write_number(&mut list, content - before);
            before = *content;
        }
        write_number(&mut self.postings, u32::try_from(list.len()).unwrap_or(u32::MAX));
        self.postings.extend_from_slice(&list);
    }

    /// Whether the next term belongs into another chunk.
    pub(crate) fn is_full(&self) -> bool {
        self.terms.len() >= TERMS_OCTETS || self.postings.len() >= POSTINGS_OCTETS
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The marks of its first and its last term.
    pub(crate) fn marks(&self) -> (u8, u8) {
        let mark = |at: usize| self.terms.get(at).copied().unwrap_or(0);
        (mark(0), mark(self.last))
    }
}

/// What a chunk that cannot be read is called.
pub(crate) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("the search index: {what}"))
}

/// Reads the lists of a chunk's terms in order.
pub(crate) struct Lists<'a> {
    rest: &'a [u8],
}

impl<'a> Lists<'a> {
    pub(crate) fn new(postings: &'a [u8]) -> Self {
        Self { rest: postings }
    }

    /// The list after the next `skip` ones, still encoded.
    pub(crate) fn nth(&mut self, skip: usize) -> Result<&'a [u8], StoreError> {
        for _ in 0..skip {
            self.next_list()?;
        }
        self.next_list()
    }

    fn next_list(&mut self) -> Result<&'a [u8], StoreError> {
        let (octets, rest) = read_number(self.rest)?;
        let octets = usize::try_from(octets).unwrap_or(usize::MAX);
        let (list, rest) = rest
            .split_at_checked(octets)
            .ok_or_else(|| corrupt("a list of postings is cut off"))?;
        self.rest = rest;
        Ok(list)
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Hands over the contents of an encoded list.
pub(crate) fn for_each_content(mut list: &[u8], mut take: impl FnMut(u32)) -> Result<(), StoreError> {
    let mut content: u32 = 0;
    while !list.is_empty() {
        let (distance, rest) = read_number(list)?;
        content = content
            .checked_add(distance)
            .ok_or_else(|| corrupt("a posting is out of range"))?;
        take(content);
        list = rest;
    }
    Ok(())
}

fn write_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 128 {
        out.push(u8::try_from(number & 127).unwrap_or(0) | 128);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

fn read_number(octets: &[u8]) -> Result<(u32, &[u8]), StoreError> {
    let mut number: u32 = 0;
    let mut rest = octets;
    for shift in [0, 7, 14, 21, 28] {
        let Some((&octet, after)) = rest.split_first() else {
            return Err(corrupt("a number is cut off"));
        };
        rest = after;
        let bits = u32::from(octet & 127);
        let shifted = bits << shift;
        if shifted >> shift != bits {
            break;
        }
        number |= shifted;
        if octet < 128 {
            return Ok((number, rest));
        }
    }
    Err(corrupt("a number is too large"))
}

/// Numbers that ascend, such as those of contents that the index is unsure of.
pub(crate) fn encode_contents(contents: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = 0;
    for content in contents {
        write_number(&mut out, content - before);
        before = *content;
    }
    out
}

/// The terms of a chunk in order, with their marks.
pub(crate) fn terms_of(terms: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = terms;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_first()?;
        let length = after
            .iter()
            .position(|octet| is_mark(*octet))
            .unwrap_or(after.len());
        let (term, tail) = rest.split_at_checked(length + 1)?;
        rest = tail;
        Some(term)
    })
}

/// Whether the octets can be terms: each has a mark and none is out of order.
pub(crate) fn check_terms(terms: &[u8]) -> Result<(), StoreError> {
    let mut before: &[u8] = &[];
    for term in terms_of(terms) {
        let has_mark = term.first().is_some_and(|mark| (1..=LAST_MARK).contains(mark));
        if !has_mark || term.len() < 2 || term <= before {
            return Err(corrupt("terms are out of order"));
        }
        before = term;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    type Term = (Vec<u8>, Vec<u32>);

    fn decode(chunk: &Chunk) -> Result<Vec<Term>, StoreError> {
        let mut lists = Lists::new(&chunk.postings);
        let mut all = Vec::new();
        for term in terms_of(&chunk.terms) {
            let mut contents = Vec::new();
            for_each_content(lists.nth(0)?, |content| contents.push(content))?;
            all.push((term.to_vec(), contents));
        }
        assert!(lists.is_at_end());
        Ok(all)
    }

    fn terms() -> impl Strategy<Value = BTreeMap<Vec<u8>, BTreeSet<u32>>> {
        let term = (1..=LAST_MARK, "[a-z\u{e9}\u{65e5}]{1,5}").prop_map(|(mark, text)| {
            let mut term = vec![mark];
            term.extend_from_slice(text.as_bytes());
            term
        });
        let contents = proptest::collection::btree_set(prop_oneof![0..300_u32, any::<u32>()], 1..20);
        proptest::collection::btree_map(term, contents, 0..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_chunk_gives_back_what_was_put_in(terms in terms()) {
            let mut chunk = Chunk::default();
            let mut expected = Vec::new();
            for (term, contents) in terms {
                let contents: Vec<u32> = contents.into_iter().collect();
                chunk.push(&term, &contents);
                expected.push((term, contents));
            }
            prop_assert_eq!(check_terms(&chunk.terms), Ok(()));
            prop_assert_eq!(decode(&chunk), Ok(expected));
        }

        #[test]
        fn octets_that_are_no_postings_are_an_error_and_no_panic(octets: Vec<u8>, skip in 0..4_usize) {
            let mut lists = Lists::new(&octets);
            if let Ok(list) = lists.nth(skip) {
                drop(for_each_content(list, |_| {}));
            }
            drop(check_terms(&octets));
        }
    }

    #[test]
    fn postings_that_are_cut_off_or_too_large_are_corrupt() {
        for octets in [&b"\x03\x01"[..], b"\x80", b"\xff\xff\xff\xff\x7f"] {
            assert!(matches!(Lists::new(octets).nth(0), Err(StoreError::Corrupt(_))));
        }
        let list = b"\xff\xff\xff\xff\x0f\x01";
        assert!(matches!(
            for_each_content(list, |_| {}),
            Err(StoreError::Corrupt(_))
        ));
        assert!(check_terms(b"abc").is_err());
        assert!(check_terms(b"\x01b\x01a").is_err());
        assert!(check_terms(b"\x01\x01a").is_err());
    }
}
