//! fetchmail over POP3 and IMAP: fetch and delete, fetch and keep, wait for what comes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use posthorn_tests::{Finished, Input, Message, Node, Options, PASSWORD, run, tool, until};

/// A mailbox on this side that fetchmail fills, one file a message.
struct Local {
    home: PathBuf,
}

impl Local {
    fn new(node: &Node) -> Self {
        let home = node.folder().join("fetchmail");
        fs::create_dir_all(home.join("fetched")).unwrap();
        let mda = home.join("mda");
        fs::write(
            &mda,
            "#!/bin/sh\nexec cat > \"$(mktemp \"$(dirname \"$0\")/fetched/XXXXXX\")\"\n",
        )
        .unwrap();
        fs::set_permissions(&mda, fs::Permissions::from_mode(0o700)).unwrap();
        Self { home }
    }

    /// `mode`: `keep` or `fetchall` and the like.
    fn fetch(&self, node: &Node, mode: &str) -> Finished {
        run(&mut self.command(node, "pop3", mode), Input::None)
    }

    fn command(&self, node: &Node, protocol: &str, mode: &str) -> Command {
        let config = self.home.join("fetchmailrc");
        let uidl = if protocol == "pop3" { "uidl" } else { "" };
        let text = format!(
            "poll 127.0.0.1 protocol {protocol} port {} {uidl} timeout 30\n  user \"{}\" password \"{PASSWORD}\" {mode}\n  \
             sslproto \"\" mda \"{}\"\n",
            node.ready().port(protocol),
            node.address("anna"),
            self.home.join("mda").display(),
        );
        fs::write(&config, text).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = Command::new("fetchmail");
        command.env("HOME", &self.home).env("FETCHMAILHOME", &self.home);
        command
            .arg("-f")
            .arg(&config)
            .args(["--nodetach", "--nosyslog", "--norewrite", "--pidfile"])
            // Root's would be one for all.
            .arg(self.home.join("pid"));
        command
    }

    fn fetched(&self) -> Vec<String> {
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let files = fs::read_dir(self.home.join("fetched")).unwrap();
        files.map(|file| read(&file.unwrap().path())).collect()
    }
}

fn deliver(node: &Node, count: usize) -> Vec<Message> {
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let mut smtp = node.smtp();
    let messages: Vec<Message> = (0..count).map(|_| Message::short(from, &to)).collect();
    for message in &messages {
        assert_eq!(smtp.send(from, &[&to], message).unwrap().code, 250);
    }
    messages
}

/// fetchmail ends with 1 when there was nothing to fetch.
const NOTHING_NEW: Option<i32> = Some(1);

#[test]
fn keeping_it_fetches_only_what_is_new() {
    if !tool("fetchmail") {
        return;
    }
    let node = Node::start(Options::default());
    let local = Local::new(&node);
    let mut sent = deliver(&node, 3);
    local.fetch(&node, "keep").ok();
    assert_eq!(local.fetched().len(), 3);
    assert_eq!(local.fetch(&node, "keep").code, NOTHING_NEW);
    sent.extend(deliver(&node, 2));
    local.fetch(&node, "keep").ok();
    let fetched = local.fetched();
    assert_eq!(fetched.len(), 5);
    for message in &sent {
        assert_eq!(
            fetched
                .iter()
                .filter(|text| text.contains(&message.token))
                .count(),
            1
        );
    }
    assert_eq!(node.inbox("anna").len(), 5);
}

#[test]
fn deleting_it_leaves_nothing_on_the_server() {
    if !tool("fetchmail") {
        return;
    }
    let node = Node::start(Options::default());
    let local = Local::new(&node);
    deliver(&node, 4);
    local.fetch(&node, "nokeep").ok();
    assert_eq!(local.fetched().len(), 4);
    assert!(node.inbox("anna").is_empty());
    assert_eq!(local.fetch(&node, "nokeep").code, NOTHING_NEW);
    deliver(&node, 1);
    local.fetch(&node, "nokeep").ok();
    assert_eq!(local.fetched().len(), 5);
}

#[test]
fn over_imap_keep_leaves_what_was_read_and_the_usual_takes_it_away() {
    if !tool("fetchmail") {
        return;
    }
    let node = Node::start(Options::default());
    let local = Local::new(&node);
    let fetch = |mode: &str| run(&mut local.command(&node, "imap", mode), Input::None);
    deliver(&node, 3);
    fetch("keep").ok();
    assert_eq!(local.fetched().len(), 3);
    assert_eq!(node.inbox("anna").len(), 3);
    // What it has seen it leaves alone; code 1 says that nothing is new.
    assert_eq!(fetch("keep").code, Some(1));
    deliver(&node, 1);
    fetch("keep").ok();
    assert_eq!(local.fetched().len(), 4);
    fetch("fetchall").ok();
    assert_eq!(local.fetched().len(), 8);
    assert_eq!(node.inbox("anna").len(), 0);
}

#[test]
fn over_imap_it_waits_for_mail_and_has_it_at_once() {
    if !tool("fetchmail") {
        return;
    }
    let node = Node::start(Options::default());
    let local = Local::new(&node);
    deliver(&node, 1);
    let mut waiting = local.command(&node, "imap", "idle").spawn().unwrap();
    let has = |count: usize| (local.fetched().len() == count).then_some(());
    until("the first message is fetched", || has(1));
    for number in 2..=3 {
        deliver(&node, 1);
        until("a message that came is fetched", || has(number));
    }
    until("what was fetched is gone", || {
        node.inbox("anna").is_empty().then_some(())
    });
    waiting.kill().unwrap();
    waiting.wait().unwrap();
}
