//! Names that differ by a letter or two: Damerau-Levenshtein distance (restricted: adjacent letters swapped
//! count once) over the registered-looking part, with a limit that grows with the length, because of short
//! names nearly all have innocent neighbours (gmx.de, gmx.net, gmy.de).

use crate::names::Name;

/// Letters a name needs so that one wrong letter is telling.
const MIN_FOR_ONE: usize = 5;
/// Letters a name needs so that two are.
const MIN_FOR_TWO: usize = 9;
/// A label has at most 63 letters; what is longer is no name and near to nothing.
const MAX_LABEL: usize = 63;

/// How two names that are not the same are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// The names differ in this many letters (1 or 2) and end alike.
    Letters(u8),
    /// The same name with another ending: `amazon.example` and `amazon.test`.
    Ending,
}

/// Whether two domains are near one another; `None` for names that are the same or belong to the same
/// registered name, for short names, and for names that differ in digits alone (`mx1-shop`, `mx2-shop`).
#[must_use]
pub fn near(a: &str, b: &str) -> Option<Nearness> {
    near_names(&Name::read(a), &Name::read(b))
}

/// [`near`] for names taken apart already.
pub(crate) fn near_names(a: &Name, b: &Name) -> Option<Nearness> {
    let (left, right): (Vec<char>, Vec<char>) = (letters(&a.label)?, letters(&b.label)?);
    let shorter = left.len().min(right.len());
    if a.ending != b.ending {
        return (left == right && shorter >= MIN_FOR_ONE).then_some(Nearness::Ending);
    }
    let limit = match shorter {
        n if n >= MIN_FOR_TWO => 2,
        n if n >= MIN_FOR_ONE => 1,
        _ => return None,
    };
    if left.len().abs_diff(right.len()) > usize::from(limit) || differ_in_digits_alone(&left, &right) {
        return None;
    }
    let distance = distance(&left, &right, limit)?;
    (distance > 0).then_some(Nearness::Letters(distance))
}

fn letters(label: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = label.chars().take(MAX_LABEL.saturating_add(1)).collect();
    (letters.len() <= MAX_LABEL).then_some(letters)
}

fn differ_in_digits_alone(a: &[char], b: &[char]) -> bool {
    let stem = |name: &[char]| -> String { name.iter().filter(|c| !c.is_ascii_digit()).collect() };
    a != b && stem(a) == stem(b) && [a, b].iter().all(|name| name.iter().any(char::is_ascii_digit))
}

/// The restricted distance, if it is at most `limit`; both have at most [`MAX_LABEL`] letters, so it fits an
/// octet and the table is three rows of 64. Two rows above the limit are the end: all that follow are.
fn distance(a: &[char], b: &[char], limit: u8) -> Option<u8> {
    let (a, b) = without_the_same_ends(a, b);
    let width = b.len().saturating_add(1);
    let mut before_last = vec![0_u8; width];
    let mut last: Vec<u8> = (0_u8..).take(width).collect();
    let mut previous: Option<char> = None;
    for (row, &x) in (1_u8..).zip(a) {
        let mut current = Vec::with_capacity(width);
        current.push(row);
        let mut left = row;
        for (column, &y) in b.iter().enumerate() {
            let at = |line: &[u8], index: usize| line.get(index).copied().unwrap_or(u8::MAX);
            let diagonal = at(&last, column).saturating_add(u8::from(x != y));
            let above = at(&last, column.saturating_add(1)).saturating_add(1);
            let mut best = diagonal.min(above).min(left.saturating_add(1));
            let before = column.checked_sub(1);
            if let Some(before) = before
                && previous == Some(y)
                && b.get(before) == Some(&x)
            {
                best = best.min(at(&before_last, before).saturating_add(1));
            }
            current.push(best);
            left = best;
        }
        before_last = std::mem::replace(&mut last, current);
        previous = Some(x);
        if last.iter().chain(&before_last).all(|so_far| *so_far > limit) {
            return None;
        }
    }
    last.last().copied().filter(|distance| *distance <= limit)
}

/// Both without what they begin and end with alike, which costs nothing.
fn without_the_same_ends<'a>(a: &'a [char], b: &'a [char]) -> (&'a [char], &'a [char]) {
    let (mut a, mut b) = (a, b);
    while let ([x, a_rest @ ..], [y, b_rest @ ..]) = (a, b) {
        if x != y {
            break;
        }
        (a, b) = (a_rest, b_rest);
    }
    while let ([a_rest @ .., x], [b_rest @ .., y]) = (a, b) {
        if x != y {
            break;
        }
        (a, b) = (a_rest, b_rest);
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wrong_a_missing_and_a_swapped_letter_are_near() {
        for other in [
            "holzbav.example",
            "holzbu.example",
            "holzbua.example",
            "holzbaau.example",
        ] {
            assert_eq!(
                near("holzbau.example", other),
                Some(Nearness::Letters(1)),
                "{other}"
            );
        }
    }

    #[test]
    fn two_letters_need_a_long_name() {
        assert_eq!(near("holzbau.example", "holsbav.example"), None);
        assert_eq!(
            near("buchhandlung.example", "buchhendlunk.example"),
            Some(Nearness::Letters(2))
        );
    }

    #[test]
    fn short_names_are_near_to_nothing() {
        assert_eq!(near("gmx.de", "gmy.de"), None);
        assert_eq!(near("gmx.de", "gmx.net"), None);
        assert_eq!(near("bank.example", "banc.example"), None);
    }

    #[test]
    fn another_ending_is_said_to_be_that() {
        assert_eq!(near("holzbau.example", "holzbau.test"), Some(Nearness::Ending));
        assert_eq!(near("holzbau.example", "holzbav.test"), None);
    }

    #[test]
    fn names_of_one_house_are_not_near() {
        assert_eq!(near("mail.holzbau.example", "www.holzbau.example"), None);
        assert_eq!(near("holzbau.example", "holzbau.example"), None);
    }

    #[test]
    fn numbered_names_are_siblings() {
        assert_eq!(near("mailer12.example", "mailer13.example"), None);
        assert_eq!(
            near("paypal.example", "paypa1.example"),
            Some(Nearness::Letters(1))
        );
    }

    fn plain_distance(a: &[char], b: &[char]) -> usize {
        let (Some((x, a_rest)), Some((y, b_rest))) = (a.split_last(), b.split_last()) else {
            return a.len().max(b.len());
        };
        let mut best = (plain_distance(a_rest, b_rest) + usize::from(x != y))
            .min(plain_distance(a_rest, b) + 1)
            .min(plain_distance(a, b_rest) + 1);
        if let (Some((v, a_more)), Some((w, b_more))) = (a_rest.split_last(), b_rest.split_last())
            && (v, x) == (y, w)
        {
            best = best.min(plain_distance(a_more, b_more) + 1);
        }
        best
    }

    proptest! {
        #[test]
        fn the_table_agrees_with_the_definition(a in "[abc]{0,6}", b in "[abc]{0,6}") {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            let plain = u8::try_from(plain_distance(&a, &b)).unwrap();
            prop_assert_eq!(distance(&a, &b, 9), Some(plain));
            prop_assert_eq!(distance(&a, &b, 2), (plain <= 2).then_some(plain));
        }

        #[test]
        fn any_two_texts_can_be_compared_in_either_order(a in ".{0,300}", b in ".{0,300}") {
            prop_assert_eq!(near(&a, &b), near(&b, &a));
        }
    }
}
