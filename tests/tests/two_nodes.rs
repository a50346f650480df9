//! Two servers that know each other only by DNS: delivery, waiting for one that is down, reports.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use posthorn_tests::{
    Demo, Ending, Imap, Input, Internet, Message, Node, PASSWORD, Random, Smtp, posthorn, run, sent_part,
    until,
};

struct Pair {
    here: Node,
    there: Node,
    _internet: Internet,
}

fn pair() -> Pair {
    let internet = Internet::new();
    Pair {
        here: internet.node("here.test", 1),
        there: internet.node("there.test", 2),
        _internet: internet,
    }
}

fn submit(node: &Node, to: &str) -> Message {
    let from = node.address("anna");
    let message = Message::short(&from, to);
    let reply = node.submission("anna").send(&from, &[to], &message).unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    message
}

/// The first message in somebody's inbox, once there is one.
fn arrived(node: &Node, name: &str) -> Vec<u8> {
    until("a message arrives", || node.inbox(name).into_iter().next()).octets
}

#[test]
fn a_message_goes_from_one_domain_to_the_other_unchanged() {
    let pair = pair();
    let message = submit(&pair.here, "ben@there.test");
    let stored = arrived(&pair.there, "ben");
    assert_eq!(sent_part(&stored).unwrap().1, message.octets);
    let text = String::from_utf8_lossy(&stored);
    assert!(text.starts_with("Return-Path: <anna@here.test>\r\n"), "{text}");
    assert_eq!(text.matches("Received: ").count(), 2, "{text}");
}

#[test]
fn a_message_waits_for_a_server_that_is_down() {
    let mut pair = pair();
    pair.there.stop(Ending::Asked);
    let message = submit(&pair.here, "ben@there.test");
    until("the first attempt has failed", || {
        let listed = pair.here.posthorn(&["queue", "list", "--json"], Input::None).ok();
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let one = &listed["recipients"][0];
        (one["attempts"] == 1 && one["is_being_tried"] == false).then_some(())
    });
    pair.there.serve();
    pair.here
        .posthorn(&["queue", "retry", "--domain", "there.test"], Input::None)
        .ok();
    let stored = arrived(&pair.there, "ben");
    assert_eq!(sent_part(&stored).unwrap().1, message.octets);
}

/// Tries everything that waits, until nothing does.
fn empty_queue(node: &Node) {
    until("the queue is empty", || {
        let listed = node.posthorn(&["queue", "list", "--json"], Input::None).ok();
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let waiting = listed["recipients"].as_array().unwrap();
        let is_failed = |one: &serde_json::Value| one["attempts"] != 0 && one["is_being_tried"] == false;
        if waiting.iter().any(is_failed) {
            // What is tried or done by now is no longer there to be retried.
            drop(node.posthorn(&["queue", "retry", "--domain", "there.test"], Input::None));
        }
        waiting.is_empty().then_some(())
    });
}

#[test]
fn nothing_is_lost_on_the_way_when_either_server_is_killed() {
    const ROUNDS: usize = 10;
    const EACH: usize = 25;
    let mut pair = pair();
    let mut random = Random::seeded();
    let mut sent: Vec<Message> = Vec::new();
    for round in 0..ROUNDS {
        let from = pair.here.address("anna");
        let mut submission = pair.here.submission("anna");
        for _ in 0..EACH {
            let message = Message::of_size(&from, "ben@there.test", 4_000);
            assert_eq!(
                submission
                    .send(&from, &["ben@there.test"], &message)
                    .unwrap()
                    .code,
                250
            );
            sent.push(message);
        }
        (0..random.below(1_000_000)).for_each(|_| std::hint::spin_loop());
        let victim = if round % 2 == 0 {
            &mut pair.here
        } else {
            &mut pair.there
        };
        victim.stop(Ending::Killed);
        victim.check_store();
        victim.serve();
    }
    empty_queue(&pair.here);
    let stored = pair.there.inbox("ben");
    let copies = |message: &Message| {
        let has_token = |octets: &[u8]| sent_part(octets).is_some_and(|(token, _)| token == message.token);
        stored
            .iter()
            .filter(|stored| has_token(&stored.octets))
            .collect::<Vec<_>>()
    };
    for message in &sent {
        let copies = copies(message);
        assert!(!copies.is_empty(), "{} is lost", message.token);
        assert!(
            copies
                .iter()
                .all(|copy| sent_part(&copy.octets).unwrap().1 == message.octets)
        );
    }
    // Twice is only what was on the wire at a kill: at most one message on each connection to a domain.
    assert!(
        stored.len() <= sent.len() + ROUNDS * 4,
        "{} copies of {}",
        stored.len(),
        sent.len()
    );
    assert!(
        pair.here.inbox("anna").is_empty(),
        "no report that something failed"
    );
}

#[test]
fn an_unknown_recipient_elsewhere_comes_back_as_a_report_in_plain_words() {
    let pair = pair();
    let message = submit(&pair.here, "nobody@there.test");
    let report = String::from_utf8(arrived(&pair.here, "anna")).unwrap();
    for words in [
        "Return-Path: <>",
        "multipart/report",
        "report-type=delivery-status",
        "Final-Recipient: rfc822; nobody@there.test",
        "Action: failed",
        "Status: 5.1.1",
        &message.token,
    ] {
        assert!(report.contains(words), "`{words}` is not in: {report}");
    }
    assert!(pair.there.inbox("anna").is_empty());
}

#[test]
fn a_domain_that_does_not_exist_comes_back_as_a_report() {
    let pair = pair();
    submit(&pair.here, "someone@nowhere.test");
    let report = String::from_utf8(arrived(&pair.here, "anna")).unwrap();
    assert!(
        report.contains("someone@nowhere.test") && report.contains("Action: failed"),
        "{report}"
    );
}

#[test]
fn the_demonstration_serves_two_domains_that_write_to_each_other() {
    let demo = Demo::start();
    let domains: Vec<String> = demo.nodes().iter().map(|node| node.domain.clone()).collect();
    assert!(domains.len() >= 2, "{domains:?}");
    for (from, to) in [(&domains[0], &domains[1]), (&domains[1], &domains[0])] {
        let (sender, reader) = (demo.account_at(from), demo.account_at(to));
        let message = Message::short(&sender.address, &reader.address);
        let mut smtp = Smtp::login(&demo.node(from).submission, &sender.address, &sender.password).unwrap();
        assert_eq!(
            smtp.send(&sender.address, &[&reader.address], &message)
                .unwrap()
                .code,
            250
        );
        let stored = until("the message arrives", || {
            let mut imap = Imap::login(&demo.node(to).imap, &reader.address, &reader.password).unwrap();
            let inbox = imap.messages("INBOX").unwrap();
            inbox
                .into_iter()
                .find(|stored| sent_part(&stored.octets).is_some_and(|(token, _)| token == message.token))
        });
        assert_eq!(sent_part(&stored.octets).unwrap().1, message.octets);
    }
    let stranger = &demo.nodes()[0].imap;
    assert!(Imap::login(stranger, "nobody@nowhere.test", PASSWORD).is_err());
}

#[test]
fn a_demonstration_can_be_told_again_in_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    for _ in 0..2 {
        let mut command = std::process::Command::new(posthorn());
        command.args(["demo", "--once", "--dir"]).arg(&dir);
        assert!(run(&mut command, Input::None).ok().contains("really arrived"));
    }
}
