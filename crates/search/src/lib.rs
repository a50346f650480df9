//! An index of the words of messages, so that a search looks only at messages that may fit. It stores no rule
//! of its own about what matches: `posthorn_message::search` says what the text of a message is and how it is
//! folded, and where the index cannot decide it names candidates for whoever looks at the message.
//!
//! A *term* is a run of letters, digits and marks in folded text, as long as it goes, with the place it stands in. A
//! text that is searched and has these alone is in a message exactly if it is within one of its
//! terms; of other texts the runs within them narrow down where they can be.
//!
//! Contents are indexed by their ids, once for all copies, after they were stored and not while: what lies
//! above [`Index::indexed_to`] is for the caller to look at. The index is made of *segments*, each over
//! contents that came one after the other; small ones are merged into larger ones. See
//! docs/decisions/0013-search-index.md.

mod bounds;
mod build;
mod check;
mod chunk;
mod find;
mod index;
mod indexer;
mod merge;
mod query;
mod segment;
pub mod sql;
mod terms;

pub use bounds::{Bounds, EmailSet};
pub use check::check;
pub use index::{Index, remove_account, start_over};
pub use indexer::{Indexer, Step};
pub use query::Query;
pub use sql::SCHEMA;
