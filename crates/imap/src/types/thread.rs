//! Conversations as THREAD shows them (RFC 5256 section 3).

use super::search::{NamedMessages, SearchKey};
use super::sequence_set::Numbering;

/// `thread-alg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadAlgorithm {
    /// Messages of one base subject are a thread, the first is the parent of the others.
    OrderedSubject,
    /// By the messages that messages name, then by base subjects.
    References,
}

impl ThreadAlgorithm {
    /// All algorithms with their names.
    pub const NAMES: [(Self, &'static str); 2] = [
        (Self::OrderedSubject, "ORDEREDSUBJECT"),
        (Self::References, "REFERENCES"),
    ];
}

/// A node of a tree that is written down parents first: behind it come its children, each with all its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadNode {
    /// The message; `None`: its children answer a message that is not here.
    pub uid: Option<u32>,
    /// How many children it has.
    pub children: u32,
}

/// THREAD and UID THREAD.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ThreadCommand {
    pub(crate) numbering: Numbering,
    pub(crate) algorithm: ThreadAlgorithm,
    pub(crate) key: SearchKey<NamedMessages>,
}
