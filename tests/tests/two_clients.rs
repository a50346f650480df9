//! Two mail programs on one mailbox that others change at the same time: nobody's idea of it may go astray.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use posthorn_tests::{Node, Options, PASSWORD, Random, python, tool};

#[test]
fn programs_that_watch_a_busy_mailbox_agree_with_the_server_in_the_end() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let ready = node.ready();
    let user = node.address("anna");
    let seed = Random::seeded().number().to_string();
    let (imap, smtp) = (ready.address("imap"), ready.address("smtp"));
    let told = python("two_clients.py", &[imap, smtp, &user, PASSWORD, &seed, "200"]);
    assert!(told.trim().ends_with(" messages"), "{told}");
}

#[test]
fn a_program_that_was_offline_catches_up_at_the_price_of_what_changed() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let user = node.address("anna");
    let seed = Random::seeded().number().to_string();
    let imap = node.ready().address("imap");
    let told = python("offline.py", &[imap, &user, PASSWORD, &seed, "15"]);
    assert!(told.trim().ends_with(" messages"), "{told}");
}
