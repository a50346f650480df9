//! Many at once: ten senders to one mailbox while three sessions watch it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::HashSet;
use std::io;

use posthorn_tests::{Imap, Message, Node, Options, sent_part};

const SENDERS: usize = 10;
const EACH: usize = 20;

/// Stays in IDLE until so many messages are announced. Gives the highest number of each announcement.
fn watch(imap: &mut Imap, count: usize) -> io::Result<Vec<usize>> {
    let mut seen = Vec::new();
    let tag = imap.begin("IDLE")?;
    assert!(imap.response()?.starts_with(b"+"));
    while seen.last() != Some(&count) {
        let response = String::from_utf8(imap.response()?).unwrap();
        if let Some(number) = response
            .strip_prefix("* ")
            .and_then(|rest| rest.strip_suffix(" EXISTS"))
        {
            seen.push(number.parse().unwrap());
        }
    }
    imap.wire.send(b"DONE\r\n")?;
    imap.end(&tag)?;
    Ok(seen)
}

fn uids(imap: &mut Imap) -> Vec<u32> {
    let responses = imap.command("UID SEARCH ALL").unwrap();
    let text = String::from_utf8_lossy(&responses[0]).into_owned();
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

#[test]
fn three_watchers_see_every_message_of_ten_senders() {
    let node = Node::start(Options::default());
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let mut watchers: Vec<Imap> = (0..3).map(|_| node.imap("anna")).collect();
    for imap in &mut watchers {
        assert_eq!(imap.select("INBOX").unwrap(), 0);
    }
    let (sent, seen) = std::thread::scope(|scope| {
        let watching: Vec<_> = watchers
            .into_iter()
            .map(|mut imap| {
                scope.spawn(move || {
                    let seen = watch(&mut imap, SENDERS * EACH).unwrap();
                    (seen, uids(&mut imap))
                })
            })
            .collect();
        let sending: Vec<_> = (0..SENDERS)
            .map(|_| {
                let (node, to) = (&node, to.as_str());
                scope.spawn(move || {
                    let mut smtp = node.smtp();
                    let send = |_| {
                        let message = Message::short(from, to);
                        assert_eq!(smtp.send(from, &[to], &message).unwrap().code, 250);
                        message.token
                    };
                    (0..EACH).map(send).collect::<Vec<String>>()
                })
            })
            .collect();
        let sent: HashSet<String> = sending
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        let seen: Vec<_> = watching
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        (sent, seen)
    });
    let all: Vec<u32> = (1..=u32::try_from(SENDERS * EACH).unwrap()).collect();
    for (announced, uids) in seen {
        assert!(announced.is_sorted(), "EXISTS went down: {announced:?}");
        assert_eq!(uids, all, "UIDs are gapless and in order");
    }
    let inbox = node.inbox("anna");
    assert_eq!(inbox.iter().map(|stored| stored.uid).collect::<Vec<_>>(), all);
    let stored: HashSet<String> = inbox
        .iter()
        .map(|stored| sent_part(&stored.octets).unwrap().0)
        .collect();
    assert_eq!(stored, sent);
}

#[test]
fn two_sessions_that_expunge_and_deliver_at_once_agree_in_the_end() {
    let node = Node::start(Options::default());
    let (from, to) = ("someone@sender.test", node.address("anna"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut smtp = node.smtp();
            for _ in 0..60 {
                assert_eq!(
                    smtp.send(from, &[&to], &Message::short(from, &to)).unwrap().code,
                    250
                );
            }
        });
        for odd in [true, false] {
            let node = &node;
            scope.spawn(move || {
                let mut imap = node.imap("anna");
                imap.select("INBOX").unwrap();
                for _ in 0..30 {
                    let mine: Vec<String> = uids(&mut imap)
                        .into_iter()
                        .filter(|uid| (uid % 2 == 1) == odd && uid % 3 != 0)
                        .map(|uid| uid.to_string())
                        .collect();
                    if !mine.is_empty() {
                        let mine = mine.join(",");
                        imap.command(&format!("UID STORE {mine} +FLAGS.SILENT (\\Deleted)"))
                            .unwrap();
                        imap.command(&format!("UID EXPUNGE {mine}")).unwrap();
                    }
                }
            });
        }
    });
    let left: Vec<u32> = node.inbox("anna").iter().map(|stored| stored.uid).collect();
    let (mut one, mut two) = (node.imap("anna"), node.imap("anna"));
    one.select("INBOX").unwrap();
    two.select("INBOX").unwrap();
    assert_eq!(uids(&mut one), left);
    assert_eq!(uids(&mut two), left);
    assert!((1..=20).map(|n| n * 3).all(|uid| left.contains(&uid)), "{left:?}");
}
