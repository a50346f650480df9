//! What a client that comes back knows of a mailbox (RFC 7162 section 3.2.5), and what it has missed.

use roaring::RoaringBitmap;

use super::sequence_set::SequenceSet;

/// Pairs of a message number and a UID that are compared. They only spare octets; a client sends a few.
const PAIRS: usize = 10_000;

/// The messages of a mailbox that are different from what they were at some mod-sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangedUids {
    /// Messages that are there and came or changed since then.
    pub changed: RoaringBitmap,
    /// Messages that were expunged since then.
    pub vanished: RoaringBitmap,
}

/// The QRESYNC parameter of SELECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resync {
    pub(crate) uid_validity: u32,
    pub(crate) modseq: i64,
    /// `None`: all.
    pub(crate) known_uids: Option<SequenceSet>,
    pub(crate) known_pairs: Option<KnownPairs>,
}

/// A sample of message numbers and the UIDs the client knows them by (`seq-match-data`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownPairs {
    pub(crate) numbers: SequenceSet,
    pub(crate) uids: SequenceSet,
}

impl Resync {
    /// Of what changed, that which the client wants to hear. `uids` are the messages that are there.
    pub(crate) fn among(&self, mut missed: ChangedUids, uids: &RoaringBitmap) -> ChangedUids {
        if let Some(known) = &self.known_uids {
            let known = known.numbers();
            missed.changed &= &known;
            missed.vanished &= &known;
        }
        if let Some(uid) = self.known_pairs.as_ref().and_then(|pairs| pairs.last_match(uids)) {
            missed.vanished.remove_range(..=uid);
        }
        missed
    }
}

impl KnownPairs {
    /// The highest UID of which the client knows the right number: up to there it knows of every expunge.
    fn last_match(&self, uids: &RoaringBitmap) -> Option<u32> {
        let (numbers, known) = (self.numbers.numbers(), self.uids.numbers());
        let uid_at = |number: u32| uids.select(number.checked_sub(1)?);
        std::iter::zip(numbers.iter(), known.iter())
            .take(PAIRS)
            .filter(|(number, uid)| uid_at(*number) == Some(*uid))
            .map(|(_, uid)| uid)
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{SequenceNumber, SequenceRange};

    fn set(ranges: &[(u32, u32)]) -> SequenceSet {
        let range = |&(from, to): &(u32, u32)| SequenceRange {
            from: SequenceNumber::Number(from),
            to: SequenceNumber::Number(to),
        };
        SequenceSet(ranges.iter().map(range).collect())
    }

    fn resync(known_uids: Option<SequenceSet>, known_pairs: Option<KnownPairs>) -> Resync {
        Resync {
            uid_validity: 1,
            modseq: 1,
            known_uids,
            known_pairs,
        }
    }

    #[test]
    fn a_number_that_still_fits_proves_that_nothing_before_it_vanished() {
        // RFC 7162 section 3.2.5.2: the 4th message is UID 8, the 12th is no longer UID 24.
        let uids: RoaringBitmap = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 25].into_iter().collect();
        let missed = ChangedUids {
            changed: [4, 25].into_iter().collect(),
            vanished: (1..=24).filter(|uid| uid % 2 == 1).collect(),
        };
        let pairs = KnownPairs {
            numbers: set(&[(4, 4), (12, 12)]),
            uids: set(&[(8, 8), (24, 24)]),
        };
        let told = resync(None, Some(pairs)).among(missed.clone(), &uids);
        assert_eq!(told.vanished.min(), Some(9));
        assert_eq!(told.changed, missed.changed);
    }

    #[test]
    fn only_known_uids_are_told_of() {
        let missed = ChangedUids {
            changed: [4, 25].into_iter().collect(),
            vanished: [3, 30].into_iter().collect(),
        };
        let told = resync(Some(set(&[(1, 4), (30, 29)])), None).among(missed, &RoaringBitmap::new());
        assert_eq!(told.changed, [4].into_iter().collect());
        assert_eq!(told.vanished, [3, 30].into_iter().collect());
    }

    #[test]
    fn a_sample_of_everything_there_could_be_is_cheap() {
        let pairs = KnownPairs {
            numbers: set(&[(1, u32::MAX)]),
            uids: set(&[(1, u32::MAX)]),
        };
        let uids: RoaringBitmap = (1..=50).chain(60..70).collect();
        assert_eq!(pairs.last_match(&uids), Some(50));
    }
}
