//! The opened maildrop: a list that stays as it is, with marks of deletion (RFC 1939 section 5).

use crate::question::Entry;
use crate::reply::Refusal;

/// The messages of one session.
#[derive(Debug)]
pub(crate) struct Maildrop {
    entries: Vec<Entry>,
    is_deleted: Vec<bool>,
    /// Kept up to date, so that `STAT` need not walk a long list.
    count: usize,
    octets: u64,
}

impl Maildrop {
    /// `None` when a unique-id would break the protocol (RFC 1939 section 7).
    pub(crate) fn new(entries: Vec<Entry>) -> Option<Self> {
        if !entries.iter().all(|entry| is_unique_id(&entry.unique_id)) {
            return None;
        }
        let mut maildrop = Self {
            is_deleted: Vec::new(),
            entries,
            count: 0,
            octets: 0,
        };
        maildrop.reset();
        Some(maildrop)
    }

    /// Messages that are not marked.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Octets of the messages that are not marked.
    pub(crate) const fn octets(&self) -> u64 {
        self.octets
    }

    /// Messages, marked or not: numbers are `1..=len`.
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// The place of a message that exists and is not marked.
    pub(crate) fn index(&self, number: usize) -> Result<usize, Refusal> {
        let index = number.checked_sub(1).ok_or(Refusal::NoSuchMessage)?;
        match self.is_deleted.get(index) {
            Some(false) => Ok(index),
            Some(true) => Err(Refusal::Deleted),
            None => Err(Refusal::NoSuchMessage),
        }
    }

    /// The message there, unless it is marked.
    pub(crate) fn entry(&self, index: usize) -> Option<&Entry> {
        match self.is_deleted.get(index) {
            Some(false) => self.entries.get(index),
            Some(true) | None => None,
        }
    }

    /// Marks a message that [`Self::index`] gave.
    pub(crate) fn delete(&mut self, index: usize) {
        let octets = self.entry(index).map(|entry| entry.size_octets);
        if let (Some(octets), Some(mark)) = (octets, self.is_deleted.get_mut(index)) {
            *mark = true;
            self.count = self.count.saturating_sub(1);
            self.octets = self.octets.saturating_sub(octets);
        }
    }

    /// Takes all marks away.
    pub(crate) fn reset(&mut self) {
        self.is_deleted = vec![false; self.entries.len()];
        self.count = self.entries.len();
        self.octets = self
            .entries
            .iter()
            .fold(0, |sum, entry| sum.saturating_add(entry.size_octets));
    }

    /// The places of the marked messages.
    pub(crate) fn deleted(&self) -> Vec<usize> {
        self.is_deleted
            .iter()
            .enumerate()
            .filter_map(|(index, &is_deleted)| is_deleted.then_some(index))
            .collect()
    }
}

fn is_unique_id(unique_id: &str) -> bool {
    (1..=70).contains(&unique_id.len()) && unique_id.bytes().all(|c| c.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(unique_id: &str, size_octets: u64) -> Entry {
        Entry {
            unique_id: unique_id.to_owned(),
            size_octets,
        }
    }

    #[test]
    fn marks_change_count_and_octets_and_reset_takes_them_back() {
        let mut maildrop = Maildrop::new(vec![entry("a", 10), entry("b", 20)]).unwrap();
        maildrop.delete(1);
        maildrop.delete(1);
        assert_eq!((maildrop.count(), maildrop.octets()), (1, 10));
        assert_eq!(maildrop.index(2), Err(Refusal::Deleted));
        assert_eq!(maildrop.deleted(), [1]);
        maildrop.reset();
        assert_eq!((maildrop.count(), maildrop.octets()), (2, 30));
        assert!(maildrop.deleted().is_empty());
    }

    #[test]
    fn unique_ids_that_would_break_a_line_are_refused() {
        for bad in ["", "a b", "a\r\nb", "\u{e9}", &"x".repeat(71)] {
            assert!(Maildrop::new(vec![entry(bad, 1)]).is_none(), "{bad:?}");
        }
        assert!(Maildrop::new(vec![entry(&"x".repeat(70), 1)]).is_some());
    }

    #[test]
    fn sizes_do_not_overflow() {
        let maildrop = Maildrop::new(vec![entry("a", u64::MAX), entry("b", 1)]).unwrap();
        assert_eq!(maildrop.octets(), u64::MAX);
    }
}
