//! Evidence of every kind goes through the store.

use posthorn_dkim::{ArcChain, ArcLink, DkimResult, Signature, Verification};
use posthorn_dmarc::{Alignment, Asked, DmarcResult, Found, Policy, PolicyTag};
use posthorn_impersonation::{Impression, Level, Sign, SignKind};
use posthorn_spf::{Identity, SpfResult, Step, StepOutcome};
use proptest::prelude::*;

use super::*;
use crate::evidence::{Author, Connection, Hop, Iprev, IprevResult, Origin, Place, Reason, VERSION, Verdict};
use crate::testing;

#[test]
fn ordinary_evidence_comes_back_as_it_was() {
    let evidence = testing::evidence();
    let stored = evidence.to_stored();
    assert_eq!(Evidence::from_stored(&stored).unwrap(), evidence);
}

#[test]
fn a_later_version_with_more_fields_is_read() {
    let text = String::from_utf8(testing::evidence().to_stored()).unwrap();
    let later = text.replacen("{\"version\":1", "{\"version\":2,\"mood\":{\"a\":[1]}", 1);
    assert_ne!(text, later);
    let read = Evidence::from_stored(later.as_bytes()).unwrap();
    assert_eq!((read.version, read.author), (2, testing::evidence().author));
}

#[test]
fn what_is_no_evidence_is_refused() {
    for stored in [&b""[..], b"{}", b"null", b"\xff", &[b'['; 100_000][..]] {
        assert!(Evidence::from_stored(stored).is_err());
    }
}

#[test]
fn terms_of_included_records_go_first_and_are_named() {
    let mut evidence = testing::evidence();
    let step = |depth, outcome| Step {
        depth,
        domain: "_spf.example.org".to_owned(),
        term: format!("ip4:192.0.2.{depth}/32"),
        outcome,
        detail: String::new(),
    };
    let spf = evidence.spf.as_mut().unwrap();
    spf.steps = (0..40).map(|_| step(1, StepOutcome::NoMatch)).collect();
    spf.steps.push(step(0, StepOutcome::NoMatch));
    spf.steps.push(step(0, StepOutcome::Match));
    let read = Evidence::from_stored(&evidence.to_stored()).unwrap();
    let depths: Vec<u8> = read.spf.unwrap().steps.iter().map(|step| step.depth).collect();
    assert_eq!(depths, [&[1; 12][..], &[0, 0]].concat());
    assert_eq!(
        read.left_out,
        ["SPF: most terms of included records that did not match"]
    );
    assert_eq!(read.dkim, evidence.dkim);
}

#[test]
fn the_worst_that_can_be_written_fits_with_its_results() {
    for text in ["\\", "\"", "\u{1}", "é", "x", "\u{10ffff}"] {
        let evidence = hostile(&text.repeat(3_000), 70);
        let stored = evidence.to_stored();
        assert!(
            stored.len() <= MAX_EVIDENCE_OCTETS,
            "{} of {text:?}",
            stored.len()
        );
        same_results(&evidence, &Evidence::from_stored(&stored).unwrap());
    }
}

fn same_results(before: &Evidence, after: &Evidence) {
    let spf = |evidence: &Evidence| {
        [&evidence.spf, &evidence.spf_helo].map(|spf| spf.as_ref().map(|spf| (spf.result, spf.lookups)))
    };
    assert_eq!(spf(before), spf(after));
    let dkim = |evidence: &Evidence| {
        let signatures = evidence
            .dkim
            .signatures
            .iter()
            .take(posthorn_dkim::MAX_SIGNATURES);
        let results: Vec<_> = signatures
            .map(|signature| (signature.result, signature.body_matches, signature.key_bits))
            .collect();
        (results, evidence.dkim.arc.as_ref().map(|arc| arc.result))
    };
    assert_eq!(dkim(before), dkim(after));
    let dmarc = |evidence: &Evidence| {
        let dmarc = evidence.dmarc.as_ref();
        dmarc.map(|dmarc| {
            (
                dmarc.result,
                dmarc.policy,
                dmarc.published,
                dmarc.testing,
                dmarc.tag,
            )
        })
    };
    assert_eq!(dmarc(before), dmarc(after));
    let iprev = |evidence: &Evidence| {
        let connection = evidence.connection.as_ref();
        connection.map(|connection| (connection.ip, connection.iprev.as_ref().map(|iprev| iprev.result)))
    };
    assert_eq!(iprev(before), iprev(after));
    assert_eq!(
        before.verdict.as_ref().map(|verdict| verdict.place),
        after.verdict.as_ref().map(|verdict| verdict.place)
    );
    let level = |evidence: &Evidence| evidence.impression.as_ref().map(|seen| (seen.level, seen.score));
    assert_eq!(level(before), level(after));
    assert_eq!((before.version, before.at), (after.version, after.at));
}

fn hostile_spf(text: &str, many: usize) -> posthorn_spf::Evaluation {
    posthorn_spf::Evaluation {
        identity: Identity::MailFrom,
        domain: text.to_owned(),
        result: SpfResult::TempError,
        reason: text.to_owned(),
        record: Some(text.to_owned()),
        matched: Some(text.to_owned()),
        steps: (0..many)
            .map(|at| Step {
                depth: 1,
                domain: text.to_owned(),
                term: text.to_owned(),
                outcome: if at % 2 == 0 {
                    StepOutcome::Enter
                } else {
                    StepOutcome::NoMatch
                },
                detail: text.to_owned(),
            })
            .collect(),
        lookups: u8::MAX,
        voids: u8::MAX,
        explanation: Some(text.to_owned()),
    }
}

fn hostile_dkim(text: &str, many: usize) -> Verification {
    let signature = Signature {
        domain: text.to_owned(),
        selector: text.to_owned(),
        algorithm: text.to_owned(),
        canonicalization: text.to_owned(),
        identity: Some(text.to_owned()),
        result: DkimResult::TempError,
        reason: text.to_owned(),
        fingerprint: text.to_owned(),
        key_record: Some(text.to_owned()),
        key_bits: Some(u16::MAX),
        testing: true,
        headers: vec![text.to_owned(); many],
        body_matches: Some(false),
        signed_at: Some(i64::MIN),
        expires_at: Some(i64::MIN),
    };
    Verification {
        signatures: vec![signature; many.min(12)],
        ignored: u32::MAX,
        arc: Some(ArcChain {
            result: DkimResult::TempError,
            reason: text.to_owned(),
            links: (0..many)
                .map(|_| ArcLink {
                    instance: u8::MAX,
                    domain: text.to_owned(),
                    claimed: text.to_owned(),
                    results: text.to_owned(),
                })
                .collect(),
        }),
    }
}

fn hostile_dmarc(text: &str, many: usize) -> posthorn_dmarc::Evaluation {
    let alignment = Alignment {
        domain: text.to_owned(),
        strict: true,
        aligned: false,
        uncertain: false,
        organizational_domain: Some(text.to_owned()),
    };
    posthorn_dmarc::Evaluation {
        domain: text.to_owned(),
        result: DmarcResult::TempError,
        reason: text.to_owned(),
        organizational_domain: Some(text.to_owned()),
        walk: (0..many)
            .map(|_| Asked {
                name: text.to_owned(),
                found: Found::Record(text.to_owned()),
            })
            .collect(),
        policy_domain: Some(text.to_owned()),
        published: Some(Policy::Quarantine),
        tag: Some(PolicyTag::Sp),
        testing: true,
        policy: Policy::Quarantine,
        spf: Some(alignment.clone()),
        dkim: vec![alignment; many],
        report_to: vec![text.to_owned(); many],
    }
}

/// Everything there is, `many` times, each text `text`.
fn hostile(text: &str, many: usize) -> Evidence {
    let hop = Hop {
        from: Some(text.to_owned()),
        ip: Some("2001:db8:1111:2222:3333:4444:5555:6666".parse().unwrap()),
        by: Some(text.to_owned()),
        with: Some(text.to_owned()),
        tls: true,
        at: Some(i64::MIN),
    };
    let sign = Sign {
        kind: SignKind::LookAlikeDomain,
        weight: i8::MIN,
        what: text.to_owned(),
    };
    Evidence {
        version: VERSION,
        at: i64::MIN,
        by: text.to_owned(),
        origin: Origin::Ours(text.to_owned()),
        connection: Some(Connection {
            ip: "2001:db8:1111:2222:3333:4444:5555:6666".parse().unwrap(),
            helo: text.to_owned(),
            tls: Some(text.to_owned()),
            protocol: text.to_owned(),
            iprev: Some(Iprev {
                result: IprevResult::PermError,
                name: Some(text.to_owned()),
            }),
        }),
        reverse_path: text.to_owned(),
        author: Author {
            name: text.to_owned(),
            address: text.to_owned(),
            others: vec![text.to_owned(); many],
            reply_to: Some(text.to_owned()),
            list: Some(text.to_owned()),
        },
        spf: Some(hostile_spf(text, many)),
        spf_helo: Some(hostile_spf(text, many)),
        dkim: hostile_dkim(text, many),
        dmarc: Some(hostile_dmarc(text, many)),
        path: vec![hop; many],
        impression: Some(Impression {
            level: Level::Caution,
            score: i16::MIN,
            signs: vec![sign; many],
            pretends: Some(text.to_owned()),
        }),
        verdict: Some(Verdict {
            place: Place::Refused,
            reasons: vec![Reason::DmarcQuarantine; many.min(5)],
        }),
        left_out: vec![text.to_owned(); many],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn hostile_evidence_fits_and_keeps_its_results(
        text in "\\PC{0,300}|[\\x00-\\x7f]{0,300}|[a-z.]{0,60}",
        many in 0_usize..40,
    ) {
        let evidence = hostile(&text, many);
        let stored = evidence.to_stored();
        prop_assert!(stored.len() <= MAX_EVIDENCE_OCTETS);
        same_results(&evidence, &Evidence::from_stored(&stored).unwrap());
    }
}
