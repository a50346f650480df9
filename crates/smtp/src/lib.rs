//! SMTP (RFC 5321) and LMTP (RFC 2033) as pure sessions, server side and client side: bytes in, bytes out.
//!
//! Framing (lines, dot-stuffing, counted chunks) → codec (commands and replies, printed and parsed) →
//! session (an enum of states). Message bodies pass through in chunks and are never held here. Sockets,
//! TLS, the clock, accounts and the queue are the shell's; it answers what the sessions ask.

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

pub mod client;
mod codec;
mod framing;
mod refusal;
pub mod server;
mod types;

pub use codec::SyntaxError;
pub use codec::reply::{Class, EnhancedCode, Reply};
pub use refusal::Refusal;
pub use types::{Body, Envelope, Notify, NotifyOn, Recipient, Ret, Sender};
