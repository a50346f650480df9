//! interimap: two accounts kept equal by a program that goes by QRESYNC, compresses, and is told by NOTIFY. It stops at
//! the first answer that is not as the RFCs have it. Without TLS: it finds no address in a certificate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use posthorn_tests::{Imap, Input, Node, Options, PASSWORD, Random, run, tool, until};

const MAILBOXES: [&str; 3] = ["INBOX", "Work", "Archive"];
const FLAGS: [&str; 4] = ["\\Seen", "\\Flagged", "\\Answered", "$Label1"];

/// The two accounts, and where interimap keeps what it knows of them.
struct Pair {
    node: Node,
    folder: PathBuf,
}

impl Pair {
    fn new() -> Self {
        let node = Node::start(Options::default());
        let folder = node.folder().join("interimap");
        fs::create_dir_all(&folder).unwrap();
        let side = |name: &str, user: &str| {
            format!(
                "[{name}]\ntype = imap\nhost = 127.0.0.1\nport = {}\nSTARTTLS = NO\nauth = PLAIN\ncompress = YES\nusername = {}\npassword = {PASSWORD}\n",
                node.ready().port("imap"),
                node.address(user),
            )
        };
        let text = format!(
            "database = {}/known.db\n{}{}",
            folder.display(),
            side("local", "anna"),
            side("remote", "ben")
        );
        fs::write(folder.join("config"), text).unwrap();
        Self { node, folder }
    }

    fn interimap(&self) -> Command {
        let mut command = Command::new("interimap");
        command.arg("--config").arg(self.folder.join("config"));
        command.env("HOME", &self.folder);
        command
    }

    /// Twice: what one side was given by the first pass it tells of as changed in the second.
    fn sync(&self) {
        for _ in 0..2 {
            let said = run(&mut self.interimap(), Input::None).ok();
            assert!(!said.to_lowercase().contains("warning"), "{said}");
        }
    }

    fn state(&self, user: &str) -> BTreeMap<String, Vec<String>> {
        let mut imap = self.node.imap(user);
        MAILBOXES
            .iter()
            .map(|mailbox| ((*mailbox).to_owned(), messages(&mut imap, mailbox)))
            .collect()
    }
}

/// Subject and flags of each message.
fn messages(imap: &mut Imap, mailbox: &str) -> Vec<String> {
    if imap.select(mailbox).unwrap() == 0 {
        return Vec::new();
    }
    let told = imap
        .command("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        .unwrap();
    let line = |response: &Vec<u8>| {
        let text = String::from_utf8_lossy(response).into_owned();
        let subject = text.split("Subject: ").nth(1)?.lines().next()?.to_owned();
        let flags = text.split("FLAGS (").nth(1)?.split(')').next()?.to_owned();
        let mut flags: Vec<&str> = flags.split(' ').filter(|flag| *flag != "\\Recent").collect();
        flags.sort_unstable();
        Some(format!("{subject}: {}", flags.join(" ")))
    };
    let mut lines: Vec<String> = told.iter().filter_map(line).collect();
    lines.sort();
    lines
}

fn append(imap: &mut Imap, mailbox: &str, subject: &str) {
    let message = format!("From: <a@sender.test>\r\nSubject: {subject}\r\n\r\n{subject}\r\n");
    imap.command(&format!("APPEND {mailbox} {{{}+}}\r\n{message}", message.len()))
        .unwrap();
}

/// Something that a person may do, on a mailbox that is open.
fn change(imap: &mut Imap, random: &mut Random, mailbox: &str, name: &str) {
    let there = imap.select(mailbox).unwrap();
    let number = random.below(there.max(1)) + 1;
    let flag = FLAGS[random.below(FLAGS.len())];
    match random.below(6) {
        _ if there == 0 => append(imap, mailbox, name),
        0 | 1 => append(imap, mailbox, name),
        2 => drop(imap.command(&format!("STORE {number} +FLAGS ({flag})")).unwrap()),
        3 => drop(imap.command(&format!("STORE {number} -FLAGS ({flag})")).unwrap()),
        4 => drop(imap.command(&format!("MOVE {number} Archive")).unwrap()),
        _ => {
            imap.command(&format!("STORE {number} +FLAGS.SILENT (\\Deleted)"))
                .unwrap();
            imap.command("EXPUNGE").unwrap();
        }
    }
}

#[test]
fn two_accounts_become_equal_whatever_happens_in_both() {
    if !tool("interimap") {
        return;
    }
    let pair = Pair::new();
    let mut random = Random::seeded();
    let (mut anna, mut ben) = (pair.node.imap("anna"), pair.node.imap("ben"));
    anna.command("CREATE Work").unwrap();
    for number in 0..30 {
        append(&mut anna, MAILBOXES[number % 2], &format!("first {number}"));
    }
    pair.sync();
    for round in 0..4 {
        for step in 0..12 {
            let mailbox = MAILBOXES[random.below(2)];
            change(&mut anna, &mut random, mailbox, &format!("anna {round}.{step}"));
            let mailbox = MAILBOXES[random.below(2)];
            change(&mut ben, &mut random, mailbox, &format!("ben {round}.{step}"));
        }
        pair.sync();
        let (one, other) = (pair.state("anna"), pair.state("ben"));
        assert_eq!(one, other, "after round {round}");
        assert!(one.values().any(|messages| !messages.is_empty()));
    }
}

#[test]
fn by_notify_a_change_in_any_mailbox_arrives_while_interimap_waits() {
    if !tool("interimap") {
        return;
    }
    let pair = Pair::new();
    let (mut anna, mut ben) = (pair.node.imap("anna"), pair.node.imap("ben"));
    anna.command("CREATE Work").unwrap();
    append(&mut anna, "Work", "first");
    pair.sync();
    // It looks by itself only once in an hour.
    let mut watching = pair.interimap();
    watching.args(["--watch=3600", "--notify"]).stdout(Stdio::null());
    let mut watching = watching.stderr(Stdio::null()).spawn().unwrap();
    append(&mut ben, "Work", "from ben");
    append(&mut anna, "Archive", "from anna");
    until("the messages on the other side", || {
        let (at_anna, at_ben) = (messages(&mut anna, "Work"), messages(&mut ben, "Archive"));
        (at_anna.len() == 2 && at_ben.len() == 1).then_some(())
    });
    // Now it waits for certain; these changes it is told of.
    ben.select("Work").unwrap();
    ben.command("STORE 1 +FLAGS (\\Flagged)").unwrap();
    append(&mut anna, "INBOX", "more from anna");
    until("the changes on the other side", || {
        let (at_anna, at_ben) = (messages(&mut anna, "Work"), messages(&mut ben, "INBOX"));
        (at_anna.contains(&"first: \\Flagged".to_owned()) && at_ben.len() == 1).then_some(())
    });
    watching.kill().unwrap();
    watching.wait().unwrap();
}
