//! Who really sent this? [`Evidence`] is everything found out while a message arrived, in at most
//! [`MAX_EVIDENCE_OCTETS`], stored with it; from it come the verdict, the header fields for other programs
//! (Authentication-Results, Received-SPF) and, in `explain`, the words for people. One source, many views.
//!
//! Asks the DNS only through [`posthorn_base::lookup::Lookup`], and knows no clock and no store.

#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        reason = "tests"
    )
)]

mod author;
mod decide;
mod evidence;
mod examine;
pub mod fields;
mod iprev;
mod path;
mod printable;
pub mod srs;
mod stored;
#[cfg(test)]
mod testing;

pub use author::author;
pub use decide::{OnImpersonation, OnQuarantine, OnReject, Rules, decide};
pub use evidence::{
    Author, Connection, Evidence, Hop, Iprev, IprevResult, MAX_EVIDENCE_OCTETS, Origin, Place, Reason,
    VERSION, Verdict,
};
pub use examine::{Arrival, Client, examine};
pub use path::{MAX_HOPS, hop, path};
pub use stored::StoredError;
