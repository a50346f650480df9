//! SEARCH finds a message the moment it is delivered, and the same when it is indexed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::process::Command;

use posthorn_tests::{Ending, Imap, Input, Message, Node, Options, run, tool, until};

fn assert_finds(imap: &mut Imap, keys: &[String], expected: &[u8]) {
    for key in keys {
        assert_eq!(
            imap.command(&format!("SEARCH {key}")).unwrap(),
            [expected],
            "{key}"
        );
    }
}

#[test]
fn a_message_is_found_at_once_and_after_it_is_indexed() {
    let mut node = Node::start(Options {
        settings: "[log]\nlevel = \"debug\"\n".to_owned(),
        ..Options::default()
    });
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let (mut smtp, mut imap) = (node.smtp(), node.imap("anna"));
    let is_indexed = |times: usize| {
        until("the message is indexed", || {
            (node.log().matches("messages are indexed").count() >= times).then_some(())
        });
    };

    let one = Message::with_body(from, &to, b"the Flugelhorn, brass\r\n");
    let only_one = [
        "TEXT lugelho".to_owned(),
        "BODY \"the flugelhorn\"".to_owned(),
        format!("HEADER X-Test-Token {}", one.token),
        format!("NOT BODY drum TEXT {}", one.token),
    ];
    assert_eq!(smtp.send(from, &[&to], &one).unwrap().code, 250);
    imap.select("INBOX").unwrap();
    assert_finds(&mut imap, &only_one, b"* SEARCH 1");
    is_indexed(1);
    assert_finds(&mut imap, &only_one, b"* SEARCH 1");

    // One is known to the index, and the other is not yet.
    let other = Message::with_body(from, &to, b"a drum, no brass\r\n");
    let both = ["TEXT rass", "FROM someone", "OR BODY drum BODY flugelhorn"].map(str::to_owned);
    assert_eq!(smtp.send(from, &[&to], &other).unwrap().code, 250);
    imap.select("INBOX").unwrap();
    assert_finds(&mut imap, &both, b"* SEARCH 1 2");
    assert_finds(&mut imap, &only_one, b"* SEARCH 1");
    is_indexed(2);
    assert_finds(&mut imap, &both, b"* SEARCH 1 2");
    assert_finds(&mut imap, &only_one, b"* SEARCH 1");

    assert!(node.stop(Ending::Asked).success());
    node.check_store();
}

#[test]
fn a_damaged_index_costs_time_and_no_answer_and_is_made_anew() {
    if !tool("python3") {
        return;
    }
    let mut node = Node::start(Options {
        settings: "[log]\nlevel = \"debug\"\n".to_owned(),
        ..Options::default()
    });
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let message = Message::with_body(from, &to, b"the Flugelhorn, brass\r\n");
    assert_eq!(node.smtp().send(from, &[&to], &message).unwrap().code, 250);
    let is_indexed = |node: &Node, times: usize| {
        until("the message is indexed", || {
            (node.log().matches("messages are indexed").count() >= times).then_some(())
        });
    };
    is_indexed(&node, 1);
    assert!(node.stop(Ending::Asked).success());

    let damage = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
                  print(db.execute(\"UPDATE search_postings SET postings = x'ff'\").rowcount); db.commit()";
    let mut python = Command::new("python3");
    python.args(["-c", damage]).arg(node.data().join("posthorn.db"));
    assert_ne!(run(&mut python, Input::None).ok().trim(), "0");

    node.serve();
    let keys = ["TEXT lugelho".to_owned(), format!("TEXT {}", message.token)];
    let mut imap = node.imap("anna");
    imap.select("INBOX").unwrap();
    assert_finds(&mut imap, &keys, b"* SEARCH 1");
    assert!(node.log().contains("is damaged and is made anew"));
    is_indexed(&node, 2);
    assert_finds(&mut imap, &keys, b"* SEARCH 1");
    assert_eq!(node.log().matches("is damaged and is made anew").count(), 1);
    assert!(node.stop(Ending::Asked).success());
    node.check_store();
}
