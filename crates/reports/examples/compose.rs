//! Prints an aggregate report of ours as a mail, so that other programs can be pointed at it:
//! `cargo run -q -p posthorn-reports --example compose > report.eml; parsedmarc report.eml`.

use std::error::Error;
use std::io::Write;

use posthorn_base::{Address, Domain, Timestamp};
use posthorn_dmarc::Policy;
use posthorn_reports::{
    AuthResult, Day, Discovery, Disposition, DkimAuth, Mode, Observation, Override, OverrideKind, Published,
    Record, Reporter, SCHEMA, SpfAuth, compose, observe,
};
use posthorn_store::{Options, Partition, Store, StoreError};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&Options::new(folder.path()), &[SCHEMA])?;
    let now = Timestamp::from_secs(1_795_465_000);
    let reporter = Reporter {
        org_name: "Ours GmbH & Co".to_owned(),
        email: Address::parse("postmaster@ours.example")?,
        domain: Domain::parse("ours.example")?,
        extra_contact: Some("https://ours.example/dmarc".to_owned()),
    };
    let theirs = Domain::parse("theirs.example")?;
    let (from, domain) = (reporter.clone(), theirs.clone());
    let work = store.write(Partition::Directory, move |tx| {
        for record in records() {
            for _ in 0..record.count {
                let observation = Observation {
                    at: now,
                    published: published(),
                    report_to: vec!["mailto:dmarc@theirs.example".to_owned()],
                    record: record.clone(),
                };
                observe(tx, &observation)?;
            }
        }
        compose(tx, &domain, Day::of(now), &from)
    });
    let composed = work.wait()?.ok_or(StoreError::Closed)?;
    let mail = composed.to_message(&reporter, &[Address::parse("dmarc@theirs.example")?], now)?;
    std::io::stdout().write_all(&mail)?;
    Ok(())
}

fn published() -> Published {
    Published {
        domain: "theirs.example".to_owned(),
        p: Some(Policy::Reject),
        sp: Some(Policy::Quarantine),
        np: Some(Policy::Reject),
        adkim: Some(Mode::Relaxed),
        aspf: Some(Mode::Strict),
        testing: Some(false),
        discovery: Some(Discovery::TreeWalk),
        fo: Some("1".to_owned()),
    }
}

/// Genuine, forged, and forwarded mail.
fn records() -> [Record; 3] {
    let genuine = Record {
        source: [192, 0, 2, 1].into(),
        count: 3,
        disposition: Disposition::Pass,
        dkim_aligned: true,
        spf_aligned: true,
        overrides: Vec::new(),
        header_from: "theirs.example".to_owned(),
        envelope_from: Some("theirs.example".to_owned()),
        envelope_to: Some("ours.example".to_owned()),
        dkim: vec![DkimAuth {
            domain: "theirs.example".to_owned(),
            selector: "s2026".to_owned(),
            result: AuthResult::Pass,
        }],
        spf: Some(SpfAuth {
            domain: "theirs.example".to_owned(),
            is_helo: false,
            result: AuthResult::Pass,
        }),
    };
    let forged = Record {
        source: [203, 0, 113, 66].into(),
        count: 1,
        disposition: Disposition::Reject,
        dkim_aligned: false,
        spf_aligned: false,
        dkim: Vec::new(),
        spf: Some(SpfAuth {
            domain: "theirs.example".to_owned(),
            is_helo: false,
            result: AuthResult::SoftFail,
        }),
        ..genuine.clone()
    };
    let forwarded = Record {
        source: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x25].into(),
        count: 2,
        disposition: Disposition::None,
        overrides: vec![Override {
            kind: OverrideKind::MailingList,
            comment: Some("List-Id <talk.list.example>".to_owned()),
        }],
        envelope_from: Some(String::new()),
        ..forged.clone()
    };
    [genuine, forged, forwarded]
}
