//! The command line as people and scripts meet it: the real program in a folder of its own, through the
//! store and through a running server.

#![allow(clippy::unwrap_used, reason = "tests, whose helpers are not marked as such")]

mod check;
mod directory;
mod mailboxes;
mod place;
mod queue;
mod serving;
mod usage;
