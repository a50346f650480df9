//! The test suite of RFC 7208, every case, in the order of the file. `tests/data/rfc7208-tests.yml` is the
//! openspf project's (licence beside it).
//!
//! A zone's `SPF` entries are TXT records unless the name also has `TXT` entries (the record type SPF is
//! history); `TXT: NONE` means "no TXT record"; `TIMEOUT` silences a name for the kinds it has no entry of.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

use std::net::{Ipv4Addr, Ipv6Addr};

use posthorn_base::Timestamp;
use posthorn_base::lookup::Record;
use posthorn_spf::{Evaluation, Identity, Query, check_host};
use posthorn_testkit::names::{Names, now};
use yaml_rust2::{Yaml, YamlLoader};

const SUITE: &str = include_str!("data/rfc7208-tests.yml");

#[test]
fn every_case_of_the_openspf_suite_is_right() {
    let mut cases = 0;
    let mut wrong = Vec::new();
    for scenario in YamlLoader::load_from_str(SUITE).expect("the suite is YAML") {
        let Some(tests) = scenario["tests"].as_hash() else {
            continue;
        };
        let names = zone(&scenario["zonedata"]);
        for (id, test) in tests {
            cases += 1;
            let id = id.as_str().expect("an id");
            if let Some(problem) = problem(&names, test) {
                wrong.push(format!("{id}: {problem}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(cases, 203, "the suite has cases that were not read");
}

fn problem(names: &Names, test: &Yaml) -> Option<String> {
    let text = |key: &str| test[key].as_str().unwrap_or_default();
    let (mailfrom, helo) = (text("mailfrom"), text("helo"));
    let evaluation = now(check_host(
        names,
        &Query {
            identity: Identity::MailFrom,
            ip: text("host").parse().expect("an address"),
            domain: mailfrom.rsplit_once('@').map_or(helo, |(_, domain)| domain),
            sender: mailfrom,
            helo,
            receiver: "mx.receiver.example",
            now: Timestamp::from_secs(1_795_465_000),
        },
    ));
    let allowed: Vec<&str> = match &test["result"] {
        Yaml::Array(results) => results.iter().filter_map(Yaml::as_str).collect(),
        result => result.as_str().into_iter().collect(),
    };
    if !allowed.contains(&evaluation.result.name()) {
        return Some(format!("expected {allowed:?}, got {}", told(&evaluation)));
    }
    let expected = test["explanation"].as_str().filter(|it| *it != "DEFAULT");
    let is_checked = !test["explanation"].is_badvalue();
    if is_checked && evaluation.explanation.as_deref() != expected {
        return Some(format!("expected {expected:?}, got {:?}", evaluation.explanation));
    }
    if evaluation.reason.is_empty() || evaluation.lookups > 10 || evaluation.voids > 3 {
        return Some(told(&evaluation));
    }
    None
}

fn told(evaluation: &Evaluation) -> String {
    serde_json::to_string(evaluation).expect("it is written as JSON")
}

fn zone(data: &Yaml) -> Names {
    let mut names = Names::default();
    for (name, entries) in data.as_hash().expect("zone data") {
        let name = name.as_str().expect("a name");
        let entries = entries.as_vec().expect("entries");
        let has = |kind: &str| entries.iter().any(|entry| !entry[kind].is_badvalue());
        let has_txt = has("TXT");
        names.exists(name);
        for entry in entries {
            if entry.as_str() == Some("TIMEOUT") {
                let is_answered = entries
                    .iter()
                    .any(|entry| entry["TXT"].as_str().is_some_and(|text| text != "NONE"));
                if !is_answered {
                    names.silence(name);
                }
                continue;
            }
            let (kind, value) = entry.as_hash().expect("an entry").front().expect("a kind");
            let kind = kind.as_str().expect("a kind");
            if value.as_str() == Some("NONE") || (kind == "SPF" && has_txt) {
                continue;
            }
            names.add(name, record(kind, value));
        }
    }
    names
}

fn record(kind: &str, value: &Yaml) -> Record {
    let text = || value.as_str().expect("text");
    match kind {
        "SPF" | "TXT" => Record::Txt(octets(value)),
        "A" => Record::A(text().parse::<Ipv4Addr>().expect("an address")),
        "AAAA" => Record::Aaaa(text().parse::<Ipv6Addr>().expect("an address")),
        "PTR" => Record::Ptr(name(text())),
        "CNAME" => Record::Cname(name(text())),
        "MX" => Record::Mx {
            preference: value[0]
                .as_i64()
                .and_then(|it| u16::try_from(it).ok())
                .expect("a number"),
            exchange: name(value[1].as_str().expect("a name")),
        },
        other => panic!("no such kind: {other}"),
    }
}

fn name(text: &str) -> String {
    text.trim_end_matches('.').to_ascii_lowercase()
}

/// A list is the strings of one record; `\x80` is the octet 0x80.
fn octets(value: &Yaml) -> Box<[u8]> {
    let strings: Vec<&str> = match value {
        Yaml::Array(strings) => strings.iter().filter_map(Yaml::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    };
    let octet = |c: char| u8::try_from(u32::from(c)).expect("an octet");
    strings.concat().chars().map(octet).collect()
}
