//! A message that is handed on by a server in the middle: it arrives with everything that vouches for it, and
//! a failure finds its way back. Three nodes whose domains all ask to refuse what nobody vouches for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use posthorn_tests::{Input, Internet, Message, Node, Smtp, results, sent_part};

struct Three {
    _internet: Internet,
    a: Node,
    b: Node,
    c: Node,
}

/// a.test, b.test and c.test, each with SPF, DKIM and `p=reject`.
fn three() -> Three {
    let internet = Internet::new();
    let [a, b, c] = [("a.test", 1), ("b.test", 2), ("c.test", 3)].map(|(domain, place)| {
        internet.publish(domain, place, "reject");
        let node = internet.node(domain, place);
        internet.sign(&node, domain);
        node
    });
    Three {
        _internet: internet,
        a,
        b,
        c,
    }
}

fn alias(node: &Node, address: &str, to: &str) {
    node.posthorn(&["alias", "add", address, to], Input::None).ok();
}

fn submit(node: &Node, to: &str) -> Message {
    let from = node.address("anna");
    let message = Message::short(&from, to);
    let reply = node.submission("anna").send(&from, &[to], &message).unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    message
}

/// The return address that a stored message carries.
fn return_path(stored: &str) -> &str {
    let line = stored.lines().next().unwrap();
    let path = line
        .strip_prefix("Return-Path: <")
        .unwrap_or_else(|| panic!("{stored}"));
    path.trim_end_matches('>')
}

/// What was handed on by b.test and lies at c.test is vouched for in every way.
#[track_caller]
fn assert_vouched_for(stored: &str, message: &Message) {
    let (_, sent) = sent_part(stored.as_bytes()).unwrap();
    assert_eq!(sent, message.octets, "changed on the way");
    let path = return_path(stored);
    assert!(
        path.starts_with("SRS0=") && path.ends_with("=a.test=anna@b.test"),
        "{path}"
    );
    let results = results(stored, "mail.c.test");
    for said in [
        &format!("spf=pass smtp.mailfrom={path}") as &str,
        "dkim=pass header.d=a.test",
        "dmarc=pass header.from=a.test",
    ] {
        assert!(results.contains(said), "`{said}` is not in: {results}");
    }
    assert_eq!(results.matches("dkim=pass").count(), 2, "{results}");
}

#[test]
fn an_alias_to_another_server_keeps_spf_and_dkim_whole_and_the_explanation_says_so() {
    let three = three();
    alias(&three.b, "team@b.test", "anna@c.test");
    let message = submit(&three.a, "team@b.test");
    let stored = three.c.arrived("anna", "INBOX");
    assert_vouched_for(&stored, &message);
    let told = three.c.explain("anna", &message, "detail");
    for words in ["a.test", "b.test", "forward"] {
        assert!(told.contains(words), "`{words}` is not in:\n{told}");
    }
    let plain = three.c.explain("anna", &message, "plain");
    assert!(
        plain.starts_with("This message really comes from a.test"),
        "{plain}"
    );
}

#[test]
fn an_account_that_has_its_mail_sent_on_does_so_as_an_alias_does() {
    let three = three();
    three
        .b
        .posthorn(&["account", "forward", "ben@b.test", "ben@c.test"], Input::None)
        .ok();
    let message = submit(&three.a, "ben@b.test");
    assert_vouched_for(&three.c.arrived("ben", "INBOX"), &message);
    let kept = three.b.arrived("ben", "INBOX");
    assert_eq!(return_path(&kept), "anna@a.test");

    let no_copy = ["account", "forward", "ben@b.test", "anna@c.test", "--no-copy"];
    three.b.posthorn(&no_copy, Input::None).ok();
    let message = submit(&three.a, "ben@b.test");
    assert_vouched_for(&three.c.arrived("anna", "INBOX"), &message);
    assert_eq!(three.b.inbox("ben").len(), 1, "a copy was kept");
}

#[test]
fn a_refusal_behind_the_forwarder_comes_back_to_the_author() {
    let three = three();
    alias(&three.b, "gone@b.test", "nobody@c.test");
    let message = submit(&three.a, "gone@b.test");
    let report = three.a.arrived("anna", "INBOX");
    assert_eq!(return_path(&report), "");
    for words in ["report-type=delivery-status", "Status: 5.1.1", &message.token] {
        assert!(report.contains(words), "`{words}` is not in: {report}");
    }
    let told = results(&report, "mail.a.test");
    assert!(told.contains("spf=pass smtp.helo=mail.b.test"), "{told}");
    assert!(told.contains("dmarc=pass header.from=mail.b.test"), "{told}");
    assert_eq!(told.matches("dkim=pass header.d=b.test").count(), 2, "{told}");
}

#[test]
fn a_refusal_behind_two_forwarders_comes_back_to_the_author() {
    let three = three();
    alias(&three.b, "gone@b.test", "gone@c.test");
    alias(&three.c, "gone@c.test", "nobody@a.test");
    let message = submit(&three.a, "gone@b.test");
    let report = three.a.arrived("anna", "INBOX");
    assert!(report.contains(&message.token), "{report}");
    // Handed on by b.test, whose SPF says nothing about c.test: the signature is what vouches for it.
    let told = results(&report, "mail.a.test");
    for said in [
        "spf=pass smtp.helo=mail.b.test",
        "dmarc=pass header.from=mail.c.test",
    ] {
        assert!(told.contains(said), "`{said}` is not in: {told}");
    }
}

#[test]
fn a_return_address_leads_back_only_as_we_made_it() {
    let three = three();
    alias(&three.b, "team@b.test", "anna@c.test");
    submit(&three.a, "team@b.test");
    let path = return_path(&three.c.arrived("anna", "INBOX")).to_owned();
    let mut smtp: Smtp = three.b.smtp();
    smtp.command("MAIL FROM:<>").unwrap();
    let mut rcpt = |to: &str| smtp.command(&format!("RCPT TO:<{to}>")).unwrap();
    assert!(rcpt(&path).is("250"));
    // Servers on the way change the letter case.
    assert!(rcpt(&path.to_ascii_lowercase()).is("250"));
    let hash = path.split('=').nth(1).unwrap();
    for changed in [
        path.replace("=anna@", "=ben@"),
        path.replace("=a.test=", "=victim.test="),
        path.replace(hash, "AAAAAA"),
        path.replace(hash, ""),
        "SRS0=anna@b.test".to_owned(),
        "SRS1=AAAAAAAA=a.test==AAA=AA=x.test=anna@b.test".to_owned(),
    ] {
        let reply = rcpt(&changed);
        assert!(reply.is("550 5.1.1"), "{changed}: {reply:?}");
    }
}
