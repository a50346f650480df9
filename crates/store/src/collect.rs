//! Removing blobs that no row names any more. Marks from the rows into a Bloom filter and looks only at
//! generations two months old: new messages name blobs of the current month, so nothing can begin to name
//! an old one while it is being removed. What the filter keeps by mistake goes the next time or stays;
//! what it lets go is named by nothing.

use posthorn_base::Timestamp;

use crate::blob::{BlobRef, DELETE, OLD, generation_of};
use crate::{Partition, Store, StoreError, Tx};

/// Months a blob is left alone.
const AGE_MONTHS: i64 = 2;
/// Blobs removed in one transaction.
const BATCH: usize = 500;
/// Bits of the filter per blob: with [`PROBES`] one in a thousand is kept by mistake.
const BITS_PER_BLOB: usize = 15;
/// Bits looked at per blob.
const PROBES: usize = 8;

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs that were removed.
    pub removed: usize,
    /// Old blobs that are still named.
    pub kept: usize,
}

impl Store {
    /// Removes blobs of old generations that no row names. Blocks; other transactions go on meanwhile.
    ///
    /// # Errors
    /// When the store fails. What was removed by then stays removed.
    pub fn collect_blobs(&self, now: Timestamp) -> Result<Collected, StoreError> {
        let newest = generation_of(now) - AGE_MONTHS;
        let references: Vec<&'static str> = self
            .components()
            .iter()
            .flat_map(|component| component.blob_references)
            .copied()
            .collect();
        let old = self.read_long(move |tx| old_blobs(tx, newest)).wait()?;
        let files = self.files().old(newest)?;
        if old.is_empty() && files.is_empty() {
            return Ok(Collected::default());
        }
        let named = self.read_long(move |tx| mark(tx, &references)).wait()?;
        let mut collected = Collected::default();
        let (kept, gone): (Vec<_>, Vec<_>) = old.into_iter().partition(|(hash, _)| named.may_contain(hash));
        collected.kept += kept.len();
        for batch in gone.chunks(BATCH) {
            let batch = batch.to_vec();
            collected.removed += batch.len();
            self.write(Partition::Directory, move |tx| {
                for (hash, generation) in &batch {
                    tx.execute(DELETE, crate::params![hash, *generation])?;
                }
                Ok::<_, StoreError>(())
            })
            .wait()?;
        }
        for (hash, path) in files {
            if named.may_contain(&hash) {
                collected.kept += 1;
            } else {
                self.files().remove(&path)?;
                collected.removed += 1;
            }
        }
        Ok(collected)
    }
}

/// Hash and generation of each old row.
fn old_blobs(tx: &Tx<'_>, newest: i64) -> Result<Vec<([u8; 32], i64)>, StoreError> {
    tx.query(OLD, crate::params![newest], |row| {
        let reference = BlobRef::from_columns(row.bytes(0)?, row.int(1)?, 0)?;
        Ok((reference.hash, reference.generation))
    })
}

/// Every blob that a row names.
fn mark(tx: &Tx<'_>, references: &[&'static str]) -> Result<Filter, StoreError> {
    let mut hashes = 0;
    for sql in references {
        tx.for_each(sql, &[], |_row| {
            hashes += 1;
            Ok(())
        })?;
    }
    let mut filter = Filter::for_blobs(hashes);
    for sql in references {
        tx.for_each(sql, &[], |row| {
            filter.insert(&BlobRef::from_columns(row.bytes(0)?, row.int(1)?, row.u64(2)?)?.hash);
            Ok(())
        })?;
    }
    Ok(filter)
}

/// A Bloom filter. The names are hashes already: their octets are the probes.
struct Filter {
    bits: Vec<u64>,
}

impl Filter {
    fn for_blobs(count: usize) -> Self {
        Self {
            bits: vec![0; count.saturating_mul(BITS_PER_BLOB) / 64 + 1],
        }
    }

    fn probes(&self, hash: &[u8; 32]) -> impl Iterator<Item = (usize, u64)> {
        let words = self.bits.len();
        hash.chunks_exact(4).take(PROBES).map(move |chunk| {
            let probe = chunk
                .iter()
                .fold(0_usize, |value, &octet| value << 8 | usize::from(octet));
            (probe / 64 % words, 1 << (probe % 64))
        })
    }

    fn insert(&mut self, hash: &[u8; 32]) {
        let probes: Vec<_> = self.probes(hash).collect();
        for (word, bit) in probes {
            if let Some(word) = self.bits.get_mut(word) {
                *word |= bit;
            }
        }
    }

    fn may_contain(&self, hash: &[u8; 32]) -> bool {
        self.probes(hash)
            .all(|(word, bit)| self.bits.get(word).is_some_and(|word| word & bit != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_keeps_what_was_put_in_and_little_else() {
        let hash = |n: u32| *blake3::hash(&n.to_le_bytes()).as_bytes();
        let mut filter = Filter::for_blobs(1_000);
        for n in 0..1_000 {
            filter.insert(&hash(n));
        }
        assert!((0..1_000).all(|n| filter.may_contain(&hash(n))));
        let by_mistake = (1_000..11_000).filter(|&n| filter.may_contain(&hash(n))).count();
        assert!(by_mistake < 100, "{by_mistake} of 10,000");
    }
}
