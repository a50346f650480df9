//! Whose an address is, and whether there is room: aliases, +addresses, catch-all, quota; and who may send
//! as whom.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use posthorn_tests::{Input, Message, Node, Options, Smtp};

const STRANGER: &str = "someone@sender.test";

fn send(smtp: &mut Smtp, to: &str) -> String {
    let reply = smtp.send(STRANGER, &[to], &Message::short(STRANGER, to)).unwrap();
    format!("{} {}", reply.code, reply.text)
}

#[test]
fn an_alias_reaches_everybody_once_and_a_detail_its_owner() {
    let node = Node::start(Options::default());
    let (anna, ben) = (node.address("anna"), node.address("ben"));
    let team = node.address("team");
    node.posthorn(&["alias", "add", &team, &anna, &ben], Input::None)
        .ok();
    let mut smtp = node.smtp();
    // Twice on the way, once in the mailbox.
    let both = smtp
        .send(STRANGER, &[&team, &anna], &Message::short(STRANGER, &team))
        .unwrap();
    assert_eq!(both.code, 250);
    assert!(send(&mut smtp, &anna.replace('@', "+news@")).starts_with("250"));
    assert_eq!((node.inbox("anna").len(), node.inbox("ben").len()), (2, 1));
}

#[test]
fn a_catch_all_takes_what_nobody_has() {
    let node = Node::start(Options::default());
    let nobody = node.address("nobody");
    let mut smtp = node.smtp();
    assert!(send(&mut smtp, &nobody).starts_with("550 5.1.1"));
    let (domain, anna) = (nobody.split_once('@').unwrap().1, node.address("anna"));
    node.posthorn(&["domain", "catch-all", domain, &anna], Input::None)
        .ok();
    assert!(send(&mut smtp, &nobody).starts_with("250"));
    assert_eq!(node.inbox("anna").len(), 1);
}

#[test]
fn a_full_mailbox_is_told_at_rcpt_or_after_the_message_and_by_setting_for_good() {
    for (setting, reply) in [("retry", "452 4.2.2"), ("refuse", "552 5.2.2")] {
        let settings = format!("[mailbox]\nover_quota = \"{setting}\"\n");
        let node = Node::start(Options {
            settings,
            ..Options::default()
        });
        let (anna, ben) = (node.address("anna"), node.address("ben"));
        node.posthorn(&["account", "quota", &anna, "10kB"], Input::None)
            .ok();
        let mut smtp = node.smtp();
        assert!(send(&mut smtp, &anna).starts_with("250"));
        // Announced: refused at RCPT, before the body.
        smtp.command(&format!("MAIL FROM:<{STRANGER}> SIZE=20000"))
            .unwrap();
        assert!(smtp.command(&format!("RCPT TO:<{anna}>")).unwrap().is(reply));
        assert!(smtp.command(&format!("RCPT TO:<{ben}>")).unwrap().is("250"));
        smtp.command("RSET").unwrap();
        // Not announced: refused after it.
        let large = Message::of_size(STRANGER, &anna, 20_000);
        assert!(smtp.send(STRANGER, &[&anna], &large).unwrap().is(reply));
        assert_eq!(node.inbox("anna").len(), 1);
        node.check_store();
    }
}

#[test]
fn people_send_only_as_themselves() {
    let node = Node::start(Options::default());
    let (anna, ben) = (node.address("anna"), node.address("ben"));
    let mut smtp = node.submission("anna");
    assert!(
        smtp.command(&format!("MAIL FROM:<{ben}>"))
            .unwrap()
            .is("550 5.7.1")
    );
    assert!(
        smtp.command(&format!("MAIL FROM:<{}>", anna.replace('@', "+list@")))
            .unwrap()
            .is("250")
    );
}
