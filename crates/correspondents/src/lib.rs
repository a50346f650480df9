//! Who an account has exchanged mail with, and what our own people call themselves: what is needed to tell
//! an acquaintance from a stranger who looks like one.
//!
//! Keeps facts. When somebody counts as known is [`posthorn_impersonation::Familiarity`]'s to say, and what
//! follows from it as well. Skeletons of domains (Unicode TR39) are the caller's to make; here they are text
//! that is equal or not. All functions work inside a transaction of the caller's; [`know`] comes before
//! [`learn_received`], or no message is a first contact.
//!
//! **Invariant**: a message that nobody vouches for makes nobody known. It is counted under its address,
//! and changes neither the name nor the standing of somebody known.

mod known;
mod learn;
mod name;
mod own_name;
mod schema;
mod sql;
mod standing;

pub use known::{Correspondent, Known, NearDomains, Question, know};
pub use learn::{Addressee, Seen, Vouched, forget_account, learn_received, learn_sent};
pub use name::{MAX_NAME_CHARACTERS, name_key};
pub use own_name::{MAX_OWN_NAMES, forget_own_names, is_own_name, learn_own_name, own_namesakes};
pub use schema::SCHEMA;
pub use sql::STATEMENTS;

/// Correspondents kept per account, and domains likewise.
pub const MAX_CORRESPONDENTS: u64 = 5_000;

#[cfg(test)]
mod fixture;
