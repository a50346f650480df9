//! Reports that real reporters sent, and broken ones: what we read in each is in `tests/golden`. The samples
//! are from parsedmarc (`tests/data/LICENSE`).

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use posthorn_reports::{Aggregate, Disposition, Limits, Record, Report, read_file};

/// Records of a sample that are shown in full.
const SHOWN: usize = 3;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn samples() -> Vec<PathBuf> {
    let mut found = vec![folder("data/empty.xml")];
    for part in [
        "aggregate",
        "aggregate_invalid",
        "extract_report",
        "failure",
        "smtp_tls",
    ] {
        let entries = std::fs::read_dir(folder("data").join(part)).unwrap();
        found.extend(entries.map(|entry| entry.unwrap().path()));
    }
    found.sort();
    found
}

fn show(sample: &Path) -> String {
    let name = sample.file_name().unwrap().to_string_lossy();
    let octets = std::fs::read(sample).unwrap();
    match read_file(&name, &octets, &Limits::default()) {
        Err(error) => format!("{error}\n"),
        Ok(reports) => reports.iter().map(show_report).collect(),
    }
}

fn show_report(report: &Report) -> String {
    match report {
        Report::Aggregate(report) => show_aggregate(report),
        Report::Tls(_) | Report::Failure(_) => serde_json::to_string_pretty(report).unwrap() + "\n",
    }
}

fn show_aggregate(report: &Aggregate) -> String {
    let sum = |wanted: &dyn Fn(&Record) -> bool| {
        let counts = report.records.iter().filter(|record| wanted(record));
        counts.map(|record| record.count).sum::<u64>()
    };
    let mut head = report.clone();
    head.records.truncate(SHOWN);
    let mut text = String::new();
    writeln!(text, "records {}", report.records.len()).unwrap();
    writeln!(text, "messages {}", sum(&|_| true)).unwrap();
    writeln!(text, "pass {}", sum(&Record::passes)).unwrap();
    writeln!(text, "dkim aligned {}", sum(&|record| record.dkim_aligned)).unwrap();
    writeln!(text, "spf aligned {}", sum(&|record| record.spf_aligned)).unwrap();
    writeln!(
        text,
        "refused {}",
        sum(&|record| record.disposition == Disposition::Reject)
    )
    .unwrap();
    writeln!(text, "{}", serde_json::to_string_pretty(&head).unwrap()).unwrap();
    text
}

#[test]
fn every_sample_says_what_it_should() {
    let mut wrong = Vec::new();
    let samples = samples();
    assert_eq!(samples.len(), 34);
    for sample in samples {
        let name = format!("{}.txt", sample.file_name().unwrap().to_string_lossy());
        let actual = show(&sample);
        let expected = std::fs::read_to_string(folder("golden").join(&name)).unwrap_or_default();
        if actual != expected {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
            std::fs::write(&path, &actual).unwrap();
            wrong.push(path.display().to_string());
        }
    }
    assert!(
        wrong.is_empty(),
        "not as in tests/golden; compare with:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn a_packed_report_is_the_same_report() {
    let read = |name: &str| {
        let octets = std::fs::read(folder("data/extract_report").join(name)).unwrap();
        read_file("", &octets, &Limits::default()).unwrap()
    };
    assert_eq!(read("nice-input.xml"), read("nice-input.xml.gz"));
    assert_eq!(read("nice-input.xml"), read("nice-input.xml.zip"));
    assert_ne!(read("nice-input.xml"), read("changed-input.xml"));
}
