//! swaks, the tool that tests mail servers elsewhere: delivery from outside, submission, refusals.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::process::Command;

use posthorn_tests::{Finished, Input, Node, Options, PASSWORD, run, tool};

fn swaks(server: &str, arguments: &[&str]) -> Finished {
    let mut command = Command::new("swaks");
    command.args([
        "--server",
        server,
        "--ehlo",
        "client.sender.test",
        "--timeout",
        "30s",
    ]);
    run(command.args(arguments), Input::None)
}

#[test]
fn delivers_from_outside_with_and_without_tls() {
    if !tool("swaks") {
        return;
    }
    let node = Node::start(Options::default());
    let smtp = node.ready().address("smtp");
    let to = node.address("anna");
    let from = "someone@sender.test";
    swaks(smtp, &["--from", from, "--to", &to, "--body", "by plain"]).ok();
    swaks(smtp, &["--from", from, "--to", &to, "--body", "by tls", "--tls"]).ok();
    swaks(
        smtp,
        &["--from", from, "--to", &to, "--body", "by pipeline", "--pipeline"],
    )
    .ok();
    swaks(smtp, &["--from", "<>", "--to", &to, "--body", "by nobody"]).ok();
    let inbox = node.inbox("anna");
    assert_eq!(inbox.len(), 4);
    for (stored, body) in inbox
        .iter()
        .zip(["by plain", "by tls", "by pipeline", "by nobody"])
    {
        let text = String::from_utf8_lossy(&stored.octets);
        assert!(text.contains(body), "{text}");
        assert!(text.starts_with("Return-Path: <"), "{text}");
    }
}

#[test]
fn submits_after_a_log_in_over_starttls_and_over_tls() {
    if !tool("swaks") {
        return;
    }
    let node = Node::start(Options::default());
    let (from, to) = (node.address("anna"), node.address("ben"));
    let login = [
        "--auth-user",
        &from,
        "--auth-password",
        PASSWORD,
        "--from",
        &from,
        "--to",
        &to,
    ];
    for (server, tls) in [("submission", "--tls"), ("submissions", "--tls-on-connect")] {
        for mechanism in ["PLAIN", "LOGIN"] {
            let arguments = [&login[..], &["--auth", mechanism, tls]].concat();
            swaks(node.ready().address(server), &arguments).ok();
        }
    }
    assert_eq!(node.inbox("ben").len(), 4);
}

#[test]
fn a_large_attachment_arrives_whole() {
    if !tool("swaks") {
        return;
    }
    let node = Node::start(Options::default());
    let attached = node.folder().join("attached.bin");
    let octets: Vec<u8> = (0..3_000_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    fs::write(&attached, &octets).unwrap();
    let at = format!("@{}", attached.display());
    let to = node.address("anna");
    let arguments = [
        "--from",
        "someone@sender.test",
        "--to",
        &to,
        "--attach-type",
        "application/octet-stream",
        "--attach",
        &at,
    ];
    swaks(
        node.ready().address("smtp"),
        &[&arguments[..], &["--suppress-data"]].concat(),
    )
    .ok();
    let inbox = node.inbox("anna");
    let text = String::from_utf8_lossy(&inbox[0].octets).into_owned();
    let encoded: String = text
        .split("\r\n\r\n")
        .filter(|part| part.len() > 3_000_000)
        .flat_map(str::lines)
        .take_while(|line| !line.starts_with("--"))
        .collect();
    assert_eq!(
        encoded.trim_end_matches('=').len(),
        (octets.len() * 8).div_ceil(6)
    );
}

#[test]
fn refusals_say_why() {
    if !tool("swaks") {
        return;
    }
    let node = Node::start(Options::default());
    let smtp = node.ready().address("smtp");
    let from = "someone@sender.test";
    let unknown = swaks(smtp, &["--from", from, "--to", &node.address("nobody")]);
    assert_ne!(unknown.code, Some(0));
    assert!(unknown.all().contains("550 5.1.1"), "{}", unknown.all());
    let relay = swaks(smtp, &["--from", from, "--to", "someone@elsewhere.test"]);
    assert_ne!(relay.code, Some(0));
    assert!(relay.all().contains("550 5.7.1"), "{}", relay.all());
    let (anna, ben) = (node.address("anna"), node.address("ben"));
    let wrong = swaks(
        node.ready().address("submission"),
        &[
            "--tls",
            "--auth",
            "PLAIN",
            "--auth-user",
            &anna,
            "--auth-password",
            "wrong",
            "--from",
            &anna,
            "--to",
            &ben,
        ],
    );
    assert_ne!(wrong.code, Some(0));
    assert!(wrong.all().contains("535 5.7.8"), "{}", wrong.all());
    let other = swaks(
        node.ready().address("submission"),
        &[
            "--tls",
            "--auth",
            "PLAIN",
            "--auth-user",
            &anna,
            "--auth-password",
            PASSWORD,
            "--from",
            &ben,
            "--to",
            &ben,
        ],
    );
    assert!(other.all().contains("550 5.7.1"), "{}", other.all());
    assert!(node.inbox("ben").is_empty());
}
