//! Tests of the records.

use proptest::prelude::*;

use super::{FailureOptions, FaultKind, Mode, Policies, Psd, Record, faults};
use crate::Policy;

fn parse(text: &str) -> Record {
    Record::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn kinds(text: &str) -> Vec<FaultKind> {
    faults(text).iter().map(|fault| fault.kind).collect()
}

const SOUND: &str = "v=DMARC1; p=reject; rua=mailto:reports@example.org";

#[test]
fn a_record_is_read() {
    let text = "v=DMARC1; p=reject; sp=quarantine; np=None; adkim=s; aspf=S; fo=1:d; psd=n; t=y;\
                rua=mailto:a@example.org, mailto:b@example.net!10m;ruf=mailto:c@example.org;";
    let expected = Record {
        p: Some(Policy::Reject),
        sp: Some(Policy::Quarantine),
        np: Some(Policy::None),
        adkim: Mode::Strict,
        aspf: Mode::Strict,
        psd: Psd::No,
        t: true,
        rua: vec!["mailto:a@example.org".into(), "mailto:b@example.net".into()],
        ruf: vec!["mailto:c@example.org".into()],
        fo: FailureOptions {
            any: true,
            dkim: true,
            spf: false,
        },
    };
    assert_eq!(parse(text), expected);
    assert_eq!(parse(&expected.to_string()), expected);
}

#[test]
fn only_the_version_decides_whether_it_is_a_record() {
    for text in [
        "v=DMARC1",
        "v=DMARC1;",
        "v = DMARC1 ; p=none",
        "V=DMARC1; p=none",
        "v=DMARC1; \u{1}=\u{fffd}; ;;; =; p",
    ] {
        assert!(Record::parse(text).is_ok(), "{text}");
    }
    for (text, why) in [
        (
            " v=DMARC1; p=none",
            "a blank stands before v=DMARC1, which must come first",
        ),
        ("p=none; v=DMARC1", "the record does not begin with v=DMARC1"),
        ("", "the record does not begin with v=DMARC1"),
        (
            "v=dmarc1; p=none",
            "the version must be written DMARC1, in capitals",
        ),
        (
            "v=DMARC1 p=none",
            "nothing but a semicolon may stand behind v=DMARC1",
        ),
        ("v=DMARC2; p=none", "the version is not DMARC1"),
        ("v=spf1 -all", "the version is not DMARC1"),
    ] {
        let fault = Record::parse(text).unwrap_err();
        assert_eq!(
            (fault.kind, fault.what.as_str()),
            (FaultKind::NotDmarc, why),
            "{text}"
        );
        assert_eq!(faults(text), [fault]);
    }
}

#[test]
fn a_fault_costs_only_its_own_tag() {
    let record = parse("v=DMARC1; p=reject; adkim=strict; t=yes; psd=x; fo=q; rubbish; x=1; pct=5");
    assert_eq!(record, Record::new(Policy::Reject));
}

#[test]
fn without_a_sound_policy_reports_make_it_none() {
    let none = Some(Policies {
        p: Policy::None,
        sp: Policy::None,
        np: Policy::None,
    });
    for tags in [
        "",
        "; sp=reject",
        "; p=rejct",
        "; p=reject; sp=x",
        "; p=reject; np=x",
    ] {
        let text = format!("v=DMARC1{tags}");
        assert_eq!(parse(&text).policies(), None, "{text}");
        let text = format!("{text}; rua=mailto:a@example.org");
        assert_eq!(parse(&text).policies(), none, "{text}");
        let text = format!("v=DMARC1{tags}; rua=nonsense");
        assert_eq!(parse(&text).policies(), None, "{text}");
    }
}

#[test]
fn sp_falls_back_to_p_and_np_to_sp() {
    let of = |tags: &str| parse(&format!("v=DMARC1; {tags}")).policies().unwrap();
    let policies = of("p=reject");
    assert_eq!((policies.sp, policies.np), (Policy::Reject, Policy::Reject));
    let policies = of("p=reject; sp=quarantine");
    assert_eq!(policies.np, Policy::Quarantine);
    let policies = of("p=none; np=reject");
    assert_eq!((policies.sp, policies.np), (Policy::None, Policy::Reject));
}

#[test]
fn of_a_repeated_tag_the_first_counts() {
    let text = "v=DMARC1; p=reject; P=none; rua=mailto:a@example.org";
    assert_eq!(parse(text).p, Some(Policy::Reject));
    assert_eq!(kinds(text), [FaultKind::Repeated]);
    assert_eq!(
        kinds("v=DMARC1; p=reject; x=1; x=2; rua=mailto:a@example.org").len(),
        2
    );
    assert_eq!(
        kinds("v=DMARC1; p=reject; pct=1; rf=afrf; rua=mailto:a@example.org"),
        [FaultKind::ObsoleteTag, FaultKind::ObsoleteTag]
    );
}

#[test]
fn a_sound_record_has_no_faults() {
    assert_eq!(faults(SOUND), []);
}

#[test]
fn every_kind_of_fault_is_found() {
    use FaultKind::*;
    for (tags, expected) in [
        ("pct=50", vec![ObsoleteTag]),
        ("rf=afrf; ri=86400", vec![ObsoleteTag, ObsoleteTag]),
        ("polcy=reject", vec![UnknownTag]),
        ("adkim=strict", vec![BadValue]),
        ("sp=rejected", vec![BadValue, NoPolicy]),
        ("adkim", vec![NoTag]),
        ("adkim=", vec![NoTag]),
        ("v=DMARC1", vec![Repeated]),
        ("t=y", vec![Testing]),
        ("psd=y", vec![PublicSuffix]),
        ("fo=1", vec![IdleOptions]),
        ("fo=0:1", vec![BadValue]),
        ("adkim=s", vec![Strict]),
        ("sp=none", vec![WeakerBelow]),
        ("np=quarantine", vec![WeakerBelow]),
        ("ruf=a@example.org", vec![BadUri]),
        ("ruf=mailto:a@example.org!5m", vec![ObsoleteSize]),
        ("ruf=https://example.org/", vec![NotMail]),
        ("ruf=mailto:\u{e9}@example.org", vec![NoTag]),
    ] {
        assert_eq!(kinds(&format!("{SOUND}; {tags}")), expected, "{tags}");
    }
    assert_eq!(kinds("v=DMARC1"), [Unusable, NoReports]);
    assert_eq!(kinds("v=DMARC1; p=none"), [NoReports, PolicyNone]);
    assert_eq!(kinds("v=DMARC1; rua=mailto:a@example.org"), [NoPolicy]);
    let many = ["mailto:a@example.org"; 12].join(",");
    assert_eq!(kinds(&format!("v=DMARC1; p=reject; rua={many}")), [ManyUris]);
}

#[test]
fn failure_options_come_in_any_order() {
    let fo = |value: &str| parse(&format!("{SOUND}; fo={value}")).fo;
    let all = FailureOptions {
        any: true,
        dkim: true,
        spf: true,
    };
    for value in ["1:d:s", "s:1:d", "d:s:1", "D : S : 1"] {
        assert_eq!(fo(value), all, "{value}");
    }
    assert_eq!(fo("0"), FailureOptions::default());
    for value in ["0:1", "d:d", "1:", "x"] {
        assert_eq!(fo(value), FailureOptions::default(), "{value}");
    }
}

#[test]
fn the_record_we_publish_parses_back_without_faults_but_its_mildness() {
    let address = "dmarc-reports@example.org".parse().unwrap();
    let record = Record::new(Policy::None).with_reports_to(&address);
    let text = record.to_string();
    assert_eq!(text, "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.org");
    assert_eq!(parse(&text), record);
    assert_eq!(kinds(&text), [FaultKind::PolicyNone]);
}

fn policies() -> impl Strategy<Value = (Option<Policy>, Option<Policy>, Option<Policy>)> {
    let policy = prop_oneof![Just(Policy::None), Just(Policy::Quarantine), Just(Policy::Reject)];
    let optional = proptest::option::of(policy.clone());
    prop_oneof![
        Just((None, None, None)),
        (policy.prop_map(Some), optional.clone(), optional),
    ]
}

fn records() -> impl Strategy<Value = Record> {
    let mode = prop_oneof![Just(Mode::Relaxed), Just(Mode::Strict)];
    let psd = prop_oneof![Just(Psd::Yes), Just(Psd::No), Just(Psd::Unknown)];
    let uris = || proptest::collection::vec("mailto:[a-z0-9]{1,8}@[a-z]{1,8}\\.example", 0..4);
    let fo = any::<(bool, bool, bool)>().prop_map(|(any, dkim, spf)| FailureOptions { any, dkim, spf });
    let modes = (mode.clone(), mode, psd, any::<bool>());
    (policies(), modes, uris(), uris(), fo).prop_map(|((p, sp, np), modes, rua, ruf, fo)| {
        let (adkim, aspf, psd, t) = modes;
        Record {
            p,
            sp,
            np,
            adkim,
            aspf,
            psd,
            t,
            rua,
            ruf,
            fo,
        }
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(record in records()) {
        let text = record.to_string();
        prop_assert_eq!(Record::parse(&text), Ok(record));
    }

    #[test]
    fn any_text_can_be_read(text in "(v=DMARC1;)?\\PC{0,200}") {
        for fault in faults(&text) {
            prop_assert!(fault.text.chars().count() <= 81);
            prop_assert!(!fault.text.chars().any(char::is_control));
        }
    }

    #[test]
    fn any_tags_can_be_read(tags in proptest::collection::vec("[a-z]{0,5} ?=? ?[ -~]{0,20}", 0..80)) {
        let text = format!("v=DMARC1;{}", tags.join(";"));
        let record = Record::parse(&text).unwrap();
        prop_assert_eq!(Record::parse(&record.to_string()), Ok(record));
        prop_assert!(faults(&text).len() <= 32);
    }

    #[test]
    fn a_printed_record_has_no_faulty_syntax(record in records()) {
        let syntax = [
            FaultKind::NotDmarc, FaultKind::BadValue, FaultKind::NoTag, FaultKind::Repeated,
            FaultKind::UnknownTag, FaultKind::ObsoleteTag, FaultKind::ObsoleteSize, FaultKind::BadUri,
        ];
        prop_assert!(kinds(&record.to_string()).iter().all(|kind| !syntax.contains(kind)));
    }
}
