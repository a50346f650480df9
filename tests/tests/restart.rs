//! What is stored outlives the process: mail, flags, UIDs, the queue.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::net::UdpSocket;

use posthorn_tests::{Ending, Input, Message, Node, Options};

#[test]
fn mail_and_flags_are_there_after_a_restart_in_order() {
    let mut node = Node::start(Options::default());
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let mut smtp = node.smtp();
    for size in [100, 70_000, 2_000_000] {
        let message = Message::of_size(from, &to, size);
        assert_eq!(smtp.send(from, &[&to], &message).unwrap().code, 250);
    }
    let mut imap = node.imap("anna");
    imap.select("INBOX").unwrap();
    imap.command("STORE 2 +FLAGS (\\Flagged)").unwrap();
    let before = node.inbox("anna");
    let validity = imap.command("STATUS INBOX (UIDVALIDITY UIDNEXT)").unwrap();

    assert!(node.stop(Ending::Asked).success());
    node.check_store();
    node.serve();

    assert_eq!(node.inbox("anna"), before);
    let mut imap = node.imap("anna");
    imap.select("INBOX").unwrap();
    assert_eq!(imap.command("SEARCH FLAGGED").unwrap(), [b"* SEARCH 2"]);
    assert_eq!(
        imap.command("STATUS INBOX (UIDVALIDITY UIDNEXT)").unwrap(),
        validity
    );
}

#[test]
fn open_sessions_are_told_before_the_end() {
    let mut node = Node::start(Options::default());
    let (mut smtp, mut imap) = (node.smtp(), node.imap("anna"));
    assert!(node.stop(Ending::Asked).success());
    assert!(smtp.reply().unwrap().is("421 4.3.2"));
    assert!(imap.response().unwrap().starts_with(b"* BYE"));
}

#[test]
fn the_queue_survives_a_kill() {
    // A name server that never answers: everything stays in the queue.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let settings = format!(
        "[dns]\nresolvers = [\"{}\"]\ntimeout = \"100ms\"\n",
        silent.local_addr().unwrap()
    );
    let mut node = Node::start(Options {
        settings,
        ..Options::default()
    });
    let from = node.address("anna");
    let mut smtp = node.submission("anna");
    for number in 0..3 {
        let to = format!("someone{number}@elsewhere.test");
        assert_eq!(
            smtp.send(&from, &[&to], &Message::short(&from, &to))
                .unwrap()
                .code,
            250
        );
    }
    node.stop(Ending::Killed);
    node.check_store();
    node.serve();
    let listed = node.posthorn(&["queue", "list"], Input::None).ok();
    for number in 0..3 {
        assert!(
            listed.contains(&format!("someone{number}@elsewhere.test")),
            "{listed}"
        );
    }
}
