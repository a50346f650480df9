//! The IMAP server session (RFC 3501 and RFC 9051, the latter from ENABLE on) as a pure machine: octets in, octets out.
//!
//! Three layers: `framing` cuts the input into commands (lines, literals, limits), `codec` turns
//! them into the types of [`types`] and back, `server` holds the states. What the session needs to know
//! it asks ([`Ask`], [`Answer`]); it touches no socket, file, clock or store.
//!
//! Each command has one file name everywhere: `types/fetch.rs`, `codec/fetch.rs`, `server/fetch.rs`.
//! There is no client side.

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

mod ask;
mod codec;
mod config;
mod framing;
mod server;
pub mod types;

pub use ask::{
    Answer, Ask, Event, FetchRow, MailboxHandle, MailboxInfo, MailboxStatus, MessageChange, PeekedMailbox,
    Replaced, ResyncFrom, SelectedMailbox, StoredMessage, Transfer, WatchedAnnotation, WatchedMailbox,
    WatchedMailboxes,
};
pub use config::{Config, Limits};
pub use server::ImapSession;
