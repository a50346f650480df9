//! What becomes of mail that strangers bring: where it lies, what its header and the explanation say, and
//! what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may, and some of these are about how long something takes"
)]

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use posthorn_tests::{Dns, Input, Message, Node, Options, Record, Reply, results};

/// A node for here.test that asks `dns`; strangers call from 127.0.0.1.
fn node(dns: &Dns) -> Node {
    asking(&dns.address.to_string(), "5s")
}

fn asking(resolver: &str, timeout: &str) -> Node {
    Node::start(Options {
        hostname: "mail.here.test".to_owned(),
        domain: "here.test".to_owned(),
        settings: format!("[dns]\nresolvers = [\"{resolver}\"]\ntimeout = \"{timeout}\"\n"),
        ..Options::default()
    })
}

/// A domain whose mail comes from elsewhere only.
fn victim(dns: &Dns, domain: &str, policy: Option<&str>) {
    dns.add(domain, Record::Txt("v=spf1 ip4:192.0.2.1 -all".to_owned()));
    if let Some(policy) = policy {
        let dmarc = format!("v=DMARC1; p={policy}");
        dns.add(&format!("_dmarc.{domain}"), Record::Txt(dmarc));
    }
}

/// A domain whose mail may come from where the test calls from.
fn genuine(dns: &Dns, domain: &str) {
    dns.add(domain, Record::Txt("v=spf1 ip4:127.0.0.1 -all".to_owned()));
    dns.add(
        &format!("_dmarc.{domain}"),
        Record::Txt("v=DMARC1; p=reject".to_owned()),
    );
}

/// From somebody outside to Anna.
fn send(node: &Node, from: &str, message: &Message) -> Reply {
    node.smtp().send(from, &["anna@here.test"], message).unwrap()
}

fn forged(node: &Node, from: &str) -> (Message, Reply) {
    let message = Message::short(from, "anna@here.test");
    let reply = send(node, from, &message);
    (message, reply)
}

/// The stored message as text.
fn stored(node: &Node, mailbox: &str, message: &Message) -> Option<String> {
    let texts = node.mailbox("anna", mailbox).into_iter();
    let mut texts = texts.map(|one| String::from_utf8_lossy(&one.octets).into_owned());
    texts.find(|text| text.contains(&message.token))
}

#[track_caller]
fn lies_in(node: &Node, mailbox: &str, message: &Message) -> String {
    stored(node, mailbox, message).unwrap_or_else(|| {
        panic!("not in {mailbox}:\n{}", node.explain("anna", message, "detail"));
    })
}

#[test]
fn what_nobody_vouches_for_lies_where_the_domain_in_from_asks() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    // Whoever forwards runs a mail server, and those have a name.
    dns.name_address(Ipv4Addr::LOCALHOST, "mail.stranger.test");
    dns.add("mail.stranger.test", Record::A(Ipv4Addr::LOCALHOST));
    for (policy, mailbox) in [("none", "INBOX"), ("quarantine", "Junk"), ("reject", "Junk")] {
        let domain = format!("{policy}.victim.test");
        victim(&dns, &domain, Some(policy));
        let (message, reply) = forged(&node, &format!("boss@{domain}"));
        assert!(reply.is("250"), "{reply:?}");
        let said = results(&lies_in(&node, mailbox, &message), "mail.here.test");
        for words in [
            format!("spf=fail smtp.mailfrom=boss@{domain}"),
            format!("dmarc=fail header.from={domain}"),
        ] {
            assert!(said.contains(&words), "`{words}` is not in: {said}");
        }
        let told = node.explain("anna", &message, "plain");
        assert!(told.contains(&domain), "{told}");
    }
}

#[test]
fn what_everything_speaks_against_is_refused() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    // A host without a name, a hard failure of SPF, and no trace of a forwarder.
    victim(&dns, "bank.test", Some("reject"));
    let (_, reply) = forged(&node, "boss@bank.test");
    assert!(reply.is("550 5.7.1"), "{reply:?}");
    assert_eq!(node.mailbox("anna", "Junk").len(), 0);
}

#[test]
fn a_domain_can_have_mail_refused_that_its_author_wants_refused() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    victim(&dns, "bank.test", Some("reject"));
    victim(&dns, "shop.test", Some("quarantine"));
    node.posthorn(
        &["domain", "rules", "here.test", "--reject", "refuse"],
        Input::None,
    )
    .ok();
    let (_, reply) = forged(&node, "boss@bank.test");
    assert!(
        reply.is("550 5.7.1") && reply.text.contains("bank.test"),
        "{reply:?}"
    );
    assert_eq!(
        (node.inbox("anna").len(), node.mailbox("anna", "Junk").len()),
        (0, 0)
    );
    // Only what asks for it.
    let (message, reply) = forged(&node, "boss@shop.test");
    assert!(reply.is("250"), "{reply:?}");
    lies_in(&node, "Junk", &message);
    // The mildest rule.
    node.posthorn(&["domain", "rules", "here.test", "--reject", "junk"], Input::None)
        .ok();
    let (message, reply) = forged(&node, "boss@bank.test");
    assert!(reply.is("250"), "{reply:?}");
    lies_in(&node, "Junk", &message);
}

#[test]
fn a_hard_failure_of_spf_alone_is_delivered() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    victim(&dns, "strict.test", None);
    let (message, reply) = forged(&node, "boss@strict.test");
    assert!(reply.is("250"), "{reply:?}");
    let text = lies_in(&node, "INBOX", &message);
    assert!(results(&text, "mail.here.test").contains("spf=fail"), "{text}");
    assert!(text.contains("Received-SPF: fail"), "{text}");
}

#[test]
fn results_forged_in_our_name_are_taken_out_and_those_of_others_stay() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    victim(&dns, "strict.test", None);
    let message = Message::with_fields(
        "Authentication-Results: mail.here.test; dmarc=pass header.from=claimed.test\r\n\
         Authentication-Results: MAIL.Here.Test 1;\r\n\tspf=pass smtp.mailfrom=claimed.test\r\n\
         Authentication-Results: mail.elsewhere.test; dmarc=pass header.from=elsewhere.test\r\n\
         From: <boss@strict.test>\r\nTo: <anna@here.test>\r\n",
    );
    assert!(send(&node, "boss@strict.test", &message).is("250"));
    let text = lies_in(&node, "INBOX", &message);
    assert!(!text.contains("claimed.test"), "{text}");
    assert!(
        text.contains("Authentication-Results: mail.elsewhere.test;"),
        "{text}"
    );
    assert_eq!(
        text.matches("Authentication-Results: mail.here.test;").count(),
        1,
        "{text}"
    );
}

#[test]
fn a_name_server_that_never_answers_holds_up_one_message_and_nobody_else() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let node = asking(&silent.local_addr().unwrap().to_string(), "2s");
    let started = Instant::now();
    let message = Message::short("boss@victim.test", "anna@here.test");
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&node, "boss@victim.test", &message));
        // The first question, so the message is complete.
        silent.recv_from(&mut [0; 1500]).unwrap();
        assert!(node.inbox("anna").is_empty());
        assert!(node.smtp().command("NOOP").unwrap().is("250"));
        assert!(!sending.is_finished(), "it was waiting for the DNS");
        let reply = sending.join().unwrap();
        assert!(reply.is("250"), "{reply:?}");
    });
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    let said = results(&lies_in(&node, "INBOX", &message), "mail.here.test");
    for words in ["spf=temperror", "dmarc=temperror"] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    let told = node.explain("anna", &message, "plain");
    assert!(told.contains("could not be checked"), "{told}");
}

#[test]
fn people_write_in_their_own_name_only() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    let mut smtp = node.submission("anna");
    let mut send = |fields: &str| {
        let message = Message::with_fields(&format!("{fields}To: <ben@here.test>\r\n"));
        smtp.send("anna@here.test", &["ben@here.test"], &message).unwrap()
    };
    for refused in [
        "From: Ben <ben@here.test>\r\n",
        "From: Ben <BEN@HERE.TEST>\r\n",
        "From: nobody@here.test\r\n",
        "From: Anna <anna@here.test>, Ben <ben@here.test>\r\n",
        "From: Anna <anna@here.test>\r\nFrom: Ben <ben@here.test>\r\n",
    ] {
        let reply = send(refused);
        assert!(reply.code == 550, "{refused}: {reply:?}");
    }
    for taken in [
        "From: Anna <anna@here.test>\r\n",
        "From: Anna <anna+news@here.test>\r\n",
        "From: Anna <ANNA@here.test>\r\n",
    ] {
        assert!(send(taken).is("250"), "{taken}");
    }
    assert_eq!(node.inbox("ben").len(), 3);
}

#[test]
fn a_stranger_under_a_colleagues_name_who_wants_answers_elsewhere_lands_in_junk() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    victim(&dns, "free.test", Some("none"));
    // Ben's name is known as soon as he has written once.
    let own = Message::with_fields("From: \"Ben Carter\" <ben@here.test>\r\nTo: <anna@here.test>\r\n");
    let mut submission = node.submission("ben");
    assert!(
        submission
            .send("ben@here.test", &["anna@here.test"], &own)
            .unwrap()
            .is("250")
    );
    let message = Message::with_fields(
        "From: \"Ben Carter\" <bcarter77@free.test>\r\nReply-To: <payments@other.test>\r\n\
         To: <anna@here.test>\r\n",
    );
    assert!(send(&node, "bcarter77@free.test", &message).is("250"));
    lies_in(&node, "Junk", &message);
    let told = node.explain("anna", &message, "plain");
    for words in [
        "Do not trust this message",
        "ben@here.test",
        "free.test",
        "payments@other.test",
        "Junk",
    ] {
        assert!(told.contains(words), "`{words}` is not in:\n{told}");
    }
    // The same name alone, from a domain that vouches for its mail, warns nobody.
    genuine(&dns, "carter-family.test");
    let namesake =
        Message::with_fields("From: \"Ben Carter\" <ben@carter-family.test>\r\nTo: <anna@here.test>\r\n");
    assert!(send(&node, "ben@carter-family.test", &namesake).is("250"));
    lies_in(&node, "INBOX", &namesake);
    let told = node.explain("anna", &namesake, "plain");
    assert!(
        told.starts_with("This message comes from carter-family.test"),
        "{told}"
    );
}

#[test]
fn whom_one_of_us_has_written_to_is_no_stranger() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    genuine(&dns, "partner.test");
    let told = |sender: &str| {
        let message = Message::short(sender, "anna@here.test");
        assert!(send(&node, sender, &message).is("250"));
        node.explain("anna", &message, "plain")
    };
    let letter = Message::short("anna@here.test", "lee@partner.test");
    let mut submission = node.submission("anna");
    let reply = submission.send("anna@here.test", &["lee@partner.test"], &letter);
    assert!(reply.unwrap().is("250"));
    let stranger = told("kim@partner.test");
    assert!(
        stranger.contains("is the first you have from kim@partner.test"),
        "{stranger}"
    );
    let lee = told("lee@partner.test");
    assert!(!lee.contains("first"), "{lee}");
    // Whoever has been let in once is no stranger either.
    let again = told("kim@partner.test");
    assert!(!again.contains("first"), "{again}");
}

#[test]
fn a_name_that_looks_like_our_own_is_noticed() {
    let dns = Dns::serve(&[]);
    let node = Node::start(Options {
        settings: format!("[dns]\nresolvers = [\"{}\"]\n", dns.address),
        ..Options::default()
    });
    genuine(&dns, "p0sthorn.test");
    let message = Message::with_fields(
        "From: <office@p0sthorn.test>\r\nReply-To: <x@other.test>\r\nTo: <anna@posthorn.test>\r\n",
    );
    let mut smtp = node.smtp();
    let reply = smtp.send("office@p0sthorn.test", &["anna@posthorn.test"], &message);
    assert!(reply.unwrap().is("250"));
    let told = node.explain("anna", &message, "plain");
    for words in ["p0sthorn.test", " posthorn.test", "x@other.test"] {
        assert!(told.contains(words), "`{words}` is not in:\n{told}");
    }
    assert!(!told.starts_with("This message comes from"), "{told}");
}

#[test]
fn a_hundred_signatures_are_neither_believed_nor_all_looked_at() {
    let dns = Dns::serve(&[]);
    let node = node(&dns);
    victim(&dns, "busy.test", None);
    let signatures: String = (0..100)
        .map(|n| {
            format!(
                "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=d{n}.busy.test; s=s;\r\n\t\
                 h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n"
            )
        })
        .collect();
    let fields = format!("{signatures}From: <boss@busy.test>\r\nTo: <anna@here.test>\r\n");
    let message = Message::with_fields(&fields);
    let started = Instant::now();
    assert!(send(&node, "boss@busy.test", &message).is("250"));
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    let text = lies_in(&node, "INBOX", &message);
    let said = results(&text, "mail.here.test");
    assert!(!said.contains("dkim=pass"), "{said}");
    assert!(said.matches("dkim=").count() <= 20, "{said}");
    let told = node.explain("anna", &message, "detail");
    assert!(told.contains("92 more"), "{told}");
}
