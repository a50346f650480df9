//! Looking up names ([`posthorn_base::lookup::Lookup`] over name servers), and the hosts that take a domain's mail
//! (RFC 5321 section 5.1, RFC 7505). And [`zone`]: a name server on loopback for the demonstration and the
//! tests.
//!
//! Opens no connection to a mail host and reads no setting. Asks only name servers; DNSSEC is not checked.

mod authoritative;
mod cache;
mod direct;
mod error;
mod mail_hosts;
mod records;
mod resolver;
pub mod zone;

pub use authoritative::Authoritative;
pub use error::MailHostsError;
pub use mail_hosts::{MailHost, MailHosts};
pub use resolver::{Bounded, Resolver, ResolverError};
