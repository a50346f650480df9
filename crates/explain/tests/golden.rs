//! Evidence and the words for it. `tests/golden/NN-name.json` has what the case is about, the context and the
//! evidence; `NN-name.txt` beside it the text, plain and in detail. To write the texts anew after a change of
//! words, run the tests with `POSTHORN_GOLDEN=write` set, and read what changed.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fs;
use std::path::{Path, PathBuf};

use posthorn_base::Timestamp;
use posthorn_explain::{Context, Explanation, Level, Tone, explain, to_text};
use posthorn_trust::Evidence;
use proptest::prelude::*;
use serde_json::Value;

/// When somebody asks: a day after the messages came.
const NOW: i64 = 1_795_551_400;

struct Case {
    path: PathBuf,
    evidence: Evidence,
    context: Context,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Case {
    let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let context = file["context"].take();
    let text = |key: &str| context[key].as_str().map(str::to_owned);
    let forwarded_to = context["forwarded_to"].as_array().cloned().unwrap_or_default();
    Case {
        path,
        evidence: serde_json::from_value(file["evidence"].take()).unwrap(),
        context: Context {
            folder: text("folder"),
            subject: text("subject"),
            now: Timestamp::from_secs(NOW),
            evaluated_now: context["evaluated_now"].as_bool().unwrap_or_default(),
            forwarded_to: forwarded_to
                .iter()
                .map(|to| to.as_str().unwrap().to_owned())
                .collect(),
        },
    }
}

fn case(name: &str) -> (Evidence, Explanation) {
    let case = cases()
        .into_iter()
        .find(|case| case.path.file_stem().unwrap().to_str().unwrap().ends_with(name));
    let case = case.unwrap();
    let explanation = explain(&case.evidence, &case.context);
    (case.evidence, explanation)
}

#[test]
fn the_words_are_those_that_were_read_and_found_good() {
    #[expect(clippy::disallowed_methods, reason = "how one asks for new texts")]
    let is_writing = std::env::var("POSTHORN_GOLDEN").is_ok_and(|value| value == "write");
    let cases = cases();
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    let mut complaints = String::new();
    for case in cases {
        let explanation = explain(&case.evidence, &case.context);
        let plain = to_text(&explanation, Level::Plain, 80);
        let detail = to_text(&explanation, Level::Detail, 80);
        let text = format!("== plain\n{plain}\n== detail\n{detail}");
        let golden = case.path.with_extension("txt");
        if is_writing {
            fs::write(&golden, &text).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != text {
            complaints.push_str(&format!("{golden:?} has other words than:\n{text}\n"));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn headlines() {
    for (name, tone, words) in [
        (
            "genuine-by-dkim",
            Tone::Good,
            "This message really comes from bank.example: it is signed with a key that only bank.example publishes.",
        ),
        (
            "forged-reject",
            Tone::Danger,
            "The name says \"Bank Example\" <service@bank.example>, but the message was sent by a stranger at \
             host66.cheap.test (203.0.113.66): do not trust it.",
        ),
        (
            "our-submission",
            Tone::Good,
            "anna@office.example sent this from this server, logged in.",
        ),
        (
            "free-mail-known",
            Tone::Good,
            "gmail.com vouches for the address anna.miller77@gmail.com; who uses it, only you know.",
        ),
    ] {
        let (_, explanation) = case(name);
        assert_eq!(
            (explanation.tone, explanation.headline.as_str()),
            (tone, words),
            "{name}"
        );
    }
}

#[test]
fn every_headline_is_one_sentence_and_every_text_ends_in_time() {
    for case in cases() {
        let explanation = explain(&case.evidence, &case.context);
        let headline = &explanation.headline;
        assert!(headline.ends_with('.') && !headline.contains(". "), "{headline}");
        for sentence in explanation
            .points
            .iter()
            .chain([&explanation.place, &explanation.boundary])
        {
            assert!(
                sentence.ends_with('.') && !sentence.contains(".."),
                "{:?}: {sentence}",
                case.path
            );
        }
        assert!(explanation.points.len() <= 3, "{:?}", case.path);
    }
}

#[test]
fn nothing_hidden_reaches_a_terminal_or_a_page() {
    let (evidence, explanation) = case("hostile-texts");
    let json = serde_json::to_string(&explanation).unwrap();
    let mut texts = vec![json];
    for level in [Level::Plain, Level::Detail, Level::Raw(&evidence)] {
        texts.push(to_text(&explanation, level, 80));
    }
    for text in texts {
        let is_hidden = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(is_hidden), "{text:?}");
    }
}

#[test]
fn raw_evidence_reads_back_as_it_was() {
    for case in cases() {
        let explanation = explain(&case.evidence, &case.context);
        let raw = to_text(&explanation, Level::Raw(&case.evidence), 80);
        let read: Evidence = serde_json::from_str(&raw).unwrap();
        assert_eq!(read, case.evidence);
    }
}

#[test]
fn only_what_this_server_saw_is_trusted() {
    let (_, forged) = case("forged-reject");
    let trusted: Vec<bool> = forged.journey.iter().map(|station| station.trusted).collect();
    assert_eq!(trusted, [false, true]);
    let (_, file) = case("file-judged-now");
    assert!(file.journey.iter().all(|station| !station.trusted));
}

#[test]
fn lines_are_as_long_as_asked() {
    for case in cases() {
        let explanation = explain(&case.evidence, &case.context);
        for line in to_text(&explanation, Level::Detail, 60).lines() {
            let is_one_word = !line.trim_start_matches("  - ").trim().contains(' ');
            assert!(line.chars().count() <= 60 || is_one_word, "{line}");
        }
    }
}

#[test]
fn nothing_is_advised_to_a_forger() {
    for name in ["forged-reject", "our-domain-forged", "forged-policy-none"] {
        assert!(case(name).1.advice.is_empty(), "{name}");
    }
    assert!(!case("nobody-vouches").1.advice.is_empty());
}

#[test]
fn evidence_with_everything_cut_away_is_still_explained() {
    for mut case in cases() {
        let evidence = &mut case.evidence;
        evidence.path.clear();
        for signature in &mut evidence.dkim.signatures {
            signature.reason.clear();
            signature.key_record = None;
            signature.headers.clear();
        }
        for spf in evidence.spf.iter_mut().chain(&mut evidence.spf_helo) {
            spf.steps.clear();
            spf.record = None;
            spf.reason.clear();
        }
        if let Some(dmarc) = &mut evidence.dmarc {
            dmarc.walk.clear();
            dmarc.reason.clear();
        }
        let text = to_text(&explain(evidence, &case.context), Level::Detail, 80);
        assert!(
            !text.contains("  .") && !text.contains(": .") && !text.contains("\n\n\n"),
            "{:?}: {text}",
            case.path
        );
    }
}

/// Keys of the evidence under which texts of strangers stand.
const STRANGERS: &[&str] = &[
    "name",
    "address",
    "reply_to",
    "list",
    "helo",
    "tls",
    "reason",
    "record",
    "term",
    "detail",
    "domain",
    "what",
    "results",
    "from",
    "by",
    "with",
    "pretends",
    "reverse_path",
    "key_record",
    "selector",
    "algorithm",
    "matched",
    "policy_domain",
];

fn put(value: &mut Value, text: &str) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(key, inner)| {
            if inner.is_string() && STRANGERS.contains(&key.as_str()) {
                *inner = Value::from(text);
            }
            put(inner, text);
        }),
        Value::Array(items) => items.iter_mut().for_each(|item| put(item, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_of_a_stranger_is_explained_and_cleaned(text in any::<String>(), at in any::<i64>(), width in 0_usize..300) {
        for case in cases() {
            let mut json = serde_json::to_value(&case.evidence).unwrap();
            put(&mut json, &text);
            let mut evidence: Evidence = serde_json::from_value(json).unwrap();
            evidence.at = at;
            let explanation = explain(&evidence, &case.context);
            let shown = to_text(&explanation, Level::Detail, width);
            prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'));
            prop_assert!(explanation.headline.chars().count() <= 1_001);
        }
    }
}
