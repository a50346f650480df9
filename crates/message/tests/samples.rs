//! The example messages of the RFCs and a collection of broken mail: the shape of the first is written out
//! in full under `golden/`, the second only has to hold together. Where a golden file is missing it is
//! written, and the test fails once so that somebody reads it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

#[path = "support/checks.rs"]
mod support;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use posthorn_message::{Kind, Rendered, Section, SectionText, render, search};

/// The folder with the sample messages, outside this repository.
#[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
fn samples(folder: &str) -> Vec<(String, Vec<u8>)> {
    let shared = std::env::var("POSTHORN_SHARED_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let folder = shared.join("mime").join(folder);
    let mut samples: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}; set POSTHORN_SHARED_DATA", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| {
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect();
    samples.sort();
    assert!(samples.len() > 5, "no samples in {}", folder.display());
    samples
}

/// The same message with the other kind of line ends.
fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = raw.iter().copied().filter(|octet| *octet != b'\r').collect();
    text.split(|octet| *octet == b'\n')
        .collect::<Vec<_>>()
        .join(&b"\r\n"[..])
}

#[test]
fn every_sample_holds_together() {
    for folder in ["rfc", "malformed"] {
        for (name, raw) in samples(folder) {
            for raw in [raw.clone(), with_crlf(&raw)] {
                support::check(&raw, &format!("{folder}/{name}"));
            }
        }
    }
}

#[test]
fn line_ends_do_not_change_the_shape() {
    for (name, raw) in samples("rfc") {
        let (lf, crlf) = (render(&raw), render(&with_crlf(&raw)));
        assert_eq!(lf.parts.numbers(), crlf.parts.numbers(), "{name}");
        assert_eq!(
            (lf.envelope, lf.preview, lf.thread),
            (crlf.envelope, crlf.preview, crlf.thread),
            "{name}"
        );
    }
}

#[test]
fn the_examples_of_the_rfcs_have_their_shape() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (name, raw) in samples("rfc") {
        let raw = with_crlf(&raw);
        let file = golden.join(format!("{name}.txt"));
        let found = describe(&raw, &render(&raw));
        if !file.exists() {
            std::fs::write(&file, &found).unwrap();
            panic!("{} was missing and has been written: read it", file.display());
        }
        let expected = std::fs::read_to_string(&file).unwrap();
        assert_eq!(found, expected, "{}", file.display());
    }
}

/// Everything that is rendered, one fact a line.
fn describe(raw: &[u8], rendered: &Rendered) -> String {
    let mut text = String::new();
    let wire = |octets: &[u8]| String::from_utf8_lossy(octets).replace("\r\n", "\\r\\n");
    writeln!(text, "ENVELOPE {}", wire(&rendered.envelope)).unwrap();
    writeln!(text, "BODY {}", wire(&rendered.body)).unwrap();
    writeln!(text, "BODYSTRUCTURE {}", wire(&rendered.body_structure)).unwrap();
    writeln!(text, "preview: {}", rendered.preview).unwrap();
    writeln!(
        text,
        "subject: {:?}; from: {:?}; to: {:?}; cc: {:?}",
        rendered.subject, rendered.from, rendered.to, rendered.cc
    )
    .unwrap();
    writeln!(
        text,
        "sent: {}",
        rendered.sent.map_or("-".to_owned(), |at| at.to_rfc3339())
    )
    .unwrap();
    writeln!(text, "thread: {:?}", rendered.thread).unwrap();
    writeln!(
        text,
        "attachment: {}; header: {} octets",
        rendered.has_attachment, rendered.header_octets
    )
    .unwrap();
    for numbers in rendered.parts.numbers() {
        let kind = rendered.parts.part(&numbers).map(|part| part.kind).unwrap();
        let section = Section {
            part: numbers.clone(),
            text: SectionText::Whole,
        };
        let octets = rendered.parts.section(raw, &section).unwrap();
        let number: Vec<String> = numbers.iter().map(u32::to_string).collect();
        writeln!(text, "--- {} {kind:?}, {} octets", number.join("."), octets.len()).unwrap();
        if kind == Kind::Leaf {
            writeln!(text, "{}", String::from_utf8_lossy(&octets).replace('\r', "")).unwrap();
        }
    }
    writeln!(
        text,
        "--- search text\n{}",
        search::whole_text(raw).replace('\r', "")
    )
    .unwrap();
    text
}
