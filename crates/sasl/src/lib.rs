//! SASL (RFC 4422) as pure state machines, server side and client side: PLAIN (RFC 4616), LOGIN (the
//! obsolete one that is still everywhere), SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677)
//! with the channel bindings `tls-exporter` (RFC 9266) and `tls-server-end-point` (RFC 5929).
//!
//! A protocol session decodes base64, feeds the octets to a [`ServerExchange`] and carries its questions
//! to the shell, which owns accounts and randomness. SCRAM's server-final message is always a last
//! challenge that the client answers with an empty response, so that all protocols send it the same way.
//! There is no security layer, no CRAM-MD5, no DIGEST-MD5 and no SCRAM over SHA-1.

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

mod channel;
mod client;
mod encoding;
mod keys;
mod mechanism;
mod prepare;
mod scram;
mod server;

pub use channel::Channel;
pub use client::{ClientExchange, ClientFailure, Credentials};
pub use encoding::{Malformed, decode_base64, encode_base64};
pub use keys::{ITERATIONS, SALT_OCTETS, ScramKeys, made_up_keys};
pub use mechanism::Mechanism;
pub use prepare::{is_prohibited, prepare};
pub use server::{Answer, Ask, Failure, ServerExchange, Step};
