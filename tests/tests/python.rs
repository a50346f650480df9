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

#[test]
fn mailboxes_and_messages_keep_the_rules_of_both_revisions_of_imap() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let user = node.address("anna");
    let told = python("rules.py", &[node.ready().address("imap"), &user, PASSWORD]);
    assert_eq!(told.trim(), "done");
}

#[test]
fn imaplib_enables_utf8_and_others_enable_imap4rev2_and_uidonly() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let user = node.address("anna");
    let told = python("enable.py", &[node.ready().address("imap"), &user, PASSWORD]);
    assert_eq!(told.trim(), "done");
}

#[test]
fn imaplib_compresses_and_broken_streams_and_bombs_end_their_own_connection() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let (ready, certificate) = (node.ready(), node.certificate());
    let user = node.address("anna");
    let before = node.resident_kib();
    let arguments = [
        ready.address("imap"),
        ready.address("imaps"),
        certificate.to_str().unwrap(),
        &user,
        PASSWORD,
    ];
    assert_eq!(python("compress.py", &arguments).trim(), "done");
    let grown = node.resident_kib().saturating_sub(before);
    assert!(grown < 100 * 1024, "{grown} KiB");
}

#[test]
fn everything_that_imaplib_has_is_answered() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let user = node.address("anna");
    let told = python("imaplib_all.py", &[node.ready().address("imap"), &user, PASSWORD]);
    assert_eq!(told.trim(), "done");
}

#[test]
fn imaplib_annotates_mailboxes_of_its_own_and_of_others() {
    if !tool("python3") {
        return;
    }
    let node = Node::start(Options::default());
    let (anna, ben) = (node.address("anna"), node.address("ben"));
    python(
        "metadata.py",
        &[node.ready().address("imap"), &anna, PASSWORD, &ben],
    );
    node.check_store();
}
