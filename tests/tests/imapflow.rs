//! imapflow: the IMAP client of most programs in JavaScript.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::path::Path;
use std::process::Command;

use posthorn_tests::{Input, Node, Options, PASSWORD, module_of_tests, run};

#[test]
fn imapflow_finds_and_moves_mail_and_is_told_of_what_others_do() {
    let Some(modules) = module_of_tests("imapflow") else {
        return;
    };
    let node = Node::start(Options::default());
    let mut command = Command::new("node");
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("js/imapflow.mjs"))
        .arg(modules)
        .args([node.ready().address("imap"), &node.address("anna"), PASSWORD]);
    assert_eq!(run(&mut command, Input::None).ok().trim(), "done");
}
