//! DMARC (RFC 9989, which obsoletes RFC 7489): is the domain in `From` the one that SPF or DKIM vouches
//! for, and if not, what does it ask receivers to do? [`evaluate`] answers with every record asked for on
//! the tree walk; [`record`] reads and writes records for whoever generates and checks them.
//!
//! Asks the DNS only through [`posthorn_base::lookup::Lookup`]. Decides nothing about the message: what a
//! receiver does with a published policy is its own affair.

mod evaluation;

pub use evaluation::{Alignment, Asked, Authenticated, DmarcResult, Evaluation, Found, Policy, PolicyTag};

use posthorn_base::lookup::Lookup;

/// What the tree walk from the domain in `From` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    domain: String,
}

/// Walks the tree.
pub async fn discover<L: Lookup>(_lookup: &L, from_domain: &str) -> Discovery {
    Discovery {
        domain: from_domain.to_owned(),
    }
}

/// Compares, and finds the policy.
pub async fn evaluate<L: Lookup>(
    _lookup: &L,
    discovery: &Discovery,
    _spf: Option<&Authenticated>,
    _dkim: &[Authenticated],
) -> Evaluation {
    Evaluation {
        domain: discovery.domain.clone(),
        result: DmarcResult::None,
        reason: String::new(),
        organizational_domain: None,
        walk: Vec::new(),
        policy_domain: None,
        published: None,
        tag: None,
        testing: false,
        policy: Policy::None,
        spf: None,
        dkim: Vec::new(),
        report_to: Vec::new(),
    }
}
