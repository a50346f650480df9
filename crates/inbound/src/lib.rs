//! Accepting a message, as a list of named steps: it is measured, gets its trace, is rendered once, is
//! judged, distributed to mailboxes and queue, and all of that becomes one group of transactions. Only when they
//! are durable may the client hear `250` (RFC 5321 sections 4.4 and 6.1).
//!
//! Knows no socket and no clock. Who is a recipient here is `accounts`' to say; what a mailbox does with
//! the message is `mailbox`'; what becomes of the rest is `queue`'s.

mod accept;
mod confirm;
mod forward;
mod incoming;
mod judge;
mod originate;
mod plan;
mod reports;
mod rules;
mod trace;

pub use accept::{Inbound, Keys, Refused, Settings, usages};
pub use incoming::{Addressee, Client, Incoming, Origin};
pub use judge::Judgement;
pub use plan::{InboundError, Plan};
pub use reports::{ReportError, Reports};
pub use rules::{read_rules, rules_text};
