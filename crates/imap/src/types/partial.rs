//! Pages of a result (RFC 9394).

use roaring::RoaringBitmap;

/// `partial-range`: places in a result, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartialRange {
    pub(crate) counted: Counted,
    /// One end, not always the smaller; never 0.
    pub(crate) from: u32,
    /// The other end; never 0.
    pub(crate) to: u32,
}

/// From which end of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    FromFirst,
    /// With a minus in front: 1 is the last.
    FromLast,
}

impl PartialRange {
    /// The first and the last place, counted from 0, in a result of that many; `None`: there are none.
    fn places(self, count: u64) -> Option<(u64, u64)> {
        let low = u64::from(self.from.min(self.to));
        let high = u64::from(self.from.max(self.to)).min(count);
        if low > high {
            return None;
        }
        match self.counted {
            Counted::FromFirst => Some((low.checked_sub(1)?, high.checked_sub(1)?)),
            Counted::FromLast => Some((count.checked_sub(high)?, count.checked_sub(low)?)),
        }
    }

    /// That page of a result in the order of the mailbox.
    pub(crate) fn among(self, found: &RoaringBitmap) -> RoaringBitmap {
        let at = |place: u64| found.select(u32::try_from(place).ok()?);
        let ends = self
            .places(found.len())
            .and_then(|(first, last)| Some((at(first)?, at(last)?)));
        match ends {
            Some((first, last)) => found.range(first..=last).collect(),
            None => RoaringBitmap::new(),
        }
    }

    /// That page of a result in any order.
    pub(crate) fn slice<T>(self, found: &[T]) -> &[T] {
        let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let place = |place: u64| usize::try_from(place).ok();
        self.places(count)
            .and_then(|(first, last)| found.get(place(first)?..=place(last)?))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(counted: Counted, from: u32, to: u32) -> Vec<u32> {
        let found: RoaringBitmap = [3, 5, 8, 13, 21].into_iter().collect();
        let range = PartialRange { counted, from, to };
        range.among(&found).into_iter().collect()
    }

    #[test]
    fn a_page_is_counted_from_either_end_and_may_reach_beyond() {
        assert_eq!(page(Counted::FromFirst, 1, 2), [3, 5]);
        assert_eq!(page(Counted::FromFirst, 9, 4), [13, 21]);
        assert_eq!(page(Counted::FromFirst, 6, 9), [0; 0]);
        assert_eq!(page(Counted::FromLast, 1, 2), [13, 21]);
        assert_eq!(page(Counted::FromLast, 9, 5), [3]);
        assert_eq!(page(Counted::FromLast, 6, 6), [0; 0]);
    }

    proptest! {
        #[test]
        fn both_kinds_of_results_are_cut_alike(
            uids in proptest::collection::btree_set(1u32..200, 0..40),
            from in 1u32..50,
            to in 1u32..50,
            from_last in any::<bool>(),
        ) {
            let counted = if from_last { Counted::FromLast } else { Counted::FromFirst };
            let range = PartialRange { counted, from, to };
            let list: Vec<u32> = uids.iter().copied().collect();
            let cut: Vec<u32> = range.among(&uids.into_iter().collect()).into_iter().collect();
            prop_assert_eq!(range.slice(&list), cut.as_slice());
            prop_assert!(cut.len() as u64 <= u64::from(from.abs_diff(to)) + 1);
        }
    }
}
