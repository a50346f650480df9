//! Golden cases: a zone, and the codes of what the doctor finds in it. See `golden/README.md`. Plays the name servers and the mail
//! hosts of each case.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use posthorn_base::lookup::Kind;
use posthorn_base::{Domain, Timestamp};
use posthorn_doctor::{Checkup, Entry, Finding, Key, Plan, Probe, Question, Reach, check};
use posthorn_testkit::names::{Names, now};

/// A case, as its file says.
struct Case {
    name: String,
    expected: String,
    text: Option<String>,
    zone: String,
    question: Question,
    hosts: Hosts,
}

#[derive(Default)]
struct Hosts {
    certificates: BTreeMap<String, Vec<u8>>,
    reach: BTreeMap<String, Reach>,
    serials: BTreeMap<String, u32>,
}

impl Probe for Hosts {
    async fn certificate(&self, host: &str, port: u16) -> Option<Vec<u8>> {
        assert_eq!(port, 25);
        self.certificates.get(host).cloned()
    }

    async fn answers_smtp(&self, host: &str, _port: u16) -> Reach {
        self.reach.get(host).cloned().unwrap_or(Reach::NotTried)
    }

    async fn zone_serial(&self, server: &str, _zone: &str) -> Option<u32> {
        self.serials.get(server).copied()
    }
}

impl Case {
    /// Every case of the folder, in order.
    fn all() -> Vec<Self> {
        let folder = tests().join("golden");
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "txt"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let whole = fs::read_to_string(path).unwrap();
        let (whole, text) = match whole.split_once("text:\n") {
            Some((before, text)) => (before.to_owned(), Some(text.to_owned())),
            None => (whole, None),
        };
        let (before, expected) = whole.split_once("expected:\n").unwrap_or((&whole, ""));
        let (head, zone) = before.split_once("zone:\n").unwrap_or((before, ""));
        let mut read = Head::new();
        for line in head.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, value)) = line.split_once(": ") {
                read.line(key, value);
            }
        }
        read.zone.push_str(zone);
        Self {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            expected: expected.to_owned(),
            text,
            zone: read.zone,
            question: read.question,
            hosts: read.hosts,
        }
    }

    fn checkup(&self) -> Checkup {
        self.checkup_of(&self.zone)
    }

    fn checkup_of(&self, zone: &str) -> Checkup {
        now(check(&Names::parse(zone), &self.hosts, &self.question))
    }

    /// The exit status, then `severity code` of each finding, in the order in which it is told.
    fn found(&self) -> String {
        let checkup = self.checkup();
        let mut found = format!("exit {}\n", checkup.exit_status());
        for finding in &checkup.findings {
            found.push_str(&format!("{} {}\n", finding.severity.name(), finding.code));
        }
        found
    }
}

struct Head {
    zone: String,
    question: Question,
    hosts: Hosts,
}

impl Head {
    fn new() -> Self {
        let domain = Domain::parse("example.test").unwrap();
        Self {
            zone: String::new(),
            question: Question::new(domain, Timestamp::from_secs(1_750_000_000)),
            hosts: Hosts::default(),
        }
    }

    fn line(&mut self, key: &str, value: &str) {
        match key {
            "domain" => self.question.domain = Domain::parse(value).unwrap(),
            "base" => {
                self.zone = fs::read_to_string(tests().join(format!("golden/{value}.zone"))).unwrap();
            }
            "without" => self.remove(value),
            "selectors" => self.question.selectors = words(value),
            "ours" => self.ours(value),
            "key" | "new-key" => {
                let is_pending = key == "new-key";
                let (selector, value) = value.split_once(' ').unwrap();
                let key = Key {
                    selector: selector.to_owned(),
                    value: value.to_owned(),
                    is_pending,
                };
                self.question.ours.as_mut().unwrap().keys.push(key);
            }
            "issuer" => self.question.ours.as_mut().unwrap().certificate_issuer = Some(value.to_owned()),
            "certificate" => {
                let (host, file) = value.split_once(' ').unwrap();
                let octets = fs::read(tests().join("data").join(file)).unwrap();
                self.hosts.certificates.insert(host.to_owned(), octets);
            }
            "smtp" => {
                let (host, how) = value.split_once(' ').unwrap();
                let reach = match how {
                    "answers" => Reach::Answers { starttls: true },
                    "plain" => Reach::Answers { starttls: false },
                    "refuses" => Reach::Refuses("connection refused".to_owned()),
                    "silent" => Reach::Silent,
                    _ => panic!("unknown: {how}"),
                };
                self.hosts.reach.insert(host.to_owned(), reach);
            }
            "serial" => {
                let (server, serial) = value.split_once(' ').unwrap();
                self.hosts
                    .serials
                    .insert(server.to_owned(), serial.parse().unwrap());
            }
            _ => panic!("unknown line: {key}"),
        }
    }

    /// Takes the records of a name and kind out of the zone; there must be some.
    fn remove(&mut self, name_and_kind: &str) {
        let start = format!("{name_and_kind} ");
        let before = self.zone.lines().count();
        let kept: Vec<&str> = self
            .zone
            .lines()
            .filter(|line| !line.starts_with(&start))
            .collect();
        assert!(kept.len() < before, "nothing to remove: {name_and_kind}");
        self.zone = kept.join("\n") + "\n";
    }

    fn ours(&mut self, value: &str) {
        let mut words = value.split(' ');
        let hostname = Domain::parse(words.next().unwrap()).unwrap();
        let mut plan = Plan::new(self.question.domain.clone(), hostname);
        plan.addresses = words.map(|ip| ip.parse().unwrap()).collect();
        self.question.ours = Some(plan);
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

#[test]
fn every_zone_has_the_findings_that_its_case_says() {
    let mut wrong = String::new();
    let cases = Case::all();
    assert!(cases.len() >= 40, "the cases were not found");
    for case in &cases {
        let found = case.found();
        if found != case.expected {
            wrong.push_str(&format!(
                "==== {}\nexpected:\n{}\nfound:\n{found}\n",
                case.name, case.expected
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_text_is_as_it_was_approved() {
    for case in Case::all() {
        if let Some(expected) = &case.text {
            let text = case.checkup().to_text(100);
            assert_eq!(&text, expected, "{}", case.name);
        }
    }
}

/// Whatever is wrong, the person must be told why it matters, what to do, and how to see that it worked.
#[test]
fn every_fault_has_a_reason_a_remedy_and_a_way_to_see_it() {
    for case in Case::all() {
        for finding in case.checkup().findings {
            let place = format!("{}: {finding:?}", case.name);
            let is_sentence = |text: &str| text.ends_with(['.', ':']) && !text.contains("  ");
            assert!(!finding.what.is_empty(), "{place}");
            if finding.severity == posthorn_doctor::Severity::Good {
                assert!(finding.fix.is_empty() && finding.record.is_none(), "{place}");
                continue;
            }
            assert!(is_sentence(&finding.why) && is_sentence(&finding.fix), "{place}");
            assert!(!finding.verify.is_empty(), "{place}");
        }
    }
}

#[test]
fn json_has_every_finding_once() {
    for case in Case::all() {
        let checkup = case.checkup();
        let json = checkup.to_json();
        let findings = json["findings"].as_array().unwrap();
        assert_eq!(findings.len(), checkup.findings.len());
        assert_eq!(json["exit_status"], checkup.exit_status());
        assert_eq!(json["domain"], checkup.domain.as_str());
        for finding in findings {
            assert!(finding["code"].is_string() && finding["severity"].is_string());
        }
    }
}

/// The zone after somebody did as told: the record in the place of those of its kind, or for TXT of its
/// family, at the same name. TLSA and CAA records stand beside one another.
fn with(zone: &str, entry: &Entry) -> String {
    let start = format!("{} {} ", entry.name, entry.kind());
    let content = entry.content();
    let family = match content.get(..5) {
        Some("v=spf") => "v=spf",
        Some("v=TLS") => "v=TLS",
        // At the other names there is nothing else that is TXT.
        _ => "",
    };
    let is_beside = matches!(entry.kind(), Kind::Tlsa | Kind::Caa);
    let kept = zone
        .lines()
        .filter(|line| is_beside || !line.starts_with(&start) || !line.contains(family));
    let mut zone: String = kept.map(|line| format!("{line}\n")).collect();
    zone.push_str(&format!("{start}{}\n", entry.value()));
    zone
}

fn faults_with_record(checkup: &Checkup) -> Vec<Finding> {
    let findings = checkup.findings.iter();
    findings
        .filter(|finding| finding.record.is_some())
        .cloned()
        .collect()
}

#[test]
fn publishing_what_is_proposed_mends_the_fault() {
    for case in Case::all() {
        let before = case.checkup();
        for finding in faults_with_record(&before) {
            let entry = finding.record.as_ref().unwrap();
            let after = case.checkup_of(&with(&case.zone, entry));
            let is_there = |other: &Finding| other.code == finding.code && other.what == finding.what;
            assert!(!after.findings.iter().any(is_there), "{}: {finding:?}", case.name);
            assert!(after.worst() >= before.worst(), "{}: {finding:?}", case.name);
        }
    }
}

/// Whoever goes through the list from top to bottom must not undo with one record what another mended.
#[test]
fn publishing_everything_that_is_proposed_leaves_nothing_with_a_proposal() {
    for case in Case::all() {
        let mut zone = case.zone.clone();
        for finding in faults_with_record(&case.checkup()) {
            zone = with(&zone, finding.record.as_ref().unwrap());
        }
        let after = case.checkup_of(&zone);
        let left: Vec<&str> = faults_with_record(&after)
            .iter()
            .map(|finding| finding.code)
            .filter(|code| *code != "dmarc-none")
            .collect();
        assert!(left.is_empty(), "{}: {left:?}\n{zone}", case.name);
    }
}
