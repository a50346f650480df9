//! DMARC (RFC 9989, which obsoletes RFC 7489): is the domain in `From` the one that SPF or DKIM vouches
//! for, and if not, what does it ask receivers to do? [`discover`] finds its record by the tree walk,
//! [`evaluate`] answers with every record asked for; [`record`] reads and writes records for whoever
//! generates and checks them; [`report_destinations`] says who may be sent reports.
//!
//! Asks the DNS only through [`posthorn_base::lookup::Lookup`]. Decides nothing about the message: what a
//! receiver does with a published policy is its own affair. Writes no reports.

mod alignment;
mod authors;
mod destinations;
mod discovery;
mod evaluate;
mod evaluation;
mod printable;
mod reason;
pub mod record;
mod uri;
mod walk;

pub use alignment::MAX_DKIM_ALIGNMENTS;
pub use authors::MAX_AUTHOR_DOMAINS;
pub use destinations::{Authorization, Destination, authorization_name, report_destinations};
pub use discovery::{Discovery, discover};
pub use evaluate::evaluate;
pub use evaluation::{Alignment, Asked, Authenticated, DmarcResult, Evaluation, Found, Policy, PolicyTag};
pub use record::{Fault, FaultKind, Record};
pub use uri::{mail_address, mailto};
