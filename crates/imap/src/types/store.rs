//! What STORE changes (RFC 9051 section 6.4.6, RFC 7162 section 3.1.3).

use super::flags::Flags;
use super::sequence_set::{MessageSet, Numbering};

/// How the flags are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagMode {
    /// `FLAGS`: these and no others.
    Replace,
    /// `+FLAGS`.
    Add,
    /// `-FLAGS`.
    Remove,
}

/// A change of flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagChange {
    /// How.
    pub mode: FlagMode,
    /// Which.
    pub flags: Flags,
}

/// Is the client told the new flags?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    Flags,
    Silent,
}

/// STORE and UID STORE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreCommand {
    pub(crate) numbering: Numbering,
    pub(crate) set: MessageSet,
    pub(crate) change: FlagChange,
    pub(crate) echo: Echo,
    /// UNCHANGEDSINCE: messages changed after this are left alone.
    pub(crate) unchanged_since: Option<i64>,
}
