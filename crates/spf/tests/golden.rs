//! The whole trace of an evaluation, a file per case in `tests/golden`: the question, the zone, and what is
//! expected. A difference is shown as the text that the file would have to have.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use posthorn_base::Timestamp;
use posthorn_spf::{Evaluation, Identity, Query, StepOutcome, check_host};
use posthorn_testkit::names::{Names, now};

#[test]
fn every_case_tells_its_whole_story() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 14, "cases are missing");
    let mut differences = String::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a file");
        let (question, rest) = text.split_once("\n--- zone\n").expect("a zone");
        let (zone, expected) = rest.split_once("\n--- expected\n").expect("an expectation");
        let got = story(&evaluate(question, zone));
        if got.trim() != expected.trim() {
            let _infallible = writeln!(differences, "{}\n{got}", file.display());
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

fn evaluate(question: &str, zone: &str) -> Evaluation {
    let value = |key: &str| {
        let found = question
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        found.unwrap_or_default()
    };
    let sender = value("sender");
    let names = Names::parse(zone);
    now(check_host(
        &names,
        &Query {
            identity: Identity::MailFrom,
            ip: value("client").parse().expect("an address"),
            domain: sender
                .rsplit_once('@')
                .map_or(value("helo"), |(_, domain)| domain),
            sender,
            helo: value("helo"),
            receiver: "mx.receiver.example",
            now: Timestamp::from_secs(1_795_465_000),
        },
    ))
}

fn story(evaluation: &Evaluation) -> String {
    let mut story = format!(
        "result: {}\nreason: {}\nrecord: {}\nmatched: {}\nlook-ups: {}, void: {}\nexplanation: {}\n",
        evaluation.result,
        evaluation.reason,
        evaluation.record.as_deref().unwrap_or("-"),
        evaluation.matched.as_deref().unwrap_or("-"),
        evaluation.lookups,
        evaluation.voids,
        evaluation.explanation.as_deref().unwrap_or("-"),
    );
    for step in &evaluation.steps {
        let outcome = match step.outcome {
            StepOutcome::Match => "match",
            StepOutcome::NoMatch => "no match",
            StepOutcome::Enter => "enter",
            StepOutcome::Error => "error",
        };
        let line = format!(
            "{} {}: {} = {outcome}; {}",
            step.depth, step.domain, step.term, step.detail
        );
        let _infallible = writeln!(story, "{}", line.trim_end_matches("; "));
    }
    story
}
