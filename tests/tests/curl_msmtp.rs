//! curl and msmtp, all with TLS against the certificate that the server made for itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use posthorn_tests::{Input, Message, Node, Options, PASSWORD, run, sent_part, tool};

fn curl(node: &Node, name: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    let user = format!("{}:{PASSWORD}", node.address(name));
    command.args([
        "--silent",
        "--show-error",
        "--ssl-reqd",
        "--max-time",
        "30",
        "--user",
        &user,
    ]);
    command.arg("--cacert").arg(node.certificate());
    run(command.args(arguments), Input::None).ok()
}

#[test]
fn curl_sends_and_reads_with_tls() {
    if !tool("curl") {
        return;
    }
    let node = Node::start(Options::default());
    let ready = node.ready();
    let (from, to) = (node.address("anna"), node.address("ben"));
    for url in [
        format!("smtp://{}", ready.address("submission")),
        format!("smtps://{}", ready.address("submissions")),
    ] {
        let message = Message::short(&from, &to);
        let file = node.folder().join("message.eml");
        fs::write(&file, &message.octets).unwrap();
        let file = file.to_str().unwrap();
        curl(
            &node,
            "anna",
            &[
                &url,
                "--mail-from",
                &from,
                "--mail-rcpt",
                &to,
                "--upload-file",
                file,
            ],
        );
        let number = node.inbox("ben").len();
        let reading = [
            format!("imap://{}/INBOX;MAILINDEX={number}", ready.address("imap")),
            format!("imaps://{}/INBOX;MAILINDEX={number}", ready.address("imaps")),
            format!("pop3://{}/{number}", ready.address("pop3")),
            format!("pop3s://{}/{number}", ready.address("pop3s")),
        ];
        for url in reading {
            let whole = curl(&node, "ben", &[&url]);
            let (token, part) = sent_part(whole.as_bytes()).unwrap();
            assert_eq!(token, message.token, "{url}");
            assert_eq!(part, message.octets, "{url}");
        }
    }
    let listed = curl(&node, "ben", &[&format!("imaps://{}/", ready.address("imaps"))]);
    assert!(listed.contains("INBOX"), "{listed}");
}

#[test]
fn curl_searches_appends_and_fetches_sections_and_ranges() {
    if !tool("curl") {
        return;
    }
    let node = Node::start(Options::default());
    let base = format!("imaps://{}", node.ready().address("imaps"));
    let file = node.folder().join("message.eml");
    for number in 1..=3 {
        let message =
            format!("From: <a@x.test>\r\nSubject: number {number}\r\n\r\nThis is body {number}.\r\n");
        fs::write(&file, message).unwrap();
        curl(
            &node,
            "anna",
            &[&format!("{base}/INBOX"), "--upload-file", file.to_str().unwrap()],
        );
    }
    let said = |url: &str| curl(&node, "anna", &[&format!("{base}/{url}")]);
    assert_eq!(said("INBOX?SUBJECT%20%22number%202%22").trim(), "* SEARCH 2");
    assert_eq!(said("INBOX;UID=2;SECTION=TEXT"), "This is body 2.\r\n");
    assert_eq!(
        said("INBOX;MAILINDEX=3;SECTION=HEADER.FIELDS%20(SUBJECT)"),
        "Subject: number 3\r\n\r\n"
    );
    let asked = |command: &str| curl(&node, "anna", &[&format!("{base}/INBOX"), "--request", command]);
    assert!(asked("FETCH 1 BODY.PEEK[TEXT]<5.7>").contains("BODY[TEXT]<5> {7}"));
    assert!(asked("STORE 1 +FLAGS (\\Deleted)").contains("\\Deleted"));
    assert_eq!(asked("EXPUNGE").trim(), "* 1 EXPUNGE");
    assert!(asked("STATUS INBOX (MESSAGES)").contains("MESSAGES 2"));
    let mut command = Command::new("curl");
    command.args([
        "--silent",
        "--max-time",
        "30",
        "--user",
        "anna@posthorn.test:wrong",
    ]);
    command
        .arg("--cacert")
        .arg(node.certificate())
        .arg(format!("{base}/INBOX"));
    assert_ne!(run(&mut command, Input::None).code, Some(0));
}

#[test]
fn msmtp_sends_with_starttls_and_with_tls() {
    if !tool("msmtp") {
        return;
    }
    let node = Node::start(Options::default());
    let (from, to) = (node.address("anna"), node.address("ben"));
    let mut sent = Vec::new();
    for (protocol, starttls) in [("submission", "on"), ("submissions", "off")] {
        let config = node.folder().join(format!("msmtprc-{protocol}"));
        let text = format!(
            "defaults\ntls on\ntls_starttls {starttls}\ntls_trust_file {}\nauth on\naccount default\n\
             host 127.0.0.1\nport {}\nfrom {from}\nuser {from}\npassword {PASSWORD}\n",
            node.certificate().display(),
            node.ready().port(protocol),
        );
        fs::write(&config, text).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        let message = Message::of_size(&from, &to, 200_000);
        let mut command = Command::new("msmtp");
        command.arg("-C").arg(&config).arg(&to);
        run(&mut command, Input::Octets(&message.octets)).ok();
        sent.push(message);
    }
    let inbox = node.inbox("ben");
    assert_eq!(inbox.len(), 2);
    for (stored, message) in inbox.iter().zip(&sent) {
        assert_eq!(sent_part(&stored.octets).unwrap().1, message.octets);
    }
}
