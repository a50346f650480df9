//! Octets of the wire ↔ [`crate::types`], by hand over slices (RFC 3501 section 9 with the extensions of
//! each file). Pure: no state, no buffering, no limits of time.

pub(crate) mod acl;
pub(crate) mod append;
pub(crate) mod authenticate;
pub(crate) mod compress;
pub(crate) mod copy;
pub(crate) mod create;
pub(crate) mod date;
pub(crate) mod enable;
pub(crate) mod esearch;
pub(crate) mod fetch;
pub(crate) mod filter;
pub(crate) mod flags;
pub(crate) mod id;
pub(crate) mod language;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod mailbox;
pub(crate) mod metadata;
pub(crate) mod notify;
pub(crate) mod partial;
pub(crate) mod quota;
pub(crate) mod reader;
pub(crate) mod replace;
pub(crate) mod search;
pub(crate) mod select;
pub(crate) mod sequence_set;
pub(crate) mod sort;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod structure;
pub(crate) mod text;
pub(crate) mod thread;
pub(crate) mod utf7;
pub(crate) mod vanished;

pub(crate) use reader::{Reader, SyntaxError};
