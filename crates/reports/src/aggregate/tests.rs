//! Reading what is broken, and reading what we write.

use std::net::IpAddr;

use posthorn_dmarc::Policy;
use proptest::prelude::*;

use super::{read_xml, write_xml};
use crate::limits::{Limits, Unreadable};
use crate::report::{
    Aggregate, AuthResult, Discovery, Disposition, DkimAuth, Mode, Override, OverrideKind, Published, Record,
    SpfAuth,
};

fn read(xml: &str) -> Result<Aggregate, Unreadable> {
    read_xml(xml.as_bytes(), &Limits::default())
}

/// A report whose only record says this.
fn with_record(record: &str) -> Record {
    let xml = format!(
        "<feedback><policy_published><domain>a.test</domain></policy_published><record>\
         <row><source_ip>192.0.2.1</source_ip><count>1</count></row>{record}</record></feedback>"
    );
    read(&xml).unwrap().records.remove(0)
}

#[test]
fn the_reverse_path_counts_before_helo_whatever_comes_first() {
    let helo = "<spf><domain>h.test</domain><scope>helo</scope><result>pass</result></spf>";
    let mfrom = "<spf><domain>m.test</domain><scope>mfrom</scope><result>fail</result></spf>";
    for results in [format!("{helo}{mfrom}"), format!("{mfrom}{helo}")] {
        let record = with_record(&format!("<auth_results>{results}</auth_results>"));
        assert_eq!(record.spf.unwrap().domain, "m.test");
    }
    let record = with_record(&format!("<auth_results>{helo}</auth_results>"));
    assert!(record.spf.unwrap().is_helo);
}

#[test]
fn a_passing_signature_is_never_the_one_left_out() {
    let fail = "<dkim><domain>f.test</domain><result>fail</result></dkim>".repeat(50);
    let pass = "<dkim><domain>p.test</domain><result>pass</result></dkim>";
    let record = with_record(&format!("<auth_results>{fail}{pass}</auth_results>"));
    assert_eq!(record.dkim.len(), super::SIGNATURES);
    assert_eq!(record.dkim[0].domain, "p.test");
}

#[test]
fn namespaces_references_and_cdata_are_understood() {
    let xml = "\u{feff}<d:feedback xmlns:d='urn:x'><d:report_metadata><d:org_name>A &amp; <![CDATA[B <]]>&#33;&unknown;\
        </d:org_name></d:report_metadata><d:policy_published><d:domain>A.test.</d:domain></d:policy_published></d:feedback>";
    let report = read(xml).unwrap();
    assert_eq!(report.org_name, "A & B <!");
    assert_eq!(report.published.domain, "a.test");
}

#[test]
fn utf_16_is_read() {
    let xml = "<feedback><policy_published><domain>a.test</domain></policy_published></feedback>";
    let mut little = vec![0xff, 0xfe];
    little.extend(xml.encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(
        read_xml(&little, &Limits::default()).unwrap().published.domain,
        "a.test"
    );
}

#[test]
fn a_report_that_breaks_off_is_refused() {
    let whole = "<feedback><policy_published><domain>a.test</domain></policy_published></feedback>";
    assert!(read(whole).is_ok());
    for end in 10..whole.len() - 1 {
        let part = &whole.as_bytes()[..end];
        assert!(read_xml(part, &Limits::default()).is_err(), "{end}");
    }
}

#[test]
fn other_xml_is_no_report() {
    assert_eq!(read("<html><body>hello</body></html>"), Err(Unreadable::NoReport));
    assert_eq!(read("<not xml"), Err(Unreadable::NoReport));
    let nameless = read("<feedback></feedback>");
    assert_eq!(nameless, Err(Unreadable::Incomplete("which domain it is about")));
}

#[test]
fn a_record_without_an_address_or_number_is_counted_as_unusable() {
    let xml = "<feedback><policy_published><domain>a.test</domain></policy_published>\
        <record><row><count>1</count></row></record>\
        <record><row><source_ip>192.0.2.1</source_ip><count>0</count></row></record>\
        <record><row><source_ip>::ffff:192.0.2.1</source_ip><count>18446744073709551615</count></row></record></feedback>";
    let report = read(xml).unwrap();
    assert_eq!(report.unusable, 2);
    assert_eq!(report.records[0].source, "192.0.2.1".parse::<IpAddr>().unwrap());
    assert_eq!(report.records[0].count, 1_000_000_000);
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9<>&\"' é.-]{1,30}".prop_map(|text| text.trim().to_owned())
}

fn optional_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text()).prop_map(|text| text.filter(|text| !text.is_empty()))
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}(\\.[a-z0-9]{1,8}){0,3}"
}

fn policy() -> impl Strategy<Value = Option<Policy>> {
    proptest::option::of(prop_oneof![
        Just(Policy::None),
        Just(Policy::Quarantine),
        Just(Policy::Reject)
    ])
}

fn mode() -> impl Strategy<Value = Option<Mode>> {
    proptest::option::of(prop_oneof![Just(Mode::Relaxed), Just(Mode::Strict)])
}

fn published() -> impl Strategy<Value = Published> {
    let discovery = proptest::option::of(prop_oneof![Just(Discovery::Psl), Just(Discovery::TreeWalk)]);
    let flags = (
        mode(),
        mode(),
        proptest::option::of(any::<bool>()),
        discovery,
        optional_text(),
    );
    (name(), policy(), policy(), policy(), flags).prop_map(|(domain, p, sp, np, flags)| Published {
        domain,
        p,
        sp,
        np,
        adkim: flags.0,
        aspf: flags.1,
        testing: flags.2,
        discovery: flags.3,
        fo: flags.4,
    })
}

fn overrides() -> impl Strategy<Value = Vec<Override>> {
    let one = (
        proptest::sample::select(OverrideKind::ALL.to_vec()),
        optional_text(),
    );
    proptest::collection::vec(one.prop_map(|(kind, comment)| Override { kind, comment }), 0..3)
}

fn signatures() -> impl Strategy<Value = Vec<DkimAuth>> {
    let one = (name(), name(), proptest::sample::select(AuthResult::ALL.to_vec()));
    let one = one.prop_map(|(domain, selector, result)| DkimAuth {
        domain,
        selector,
        result,
    });
    proptest::collection::vec(one, 0..4).prop_map(|mut all| {
        all.sort_by_key(|of| of.result != AuthResult::Pass);
        all
    })
}

fn record() -> impl Strategy<Value = Record> {
    let spf = (
        name(),
        any::<bool>(),
        proptest::sample::select(AuthResult::ALL.to_vec()),
    );
    let spf = spf.prop_map(|(domain, is_helo, result)| SpfAuth {
        domain,
        is_helo,
        result,
    });
    let dispositions = vec![
        Disposition::None,
        Disposition::Pass,
        Disposition::Quarantine,
        Disposition::Reject,
    ];
    let evaluated = (
        proptest::sample::select(dispositions),
        any::<bool>(),
        any::<bool>(),
        overrides(),
    );
    let envelope_from = proptest::option::of(prop_oneof![Just(String::new()), name()]);
    let names = (name(), envelope_from, proptest::option::of(name()));
    let source = any::<u32>().prop_map(|ip| IpAddr::from(std::net::Ipv4Addr::from(ip)));
    (
        source,
        1..1_000_000_u64,
        evaluated,
        names,
        signatures(),
        proptest::option::of(spf),
    )
        .prop_map(|(source, count, evaluated, names, dkim, spf)| Record {
            source,
            count,
            disposition: evaluated.0,
            dkim_aligned: evaluated.1,
            spf_aligned: evaluated.2,
            overrides: evaluated.3,
            header_from: names.0,
            envelope_from: names.1,
            envelope_to: names.2,
            dkim,
            spf,
        })
}

fn report() -> impl Strategy<Value = Aggregate> {
    let who = (name(), name(), optional_text(), name(), optional_text());
    let records = proptest::collection::vec(record(), 0..5);
    (who, 0..1_000_000_i64, 0..100_000_i64, published(), records).prop_map(
        |(who, begin, seconds, published, records)| Aggregate {
            org_name: who.0,
            email: who.1,
            extra_contact: who.2,
            report_id: who.3,
            begin,
            end: begin + seconds,
            errors: who.4.into_iter().collect(),
            generator: None,
            published,
            records,
            unusable: 0,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(report in report()) {
        prop_assert_eq!(read(&write_xml(&report)), Ok(report));
    }

    #[test]
    fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(read_xml(&octets, &Limits::default()));
    }

    #[test]
    fn no_change_of_a_report_panics(report in report(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut xml = write_xml(&report).into_bytes();
        let at = at.index(xml.len());
        xml[at] = to;
        drop(read_xml(&xml, &Limits::default()));
    }
}
