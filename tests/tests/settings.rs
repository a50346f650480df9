//! What a wrong start says: clear words, and an exit code that is not 0.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use posthorn_tests::{Finished, Input, Node, Options, posthorn, run, until};

/// `posthorn serve` with that settings file; `None` for one that is not there.
fn serve(settings: Option<&str>) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("posthorn.toml");
    if let Some(settings) = settings {
        fs::write(&config, settings).unwrap();
    }
    let mut command = Command::new(posthorn());
    command
        .arg("--config")
        .arg(&config)
        .arg("serve")
        .current_dir(folder.path());
    run(&mut command, Input::None)
}

#[track_caller]
fn fails_with(finished: &Finished, words: &[&str]) {
    assert!(
        finished.code.is_some_and(|code| code != 0),
        "exit code {:?}",
        finished.code
    );
    for word in words {
        assert!(
            finished.errors.contains(word),
            "`{word}` is not in: {}",
            finished.errors
        );
    }
    assert!(!finished.errors.contains("panicked"), "{}", finished.errors);
}

#[test]
fn a_missing_settings_file_is_named() {
    fails_with(&serve(None), &["posthorn.toml"]);
}

#[test]
fn a_missing_setting_is_named() {
    fails_with(&serve(Some("data = \"data\"\n")), &["hostname"]);
}

#[test]
fn an_unknown_setting_is_named_with_its_line() {
    fails_with(
        &serve(Some("hostname = \"a.test\"\nhostnam = \"b.test\"\n")),
        &["hostnam", "2"],
    );
}

#[test]
fn a_wrong_value_is_named() {
    let text = "hostname = \"a.test\"\n[limits]\nmessage_size = \"many\"\n";
    fails_with(&serve(Some(text)), &["message_size", "3"]);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let off =
        ["submission", "submissions", "imap", "imaps", "pop3", "pop3s"].map(|name| format!("{name} = []\n"));
    let text = format!(
        "hostname = \"a.test\"\n[listen]\nsmtp = [\"{address}\"]\n{}",
        off.concat()
    );
    fails_with(
        &serve(Some(&text)),
        &[&address.to_string(), "listens there already"],
    );
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let node = Node::start(Options::default());
    let second = Node::unpopulated(Options {
        data: Some(node.data()),
        ..Options::default()
    });
    let finished = second.posthorn(&["serve"], Input::None);
    fails_with(&finished, &["in use"]);
    assert!(node.inbox("anna").is_empty());
}

#[test]
fn a_data_folder_that_is_a_file_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let node = Node::unpopulated(Options {
        data: Some(file.path().to_owned()),
        ..Options::default()
    });
    fails_with(
        &node.posthorn(&["serve"], Input::None),
        &[file.path().to_str().unwrap()],
    );
}

#[test]
fn a_missing_certificate_is_named() {
    let settings =
        "[tls]\ncertificate = \"/nowhere/fullchain.pem\"\nkey = \"/nowhere/privkey.pem\"\n".to_owned();
    let node = Node::unpopulated(Options {
        settings,
        ..Options::default()
    });
    fails_with(&node.posthorn(&["serve"], Input::None), &["/nowhere/"]);
}

#[test]
fn a_log_for_programs_is_one_object_a_line() {
    let settings = "[log]\nformat = \"json\"\n".to_owned();
    let node = Node::start(Options {
        settings,
        ..Options::default()
    });
    drop(node.imap("anna"));
    until("the log-in in the log", || {
        node.log().contains("IMAP log-in").then_some(())
    });
    for line in node.log().lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            event["timestamp"].is_string() && event["level"].is_string(),
            "{line}"
        );
    }
    assert!(
        node.log()
            .contains(&format!("\"account\":\"{}\"", node.address("anna")))
    );
}
