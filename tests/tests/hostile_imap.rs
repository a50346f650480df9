//! What a client that means harm can send after its log-in: each gets a clear reply or the end of its own connection,
//! memory stays within bounds, and the server goes on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fmt::Write as _;
use std::io::{self, Write as _};

use posthorn_tests::{Imap, Node, Options, Wire};

/// What the process may grow by while one connection does its worst.
const GROWTH_KIB: usize = 64 * 1024;

fn node() -> Node {
    Node::start(Options {
        environment: vec![("MIMALLOC_PURGE_DELAY".to_owned(), "0".to_owned())],
        ..Options::default()
    })
}

/// Another session still works, and nothing of ours failed.
#[track_caller]
fn works(node: &Node) {
    let mut imap = node.imap("ben");
    imap.command("NOOP").unwrap();
    imap.select("INBOX").unwrap();
    assert!(!node.log().contains("panicked"), "{}", node.log());
}

/// The result of a command: `NO …` or `BAD …` or the `BYE` with which the server closed.
#[track_caller]
fn refusal(imap: &mut Imap, command: &str) -> String {
    let tag = imap.begin(command).unwrap();
    loop {
        let line = String::from_utf8_lossy(&imap.response().unwrap()).into_owned();
        if let Some(result) = line.strip_prefix(&format!("{tag} ")) {
            assert!(!result.starts_with("OK"), "{command:.100} was carried out");
            return result.to_owned();
        }
        if let Some(bye) = line.strip_prefix("* BYE ") {
            assert!(imap.wire.rest().unwrap().is_empty());
            return format!("BYE {bye}");
        }
    }
}

/// A mailbox of so many messages, made in a few commands.
fn fill(imap: &mut Imap, messages: usize) {
    let message = "From: Somebody <somebody@sender.test>\r\nSubject: one of many\r\n\r\ntext\r\n";
    let mut command = "APPEND INBOX".to_owned();
    for _ in 0..500 {
        write!(command, " {{{}+}}\r\n{message}", message.len()).unwrap();
    }
    imap.command(&command).unwrap();
    let mut there = imap.select("INBOX").unwrap();
    while there < messages {
        imap.command(&format!("COPY 1:{} INBOX", there.min(messages - there)))
            .unwrap();
        there = imap.select("INBOX").unwrap();
    }
}

#[test]
fn what_is_out_of_all_measure_is_refused_and_says_why() {
    let node = node();
    fill(&mut node.imap("anna"), 500);
    let before = node.resident_kib();
    let sections = "BODY[1] ".repeat(7_500);
    let keywords: String = (1..=6_000).map(|n| format!("word{n} ")).collect();
    let either = "OR ALL ".repeat(9_000) + "ALL";
    let deep = "(".repeat(10_000) + "ALL" + &")".repeat(10_000);
    let levels = "a/".repeat(10_000) + "a";
    for (command, why) in [
        ("APPEND INBOX {1073741824}".to_owned(), "NO [TOOBIG]"),
        ("LOGIN {1073741824}".to_owned(), "BAD"),
        ("SEARCH SUBJECT {1073741824}".to_owned(), "NO [TOOBIG]"),
        ("CREATE \"a\0b\"".to_owned(), "BAD"),
        ("CREATE {3+}\r\na\0b".to_owned(), "BAD"),
        ("CREATE \"&AAA\"".to_owned(), ""),
        ("CREATE \"&2AA-\"".to_owned(), ""),
        (format!("CREATE {levels}"), ""),
        (format!("SEARCH {deep}"), "BAD"),
        (format!("SEARCH {either}"), "BAD"),
        (format!("FETCH 1 ({sections}FLAGS)"), "BAD"),
        (format!("STORE 1 FLAGS ({keywords}x)"), "BAD"),
        (format!("STORE 1 FLAGS ({})", "k".repeat(10_000)), ""),
        ("FETCH 1:500,501 FLAGS".to_owned(), "BAD"),
        (format!("SEARCH UID {}", "1,".repeat(50_000)), "BYE [TOOBIG]"),
        (format!("LIST \"\" ({}a)", "* ".repeat(10_000)), "BAD"),
        (format!("NOOP {}", "x".repeat(1_000_000)), "BYE [TOOBIG]"),
        ("APPEND INBOX {1073741824+}".to_owned(), "BYE [TOOBIG]"),
        ("AUTHENTICATE PLAIN".to_owned(), "BAD"),
    ] {
        let mut imap = node.imap("anna");
        imap.select("INBOX").unwrap();
        let said = refusal(&mut imap, &command);
        assert!(said.starts_with(why), "{command:.60}: {said}");
    }
    let grown = node.resident_kib().saturating_sub(before);
    assert!(grown < GROWTH_KIB, "{grown} KiB");
    works(&node);
}

#[test]
fn sets_of_any_width_name_what_is_there() {
    let node = node();
    let mut imap = node.imap("anna");
    fill(&mut imap, 500);
    let many = "1:4294967295,".repeat(4_500);
    for (command, rows) in [
        ("UID FETCH 4294967295:1 (UID)".to_owned(), 500),
        ("UID FETCH 1:*,*:1,4294967294:4294967295 (UID)".to_owned(), 500),
        (format!("UID FETCH {many}1 (UID)"), 500),
        (format!("FETCH {}1 (UID)", "1:500,".repeat(9_000)), 500),
        (format!("UID FETCH {}1 (UID)", "700:4294967295,".repeat(4_000)), 1),
    ] {
        assert_eq!(imap.command(&command).unwrap().len(), rows, "{command:.40}");
    }
    let stars = "*a".repeat(400);
    for pattern in [stars.clone(), "*".repeat(1_000), "%".repeat(1_000), stars + "b"] {
        imap.command(&format!("LIST \"\" \"{pattern}\"")).unwrap();
    }
    works(&node);
}

#[test]
fn a_client_that_asks_and_never_reads_costs_no_memory() {
    let node = node();
    let mut imap = node.imap("anna");
    fill(&mut imap, 16_000);
    let mut silent: Vec<Imap> = (0..10).map(|_| node.imap("anna")).collect();
    for imap in &mut silent {
        imap.select("INBOX").unwrap();
    }
    let peak = node.peak_kib(|| {
        for imap in &mut silent {
            for _ in 0..20 {
                imap.begin("FETCH 1:* (FLAGS INTERNALDATE ENVELOPE BODYSTRUCTURE BODY.PEEK[])")
                    .unwrap();
            }
        }
        // By then the server has run into the wall: another session is served as ever.
        for _ in 0..3 {
            imap.command("FETCH 1:* (UID FLAGS)").unwrap();
        }
    });
    // Ten times a batch of rows and what waits to be written; the replies would be 1 GB.
    assert!(peak < GROWTH_KIB, "{peak} KiB");
    works(&node);
}

#[test]
fn half_a_million_commands_in_one_go_are_all_answered() {
    let node = node();
    let before = node.resident_kib();
    let mut imap = node.imap("anna");
    let mut writer = imap.wire.writer().unwrap();
    let writing = std::thread::spawn(move || {
        for thousand in 0..500 {
            let commands: String = (0..1_000).map(|n| format!("n{thousand}.{n} NOOP\r\n")).collect();
            writer.write_all(commands.as_bytes()).unwrap();
        }
    });
    for thousand in 0..500 {
        for n in 0..1_000 {
            let line = imap.wire.line().unwrap();
            assert_eq!(line, format!("n{thousand}.{n} OK NOOP completed").as_bytes());
        }
    }
    writing.join().unwrap();
    let grown = node.resident_kib().saturating_sub(before);
    assert!(grown < GROWTH_KIB, "{grown} KiB");
    works(&node);
}

#[test]
fn what_comes_behind_the_farewell_is_not_read_as_commands() {
    let node = node();
    let mut imap = node.imap("anna");
    let behind: String = (0..10_000).map(|n| format!("b{n} CREATE box{n}\r\n")).collect();
    let sent = imap.wire.send(format!("x LOGOUT\r\n{behind}").as_bytes());
    assert!(sent.is_ok() || sent.is_err_and(|cause| cause.kind() != io::ErrorKind::TimedOut));
    let said = imap.wire.rest().unwrap();
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.starts_with("* BYE") && said.ends_with("x OK LOGOUT completed\r\n"),
        "{said:.300}"
    );
    let listed = node.imap("anna").command("LIST \"\" box*").unwrap();
    assert!(listed.is_empty());
    works(&node);
}

#[test]
fn a_log_in_without_end_ends() {
    let node = node();
    let before = node.resident_kib();
    // Lines that are no base64, again and again, and one line that does not end.
    let mut wire = Wire::connect(node.ready().address("imap")).unwrap();
    wire.line().unwrap();
    let tries = "a AUTHENTICATE PLAIN\r\n!!!!\r\nb AUTHENTICATE SCRAM-SHA-256\r\n=\r\n".repeat(2_000);
    drop(wire.send(tries.as_bytes()));
    let mut said = wire.line().unwrap();
    while !said.starts_with(b"* BYE") && !said.is_empty() {
        said = match wire.line() {
            Ok(line) => line,
            Err(_) => break,
        };
    }
    let mut wire = Wire::connect(node.ready().address("imap")).unwrap();
    wire.line().unwrap();
    wire.send(b"a AUTHENTICATE PLAIN\r\n").unwrap();
    assert_eq!(wire.line().unwrap(), b"+");
    let endless = vec![b'A'; 100_000];
    drop(wire.send(&endless));
    assert!(wire.line().unwrap().starts_with(b"* BYE [TOOBIG]"));
    assert!(node.resident_kib().saturating_sub(before) < GROWTH_KIB);
    works(&node);
}
