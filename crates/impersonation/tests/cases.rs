//! The false-positive set (`quiet`) and what must warn (`loud`). A file describes a message and what its
//! reader knows, one fact a line; its first line says what it is about.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own files")]

use std::fs;
use std::path::{Path, PathBuf};

use posthorn_impersonation::{
    Acquaintance, Familiarity, Impression, Level, Look, Namesake, Standing, impression, skeleton,
};

/// A file, read: the facts and what is expected.
#[derive(Default)]
struct Case {
    lines: Vec<(String, String)>,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        assert!(
            text.starts_with("# "),
            "{path:?}: the first line says what it is about"
        );
        let facts = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let split = |line: &str| {
            let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{path:?}: {line}"));
            assert!(KEYS.contains(&key), "{path:?}: no fact is called {key}");
            (key.to_owned(), value.trim().to_owned())
        };
        Self {
            lines: facts.map(split).collect(),
        }
    }

    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter(move |(k, _)| k == key)
            .map(|(_, value)| value.as_str())
    }

    fn one<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.all(key).next()
    }

    fn words<'a>(&'a self, key: &'a str) -> Vec<&'a str> {
        self.all(key)
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect()
    }

    fn familiarity(&self, key: &str) -> Familiarity {
        match self.one(key) {
            None => Familiarity::Unknown,
            Some("seen") => Familiarity::Seen,
            Some("known") => Familiarity::Known,
            Some(other) => panic!("{key}: {other}"),
        }
    }

    fn namesakes(&self, key: &str) -> Vec<Namesake> {
        let read = |value: &str| {
            let (name, address) = value.trim_end_matches('>').split_once(" <").unwrap();
            Namesake {
                name: name.to_owned(),
                address: address.to_owned(),
            }
        };
        self.all(key).map(read).collect()
    }

    fn judge(&self) -> Impression {
        let (signers, ours) = (self.words("signed"), self.words("ours"));
        let address = self.one("address").unwrap();
        let look = Look {
            name: self.one("name").unwrap_or_default(),
            address,
            reverse_path_domain: self.one("envelope"),
            spf_passed: self.one("spf") == Some("pass"),
            reply_to: self.one("reply-to"),
            signers: &signers,
            standing: match self.one("dmarc").unwrap() {
                "pass" => Standing::Passed,
                "fail, reject" | "fail, quarantine" => Standing::FailedStrictly,
                "fail, none" => Standing::FailedSoftly,
                "none" => Standing::NoPolicy,
                "temperror" => Standing::Unknown,
                other => panic!("dmarc: {other}"),
            },
            list_id: self.one("list"),
            ours: &ours,
        };
        let from = skeleton(address.rsplit_once('@').unwrap().1);
        let (same, others): (Vec<&str>, Vec<&str>) = self
            .words("known")
            .into_iter()
            .partition(|known| skeleton(known) == from);
        let own = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        impression(
            &look,
            &Acquaintance {
                address: self.familiarity("knows-address"),
                domain: self.familiarity("knows-domain"),
                namesakes: self.namesakes("namesake"),
                colleagues: self.namesakes("colleague"),
                same_skeleton: own(same),
                known_domains: own(others),
            },
        )
    }
}

const KEYS: &[&str] = &[
    "name",
    "address",
    "envelope",
    "spf",
    "reply-to",
    "signed",
    "dmarc",
    "list",
    "ours",
    "knows-address",
    "knows-domain",
    "namesake",
    "colleague",
    "known",
    "expect",
    "pretends",
    "says",
];

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn honest_mail_stays_silent() {
    let files = files("quiet");
    assert!(files.len() >= 25, "only {} files", files.len());
    let mut complaints = String::new();
    for path in files {
        let found = Case::read(&path).judge();
        if found.level != Level::Silent || found.pretends.is_some() {
            complaints.push_str(&format!("{path:?}: {found:#?}\n"));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn deceptions_are_told() {
    let files = files("loud");
    assert!(files.len() >= 15, "only {} files", files.len());
    let mut complaints = String::new();
    for path in files {
        let case = Case::read(&path);
        let found = case.judge();
        let level = match case.one("expect").unwrap() {
            "caution" => Level::Caution,
            "danger" => Level::Danger,
            other => panic!("expect: {other}"),
        };
        let says = |what: &str| found.signs.iter().any(|sign| sign.what.contains(what));
        if found.level != level
            || found.pretends.as_deref() != case.one("pretends")
            || !case.all("says").all(says)
        {
            complaints.push_str(&format!("{path:?}: {found:#?}\n"));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn every_deception_needs_more_than_one_fact() {
    for path in files("loud") {
        let found = Case::read(&path).judge();
        let counting = found.signs.iter().filter(|sign| sign.weight > 0).count();
        assert!(counting >= 2, "{path:?}: {found:#?}");
    }
}
