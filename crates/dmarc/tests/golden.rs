//! Golden cases of DMARC (RFC 9989): `golden/NN-name.txt` holds a zone, the domain in `From`, what SPF and
//! DKIM vouch for, and everything that must be found. Run with `GOLDEN_WRITE=1` to write what is found behind
//! `expect:`; then read the difference before it is kept.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test; the helpers are no test functions"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use posthorn_dmarc::{Alignment, Authenticated, Evaluation, Found, discover, evaluate};
use posthorn_testkit::names::{Names, now};

const MARK: &str = "\nexpect:\n";

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

/// `pass bank.example`, `temperror bank.example`
fn authenticated(text: &str) -> Option<Authenticated> {
    let (result, domain) = text.trim().split_once(' ')?;
    assert!(["pass", "temperror"].contains(&result), "{text}");
    Some(Authenticated {
        domain: domain.to_owned(),
        certain: result == "pass",
    })
}

fn run(given: &str) -> String {
    let (facts, zone) = given.split_once("\nzone:\n").unwrap();
    let fact = |name: &str| {
        let line = facts.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}")).trim()
    };
    let names = Names::parse(zone);
    let spf = authenticated(fact("spf:"));
    let dkim: Vec<Authenticated> = fact("dkim:").split(',').filter_map(authenticated).collect();
    let found = now(async {
        let discovery = discover(&names, fact("from:")).await;
        assert!(names.asked().len() <= 8);
        evaluate(&names, &discovery, spf.as_ref(), &dkim).await
    });
    show(&found, names.asked().len())
}

fn show(found: &Evaluation, questions: usize) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            writeln!(text, "{name}: {value}").unwrap();
        }
    };
    line("domain", found.domain.clone());
    line("result", found.result.to_string());
    line("reason", found.reason.clone());
    let domain = |domain: &Option<String>| domain.clone().unwrap_or_default();
    line("organization", domain(&found.organizational_domain));
    line("policy domain", domain(&found.policy_domain));
    if let (Some(tag), Some(published)) = (found.tag, found.published) {
        line("published", format!("{tag}={published}"));
    }
    line("testing", if found.testing { "y" } else { "" }.to_owned());
    line("policy", found.policy.to_string());
    line("spf", found.spf.as_ref().map(alignment).unwrap_or_default());
    for one in &found.dkim {
        line("dkim", alignment(one));
    }
    line("report to", found.report_to.join(", "));
    for asked in &found.walk {
        let stood = match &asked.found {
            Found::Record(text) => text.clone(),
            Found::Nothing => "nothing".to_owned(),
            Found::Several => "several".to_owned(),
            Found::Invalid(why) => format!("invalid: {why}"),
            Found::Failed(why) => format!("failed: {why}"),
        };
        line("walk", format!("{} {stood}", asked.name));
    }
    line("questions", questions.to_string());
    text
}

fn alignment(one: &Alignment) -> String {
    let mut text = one.domain.clone();
    if let Some(organization) = &one.organizational_domain {
        write!(text, " of {organization}").unwrap();
    }
    text.push_str(if one.aligned { ", aligned" } else { ", not aligned" });
    for (is_so, word) in [(one.strict, ", strict"), (one.uncertain, ", uncertain")] {
        text.push_str(if is_so { word } else { "" });
    }
    text
}

#[test]
fn every_case_is_found_as_expected() {
    let cases = cases();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for path in cases {
        let text = std::fs::read_to_string(&path).unwrap();
        let (given, expected) = text.split_once(MARK).unwrap_or((text.trim_end(), ""));
        let found = run(given);
        if std::env::var_os("GOLDEN_WRITE").is_some() {
            std::fs::write(&path, format!("{given}{MARK}{found}")).unwrap();
        } else if found != expected {
            let name = path.file_name().unwrap().to_string_lossy();
            wrong.push(format!("{name}\n--- expected\n{expected}--- found\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_found_can_be_stored_and_read_again() {
    for path in cases() {
        let text = std::fs::read_to_string(&path).unwrap();
        let given = text.split(MARK).next().unwrap();
        let zone = given.split_once("\nzone:\n").unwrap().1;
        let names = Names::parse(zone);
        let from = given.lines().find_map(|line| line.strip_prefix("from:")).unwrap();
        let found = now(async {
            let discovery = discover(&names, from.trim()).await;
            evaluate(&names, &discovery, None, &[]).await
        });
        let stored = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Evaluation>(&stored).unwrap(), found);
        assert_eq!(found.record().is_some(), found.policy_domain.is_some());
    }
}
