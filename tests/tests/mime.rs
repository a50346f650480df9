//! MIME as a client meets it: structures, sections and partials of sound and of broken messages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::path::PathBuf;

use posthorn_tests::{Node, Options, PASSWORD, python, tool};

/// A folder with sample messages, outside this repository.
fn samples(folder: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
    let shared = std::env::var("POSTHORN_SHARED_DATA").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    shared.join("mime").join(folder).to_str().unwrap().to_owned()
}

#[test]
fn whatever_a_structure_says_of_a_message_can_be_fetched_so() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let (address, user) = (node.ready().address("imap"), node.address("anna"));
    let (sound, broken) = (samples("rfc"), samples("malformed"));
    let told = python("mime_parts.py", &[address, &user, PASSWORD, &sound, &broken]);
    assert!(told.trim().ends_with(" agreed"), "{told}");
}
