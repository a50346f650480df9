//! Sets of message numbers (`sequence-set`, RFC 9051 section 9) and what they mean in a mailbox.

use roaring::RoaringBitmap;

/// `seq-number`: a number from 1 up, or `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceNumber {
    /// A message sequence number or UID; never 0.
    Number(u32),
    /// `*`: the largest number in use.
    Last,
}

/// `seq-range`; a single number is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceRange {
    /// One end, not always the smaller.
    pub from: SequenceNumber,
    /// The other end.
    pub to: SequenceNumber,
}

/// `sequence-set`: at least one range, in the order of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceSet(pub Vec<SequenceRange>);

/// Messages as a command names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MessageSet {
    /// By their numbers.
    Numbers(SequenceSet),
    /// `$`: what the last SEARCH with SAVE found (RFC 5182).
    Saved,
}

/// Which numbers a command speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// Message sequence numbers.
    Sequence,
    /// UIDs: the command began with `UID`.
    Uid,
}

/// A message sequence number larger than the number of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no message {0}")]
pub struct NoSuchMessage(pub u32);

impl SequenceSet {
    /// All numbers that this set names; `*` is the largest number there can be.
    #[must_use]
    pub fn numbers(&self) -> RoaringBitmap {
        merged(self.0.iter().map(|range| range.bounds(u32::MAX)).collect())
    }

    /// The UIDs in `uids` that this set names when its numbers are UIDs. UIDs that do not exist are
    /// left out; `*` is the largest UID.
    #[must_use]
    pub fn among_uids(&self, uids: &RoaringBitmap) -> RoaringBitmap {
        let (Some(first), Some(last)) = (uids.min(), uids.max()) else {
            return RoaringBitmap::new();
        };
        let bounds = self.0.iter().map(|range| range.bounds(last));
        let there = |(low, high): (u32, u32)| (low.max(first), high.min(last));
        let mut named = merged(bounds.map(there).filter(|(low, high)| low <= high).collect());
        named &= uids;
        named
    }

    /// The UIDs in `uids` that this set names when its numbers are ranks in it; a range may go beyond the end
    /// (RFC 7377 section 2).
    #[must_use]
    pub fn within_ranks(&self, uids: &RoaringBitmap) -> RoaringBitmap {
        let count = u32::try_from(uids.len()).unwrap_or(u32::MAX);
        let mut named = RoaringBitmap::new();
        for range in &self.0 {
            let (low, high) = range.bounds(count);
            let uid_at = |number: u32| uids.select(number.checked_sub(1)?);
            if let (Some(first), Some(last)) = (uid_at(low.max(1)), uid_at(high.min(count))) {
                named.insert_range(first..=last);
            }
        }
        named &= uids;
        named
    }

    /// The UIDs in `uids` that this set names when its numbers are ranks in it.
    ///
    /// In an empty mailbox a range with `*` names nothing: clients ask for `1:*` without looking, and
    /// the BAD that RFC 9051 section 9 has for it would tell them nothing.
    ///
    /// # Errors
    /// When a number is larger than the number of messages.
    pub fn among_ranks(&self, uids: &RoaringBitmap) -> Result<RoaringBitmap, NoSuchMessage> {
        let count = u32::try_from(uids.len()).unwrap_or(u32::MAX);
        let uid_at = |number: u32| {
            let rank = number.checked_sub(1).ok_or(NoSuchMessage(number))?;
            uids.select(rank).ok_or(NoSuchMessage(number))
        };
        let mut bounds = Vec::with_capacity(self.0.len());
        for range in &self.0 {
            if count == 0 && range.has_last() {
                continue;
            }
            let (low, high) = range.bounds(count);
            bounds.push((uid_at(low)?, uid_at(high)?));
        }
        let mut named = merged(bounds);
        named &= uids;
        Ok(named)
    }
}

/// All numbers within any of these bounds. Each number is set once: a client may name the same long range
/// thousands of times in one command.
fn merged(mut bounds: Vec<(u32, u32)>) -> RoaringBitmap {
    bounds.sort_unstable();
    let mut named = RoaringBitmap::new();
    let mut reached = None;
    for (low, high) in bounds {
        let fresh = reached.map_or(low, |reached: u32| low.max(reached.saturating_add(1)));
        if reached.is_none_or(|reached| high > reached) {
            named.insert_range(fresh..=high);
            reached = Some(high);
        }
    }
    named
}

impl SequenceRange {
    /// A range of one number.
    #[must_use]
    pub const fn single(number: u32) -> Self {
        Self {
            from: SequenceNumber::Number(number),
            to: SequenceNumber::Number(number),
        }
    }

    pub(crate) fn has_last(self) -> bool {
        self.from == SequenceNumber::Last || self.to == SequenceNumber::Last
    }

    /// Both ends, the smaller first, with `last` for `*`.
    fn bounds(self, last: u32) -> (u32, u32) {
        let number = |end| match end {
            SequenceNumber::Number(number) => number,
            SequenceNumber::Last => last,
        };
        let (from, to) = (number(self.from), number(self.to));
        (from.min(to), from.max(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: u32, to: Option<u32>) -> SequenceRange {
        SequenceRange {
            from: SequenceNumber::Number(from),
            to: to.map_or(SequenceNumber::Last, SequenceNumber::Number),
        }
    }

    fn uids() -> RoaringBitmap {
        [3, 5, 9, 12].into_iter().collect()
    }

    #[test]
    fn ranks_name_uids_by_their_order() {
        let set = SequenceSet(vec![range(4, Some(3)), range(1, Some(1))]);
        assert_eq!(
            set.among_ranks(&uids()).unwrap(),
            [3, 9, 12].into_iter().collect()
        );
    }

    #[test]
    fn a_long_range_that_is_named_again_and_again_costs_no_more_than_once() {
        let all = |count| SequenceSet(vec![range(1, Some(u32::MAX)); count]);
        assert_eq!(all(100_000).numbers().len(), u64::from(u32::MAX));
        assert_eq!(all(100_000).among_uids(&uids()), uids());
        assert_eq!(
            SequenceSet(vec![
                range(9, Some(5)),
                range(1, Some(3)),
                range(4, Some(6)),
                range(3, Some(3))
            ])
            .numbers(),
            (1..=9).collect()
        );
    }

    #[test]
    fn a_number_beyond_the_last_message_is_an_error() {
        let set = SequenceSet(vec![range(2, Some(5))]);
        assert_eq!(set.among_ranks(&uids()), Err(NoSuchMessage(5)));
    }

    #[test]
    fn where_it_is_no_error_a_range_ends_with_the_mailbox() {
        for (set, expected) in [
            (vec![range(1, Some(100))], vec![3, 5, 9, 12]),
            (vec![range(3, Some(100)), range(1, Some(1))], vec![3, 9, 12]),
            (vec![range(5, Some(100)), range(7, Some(7))], vec![]),
            (vec![range(100, None)], vec![12]),
            (vec![range(2, Some(2))], vec![5]),
        ] {
            let expected: RoaringBitmap = expected.into_iter().collect();
            assert_eq!(
                SequenceSet(set.clone()).within_ranks(&uids()),
                expected,
                "{set:?}"
            );
            let none = SequenceSet(set).within_ranks(&RoaringBitmap::new());
            assert!(none.is_empty());
        }
    }

    #[test]
    fn everything_in_an_empty_mailbox_is_nothing() {
        let all = SequenceSet(vec![range(1, None)]);
        assert_eq!(all.among_ranks(&RoaringBitmap::new()), Ok(RoaringBitmap::new()));
        assert_eq!(all.among_uids(&RoaringBitmap::new()), RoaringBitmap::new());
        let one = SequenceSet(vec![SequenceRange::single(1)]);
        assert_eq!(one.among_ranks(&RoaringBitmap::new()), Err(NoSuchMessage(1)));
    }

    #[test]
    fn a_uid_range_beyond_the_end_with_a_star_names_the_last_message() {
        let set = SequenceSet(vec![range(3291, None)]);
        assert_eq!(set.among_uids(&uids()), [12].into_iter().collect());
        let gone = SequenceSet(vec![range(4, Some(8))]);
        assert_eq!(gone.among_uids(&uids()), [5].into_iter().collect());
    }
}
