//! What becomes of a message once it is known who sent it, through the public interface and a real store: the
//! evidence is gathered from a few lines of DNS, the message judged, accepted, and looked for in mailboxes and
//! queue.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod house;
mod judging;
mod learning;
mod reports;
mod sending;
