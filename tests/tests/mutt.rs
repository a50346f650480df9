//! (Neo)mutt, driven by commands: reads a folder, saves a message, sends one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use posthorn_tests::{Finished, Input, Message, Node, Options, PASSWORD, Stored, run, tool};

/// Settings for both programs.
fn settings(node: &Node) -> String {
    let user = node.address("anna");
    format!(
        "set ssl_starttls=yes\nset ssl_force_tls=yes\nset certificate_file={}\nset ssl_verify_host=no\nset imap_user=\"{user}\"\nset imap_pass=\"{PASSWORD}\"\n\
         set from=\"{user}\"\nset realname=Anna\nset use_from=yes\nset folder=\"imap://127.0.0.1:{}/\"\nset spoolfile=\"+INBOX\"\n\
         set smtp_url=\"smtp://{user}@127.0.0.1:{}/\"\nset smtp_pass=\"{PASSWORD}\"\nset smtp_authenticators=plain\nset record=\"+Sent\"\n\
         set confirmcreate=no\nset confirmappend=no\nset delete=yes\nset move=no\nset quit=yes\nset header_cache=\"\"\nset wait_key=no\n",
        node.certificate().display(),
        node.ready().port("imap"),
        node.ready().port("submission"),
    )
}

/// The settings as a file.
fn config(node: &Node, extra: &str) -> PathBuf {
    let config = node.folder().join("muttrc");
    fs::write(&config, format!("{}{extra}", settings(node))).unwrap();
    config
}

fn in_terminal(command: &mut Command, node: &Node) -> Finished {
    command
        .env("HOME", node.folder())
        .env("TERM", "xterm")
        .env("LC_ALL", "C.UTF-8");
    run(command, Input::None)
}

#[test]
fn sends_a_message_from_the_command_line() {
    if !tool("neomutt") {
        return;
    }
    let node = Node::start(Options::default());
    let to = node.address("ben");
    let mut command = Command::new("neomutt");
    command
        .arg("-n")
        .arg("-F")
        .arg(config(&node, ""))
        .args(["-s", "From neomutt", &to]);
    command.env("HOME", node.folder()).env("LC_ALL", "C.UTF-8");
    run(&mut command, Input::Octets("Grüße\n".as_bytes())).ok();
    let inbox = node.inbox("ben");
    assert_eq!(inbox.len(), 1);
    let text = String::from_utf8_lossy(&inbox[0].octets).into_owned();
    assert!(text.contains("Subject: From neomutt\r\n"), "{text}");
}

#[test]
fn reads_a_folder_and_saves_a_message_into_another() {
    if !tool("neomutt") || !tool("script") {
        return;
    }
    let node = Node::start(Options::default());
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let mut smtp = node.smtp();
    for _ in 0..3 {
        assert_eq!(
            smtp.send(from, &[&to], &Message::short(from, &to)).unwrap().code,
            250
        );
    }
    // Save the first message into a new folder whose name is not ASCII, delete the second, and leave.
    let keys = "push \"<first-entry><save-message>=Käse<enter><next-undeleted><delete-message><quit>\"\n";
    let mut command = Command::new("script");
    let line = format!("neomutt -n -F {}", config(&node, keys).display());
    in_terminal(
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]),
        &node,
    )
    .ok();
    assert_eq!(node.imap("anna").messages("K&AOQ-se").unwrap().len(), 1);
    assert_eq!(node.inbox("anna").len(), 1);
}

#[test]
fn searches_tags_and_deletes_in_a_folder_of_hundreds() {
    if !tool("neomutt") || !tool("script") {
        return;
    }
    let node = Node::start(Options::default());
    let mut imap = node.imap("anna");
    for number in 0..300 {
        let message = format!(
            "From: <a@sender.test>\r\nSubject: number {number:03}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nword{}\r\n",
            number % 10
        );
        imap.command(&format!("APPEND INBOX {{{}+}}\r\n{message}", message.len()))
            .unwrap();
    }
    // Ten go into another folder by their subject, thirty are deleted by a word in the body, which the server looks for,
    // and a hundred are flagged.
    let keys = "push \"<tag-pattern>~s 'number 12'<enter><tag-prefix><save-message>=Kept<enter>\
                <untag-pattern>~A<enter><delete-pattern>=b word7<enter>\
                <tag-pattern>~s 'number 2'<enter><tag-prefix><flag-message><quit>\"\n";
    let mut command = Command::new("script");
    let line = format!("neomutt -n -F {}", config(&node, keys).display());
    in_terminal(
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]),
        &node,
    )
    .ok();
    assert_eq!(imap.messages("Kept").unwrap().len(), 10);
    let left = imap.messages("INBOX").unwrap();
    // Number 127 was among both.
    assert_eq!(left.len(), 300 - 10 - 30 + 1);
    let has = |message: &Stored, text: &str| String::from_utf8_lossy(&message.octets).contains(text);
    assert!(
        !left
            .iter()
            .any(|message| has(message, "word7") || has(message, "Subject: number 12"))
    );
    let flagged = imap.command("SEARCH FLAGGED").unwrap();
    let flagged = String::from_utf8_lossy(&flagged[0]).into_owned();
    assert_eq!(flagged.split(' ').count() - 2, 90, "{flagged}");
}
