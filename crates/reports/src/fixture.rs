//! For the tests of this crate: a store in a folder of its own, and short ways to make reports.

use std::net::IpAddr;

use posthorn_base::{Domain, Timestamp};
use posthorn_dmarc::Policy;
use posthorn_store::{Options, Partition, Store, Tx};

use crate::report::{Aggregate, AuthResult, Disposition, DkimAuth, Mode, Published, Record, SpfAuth};
use crate::{Carrier, SCHEMA};

/// 2026-11-23 00:00:00 UTC.
pub(crate) const MIDNIGHT: i64 = 1_795_392_000;
pub(crate) const DAY_SECS: i64 = 86_400;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_secs(MIDNIGHT + 3_600)
}

pub(crate) fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn google() -> Carrier {
    Carrier::Mail(domain("google.com"))
}

pub(crate) fn published(p: Policy) -> Published {
    Published {
        domain: "ours.test".to_owned(),
        p: Some(p),
        sp: None,
        np: None,
        adkim: Some(Mode::Relaxed),
        aspf: Some(Mode::Relaxed),
        testing: Some(false),
        discovery: None,
        fo: None,
    }
}

/// A report of one day, so many days before today.
pub(crate) fn report(days_ago: i64, p: Policy, records: Vec<Record>) -> Aggregate {
    let begin = MIDNIGHT - days_ago * DAY_SECS;
    Aggregate {
        org_name: "google.com".to_owned(),
        email: "noreply-dmarc-support@google.com".to_owned(),
        extra_contact: None,
        report_id: format!("id-{days_ago}"),
        begin,
        end: begin + DAY_SECS - 1,
        errors: Vec::new(),
        generator: None,
        published: published(p),
        records,
        unusable: 0,
    }
}

/// Mail of ours that passes by both.
pub(crate) fn good(source: &str, count: u64) -> Record {
    Record {
        source: ip(source),
        count,
        disposition: Disposition::None,
        dkim_aligned: true,
        spf_aligned: true,
        overrides: Vec::new(),
        header_from: "ours.test".to_owned(),
        envelope_from: Some("ours.test".to_owned()),
        envelope_to: None,
        dkim: vec![dkim("ours.test", AuthResult::Pass)],
        spf: Some(spf("ours.test", AuthResult::Pass)),
    }
}

/// Mail that nobody vouches for.
pub(crate) fn forged(source: &str, count: u64, disposition: Disposition) -> Record {
    Record {
        disposition,
        dkim_aligned: false,
        spf_aligned: false,
        dkim: Vec::new(),
        spf: Some(spf("ours.test", AuthResult::Fail)),
        ..good(source, count)
    }
}

/// Mail that a service sends in our name, vouched for by its own domain.
pub(crate) fn service(source: &str, count: u64, own: &str) -> Record {
    Record {
        dkim_aligned: false,
        spf_aligned: false,
        envelope_from: Some(own.to_owned()),
        dkim: vec![dkim(own, AuthResult::Pass)],
        spf: Some(spf(own, AuthResult::Pass)),
        ..good(source, count)
    }
}

pub(crate) fn dkim(domain: &str, result: AuthResult) -> DkimAuth {
    DkimAuth {
        domain: domain.to_owned(),
        selector: "s1".to_owned(),
        result,
    }
}

pub(crate) fn spf(domain: &str, result: AuthResult) -> SpfAuth {
    SpfAuth {
        domain: domain.to_owned(),
        is_helo: false,
        result,
    }
}

pub(crate) struct Kept {
    store: Store,
    _folder: tempfile::TempDir,
}

impl Kept {
    /// A store with nothing in it.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(folder.path());
        options.readers = 1;
        let store = Store::open(&options, &[SCHEMA]).unwrap();
        Self {
            store,
            _folder: folder,
        }
    }

    /// Runs `work` in a transaction that must succeed; for tests that only assert inside.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl Fn(&mut Tx<'_>) -> T + Send + 'static) -> T {
        self.store
            .write(Partition::Directory, move |tx| {
                Ok::<_, posthorn_store::StoreError>(work(tx))
            })
            .wait()
            .unwrap()
    }
}
