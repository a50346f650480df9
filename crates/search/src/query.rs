//! A text that is searched, as the index sees it.

use posthorn_message::search::{TextPlace, fold_case, is_word_char};

use crate::terms::{LAST_MARK, is_mark, mark};

/// Of several pieces of a text, those with fewer octets are left out: they are within too many terms to tell
/// messages apart, and who fits is looked at anyway.
const TELLING: usize = 3;

/// Which terms could hold a piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needle {
    /// Letters and digits, not empty.
    pub(crate) text: Vec<u8>,
    /// A bit per mark: where the term may stand.
    places: u16,
    /// The term begins with it.
    begins: bool,
    /// The term ends with it.
    ends: bool,
}

/// A search for one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// A message that fits has a term for each of these.
    pub(crate) needles: Vec<Needle>,
    /// A message that has them fits.
    pub(crate) is_exact: bool,
}

impl Query {
    /// For messages that have the folded text at a place. A header field that is there counts as having the
    /// empty text (RFC 9051 section 6.4.4, HEADER).
    #[must_use]
    pub fn at(place: TextPlace, text: &str) -> Self {
        let named = TextPlace::FIELDS.into_iter().find(|(known, _)| *known == place);
        match named {
            Some((_, field)) if text.is_empty() => Self::field_exists(field),
            Some(_) | None => Self::within(1 << mark(place), text),
        }
    }

    /// For messages that have the folded text in a header field of that name.
    #[must_use]
    pub fn header(field: &str, text: &str) -> Self {
        let place = TextPlace::of_field(field);
        if place != TextPlace::OtherHeader {
            return Self::at(place, text);
        }
        let mut query = Self::field_exists(field);
        query.needles.extend(pieces(1 << mark(place), text));
        query
    }

    /// For messages that have the folded text anywhere.
    #[must_use]
    pub fn anywhere(text: &str) -> Self {
        Self::within(u16::MAX, text)
    }

    fn within(places: u16, text: &str) -> Self {
        let mut needles = pieces(places, text);
        if needles.iter().any(|needle| needle.text.len() >= TELLING) {
            needles.retain(|needle| needle.text.len() >= TELLING);
        }
        Self {
            needles,
            is_exact: text.chars().all(is_word_char),
        }
    }

    /// A field's name stands between a line's begin and its colon.
    fn field_exists(field: &str) -> Self {
        Self {
            needles: pieces(
                1 << mark(TextPlace::OtherHeader),
                &fold_case(&format!(" {field} ")),
            ),
            is_exact: false,
        }
    }

    /// The lowest and the highest mark of terms it looks for.
    pub(crate) fn marks(&self) -> (u8, u8) {
        let places = self.needles.iter().fold(0, |all, needle| all | needle.places);
        let first = (1..LAST_MARK).find(|mark| places & 1 << mark != 0);
        let last = (1..LAST_MARK).rev().find(|mark| places & 1 << mark != 0);
        match places & 1 << LAST_MARK {
            0 => (first.unwrap_or(0), last.unwrap_or(0)),
            _ => (first.unwrap_or(LAST_MARK), LAST_MARK),
        }
    }
}

/// The runs of letters, digits and marks within a text. One that something else stands before begins its term, one
/// that something follows ends it.
fn pieces(places: u16, text: &str) -> Vec<Needle> {
    let mut found = Vec::new();
    let mut at = 0;
    for run in text.split(|c: char| !is_word_char(c)) {
        let end = at + run.len();
        if !run.is_empty() {
            found.push(Needle {
                text: run.as_bytes().to_vec(),
                places,
                begins: at > 0,
                ends: end < text.len(),
            });
        }
        let between = text.get(end..).and_then(|rest| rest.chars().next());
        at = end + between.map_or(0, char::len_utf8);
    }
    found
}

impl Needle {
    /// Whether what was found at `start..end` of `terms` is a piece of a term that fits, whose mark is at `of`.
    pub(crate) fn fits(&self, terms: &[u8], of: usize, (start, end): (usize, usize)) -> bool {
        let stands_in = |octet: u8| self.places & 1_u16.checked_shl(u32::from(octet)).unwrap_or(0) != 0;
        terms.get(of).copied().is_some_and(stands_in)
            && (!self.begins || start == of + 1)
            && (!self.ends || terms.get(end).copied().is_none_or(is_mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(query: &Query) -> Vec<String> {
        let show = |needle: &Needle| {
            let mark = |anchored: bool| if anchored { "|" } else { "" };
            let text = String::from_utf8_lossy(&needle.text);
            format!("{}{text}{}", mark(needle.begins), mark(needle.ends))
        };
        query.needles.iter().map(show).collect()
    }

    #[test]
    fn letters_and_digits_alone_are_decided_by_the_index() {
        let query = Query::at(TextPlace::Subject, "gr\u{fc}n7");
        assert_eq!(shown(&query), ["gr\u{fc}n7"]);
        assert!(query.is_exact);
        assert_eq!(query.marks(), (1, 1));
    }

    #[test]
    fn other_texts_are_narrowed_down_by_their_pieces() {
        assert_eq!(shown(&Query::anywhere("A POST OF HORN")), ["|POST|", "|HORN"]);
        let query = Query::anywhere("a b.c");
        assert_eq!(shown(&query), ["a|", "|b|", "|c"]);
        assert!(!query.is_exact);
        assert_eq!(query.marks(), (1, 7));
        assert_eq!(shown(&Query::anywhere(" \u{e9}, ")), ["|\u{e9}|"]);
        assert_eq!(shown(&Query::anywhere("--")), [""; 0]);
    }

    #[test]
    fn a_field_that_must_be_there_is_found_by_its_name() {
        let query = Query::header("X-Spam", "y");
        assert_eq!(shown(&query), ["|X|", "|SPAM|", "y"]);
        assert!(!query.is_exact);
        assert_eq!(query.marks(), (6, 6));
        assert_eq!(shown(&Query::header("subJECT", "")), ["|SUBJECT|"]);
        assert_eq!(Query::header("CC", "x"), Query::at(TextPlace::Cc, "x"));
        assert!(!Query::at(TextPlace::To, "").is_exact);
    }

    #[test]
    fn everything_has_the_empty_text() {
        for query in [Query::anywhere(""), Query::at(TextPlace::Body, "")] {
            assert!(query.is_exact && query.needles.is_empty());
        }
    }
}
