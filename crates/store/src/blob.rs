//! Blobs: the octets of messages, named by their BLAKE3 hash and the month they came in.

use std::fmt;
use std::sync::Arc;

use posthorn_base::Timestamp;

/// Up to this size a blob is a row in the same group commit; larger ones are files.
pub const INLINE_BLOB_OCTETS: u64 = 64 * 1024;

pub(crate) const SCHEMA: &[&str] = &["CREATE TABLE blob (
    generation BIGINT NOT NULL, hash BYTEA NOT NULL, data BYTEA NOT NULL,
    PRIMARY KEY (generation, hash))"];

pub(crate) const INSERT: &str =
    "INSERT INTO blob (hash, generation, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
pub(crate) const SELECT: &str = "SELECT data FROM blob WHERE hash = $1 AND generation = $2";
pub(crate) const OLD: &str = "SELECT hash, generation FROM blob WHERE generation <= $1";
pub(crate) const DELETE: &str = "DELETE FROM blob WHERE hash = $1 AND generation = $2";
pub(crate) const ALL: &str = "SELECT hash, generation, data FROM blob";

/// The generation of blobs that come at that moment.
pub(crate) fn generation_of(now: Timestamp) -> i64 {
    let civil = now.civil();
    i64::from(civil.year) * 12 + i64::from(civil.month) - 1
}

/// Names a blob. Rows hold its three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlobRef {
    /// BLAKE3 of the octets.
    pub hash: [u8; 32],
    /// Months since year 0 (`year * 12 + month - 1`): the collector looks only at old ones.
    pub generation: i64,
    /// How long it is.
    pub size_octets: u64,
}

impl BlobRef {
    /// Names octets that come at that moment.
    pub(crate) fn of(octets: &[u8], now: Timestamp) -> Self {
        Self {
            hash: *blake3::hash(octets).as_bytes(),
            generation: generation_of(now),
            size_octets: u64::try_from(octets.len()).unwrap_or(u64::MAX),
        }
    }

    /// From the three columns.
    ///
    /// # Errors
    /// When the hash does not have 32 octets.
    pub fn from_columns(hash: &[u8], generation: i64, size_octets: u64) -> Result<Self, crate::StoreError> {
        let hash = <[u8; 32]>::try_from(hash)
            .map_err(|_length| crate::StoreError::Corrupt(format!("a blob hash of {} octets", hash.len())))?;
        Ok(Self {
            hash,
            generation,
            size_octets,
        })
    }

    pub(crate) fn is_inline(&self) -> bool {
        self.size_octets <= INLINE_BLOB_OCTETS
    }

    /// `2026-11`.
    pub(crate) fn generation_name(&self) -> String {
        format!(
            "{:04}-{:02}",
            self.generation.div_euclid(12),
            self.generation.rem_euclid(12) + 1
        )
    }

    pub(crate) fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.hash).to_hex().to_string()
    }
}

impl fmt::Display for BlobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.generation_name(), self.hex())
    }
}

/// Octets ready to be stored: a small blob waits for [`crate::Tx::put_blob`], a large one is durable
/// in its file already, only waits for a row that names it, and is not in memory any more.
#[derive(Clone, Debug)]
pub struct Blob {
    reference: BlobRef,
    /// Those of a small one.
    octets: Option<Arc<[u8]>>,
}

impl Blob {
    /// Names octets; the large ones must be in their file already.
    pub(crate) fn new(reference: BlobRef, octets: Vec<u8>) -> Self {
        Self {
            reference,
            octets: reference.is_inline().then(|| octets.into()),
        }
    }

    /// Octets that are stored already, for another row that points to them: a row that is read in the same
    /// transaction must do so, else they may be collected meanwhile.
    #[must_use]
    pub const fn stored(reference: BlobRef) -> Self {
        Self {
            reference,
            octets: None,
        }
    }

    /// Its name, for the rows that point to it.
    #[must_use]
    pub fn reference(&self) -> BlobRef {
        self.reference
    }

    pub(crate) fn inline(&self) -> Option<&[u8]> {
        self.octets.as_deref()
    }
}
