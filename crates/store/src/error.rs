//! What can go wrong in the store, by fault. Every [`StoreError`] is for the peer a temporary failure.

use std::path::PathBuf;

/// A transaction did not happen. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the quota of the data folder, is full.
    #[error("the disk is full")]
    DiskFull,
    /// The operating system or the database engine could not read or write.
    #[error("the store cannot be read or written: {0}")]
    Io(String),
    /// The stored data contradicts itself; `posthorn check --store` tells more.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// A row with this key is there already.
    #[error("a row with this key exists already")]
    Duplicate,
    /// A statement or a column type is wrong: a fault of Posthorn's own.
    #[error("a statement failed: {0}")]
    Statement(String),
    /// A blob that a row names is missing.
    #[error("the blob {0} is missing")]
    BlobMissing(String),
    /// The function given as a transaction panicked.
    #[error("a transaction panicked")]
    Panicked,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// The store cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data folder.
    #[error("the data folder {0} is in use by another posthorn; stop it, or talk to it through its socket")]
    InUse(PathBuf),
    /// The folder or a file in it cannot be made or opened.
    #[error("{path}: {reason}")]
    Unusable {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// Written by a newer Posthorn.
    #[error(
        "the part `{component}` of the store has version {found}, this program knows up to {known}; use the newer posthorn"
    )]
    TooNew {
        /// The schema component.
        component: String,
        /// The version in the store.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The engine refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}
