//! The mail clients of Python's library, which a great many scripts use.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use posthorn_tests::{Node, Options, PASSWORD, python, tool};

#[test]
fn what_smtplib_sends_imaplib_and_poplib_show_at_once() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let ready = node.ready();
    let certificate = node.certificate();
    let (sender, recipient) = (node.address("anna"), node.address("ben"));
    let mut arguments: Vec<&str> = ["submission", "submissions", "imap", "imaps", "pop3", "pop3s"]
        .iter()
        .map(|name| ready.address(name))
        .collect();
    arguments.extend([certificate.to_str().unwrap(), &sender, &recipient, PASSWORD]);
    assert_eq!(python("roundtrip.py", &arguments).trim(), "6");
}

#[test]
fn imaplib_makes_folders_and_moves_mail_about() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let user = node.address("anna");
    python("mailboxes.py", &[node.ready().address("imap"), &user, PASSWORD]);
}
