//! What strangers may do: nothing panics, everything ends soon, and what is kept of their text is short and
//! printable.

#![allow(clippy::expect_used, reason = "tests")]

use std::net::IpAddr;

use posthorn_base::Timestamp;
use posthorn_base::lookup::Record;
use posthorn_spf::{Evaluation, Identity, Query, SpfResult, check_host, survey};
use posthorn_testkit::names::{Names, now};
use proptest::prelude::*;

/// More questions than any evaluation may ask: 11 records, ten terms of ten hosts and their list, the
/// client's name with ten hosts, the explanation.
const MAX_QUESTIONS: usize = 11 + 110 + 11 + 1;

fn check_from(names: &Names, ip: &str, sender: &str, helo: &str) -> Evaluation {
    let ip: IpAddr = ip.parse().expect("an address");
    let domain = sender.rsplit_once('@').map_or(helo, |(_, domain)| domain);
    let evaluation = now(check_host(
        names,
        &Query {
            identity: Identity::MailFrom,
            ip,
            domain,
            sender,
            helo,
            receiver: "mx.receiver.example",
            now: Timestamp::from_secs(0),
        },
    ));
    check_bounds(&evaluation);
    assert!(
        names.asked().len() <= MAX_QUESTIONS,
        "{} questions",
        names.asked().len()
    );
    evaluation
}

fn check(names: &Names) -> Evaluation {
    check_from(names, "192.0.2.1", "a@example.org", "mail.example.org")
}

fn check_bounds(evaluation: &Evaluation) {
    let prints = |text: &str| text.replace('→', ">").bytes().all(|c| (b' '..=b'~').contains(&c));
    let record = evaluation.record.as_deref().unwrap_or_default();
    let explanation = evaluation.explanation.as_deref().unwrap_or_default();
    let matched = evaluation.matched.as_deref().unwrap_or_default();
    for (text, limit) in [
        (evaluation.domain.as_str(), 255),
        (evaluation.reason.as_str(), 400),
        (record, 1024),
        (explanation, 400),
        (matched, 400),
    ] {
        assert!(prints(text) && text.chars().count() <= limit, "{text}");
    }
    assert!(!evaluation.reason.is_empty());
    assert!(evaluation.steps.len() <= 64);
    for step in &evaluation.steps {
        assert!(prints(&step.term) && prints(&step.detail) && prints(&step.domain));
        assert!(step.term.len() <= 120 && step.detail.len() <= 160 && step.domain.len() <= 100);
        assert!(step.depth <= 10);
    }
    assert!(evaluation.lookups <= 10 && evaluation.voids <= 3);
}

fn txt(text: impl AsRef<[u8]>) -> Record {
    Record::Txt(text.as_ref().into())
}

#[test]
fn an_answer_of_a_megabyte_is_a_fault_of_the_record() {
    let mut names = Names::default();
    names.add(
        "example.org",
        txt(format!("v=spf1{} -all", " ip4:192.0.2.9".repeat(75_000))),
    );
    let evaluation = check(&names);
    assert_eq!(evaluation.result, SpfResult::PermError);
    assert!(
        evaluation.reason.contains("longer than 65535"),
        "{}",
        evaluation.reason
    );
    let survey = now(survey(&names, "example.org"));
    assert_eq!(survey.faults.len(), 1);
}

#[test]
fn a_megabyte_of_other_text_is_passed_over() {
    let mut names = Names::default();
    names.add("example.org", txt(vec![0xff; 1 << 20]));
    names.add("example.org", txt("v=spf1 ip4:192.0.2.1 -all"));
    assert_eq!(check(&names).result, SpfResult::Pass);
}

#[test]
fn a_hundred_terms_that_ask_end_at_the_eleventh() {
    let mut names = Names::parse("x.test A 192.0.2.9");
    names.add(
        "example.org",
        txt(format!("v=spf1{} -all", " a:x.test".repeat(100))),
    );
    let evaluation = check(&names);
    assert_eq!(
        (evaluation.result, evaluation.lookups),
        (SpfResult::PermError, 10)
    );
    assert_eq!(names.asked().len(), 11);
}

#[test]
fn four_thousand_addresses_leave_sixty_four_steps() {
    let mut names = Names::default();
    let mut record = "v=spf1".to_owned();
    record.push_str(&" ip4:192.0.2.9".repeat(4000));
    names.add("example.org", txt(format!("{record} ip4:192.0.2.1 -all")));
    let evaluation = check(&names);
    assert_eq!((evaluation.result, evaluation.steps.len()), (SpfResult::Pass, 64));
    assert_eq!(evaluation.matched.as_deref(), Some("ip4:192.0.2.1"));
}

#[test]
fn includes_that_branch_and_never_end_cost_ten_look_ups() {
    let mut names = Names::default();
    for at in 0..40 {
        let next = at + 1;
        names.add(
            &if at == 0 {
                "example.org".to_owned()
            } else {
                format!("n{at}.test")
            },
            txt(format!(
                "v=spf1 include:n{next}.test include:n{next}.test redirect=n{next}.test"
            )),
        );
    }
    let evaluation = check(&names);
    assert_eq!(
        (evaluation.result, evaluation.lookups),
        (SpfResult::PermError, 10)
    );
    assert_eq!(names.asked().len(), 11);
}

#[test]
fn a_record_that_redirects_to_itself_ends() {
    let names = Names::parse("example.org TXT \"v=spf1 ip4:192.0.2.9 redirect=EXAMPLE.org.\"");
    let evaluation = check(&names);
    assert_eq!(evaluation.result, SpfResult::PermError);
    assert!(evaluation.reason.contains("leads back"), "{}", evaluation.reason);
}

#[test]
fn an_explanation_is_cut_and_stripped() {
    let mut names = Names::parse("example.org TXT \"v=spf1 -all exp=why.test\"");
    names.add("why.test", txt("%{s}".repeat(1000)));
    let sender = format!("{}@example.org", "x\u{1b}[31m\u{202e}".repeat(40));
    let evaluation = check_from(&names, "192.0.2.1", &sender, "");
    let text = evaluation.explanation.expect("an explanation");
    assert!(text.len() == 400 && text.ends_with("..."), "{text}");
}

#[test]
fn a_name_server_that_is_silent_is_never_a_fail() {
    for term in [
        "a:slow.test",
        "mx:slow.test",
        "mx:mx.test",
        "exists:slow.test",
        "include:slow.test",
        "ptr",
    ] {
        let mut names =
            Names::parse("slow.test TIMEOUT\nmx.test MX 10 slow.test\n1.2.0.192.in-addr.arpa TIMEOUT");
        names.add("example.org", txt(format!("v=spf1 {term} -all")));
        assert_eq!(check(&names).result, SpfResult::TempError, "{term}");
    }
    let names = Names::parse("example.org TIMEOUT");
    assert_eq!(check(&names).result, SpfResult::TempError);
}

#[test]
fn one_silent_mail_host_does_not_matter_when_another_is_the_client() {
    let names = Names::parse(
        "example.org TXT \"v=spf1 mx -all\"\nexample.org MX 5 slow.test\nexample.org MX 9 ok.test\n\
         slow.test TIMEOUT\nok.test A 192.0.2.1",
    );
    assert_eq!(check(&names).result, SpfResult::Pass);
}

#[test]
fn a_local_part_that_is_not_ascii_matches_no_macro() {
    let names = Names::parse("example.org TXT \"v=spf1 exists:%{l}.ok.test -all\"");
    let evaluation = check_from(&names, "192.0.2.1", "größe@example.org", "");
    assert_eq!(evaluation.result, SpfResult::Fail);
    assert_eq!(names.asked().len(), 1, "a name that is no name is not asked for");
}

#[test]
fn an_international_domain_is_asked_in_its_ascii_form() {
    let names = Names::parse(
        "xn--bcher-kva.example TXT \"v=spf1 exists:%{h}.%{o}.ok.test -all\"\n\
                              xn--bcher-kva.example.xn--bcher-kva.example.ok.test A 127.0.0.2",
    );
    let evaluation = check_from(&names, "192.0.2.1", "a@bücher.example", "bücher.example");
    assert_eq!(evaluation.result, SpfResult::Pass);
    assert_eq!(evaluation.domain, "xn--bcher-kva.example");
}

#[test]
fn an_evaluation_that_took_too_long_is_a_temperror() {
    let evaluation = Evaluation::given_up(&Query {
        identity: Identity::Helo,
        ip: "192.0.2.1".parse().expect("an address"),
        domain: "Example.ORG",
        sender: "",
        helo: "Example.ORG",
        receiver: "",
        now: Timestamp::from_secs(0),
    });
    check_bounds(&evaluation);
    assert_eq!(evaluation.result, SpfResult::TempError);
    assert_eq!(evaluation.domain, "example.org");
}

/// Records that are nearly right, of all kinds of terms, so that they get far.
fn term() -> impl Strategy<Value = String> {
    let domain = prop_oneof![
        Just("example.org".to_owned()),
        Just("b.test".to_owned()),
        Just("%{ir}.%{l1r+-}.%{d2}".to_owned()),
        Just("%{p}.b.test".to_owned()),
        Just("%{H}.%{S}.b.test".to_owned()),
        "[a-z.%{}/]{0,10}\\.test",
    ];
    let name = prop_oneof![
        Just("a"),
        Just("mx"),
        Just("ptr"),
        Just("exists"),
        Just("include"),
        Just("?include"),
        Just("ip4"),
        Just("-a"),
    ];
    prop_oneof![
        8 => (name, domain.clone()).prop_map(|(name, domain)| format!("{name}:{domain}")),
        1 => domain.clone().prop_map(|domain| format!("redirect={domain}")),
        1 => domain.prop_map(|domain| format!("exp={domain}")),
        1 => "ip4:[0-9]{1,3}\\.0\\.2\\.1(/[0-9]{1,2})?",
        1 => Just("~all".to_owned()),
        1 => "[ -~\u{80}-\u{ff}]{0,12}",
    ]
}

fn record() -> impl Strategy<Value = String> {
    proptest::collection::vec(term(), 0..14).prop_map(|terms| format!("v=spf1 {}", terms.join(" ")))
}

proptest! {
    #[test]
    fn no_record_and_no_client_breaks_the_bounds(
        first in record(),
        second in record(),
        sender in "[ -~\u{e9}]{0,30}@example\\.org",
        helo in "[ -~\u{e9}]{0,40}",
        octets in any::<[u8; 16]>(),
        has_ipv4 in any::<bool>(),
    ) {
        let mut names = Names::parse(
            "example.org A 192.0.2.1\nb.test AAAA 2001:db8::1\nb.test MX 10 example.org\n\
             1.2.0.192.in-addr.arpa PTR example.org",
        );
        names.add("example.org", txt(first));
        names.add("b.test", txt(second));
        let ip = if has_ipv4 { "192.0.2.1".to_owned() } else { std::net::Ipv6Addr::from(octets).to_string() };
        let evaluation = check_from(&names, &ip, &sender, &helo);
        let text = serde_json::to_string(&evaluation).expect("it is written as JSON");
        prop_assert_eq!(serde_json::from_str::<Evaluation>(&text).expect("it is read"), evaluation);
        let survey = now(survey(&names, "example.org"));
        prop_assert!(survey.records.len() <= 50);
    }

    #[test]
    fn no_octets_in_an_answer_do_harm(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut names = Names::default();
        names.add("example.org", txt([b"v=spf1 ".as_slice(), &octets].concat()));
        check(&names);
    }
}

#[test]
fn the_futures_may_move_between_threads() {
    fn is_send(_future: impl Future + Send) {}
    let names = Names::default();
    let query = Query {
        identity: Identity::Helo,
        ip: "192.0.2.1".parse().expect("an address"),
        domain: "",
        sender: "",
        helo: "",
        receiver: "",
        now: Timestamp::from_secs(0),
    };
    is_send(check_host(&names, &query));
    is_send(survey(&names, "example.org"));
}
