//! What can be typed and what cannot: exit statuses, help, where settings come from.

use std::process::{Command, Stdio};

use crate::place::{Place, SETTINGS};

#[test]
fn what_is_no_command_ends_with_status_2_and_a_hint() {
    let place = Place::empty();
    for (line, hint) in [
        ("", "Usage: posthorn"),
        ("domian list", "unrecognized subcommand 'domian'"),
        ("domain add", "<DOMAIN>"),
        ("domain add a..b", "a part of the domain name is empty"),
        ("domain catch-all ours.test", "<ADDRESS>"),
        (
            "domain catch-all ours.test a@b.test --none",
            "cannot be used with",
        ),
        ("account add anna", "the address has no @"),
        ("account add anna@ours.test --quota 2", "is not a unit known here"),
        (
            "account add anna@ours.test secret",
            "unexpected argument 'secret'",
        ),
        ("alias add info@ours.test", "<TARGET>"),
        ("mailbox share anna@ours.test INBOX anyone", "<LEVEL>"),
        (
            "mailbox share anna@ours.test INBOX anyone read --rights lr",
            "cannot be used with",
        ),
        (
            "mailbox share anna@ours.test INBOX anyone --rights lq",
            "q is no right; those there are: lrswipkxtea",
        ),
        (
            "mailbox share anna@ours.test INBOX anyone --rights=",
            "takes all rights away",
        ),
        ("queue show 123", "not an id"),
        ("queue retry", "<ID|--domain <DOMAIN>>"),
    ] {
        let ended = place.run(line);
        assert_eq!(
            (ended.status, ended.out.as_str()),
            (2, ""),
            "{line}: {}",
            ended.err
        );
        assert!(ended.err.contains(hint), "{line}: {}", ended.err);
    }
}

#[test]
fn help_and_version_need_no_settings() {
    let place = Place::empty();
    let version = concat!("posthorn ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(place.run("version").good(), version);
    assert_eq!(place.run("--version").good(), version);
    for line in ["--help", "help", "account add --help", "help queue retry"] {
        let help = place.run(line).good();
        assert!(
            help.contains("Usage: posthorn") && help.contains("Example"),
            "{help}"
        );
    }
}

#[test]
fn without_settings_the_refusal_says_how_to_make_them() {
    let place = Place::empty();
    let complaint = place.run("domain list").refused();
    assert!(
        complaint.starts_with("posthorn: there are no settings"),
        "{complaint}"
    );
    assert!(
        complaint.contains("posthorn config example > posthorn.toml"),
        "{complaint}"
    );
    let complaint = place.run("domain list --config elsewhere.toml").refused();
    assert!(
        complaint.contains("elsewhere.toml: there is no such file"),
        "{complaint}"
    );
}

#[test]
fn the_example_is_a_settings_file_without_faults() {
    let place = Place::empty();
    let example = place.run("config example").good();
    assert!(example.contains("hostname ="), "{example}");
    let place = Place::with(&example);
    let ended = place.run("check");
    assert_eq!(
        (ended.status, ended.out.as_str()),
        (0, "posthorn.toml: no faults\n"),
        "{}",
        ended.err
    );
}

#[test]
fn settings_are_found_wherever_the_option_stands() {
    let place = Place::empty();
    std::fs::create_dir(place.path("etc")).unwrap();
    std::fs::write(place.path("etc/mine.toml"), SETTINGS).unwrap();
    place.run("--config etc/mine.toml domain add ours.test").good();
    let listed = place.run("domain list --json --config etc/mine.toml").json();
    assert_eq!(listed[0]["domain"], "ours.test");
    assert!(place.path("etc/data/posthorn.db").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let place = Place::empty();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = Command::new(env!("CARGO_BIN_EXE_posthorn"))
        .current_dir(place.folder())
        .args(["config", "example"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    assert!(ended.status.success());
}
