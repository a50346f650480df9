//! The answers that sessions get: what SMTP, POP3 and IMAP ask is looked up and done here, with
//! `accounts`, `mailbox`, `inbound` and the store behind it. No protocol grammar and no mail rule lives
//! here; a handler turns one crate's words into another's. [`sharing`] is also what the command line uses.

mod credentials;
mod gathering;
pub mod imap;
pub mod pop3;
mod reporting;
mod services;
pub mod sharing;
pub mod smtp;
mod watch;

pub use credentials::Credentials;
pub use reporting::Reporting;
pub use services::{MaildropLock, MaildropLocks, NotOpened, OverQuota, Services, Wake};
pub use watch::{Watch, Watcher};
