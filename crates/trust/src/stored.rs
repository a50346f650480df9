//! The evidence as octets for the store: JSON of at most [`MAX_EVIDENCE_OCTETS`]. What does not fit is cut in
//! a fixed order, the least missed first, and named in `left_out`; results, names and the verdict always
//! stay. Writing never fails, whatever strangers put into their records and fields.

mod cut;
mod texts;

use std::io::{self, Write};

use crate::evidence::{Evidence, MAX_EVIDENCE_OCTETS};

/// Stored evidence that cannot be read: not ours, or damaged.
#[derive(Debug, thiserror::Error)]
#[error("the stored evidence cannot be read: {0}")]
pub struct StoredError(#[from] serde_json::Error);

impl Evidence {
    /// The evidence as JSON of at most [`MAX_EVIDENCE_OCTETS`] octets.
    #[must_use]
    pub fn to_stored(&self) -> Vec<u8> {
        let mut stored = Vec::with_capacity(MAX_EVIDENCE_OCTETS);
        if write(self, &mut stored) {
            return stored;
        }
        let mut smaller = self.clone();
        for cut in cut::CUTS {
            let is_changed = (cut.apply)(&mut smaller);
            if !is_changed {
                continue;
            }
            if !cut.note.is_empty() {
                smaller.left_out.push(cut.note.to_owned());
            }
            if write(&smaller, &mut stored) {
                return stored;
            }
        }
        // Not reached: after the last cut every list and every text is bounded, and their sum is below the
        // limit. The tests hold it to that.
        stored
    }

    /// Reads what [`Self::to_stored`] wrote, or a later version of this program: fields it does not know
    /// are skipped.
    ///
    /// # Errors
    /// When the octets are no evidence.
    pub fn from_stored(stored: &[u8]) -> Result<Self, StoredError> {
        Ok(serde_json::from_slice(stored)?)
    }
}

/// Writes the evidence; does it fit?
fn write(evidence: &Evidence, stored: &mut Vec<u8>) -> bool {
    stored.clear();
    serde_json::to_writer(UpToLimit(stored), evidence).is_ok()
}

/// Takes octets up to the limit and then fails, so that evidence of any size costs no more than evidence
/// that fits.
struct UpToLimit<'a>(&'a mut Vec<u8>);

impl Write for UpToLimit<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(octets.len()) > MAX_EVIDENCE_OCTETS {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
