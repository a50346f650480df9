//! What commands and replies are made of, one file per concept. No octets of the wire here: those are
//! `codec`'s.

pub mod acl;
pub mod append;
pub(crate) mod command;
pub mod date;
pub(crate) mod esearch;
pub mod fetch;
pub(crate) mod filter;
pub mod flags;
pub mod list;
pub mod mailbox;
pub mod metadata;
pub(crate) mod notify;
pub(crate) mod partial;
pub mod resync;
pub mod search;
pub mod sequence_set;
pub mod sort;
pub mod status;
pub mod store;
pub mod thread;

pub use date::Date;
pub use fetch::{FetchWant, Partial, SectionForm, SectionWant};
pub use flags::{Flags, SystemFlags};
pub use mailbox::SpecialUse;
pub use resync::ChangedUids;
pub use search::{DayIs, MessageDate, SearchCriterion, SearchKey, TextIn};
pub use sequence_set::{SequenceNumber, SequenceRange, SequenceSet};
pub use sort::{SortCriterion, SortKey, SortOrder};
pub use store::{FlagChange, FlagMode};
pub use thread::{ThreadAlgorithm, ThreadNode};
