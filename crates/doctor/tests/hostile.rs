//! Zones of people who mean harm: whatever stands in them, the check ends, nothing panics, and what is
//! printed is short, printable and on its own lines.

#![expect(clippy::unwrap_used, reason = "a test may")]

use posthorn_base::lookup::Record;
use posthorn_base::{Domain, Timestamp};
use posthorn_doctor::{
    Checkup, Key, NoProbe, Plan, Probe, Question, Reach, check, compare, records, to_json, to_text, zone,
};
use posthorn_testkit::names::{Names, now};
use proptest::prelude::*;

/// Mail hosts that answer with what they like.
struct Mocking(Vec<u8>);

impl Probe for Mocking {
    async fn certificate(&self, _host: &str, _port: u16) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }

    async fn answers_smtp(&self, _host: &str, _port: u16) -> Reach {
        Reach::Refuses(String::from_utf8_lossy(&self.0).into_owned())
    }

    async fn zone_serial(&self, server: &str, _zone: &str) -> Option<u32> {
        u32::try_from(server.len()).ok()
    }
}

const TEXT_NAMES: [&str; 6] = [
    "example.test",
    "_dmarc.example.test",
    "default._domainkey.example.test",
    "_mta-sts.example.test",
    "_smtp._tls.example.test",
    "include.test",
];

fn question(is_ours: bool) -> Question {
    let domain = Domain::parse("example.test").unwrap();
    let mut question = Question::new(domain.clone(), Timestamp::from_secs(1_750_000_000));
    question.selectors = vec!["\u{1b}[2J".to_owned(), "a b".to_owned(), "x".repeat(300)];
    if is_ours {
        let mut plan = Plan::new(domain, Domain::parse("mail.example.test").unwrap());
        plan.addresses = vec!["192.0.2.1".parse().unwrap()];
        plan.keys = vec![Key {
            selector: "default".to_owned(),
            value: "v=DKIM1; p=".to_owned(),
            is_pending: false,
        }];
        question.ours = Some(plan);
    }
    question
}

fn assert_is_tame(checkup: &Checkup) -> Result<(), TestCaseError> {
    let text = checkup.to_text(80);
    prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", text);
    prop_assert!(!text.contains('\u{202e}'), "the direction of writing was turned");
    prop_assert!(text.len() < 100_000, "{} octets", text.len());
    prop_assert!(checkup.findings.len() < 200);
    for finding in &checkup.findings {
        prop_assert!(
            finding.what.len() < 8_000 && finding.fix.len() < 4_000,
            "{:?}",
            finding
        );
    }
    let _json = checkup.to_json().to_string();
    Ok(())
}

fn published() -> impl Strategy<Value = Vec<u8>> {
    let starts = prop::sample::select(vec![
        "v=spf1 ",
        "v=DMARC1; ",
        "v=DKIM1; p=",
        "v=STSv1; id=",
        "v=TLSRPTv1; rua=",
        "",
    ]);
    let words = prop::sample::select(vec![
        "include:include.test",
        "redirect=include.test",
        "mx",
        "ptr",
        "a:%{i}.test",
        "+all",
        "p=reject;",
        "sp=none;",
        "rua=mailto:a@b.test",
        "\u{202e}",
        "\u{7}",
        "ip4:0.0.0.0/0",
        "\"",
        "\\",
        "exists:%{p}.x",
        "p=",
        "t=y",
    ]);
    let octets = prop::collection::vec(any::<u8>(), 0..30);
    (starts, prop::collection::vec(words, 0..8), octets).prop_map(|(start, words, mut octets)| {
        let mut text = start.as_bytes().to_vec();
        text.extend(words.join(" ").into_bytes());
        text.append(&mut octets);
        text
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("mail.example.test".to_owned()),
        Just("example.test".to_owned()),
        Just(String::new()),
        "[a-z]{1,5}\\.test",
        "\\PC{0,20}",
        Just("a.".repeat(200)),
        Just("x\u{1b}[2J\n\u{202e}.test".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_zone_is_examined_and_told_tamely(
        texts in prop::collection::vec((prop::sample::select(TEXT_NAMES.to_vec()), published()), 0..12),
        hosts in prop::collection::vec((any::<u16>(), name()), 0..4),
        names in prop::collection::vec(name(), 0..4),
        certificate in prop::collection::vec(any::<u8>(), 0..40),
        is_ours in any::<bool>(),
    ) {
        let mut zone = Names::parse("mail.example.test A 192.0.2.1\nexample.test CAA 0 iodef \"x\"\n");
        for (name, text) in texts {
            zone.add(name, Record::Txt(text.into()));
        }
        for (preference, exchange) in hosts {
            zone.add("example.test", Record::Mx { preference, exchange });
        }
        for name in names {
            zone.add("1.2.0.192.in-addr.arpa", Record::Ptr(name.clone()));
            zone.add("example.test", Record::Ns(name.clone()));
            zone.add("alias.test", Record::Cname(name.clone()));
            zone.add("example.test", Record::Caa { critical: true, tag: "issue".to_owned(), value: name });
        }
        zone.add("_25._tcp.mail.example.test", Record::Tlsa {
            usage: 3, selector: 1, matching: 1, data: certificate.clone().into(),
        });
        let checkup = now(check(&zone, &Mocking(certificate), &question(is_ours)));
        assert_is_tame(&checkup)?;
    }

    #[test]
    fn any_record_that_is_there_can_be_planned_with(spf in published(), dmarc in published()) {
        let mut plan = question(true).ours.unwrap();
        plan.spf = Some(String::from_utf8_lossy(&spf).into_owned());
        plan.dmarc = Some(String::from_utf8_lossy(&dmarc).into_owned());
        let mut wanted = records(&plan);
        let mut there = Names::default();
        there.add("example.test", Record::Txt(spf.into()));
        now(compare(&there, &mut wanted));
        let text = to_text(&wanted, &plan.domain, 80);
        prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", text);
        let file = zone(&wanted, &plan.domain, &[]);
        prop_assert!(file.bytes().all(|octet| octet == b'\n' || (b' '..=b'~').contains(&octet)), "{:?}", file);
        let _json = to_json(&wanted, &plan.domain).to_string();
    }
}

#[test]
fn a_megabyte_of_text_is_not_repeated() {
    let mut zone = Names::parse("example.test MX 10 mail.example.test\nmail.example.test A 192.0.2.1\n");
    for (name, start) in [
        ("example.test", "v=spf1 "),
        ("_dmarc.example.test", "v=DMARC1; "),
        ("default._domainkey.example.test", "v=DKIM1; p="),
        ("_mta-sts.example.test", "v=STSv1; "),
        ("_smtp._tls.example.test", "v=TLSRPTv1; "),
    ] {
        let text = format!("{start}{}", "ip4:192.0.2.1 ;".repeat(70_000));
        zone.add(name, Record::Txt(text.into_bytes().into()));
    }
    let checkup = now(check(&zone, &NoProbe, &question(true)));
    assert_is_tame(&checkup).unwrap();
}

#[test]
fn a_thousand_of_everything_is_looked_at_in_part() {
    let mut zone = Names::default();
    for at in 0..1_000_u16 {
        zone.add(
            "example.test",
            Record::Mx {
                preference: at,
                exchange: format!("mx{at}.test"),
            },
        );
        zone.add("example.test", Record::Ns(format!("ns{at}.test")));
        for host in 0..10 {
            zone.add(
                &format!("mx{host}.test"),
                Record::A(std::net::Ipv4Addr::from_bits(u32::from(at))),
            );
        }
        for name in TEXT_NAMES {
            let text = format!("v=spf1 include:include.test ip4:192.0.2.1 v=DMARC1 {at}");
            zone.add(name, Record::Txt(text.into_bytes().into()));
        }
    }
    let checkup = now(check(&zone, &NoProbe, &question(false)));
    assert_is_tame(&checkup).unwrap();
    assert!(zone.asked().len() < 1_000, "{} questions", zone.asked().len());
}

/// Servers move the whole examination between threads.
#[test]
fn the_futures_can_be_sent() {
    fn assert_send<T: Send>(_: &T) {}
    let names = Names::default();
    let question = question(true);
    let mut wanted = records(question.ours.as_ref().unwrap());
    let future = check(&names, &NoProbe, &question);
    assert_send(&future);
    assert!(size_of_val(&future) < 16_384, "{} octets", size_of_val(&future));
    assert_send(&compare(&names, &mut wanted));
    assert_send(&posthorn_doctor::present(&names, &question.domain));
}
