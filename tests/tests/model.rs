//! An account by the book: random commands, each answer compared with a simple model of folders, messages and flags.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use posthorn_tests::{Node, Options, PASSWORD, Random, python, tool};

#[test]
fn every_answer_is_that_of_a_simple_model() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let user = node.address("anna");
    let seed = Random::seeded().number().to_string();
    let told = python(
        "model.py",
        &[node.ready().address("imap"), &user, PASSWORD, &seed, "2000"],
    );
    assert!(told.trim().ends_with(" messages"), "{told}");
}
