//! What a walk over all records finds.

use posthorn_testkit::names::{Names, now};

use super::*;

fn surveyed(zone: &str) -> Survey {
    now(survey(&Names::parse(zone), "example.org"))
}

fn tree(survey: &Survey) -> Vec<String> {
    let kind = |found: &Found| match found {
        Found::One { text, .. } => text.clone(),
        Found::Nothing { .. } => "nothing".to_owned(),
        Found::Several(records) => format!("{} records", records.len()),
        Found::Silent(_) => "silent".to_owned(),
        Found::Loop => "loop".to_owned(),
        Found::DependsOnMessage => "depends".to_owned(),
    };
    let line = |seen: &Seen| format!("{} {}: {}", seen.depth, seen.domain, kind(&seen.found));
    survey.records.iter().map(line).collect()
}

#[test]
fn the_records_come_in_the_order_of_evaluation_and_their_cost_adds_up() {
    let survey = surveyed(
        "example.org TXT \"v=spf1 mx include:a.test include:b.test ip4:192.0.2.0/30 -all\"
         example.org MX 10 mx.example.org
         mx.example.org A 192.0.2.1
         mx.example.org AAAA 2001:db8::1
         a.test TXT \"v=spf1 include:c.test a:%{i}.a.test ~all include:late.test\"
         c.test TXT \"v=spf1 exists:%{p}.c.test ptr ?all\"
         b.test TXT \"v=spf1 ip4:198.51.100.7 redirect=d.test\"
         d.test TXT \"v=spf1 a ~all\"
         d.test A 192.0.2.9
         d.test AAAA 2001:db8::9",
    );
    assert_eq!(
        tree(&survey),
        [
            "0 example.org: v=spf1 mx include:a.test include:b.test ip4:192.0.2.0/30 -all",
            "1 a.test: v=spf1 include:c.test a:%{i}.a.test ~all include:late.test",
            "2 c.test: v=spf1 exists:%{p}.c.test ptr ?all",
            "1 b.test: v=spf1 ip4:198.51.100.7 redirect=d.test",
            "2 d.test: v=spf1 a ~all",
        ]
    );
    // mx, two includes; include and a; exists, ptr and the name for %{p}; redirect; a.
    assert_eq!(survey.lookups, 10);
    assert_eq!((survey.voids, survey.ipv4_addresses), (0, 5));
    assert_eq!(survey.others, Some(Qualifier::Fail));
    assert!(!survey.allows_everyone && !survey.is_cut && survey.faults.is_empty());
    assert_eq!(survey.records[1].via.as_deref(), Some("include:a.test"));
}

#[test]
fn what_finds_nothing_is_named_with_the_clients_it_concerns() {
    let survey = surveyed(
        "example.org TXT \"v=spf1 a:gone.test a:v4.test mx include:nowhere.test exists:no.test ~all\"
         v4.test A 192.0.2.1",
    );
    let empty: Vec<(&str, Families)> = survey
        .empty_terms
        .iter()
        .map(|it| (it.term.as_str(), it.families))
        .collect();
    assert_eq!(
        empty,
        [
            ("a:gone.test", Families::Both),
            ("a:v4.test", Families::Ipv6),
            ("mx", Families::Both),
            ("exists:no.test", Families::Both),
            ("include:nowhere.test", Families::Both),
        ]
    );
    assert_eq!(survey.voids, 5, "for a client with IPv6");
    let nothing = Found::Nothing {
        is_no_such_name: true,
    };
    assert_eq!(format!("{:?}", survey.records[1].found), format!("{nothing:?}"));
}

#[test]
fn everybody_is_let_in_by_all_by_a_network_of_everything_and_by_halves_of_it() {
    for (zone, expected) in [
        ("example.org TXT \"v=spf1 +all\"", true),
        ("example.org TXT \"v=spf1 ip4:0.0.0.0/0 -all\"", true),
        ("example.org TXT \"v=spf1 ip6:::/0 -all\"", true),
        (
            "example.org TXT \"v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all\"",
            true,
        ),
        (
            "example.org TXT \"v=spf1 include:a.test -all\"\na.test TXT \"v=spf1 all\"",
            true,
        ),
        (
            "example.org TXT \"v=spf1 redirect=a.test\"\na.test TXT \"v=spf1 all\"",
            true,
        ),
        (
            "example.org TXT \"v=spf1 -include:a.test -all\"\na.test TXT \"v=spf1 all\"",
            false,
        ),
        ("example.org TXT \"v=spf1 ip4:10.0.0.0/8 ?all\"", false),
        ("example.org TXT \"v=spf1 -all +all\"", false),
    ] {
        assert_eq!(surveyed(zone).allows_everyone, expected, "{zone}");
    }
}

#[test]
fn circles_silence_faults_and_several_records_are_seen() {
    let survey = surveyed(
        "example.org TXT \"v=spf1 include:back.test include:slow.test include:two.test include:bad.test \
         include:%{d}.x.test redirect=end.test\"
         back.test TXT \"v=spf1 include:example.org\"
         slow.test TIMEOUT
         two.test TXT \"v=spf1 -all\"
         two.test TXT \"v=spf1 ~all\"
         bad.test TXT \"v=spf1 ip5:1 moo -all\"
         end.test TXT \"v=spf1 ip4:192.0.2.1 ?all\"",
    );
    assert_eq!(
        tree(&survey)[1..],
        [
            "1 back.test: v=spf1 include:example.org",
            "2 example.org: loop",
            "1 slow.test: silent",
            "1 two.test: 2 records",
            "1 bad.test: v=spf1 ip5:1 moo -all",
            "1 %{d}.x.test: depends",
            "1 end.test: v=spf1 ip4:192.0.2.1 ?all",
        ]
    );
    assert_eq!(survey.silent, ["the TXT records of slow.test: no answer"]);
    let faults: Vec<&str> = survey.faults.iter().map(|it| it.fault.text.as_str()).collect();
    assert_eq!(faults, ["ip5:1", "moo"]);
    assert_eq!(survey.others, Some(Qualifier::Neutral));
}

#[test]
fn more_mail_hosts_than_are_looked_at_is_a_fault() {
    let mut zone = "example.org TXT \"v=spf1 mx -all\"\n".to_owned();
    for at in 0..12 {
        zone.push_str(&format!(
            "example.org MX {at} mx{at}.example.org\nmx{at}.example.org A 192.0.2.{at}\n"
        ));
    }
    let survey = surveyed(&zone);
    assert_eq!(
        survey.faults[0].fault.what,
        "example.org has 12 mail hosts, and SPF allows a record to ask for at most 10"
    );
}

#[test]
fn a_thicket_of_records_ends() {
    let mut zone = String::new();
    for at in 0..30 {
        let includes: String = (0..30).map(|to| format!(" include:n{at}x{to}.test")).collect();
        let name = if at == 0 {
            "example.org".to_owned()
        } else {
            format!("n0x{at}.test")
        };
        zone.push_str(&format!(
            "{name} TXT \"v=spf1{includes} a:h.test a:i.test -all\"\n"
        ));
    }
    let names = Names::parse(&zone);
    let survey = now(survey(&names, "example.org"));
    assert!(survey.is_cut);
    assert_eq!(survey.records.len(), 50);
    assert!(names.asked().len() < 300, "{}", names.asked().len());
}
