//! Whole messages with the DNS of their senders, and everything that is found out about them:
//! `golden/NN-name/{message.eml, zone.txt, expected.json}`. The first line of `zone.txt` says what the case
//! is about. All messages were signed by others: the RFCs, Exim, dkimpy.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use posthorn_base::Timestamp;
use posthorn_dkim::{Verification, verify};
use posthorn_testkit::names::{Names, now};

/// 2026-11-23 20:16:40 UTC.
const NOW: i64 = 1_795_465_000;

#[test]
fn each_message_is_judged_as_expected() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folders = fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(cases.len() > 40, "the cases are missing");
    let mut wrong = String::new();
    for case in &cases {
        let name = case.file_name().unwrap().to_str().unwrap();
        let zone = Names::parse(&fs::read_to_string(case.join("zone.txt")).unwrap());
        let message = fs::read(case.join("message.eml")).unwrap();
        let found = now(verify(&zone, &message, Timestamp::from_secs(NOW)));
        let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
        let expected = fs::read_to_string(case.join("expected.json")).unwrap_or_default();
        if text != expected {
            let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
            fs::write(&at, &text).unwrap();
            let _infallible = writeln!(wrong, "{name}: found what is in {}", at.display());
        }
        // What is stored is read back as it was.
        assert_eq!(serde_json::from_str::<Verification>(&text).unwrap(), found);
    }
    assert!(wrong.is_empty(), "{wrong}");
}
