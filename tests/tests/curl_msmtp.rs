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
