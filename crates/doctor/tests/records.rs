//! What the generator writes is read back: by our own check, by a reader of zone files, and by
//! `named-checkzone` where it is installed.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use posthorn_base::{Address, Domain, Timestamp};
use posthorn_doctor::{
    Key, MtaSts, MtaStsMode, Necessity, NoProbe, Plan, Question, Service, Severity, State, Wanted, check,
    compare, public_key_sha256, records, to_json, to_text, zone,
};
use posthorn_testkit::names::{Names, now};

const CERTIFICATE: &[u8] = include_bytes!("data/mail.example.test.der");
const SOUND: &str = include_str!("golden/sound.zone");

/// Name servers of the zone, which no record of ours concerns.
const AROUND: &str = "example.test NS ns1.dns.test\nexample.test NS ns2.dns.test\nns1.dns.test A 198.51.100.1\n\
                      ns2.dns.test A 203.0.113.1\nexample.test TXT \"site-verification=abc\"\n";

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

fn key(selector: &str) -> Key {
    let line = SOUND.lines().find(|line| line.contains("_domainkey")).unwrap();
    Key {
        selector: selector.to_owned(),
        value: line.split('"').nth(1).unwrap().to_owned(),
        is_pending: false,
    }
}

fn plan(name: &str, host: &str) -> Plan {
    let mut plan = Plan::new(domain(name), domain(host));
    plan.addresses = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    plan.keys = vec![key("rsa-a"), key("rsa-b")];
    plan
}

fn full() -> Plan {
    let mut plan = plan("example.test", "mail.example.test");
    plan.mta_sts = Some(MtaSts {
        id: "20260501".to_owned(),
        mode: MtaStsMode::Testing,
    });
    plan.public_key_sha256 = public_key_sha256(CERTIFICATE);
    plan.certificate_issuer = Some("letsencrypt.org".to_owned());
    plan.services.push((Service::Pop3s, Service::Pop3s.usual_port()));
    plan.services.push((Service::Submission, 5_870));
    plan
}

fn plans() -> Vec<(&'static str, Plan)> {
    let mut merged = full();
    merged.spf = Some("v=spf1 include:news.test ip4:198.51.100.7 -all".to_owned());
    merged.dmarc = Some("v=DMARC1; p=quarantine; rua=mailto:old@example.test".to_owned());
    let mut reports = full();
    reports.dmarc_reports = Address::parse("dmarc@reports.test").ok();
    vec![
        ("full", full()),
        ("merged", merged),
        ("reports elsewhere", reports),
        ("host is the domain", plan("example.test", "example.test")),
        ("host elsewhere", plan("example.test", "mx.host.test")),
        ("no mail", Plan::no_mail(domain("example.test"))),
    ]
}

fn published(wanted: &[Wanted]) -> Names {
    let mut names = Names::parse(AROUND);
    names.add(
        "news.test",
        posthorn_base::lookup::Record::Txt(b"v=spf1 ip4:198.51.100.8 -all".as_slice().into()),
    );
    for one in wanted {
        names.add(&one.entry.name, one.entry.record.clone());
    }
    names
}

#[test]
fn what_is_generated_passes_our_own_check() {
    for (name, plan) in plans() {
        let names = published(&records(&plan));
        let mut question = Question::new(plan.domain.clone(), Timestamp::from_secs(1_750_000_000));
        question.ours = Some(plan);
        let checkup = now(check(&names, &NoProbe, &question));
        assert!(
            checkup.worst() >= Severity::CouldBeBetter,
            "{name}: {}",
            checkup.to_text(100)
        );
        let others: Vec<&str> = checkup
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::CouldBeBetter)
            .map(|finding| finding.code)
            .collect();
        // The start at p=none is the only advice that a fresh set of records leaves.
        assert!(
            others.is_empty() || others == ["dmarc-none"],
            "{name}: {others:?}"
        );
    }
}

#[test]
fn once_published_every_record_is_the_same() {
    for (name, plan) in plans() {
        let mut wanted = records(&plan);
        let empty = Names::parse(AROUND);
        now(compare(&empty, &mut wanted));
        for one in &wanted {
            assert_eq!(one.state, State::Missing, "{name}: {}", one.entry.name);
        }
        let names = published(&wanted);
        now(compare(&names, &mut wanted));
        for one in &wanted {
            assert_eq!(one.state, State::Same, "{name}: {}", one.entry.name);
        }
    }
}

#[test]
fn generating_from_what_was_generated_changes_nothing() {
    for (name, plan) in plans() {
        let wanted = records(&plan);
        let mut again = plan.clone();
        let text = |name: &str| {
            let at = wanted
                .iter()
                .find(|one| one.entry.name == name && one.entry.kind() == posthorn_base::lookup::Kind::Txt);
            at.map(|one| one.entry.content())
        };
        again.spf = text("example.test");
        again.dmarc = text("_dmarc.example.test");
        let values = |wanted: &[Wanted]| wanted.iter().map(|one| one.entry.line()).collect::<Vec<_>>();
        assert_eq!(values(&records(&again)), values(&wanted), "{name}");
    }
}

/// The zone as absolute lines for another reader.
fn read_back(zone: &str, origin: &str) -> Vec<String> {
    let lines = zone.lines().filter(|line| line.contains(" IN "));
    lines
        .filter(|line| !line.starts_with(';') && !line.contains(" IN SOA ") && !line.contains(" IN NS "))
        .map(|line| {
            let (name, rest) = line.split_once(' ').unwrap();
            let (ttl, rest) = rest.split_once(' ').unwrap();
            assert_eq!(ttl, "3600");
            match name {
                "@" => format!("{origin}. {rest}"),
                _ => format!("{name}.{origin}. {rest}"),
            }
        })
        .collect()
}

#[test]
fn the_zone_file_reads_back_as_the_records() {
    for (name, plan) in plans() {
        let wanted = records(&plan);
        let text = zone(&wanted, &plan.domain, &[]);
        let lines = read_back(&text, "example.test");
        let own = wanted.iter().filter(|one| one.entry.relative.is_some());
        let names = Names::parse(&lines.join("\n"));
        let mut count = 0;
        for one in own {
            count += 1;
            let answer = now(posthorn_base::lookup::Lookup::ask(
                &names,
                &one.entry.name,
                one.entry.kind(),
            ));
            assert!(
                answer.unwrap().contains(&one.entry.record),
                "{name}: {}",
                one.entry.name
            );
        }
        assert_eq!(lines.len(), count, "{name}");
    }
}

/// `None` where BIND's tools are not installed.
fn named_checkzone(origin: &str, zone: &str) -> Option<(bool, String)> {
    let child = Command::new("named-checkzone")
        .args(["-i", "local", origin, "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.ok()?;
    let written = child.stdin.take().unwrap().write_all(zone.as_bytes());
    written.unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Some((output.status.success(), said))
}

#[test]
fn named_checkzone_accepts_every_zone_file() {
    for (name, plan) in plans() {
        for servers in [vec![], vec!["ns1.dns.test".to_owned(), "ns2.dns.test".to_owned()]] {
            let text = zone(&records(&plan), &plan.domain, &servers);
            if let Some((is_accepted, said)) = named_checkzone(plan.domain.as_str(), &text) {
                assert!(is_accepted && !said.contains("warn"), "{name}: {said}\n{text}");
                assert!(said.contains("loaded serial 1"), "{name}: {said}");
            }
        }
    }
}

#[test]
fn the_list_has_every_record_with_its_sentence() {
    for (name, plan) in plans() {
        let wanted = records(&plan);
        let text = to_text(&wanted, &plan.domain, 100);
        let json = to_json(&wanted, &plan.domain);
        assert_eq!(json["records"].as_array().unwrap().len(), wanted.len(), "{name}");
        for one in &wanted {
            assert!(text.contains(&format!("  Name   {}", one.entry.name)), "{name}");
            assert!(
                text.contains(&format!("  Value  {}\n", one.entry.content())),
                "{name}"
            );
            assert!(
                one.purpose.ends_with('.') && !one.purpose.contains("  "),
                "{}",
                one.purpose
            );
        }
    }
}

#[test]
fn the_list_is_as_it_was_approved() {
    let plan = full();
    let mut wanted = records(&plan);
    let there = Names::parse(
        "example.test MX 10 mx.old.test\nmail.example.test A 192.0.2.1\nautoconfig.example.test TIMEOUT\n",
    );
    now(compare(&there, &mut wanted));
    assert_eq!(
        to_text(&wanted, &plan.domain, 100),
        include_str!("golden/records.expected")
    );
    let wanted = records(&plan);
    assert_eq!(
        zone(&wanted, &plan.domain, &[]),
        include_str!("golden/zone.expected")
    );
}

#[test]
fn a_host_elsewhere_is_not_put_into_the_zone() {
    let plan = plan("example.test", "mx.host.test");
    let wanted = records(&plan);
    let text = zone(&wanted, &plan.domain, &[]);
    assert!(text.contains("; mx.host.test. 3600 IN A 192.0.2.1\n"), "{text}");
    assert!(text.contains("@ 3600 IN MX 10 mx.host.test.\n"));
}

#[test]
fn a_domain_without_mail_says_so_in_needed_records_only() {
    let wanted = records(&Plan::no_mail(domain("example.test")));
    let lines: Vec<String> = wanted
        .iter()
        .filter(|one| one.necessity != Necessity::Optional)
        .map(|one| one.entry.line())
        .collect();
    assert_eq!(
        lines,
        [
            "example.test. 3600 IN MX 0 .",
            "example.test. 3600 IN TXT \"v=spf1 -all\"",
            "_dmarc.example.test. 3600 IN TXT \"v=DMARC1; p=reject\"",
        ]
    );
}

#[test]
fn a_name_with_other_letters_is_written_in_its_ascii_form() {
    let plan = plan("bücher.test", "mail.bücher.test");
    let wanted = records(&plan);
    assert!(wanted.iter().all(|one| one.entry.name.is_ascii()));
    let text = zone(&wanted, &plan.domain, &[]);
    assert!(text.contains("$ORIGIN xn--bcher-kva.test.\n") && text.is_ascii());
}
