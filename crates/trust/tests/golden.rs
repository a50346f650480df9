//! Golden cases of the whole chain: a message, the DNS, how it arrived, and what must be found. The signatures
//! in `golden/NN-name/message.eml` were made by dkimpy, so that they are another program's word.
//!
//! `expected.json` names what matters: whatever stands under `evidence` must be found with that value (`null`:
//! must be absent), and what is not named is not compared. `verdicts` says what follows by which rules:
//! `default` are those of a new installation, the others differ from them in one thing. `fields` stand in what is
//! written for other programs, `stripped` says which forged fields are taken out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test; the helpers are no test functions"
)]

use std::path::{Path, PathBuf};

use posthorn_base::{ReversePath, Timestamp};
use posthorn_testkit::names::{Names, now};
use posthorn_trust::fields::{authentication_results, is_forged, received_spf, strip_forged};
use posthorn_trust::{Arrival, Client, Evidence, OnReject, Origin, Rules, decide, examine};
use serde_json::Value;

const RECEIVER: &str = "mx.ours.example";

struct Case {
    name: String,
    octets: Vec<u8>,
    zone: String,
    arrival: String,
    expected: Value,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        let octets = std::fs::read(folder.join("message.eml")).unwrap();
        let expected = serde_json::from_str(&text("expected.json")).unwrap();
        Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            octets,
            zone: text("zone.txt"),
            arrival: text("arrival.txt"),
            expected,
        }
    }

    fn fact(&self, name: &str) -> &str {
        let line = self.arrival.lines().find_map(|line| line.strip_prefix(name));
        let line = line.and_then(|rest| rest.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("{}: no {name}", self.name)).trim()
    }

    fn evidence(&self) -> Evidence {
        let names = Names::parse(&self.zone);
        let reverse_path = ReversePath::parse(self.fact("reverse path")).unwrap();
        let arrival = Arrival {
            origin: Origin::Outside,
            client: Some(Client {
                ip: self.fact("ip").parse().unwrap(),
                helo: self.fact("helo"),
                tls: None,
                protocol: self.fact("protocol"),
            }),
            reverse_path: &reverse_path,
            octets: &self.octets,
            receiver: self.fact("receiver"),
        };
        let at = Timestamp::from_secs(self.fact("at").parse().unwrap());
        now(examine(&names, &arrival, at))
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = std::fs::read_dir(folder).unwrap();
    let entries = entries.map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().map(|folder| Case::read(folder)).collect()
}

/// Adds to `wrong` every place at which something else was found than expected.
fn compare(place: &str, expected: &Value, found: Option<&Value>, wrong: &mut Vec<String>) {
    match (expected, found) {
        (Value::Null, None | Some(Value::Null)) => {}
        (Value::Object(expected), Some(found)) if found.is_object() => {
            for (key, value) in expected {
                compare(&format!("{place}.{key}"), value, found.get(key), wrong);
            }
        }
        (Value::Array(expected), Some(Value::Array(found))) if expected.len() == found.len() => {
            for (at, (one, other)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{place}[{at}]"), one, Some(other), wrong);
            }
        }
        // What is `false` or empty is left out of stored evidence.
        (Value::Bool(false), None) => {}
        (expected, Some(found)) if expected == found => {}
        (expected, found) => {
            let found = found.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            wrong.push(format!("{place}: expected {expected}, found {found}"));
        }
    }
}

fn check(test: impl Fn(&Case, &mut Vec<String>)) {
    let mut wrong = Vec::new();
    for case in cases() {
        let mut of_case = Vec::new();
        test(&case, &mut of_case);
        wrong.extend(of_case.iter().map(|line| format!("{} {line}", case.name)));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_evidence_is_as_expected() {
    assert!(cases().len() >= 30);
    check(|case, wrong| {
        let found = serde_json::to_value(case.evidence()).unwrap();
        compare("evidence", &case.expected["evidence"], Some(&found), wrong);
        assert_eq!(case.fact("receiver"), RECEIVER);
    });
}

fn rules(name: &str) -> Rules {
    let new = Rules::default();
    match name {
        "default" => new,
        "refuse" => Rules {
            on_reject: OnReject::Refuse,
            ..new
        },
        "junk" => Rules {
            on_reject: OnReject::Junk,
            ..new
        },
        "knows-list" => Rules {
            knows_list: true,
            ..new
        },
        other => panic!("no rules {other}"),
    }
}

#[test]
fn the_verdict_is_as_expected() {
    check(|case, wrong| {
        let evidence = case.evidence();
        let verdicts = case.expected["verdicts"].as_array().unwrap();
        assert!(!verdicts.is_empty());
        for expected in verdicts {
            let name = expected["rules"].as_str().unwrap();
            let verdict = serde_json::to_value(decide(&evidence, &rules(name), None)).unwrap();
            for key in ["place", "reasons"] {
                compare(&format!("{name} {key}"), &expected[key], verdict.get(key), wrong);
            }
        }
    });
}

/// The strings of a list; none when there is no list.
fn strings(value: &Value) -> Vec<&str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn the_fields_for_other_programs_say_the_same() {
    check(|case, wrong| {
        let evidence = case.evidence();
        let results = authentication_results(&evidence, RECEIVER);
        let fields = format!("{results}{}", received_spf(&evidence));
        assert!(fields.is_ascii() && fields.ends_with("\r\n"), "{fields}");
        assert!(
            fields
                .lines()
                .all(|line| line.len() <= 998 && !line.trim().is_empty()),
            "{fields}"
        );
        let unfolded = fields.replace("\r\n ", " ").replace("\r\n\t", " ");
        let dmarc = evidence.dmarc.as_ref().unwrap().result;
        let dmarc = format!(" dmarc={dmarc} ");
        for part in strings(&case.expected["fields"])
            .into_iter()
            .chain([dmarc.as_str()])
        {
            if !unfolded.contains(part) {
                wrong.push(format!("{part:?} is not in {unfolded}"));
            }
        }
        let (_, value) = results.split_once(':').unwrap();
        assert!(
            is_forged(value.as_bytes(), RECEIVER),
            "our own field would not be known: {value}"
        );
    });
}

#[test]
fn forged_results_are_taken_out_and_nothing_else() {
    check(|case, wrong| {
        let stripped = strip_forged(&case.octets, RECEIVER);
        let Some(expected) = case.expected.get("stripped") else {
            if stripped.is_some() {
                wrong.push("nothing was forged, and something was taken out".to_owned());
            }
            return;
        };
        let before = String::from_utf8_lossy(&case.octets);
        let after = stripped.unwrap_or_default();
        let after = String::from_utf8_lossy(&after);
        for gone in strings(&expected["gone"]) {
            assert!(before.contains(gone));
            if after.contains(gone) {
                wrong.push(format!("{gone:?} is still there"));
            }
        }
        for kept in strings(&expected["kept"]) {
            if !after.contains(kept) {
                wrong.push(format!("{kept:?} is gone"));
            }
        }
    });
}

#[test]
fn what_is_stored_is_small_and_says_the_same() {
    check(|case, wrong| {
        let evidence = case.evidence();
        let stored = evidence.to_stored();
        assert!(stored.len() <= posthorn_trust::MAX_EVIDENCE_OCTETS);
        let read = Evidence::from_stored(&stored).unwrap();
        let result = |evidence: &Evidence| evidence.dmarc.as_ref().map(|dmarc| (dmarc.result, dmarc.policy));
        if result(&read) != result(&evidence) || read.author != evidence.author {
            wrong.push("stored evidence says something else".to_owned());
        }
    });
}
