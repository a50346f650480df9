//! Large messages: how much memory they take on their way in and out, measured from outside.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use posthorn_tests::{Message, Node, Options, PASSWORD, Wire, script, tool, until};

/// Just below the largest message that is taken.
const SIZE: usize = 50_000_000;
/// A message may stand in memory once, with what is made of it.
const MOST_KIB: usize = SIZE / 1024 * 16 / 10;

/// A node whose allocator gives back at once what is freed, so that it is not there to be used again unnoticed.
fn node() -> Node {
    Node::start(Options {
        settings: "[limits]\nsessions_per_address = 1000\n".to_owned(),
        environment: vec![("MIMALLOC_PURGE_DELAY".to_owned(), "0".to_owned())],
        ..Options::default()
    })
}

/// A text, or an attachment in base64.
fn large(kind: u8) -> Vec<u8> {
    let head = match kind {
        0 => "Subject: large\r\nMessage-ID: <large@sender.test>\r\n\r\n",
        _ => {
            "Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        }
    };
    let mut octets = head.as_bytes().to_vec();
    let line = match kind {
        0 => "The quick brown fox jumps over the lazy dog, 50 million times or so.\r\n",
        _ => "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\r\n",
    };
    while octets.len() < SIZE {
        octets.extend_from_slice(line.as_bytes());
    }
    octets
}

fn append(node: &Node, message: &[u8]) {
    let mut imap = node.imap("anna");
    let tag = imap
        .begin(&format!("APPEND INBOX {{{}}}", message.len()))
        .unwrap();
    assert!(imap.wire.line().unwrap().starts_with(b"+"));
    imap.wire.send(message).unwrap();
    imap.wire.send(b"\r\n").unwrap();
    imap.end(&tag).unwrap();
}

#[test]
fn a_large_message_is_in_memory_once_however_it_comes_and_goes() {
    let node = node();
    // What the first of each brings about is not the message's.
    append(&node, b"Subject: small\r\n\r\ntext\r\n");
    for kind in 0..2 {
        let message = large(kind);
        let peak = node.peak_kib(|| append(&node, &message));
        println!("APPEND {kind}: {peak} KiB");
        assert!(peak < MOST_KIB, "APPEND {kind}: {peak} KiB");
        let mut imap = node.imap("anna");
        let number = imap.select("INBOX").unwrap();
        for (command, length) in [
            ("BODY.PEEK[]", message.len()),
            ("BODY.PEEK[TEXT]<1000.20000>", 20_000),
        ] {
            let peak = node.peak_kib(|| {
                let rows = imap.command(&format!("FETCH {number} ({command})")).unwrap();
                assert!(rows[0].len() > length);
            });
            println!("{command} {kind}: {peak} KiB");
            assert!(
                peak < MOST_KIB.min(length / 1024 * 16 / 10 + 8 * 1024),
                "{command} {kind}: {peak} KiB"
            );
        }
    }
}

/// Taken from a stranger it is looked at, copied behind our own fields, and stored.
#[test]
fn a_large_message_by_smtp_is_in_memory_twice_at_most() {
    let node = node();
    let to = node.address("anna");
    let short = Message::short("someone@sender.test", &to);
    node.smtp().send("someone@sender.test", &[&to], &short).unwrap();
    let message = Message {
        token: String::new(),
        octets: large(1),
    };
    let peak = node.peak_kib(|| {
        let reply = node.smtp().send("someone@sender.test", &[&to], &message).unwrap();
        assert_eq!(reply.code, 250, "{reply:?}");
    });
    println!("SMTP: {peak} KiB");
    assert!(peak < 2 * MOST_KIB, "{peak} KiB");
}

#[test]
fn what_is_announced_and_never_sent_costs_nothing() {
    let node = node();
    let mut sessions: Vec<_> = (0..100).map(|_| node.imap("anna")).collect();
    let before = node.resident_kib();
    for (number, imap) in sessions.iter_mut().enumerate() {
        imap.begin(&format!("APPEND INBOX {{{SIZE}}}")).unwrap();
        assert!(imap.wire.line().unwrap().starts_with(b"+"));
        // Some send a little, and then nothing more.
        imap.wire.send(&vec![b'x'; number * 100]).unwrap();
    }
    let mut smtp: Vec<Wire> = Vec::new();
    for _ in 0..50 {
        let mut session = node.smtp();
        let from = format!("MAIL FROM:<a@sender.test> SIZE={SIZE}");
        for line in [&from, &format!("RCPT TO:<{}>", node.address("anna"))] {
            assert_eq!(session.command(line).unwrap().code, 250);
        }
        assert_eq!(session.command("DATA").unwrap().code, 354);
        session.wire.send(b"Subject: never sent\r\n").unwrap();
        smtp.push(session.wire);
    }
    let grown = node.resident_kib().saturating_sub(before);
    println!("{grown} KiB");
    assert!(grown < 8 * 1024, "{grown} KiB");
}

/// Sessions in IDLE, held by another process until its input ends.
fn idle(node: &Node, protocol: &str, count: usize) -> Child {
    let certificate = match protocol {
        "imaps" => node.certificate().to_str().unwrap().to_owned(),
        _ => "-".to_owned(),
    };
    let (protocol, layer) = protocol.split_once('+').unwrap_or((protocol, "-"));
    let (address, user) = (node.ready().address(protocol), node.address("anna"));
    let mut child = Command::new("python3")
        .arg("-B")
        .arg(script("idle.py"))
        .args([address, &certificate, layer, &user, PASSWORD, &count.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut word = String::new();
    said.read_line(&mut word).unwrap();
    assert_eq!(word, "ready\n");
    child.stdout = Some(said.into_inner());
    child
}

#[test]
fn an_idle_session_takes_a_few_kilobytes() {
    if !tool("python3") {
        return;
    }
    for (protocol, count, most_octets) in [
        ("imap", 600, 8 * 1024),
        ("imap+deflate", 300, 12 * 1024),
        ("imaps", 300, 30 * 1024),
    ] {
        let node = node();
        // What the first ones bring about is not the others'.
        let first = idle(&node, protocol, 50);
        let before = node.resident_kib();
        let others = idle(&node, protocol, count);
        // What the log-ins took besides is given back a little later.
        until(
            &format!("{protocol}: less than {most_octets} octets each"),
            || {
                let each = node.resident_kib().saturating_sub(before) * 1024 / count;
                (each < most_octets).then(|| println!("{protocol}: {each} octets"))
            },
        );
        for mut child in [first, others] {
            drop(child.stdin.take());
            let mut said = String::new();
            child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
            assert_eq!(said, "done\n");
            assert!(child.wait().unwrap().success());
        }
    }
}
