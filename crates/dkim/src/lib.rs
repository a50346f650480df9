//! DKIM (RFC 6376, with RFC 8301 and RFC 8463): [`verify`] says of each signature whether it holds, with
//! the key record and everything it was compared with; [`Signer`] writes signatures. ARC (RFC 8617) is
//! read, never written, and never a reason to accept.
//!
//! The cryptography is mail-auth's; grammar, canonicalisation and the order of things are ours. Asks the
//! DNS only through [`posthorn_base::lookup::Lookup`]. Makes and keeps no keys.

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

mod arc;
mod canonical;
mod checked;
mod claim;
mod der;
mod fields;
mod key_record;
mod keys;
mod sign;
mod signing_key;
mod tags;
mod verify;

pub use checked::{ArcChain, ArcLink, DkimResult, Signature, Verification};
pub use key_record::{KeyAlgorithm, KeyFault, KeyRecord};
pub use sign::{SignError, Signer};
pub use signing_key::{SigningKey, SigningKeyError};
pub use tags::TagFault;
pub use verify::verify;

/// Signatures looked at in one message.
pub const MAX_SIGNATURES: usize = 8;

/// RSA keys below this size do not count (RFC 8301 section 3.2).
pub const MIN_RSA_BITS: u16 = 1024;
