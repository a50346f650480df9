//! Asking the index.

use memchr::memmem::Finder;
use posthorn_base::EmailId;
use posthorn_store::{StoreError, Tx, params};
use roaring::RoaringTreemap;

use crate::chunk::{Lists, corrupt, for_each_content};
use crate::query::{Needle, Query};
use crate::segment::{self, Segment};
use crate::terms::is_mark;
use crate::{Bounds, EmailSet, Index, sql};

impl Index {
    /// What is known of each query, as far as contents up to [`Index::indexed_to`] go. One pass over the terms
    /// for all of them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when what is stored contradicts itself; else when the store fails.
    pub fn find(&self, tx: &Tx<'_>, queries: &[Query]) -> Result<Vec<Bounds>, StoreError> {
        let mut searches: Vec<Search<'_>> = queries.iter().map(Search::new).collect();
        let mut unsure = RoaringTreemap::new();
        let marks = queries
            .iter()
            .filter(|query| !query.needles.is_empty())
            .map(Query::marks);
        let marks = marks.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        if let Some(marks) = marks {
            for segment in &self.segments {
                self.find_in(tx, segment, marks, &mut searches)?;
                for content in &segment.unsure {
                    unsure.extend(id(segment.first, *content));
                }
            }
        }
        Ok(searches
            .into_iter()
            .map(|search| search.bounds(&unsure))
            .collect())
    }

    fn find_in(
        &self,
        tx: &Tx<'_>,
        segment: &Segment,
        (first_mark, last_mark): (u8, u8),
        searches: &mut [Search<'_>],
    ) -> Result<(), StoreError> {
        for search in searches.iter_mut() {
            search.begin(segment);
        }
        let marks = (u32::from(first_mark), u32::from(last_mark));
        tx.for_each(
            sql::SELECT_TERMS,
            params![self.account, segment.id, marks.0, marks.1],
            |row| {
                let (chunk, terms) = (row.int(0)?, row.bytes(1)?);
                let hunts = searches.iter_mut().flat_map(|search| &mut search.hunts);
                if hunts.filter_map(|hunt| hunt.hunt(terms).then_some(())).count() == 0 {
                    return Ok(());
                }
                let taken = tx.query_row(
                    sql::SELECT_POSTINGS,
                    params![self.account, segment.id, chunk],
                    |row| {
                        let postings = row.bytes(0)?;
                        let mut hunts = searches.iter_mut().flat_map(|search| &mut search.hunts);
                        hunts.try_for_each(|hunt| hunt.take(postings))
                    },
                )?;
                taken.ok_or_else(segment::without_postings)
            },
        )?;
        for search in searches {
            search.end(segment);
        }
        Ok(())
    }
}

/// The id of a content that is counted from the first.
fn id(first: EmailId, content: u32) -> Option<u64> {
    u64::try_from(first.0).ok()?.checked_add(u64::from(content))
}

/// A query on its way through the segments.
struct Search<'q> {
    is_exact: bool,
    hunts: Vec<Hunt<'q>>,
    found: RoaringTreemap,
}

impl<'q> Search<'q> {
    fn new(query: &'q Query) -> Self {
        Self {
            is_exact: query.is_exact,
            hunts: query.needles.iter().map(Hunt::new).collect(),
            found: RoaringTreemap::new(),
        }
    }

    fn begin(&mut self, segment: &Segment) {
        for hunt in &mut self.hunts {
            hunt.contents = Contents::new(segment.span());
        }
    }

    /// A content fits when it has every needle.
    fn end(&mut self, segment: &Segment) {
        let mut hunts = self.hunts.iter_mut();
        let Some(first) = hunts.next() else { return };
        let mut contents = std::mem::take(&mut first.contents);
        for hunt in hunts {
            contents.keep(&hunt.contents);
        }
        self.found
            .extend(contents.iter().filter_map(|content| id(segment.first, content)));
    }

    fn bounds(self, unsure: &RoaringTreemap) -> Bounds {
        match (self.hunts.is_empty(), self.is_exact) {
            (true, true) => Bounds::all(),
            (true, false) => Bounds::unknown(),
            (false, is_exact) => Bounds {
                possible: EmailSet::Only(&self.found | unsure),
                certain: match is_exact {
                    true => EmailSet::Only(self.found),
                    false => EmailSet::none(),
                },
            },
        }
    }
}

/// Looks for one needle.
struct Hunt<'q> {
    needle: &'q Needle,
    finder: Finder<'q>,
    /// The terms of the chunk that it is in, by their number.
    terms: Vec<usize>,
    contents: Contents,
}

impl<'q> Hunt<'q> {
    fn new(needle: &'q Needle) -> Self {
        Self {
            needle,
            finder: Finder::new(&needle.text),
            terms: Vec::new(),
            contents: Contents::default(),
        }
    }

    /// Looks through the terms of a chunk; `false`: it is in none.
    fn hunt(&mut self, terms: &[u8]) -> bool {
        self.terms.clear();
        // Terms before `counted` have been counted: there are `number` of them.
        let (mut at, mut counted, mut number) = (0, 0, 0);
        while let Some(found) = terms.get(at..).and_then(|rest| self.finder.find(rest)) {
            let start = at + found;
            let end = start + self.needle.text.len();
            let before = terms.get(..start).unwrap_or_default();
            let of = before.iter().rposition(|octet| is_mark(*octet)).unwrap_or(0);
            if self.needle.fits(terms, of, (start, end)) {
                number += count_marks(terms.get(counted..of).unwrap_or_default());
                counted = of;
                self.terms.push(number);
                at = next_mark(terms, end);
            } else {
                at = start + 1;
            }
        }
        !self.terms.is_empty()
    }

    /// Takes the contents that have the terms found.
    fn take(&mut self, postings: &[u8]) -> Result<(), StoreError> {
        let (mut lists, mut passed) = (Lists::new(postings), 0);
        for &number in &self.terms {
            let mut is_in_range = true;
            for_each_content(lists.nth(number - passed)?, |content| {
                is_in_range &= self.contents.insert(content);
            })?;
            passed = number + 1;
            if !is_in_range {
                return Err(corrupt("a posting lies behind its segment"));
            }
        }
        Ok(())
    }
}

fn count_marks(terms: &[u8]) -> usize {
    terms.iter().filter(|octet| is_mark(**octet)).count()
}

fn next_mark(terms: &[u8], from: usize) -> usize {
    let rest = terms.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|octet| is_mark(*octet))
        .unwrap_or(rest.len())
}

/// A set of a segment's contents, a bit for each.
#[derive(Default)]
struct Contents {
    last: u32,
    words: Vec<u64>,
}

impl Contents {
    fn new(last: u32) -> Self {
        let words = usize::try_from(last / 64 + 1).unwrap_or(0);
        Self {
            last,
            words: vec![0; words],
        }
    }

    /// `false`: it is behind the last.
    fn insert(&mut self, content: u32) -> bool {
        let at = usize::try_from(content / 64).unwrap_or(usize::MAX);
        if let Some(word) = self.words.get_mut(at) {
            *word |= 1 << (content % 64);
        }
        content <= self.last
    }

    fn keep(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        (0_u32..).zip(&self.words).flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.checked_sub(1)?;
                Some(at * 64 + bit)
            })
        })
    }
}
