//! The words all other crates speak: addresses, domains, ids, limits, time stamps, secrets, and the
//! contract every protocol session keeps, and how the DNS is asked. Knows no socket, no file, no clock, no store.

mod address;
mod domain;
mod ids;
pub mod limits;
pub mod lookup;
mod report_address;
mod rights;
mod secret;
pub mod session;
mod timestamp;

pub use address::{Address, AddressError, LocalPart, ReversePath};
pub use domain::{Domain, DomainError};
pub use ids::{AccountId, BadId, EmailId, MailboxId, ModSeq, QueueId, SessionId, ThreadId, Uid, UidValidity};
pub use report_address::{DMARC_REPORTS, TLS_REPORTS, receives_reports};
pub use rights::{AclChange, Rights};
pub use secret::Secret;
pub use session::TlsInfo;
pub use timestamp::{Civil, Timestamp};
