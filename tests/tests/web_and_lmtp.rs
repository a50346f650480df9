//! The web pages and LMTP of a running node.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::io::{Read, Write};
use std::net::TcpStream;

use posthorn_tests::{Message, Node, Options, Smtp};

fn get(node: &Node, target: &str) -> String {
    let mut stream = TcpStream::connect(node.ready().address("http")).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn a_mail_program_finds_its_settings_and_a_monitor_its_figures() {
    let node = Node::start(Options::default());
    let page = get(&node, "/");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains(&node.ready().port("imaps")));
    assert!(get(&node, "/health").contains("{\"status\":\"ok\"}"));
    assert!(get(&node, "/metrics").contains("posthorn_store_up 1"));
    let address = node.address("anna");
    let autoconfig = get(&node, &format!("/mail/config-v1.1.xml?emailaddress={address}"));
    assert!(
        autoconfig.contains(&format!("<port>{}</port>", node.ready().port("imaps"))),
        "{autoconfig}"
    );
    let other = get(&node, "/mail/config-v1.1.xml?emailaddress=someone@else.test");
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let node = Node::start(Options::default());
    let (anna, ben) = (node.address("anna"), node.address("ben"));
    let mut lmtp = Smtp::open(node.ready().address("lmtp")).unwrap();
    assert!(lmtp.command("LHLO front.test").unwrap().is("250"));
    let message = Message::short("someone@sender.test", &anna);
    // Two recipients, two replies.
    assert!(
        lmtp.send("someone@sender.test", &[&anna, &ben], &message)
            .unwrap()
            .is("250 2.0.0")
    );
    assert!(lmtp.reply().unwrap().is("250 2.0.0"));
    assert_eq!((node.inbox("anna").len(), node.inbox("ben").len()), (1, 1));
    let relayed = lmtp
        .send("someone@sender.test", &["x@far.test"], &message)
        .unwrap();
    assert!(relayed.is("550 5.7.1"), "{relayed:?}");
}
