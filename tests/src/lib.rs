//! What the end-to-end tests share: the real binary as a node or a demonstration, small clients that
//! speak SMTP and IMAP over plain sockets, messages that can be told apart, programs of other people.
//!
//! Uses nothing of the program's own crates: what the tests believe about mail is written here anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "all of it serves tests: a failure should be a panic, and real processes take real time"
)]

mod binary;
mod demo;
mod dns;
mod imap;
mod internet;
mod load;
mod message;
mod node;
mod powerloss;
mod program;
mod random;
mod smtp;
mod wait;
mod wire;

pub use binary::{example, posthorn};
pub use demo::{Demo, DemoAccount, DemoNode};
pub use dns::{Dns, Record};
pub use imap::{Imap, Stored};
pub use internet::{Internet, keys};
pub use load::{Load, Sent, assert_stored};
pub use message::{Message, results, sent_part, token};
pub use node::{Ending, Node, Options, PASSWORD, Ready};
pub use powerloss::{Disk, Keep, library};
pub use program::{
    Finished, Input, is_ci, module_of_tests, python, python_with, run, script, skip, tool, tool_of_tests,
};
pub use random::Random;
pub use smtp::{Reply, Smtp};
pub use wait::{DEADLINE, until};
pub use wire::Wire;
