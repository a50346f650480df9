//! POP3 server session: RFC 1939 with CAPA (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034), response codes
//! (RFC 2449, RFC 3206) and UTF8 (RFC 6856).
//!
//! Framing (`framing`, `transfer`) → codec (`codec`, `reply`) → session (`session`). The session asks the
//! shell for credentials, the maildrop, messages and the final deletion; it knows no socket, file or
//! clock. Not offered: APOP (needs the password in the clear), LAST (gone since RFC 1460), LANG.

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

mod capa;
mod codec;
mod config;
mod framing;
mod maildrop;
mod question;
mod reply;
mod session;
mod transfer;

pub use config::{Config, Expire, Utf8Policy};
pub use question::{Answer, Ask, Entry, Event, LoginMethod};
pub use session::ServerSession;
