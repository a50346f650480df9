//! Accepting a message, as a list of named steps: it is measured, gets its trace, is rendered once, is
//! distributed to mailboxes and queue, and all of that becomes one group of transactions. Only when they
//! are durable may the client hear `250` (RFC 5321 sections 4.4 and 6.1).
//!
//! Knows no socket and no clock. Who is a recipient here is `accounts`' to say; what a mailbox does with
//! the message is `mailbox`'; what becomes of the rest is `queue`'s.

mod accept;
mod confirm;
mod incoming;
mod originate;
mod plan;
mod reports;
mod trace;

pub use accept::{Inbound, Refused, Settings, usages};
pub use incoming::{Addressee, Client, Incoming, Origin};
pub use plan::{InboundError, Plan};
pub use reports::{ReportError, Reports};
