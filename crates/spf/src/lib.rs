//! SPF (RFC 7208): does a domain allow this client to send in its name? [`check_host`] answers with the
//! result, the reason, and every record and mechanism looked at on the way; [`record`] reads and writes
//! records for whoever generates and checks them; [`survey`] walks all records that a domain's own leads to.
//!
//! Asks the DNS only through [`posthorn_base::lookup::Lookup`]. Decides nothing about the message. Has no
//! clock: whoever calls gives up after a while (RFC 7208 section 4.6.4 wants at least 20 seconds) and then
//! has [`Evaluation::given_up`].

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

mod check;
mod evaluation;
mod macros;
mod names;
mod published;
pub mod record;
mod shown;
mod survey;

pub use check::check_host;
pub use evaluation::{Evaluation, Identity, SpfResult, Step, StepOutcome};
pub use survey::{EmptyTerm, Families, Found, LocatedFault, Seen, Survey, survey};

use std::net::IpAddr;

use posthorn_base::Timestamp;

/// Terms that cost a look-up, in one evaluation (RFC 7208 section 4.6.4).
pub const MAX_LOOKUPS: u8 = 10;
/// Look-ups that find nothing, in one evaluation (RFC 7208 section 4.6.4).
pub const MAX_VOIDS: u8 = 2;
/// Mail hosts, and names of an address, that are looked at (RFC 7208 section 4.6.4).
pub const MAX_HOSTS: usize = 10;

/// A question to SPF.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Whose domain it is.
    pub identity: Identity,
    /// The client's address.
    pub ip: IpAddr,
    /// The domain to ask.
    pub domain: &'a str,
    /// `local@domain`; empty for `postmaster@domain`.
    pub sender: &'a str,
    /// What the client called itself.
    pub helo: &'a str,
    /// Our host name.
    pub receiver: &'a str,
    /// Now.
    pub now: Timestamp,
}
