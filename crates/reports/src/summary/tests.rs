//! From reports to advice.

use posthorn_dmarc::Policy;

use super::*;
use crate::coach::Verdict;
use crate::fixture::{
    DAY_SECS, Kept, MIDNIGHT, dkim, domain, forged, good, google, ip, now, report, service, spf,
};
use crate::keep::{Carrier, keep};
use crate::report::{AuthResult, Override, OverrideKind, Record, Report, TlsFailure, TlsPolicy};
use crate::source::Kind;

fn names() -> BTreeMap<IpAddr, String> {
    [
        ("192.0.2.1", "mail.ours-hosting.test"),
        ("198.51.100.7", "o1.sender.mailgun.net"),
        ("198.51.100.8", "o2.sender.mailgun.net"),
    ]
    .into_iter()
    .map(|(address, name)| (ip(address), name.to_owned()))
    .collect()
}

/// The summary of so many days with the same records.
fn summarised(days: i64, p: Policy, records: Vec<Record>) -> Summary {
    Kept::empty().run(move |tx| {
        let ours = [domain("ours.test")];
        for day in 1..=days {
            let report = Report::Aggregate(report(day, p, records.clone()));
            keep(tx, &report, &google(), &ours, now()).unwrap();
        }
        let since = Timestamp::from_secs(MIDNIGHT - 90 * DAY_SECS);
        summary(tx, &ours[0], since, now(), &names()).unwrap()
    })
}

fn only_source(days: i64, record: Record) -> Source {
    let mut summary = summarised(days, Policy::None, vec![record]);
    assert_eq!(summary.sources.len(), 1);
    summary.sources.remove(0)
}

#[test]
fn addresses_of_one_organisation_are_one_source() {
    let records = vec![
        service("198.51.100.7", 3, "mg.test"),
        service("198.51.100.8", 4, "mg.test"),
        good("192.0.2.1", 20),
    ];
    let summary = summarised(2, Policy::None, records);
    let found: Vec<(&str, u64, u64, u64)> = summary
        .sources
        .iter()
        .map(|of| (of.name.as_str(), of.addresses, of.messages, of.passed))
        .collect();
    assert_eq!(
        found,
        [("ours-hosting.test", 1, 40, 40), ("mailgun.net", 2, 14, 0)]
    );
    assert_eq!((summary.messages, summary.passed, summary.reports), (54, 40, 2));
    assert_eq!(summary.sources[0].first_seen, "2026-11-21");
    assert_eq!(summary.sources[0].last_seen, "2026-11-22");
    assert_eq!(summary.sources[0].reporters, ["google.com"]);
}

#[test]
fn a_service_is_told_to_sign_as_us() {
    let source = only_source(5, service("198.51.100.7", 10, "bounce.mailgun.net"));
    assert_eq!(source.kind, Kind::Service);
    assert_eq!(source.vouched_by, ["mailgun.net"]);
    assert!(
        source.action.contains("let it sign with DKIM as ours.test"),
        "{}",
        source.action
    );
    assert!(
        source
            .action
            .contains("SPF and DKIM pass for mailgun.net, not for ours.test"),
        "{}",
        source.action
    );
}

#[test]
fn a_stranger_seen_once_is_no_service() {
    let source = only_source(1, service("203.0.113.9", 10, "spam.example"));
    assert_eq!(
        (source.kind, source.name.as_str()),
        (Kind::Stranger, "203.0.113.0/24")
    );
}

#[test]
fn forgeries_say_what_became_of_them() {
    let source = only_source(3, forged("203.0.113.9", 7, Disposition::Reject));
    assert_eq!(source.kind, Kind::Forgery);
    let expected = "Nobody you named sends from here: these are forgeries, and receivers refused them.";
    assert_eq!(source.action, expected);
    let source = only_source(3, forged("203.0.113.9", 7, Disposition::None));
    let end = "receivers delivered them, as your policy none lets them.";
    assert!(source.action.ends_with(end), "{}", source.action);
}

#[test]
fn forwarded_mail_is_told_from_forged_mail() {
    let mut whole = good("203.0.113.9", 5);
    whole.spf_aligned = false;
    whole.spf = Some(spf("ours.test", AuthResult::Fail));
    let source = only_source(3, whole.clone());
    assert_eq!(source.kind, Kind::Works);
    assert!(
        source.action.contains("either somebody forwards your mail"),
        "{}",
        source.action
    );
    whole.overrides = vec![Override {
        kind: OverrideKind::Forwarded,
        comment: None,
    }];
    assert_eq!(only_source(3, whole).kind, Kind::Forwarder);
    let mut changed = forged("203.0.113.9", 5, Disposition::None);
    changed.dkim = vec![dkim("ours.test", AuthResult::Fail)];
    assert_eq!(only_source(3, changed.clone()).kind, Kind::BrokenSignature);
    changed.overrides = vec![Override {
        kind: OverrideKind::MailingList,
        comment: None,
    }];
    assert_eq!(only_source(3, changed).kind, Kind::Forwarder);
}

#[test]
fn a_wrong_key_of_ours_keeps_the_policy_from_being_tightened() {
    let mut broken = forged("203.0.113.9", 5, Disposition::None);
    broken.dkim = vec![dkim("ours.test", AuthResult::Fail)];
    let coach = summarised(20, Policy::None, vec![good("192.0.2.1", 20), broken]).coach;
    assert_eq!((coach.verdict, coach.lost), (Verdict::Mend, 100));
}

#[test]
fn many_sources_are_shown_by_size_and_the_rest_is_counted() {
    let mut records = vec![good("192.0.2.1", 500)];
    for network in 0..150_u8 {
        records.push(forged(&format!("198.18.{network}.1"), 1, Disposition::None));
    }
    let summary = summarised(1, Policy::None, records);
    assert_eq!((summary.sources.len(), summary.more_sources), (100, 51));
    assert_eq!(summary.sources[0].name, "ours-hosting.test");
    assert_eq!(summary.messages, 650, "the others are in the figures");
    assert!(
        summary.to_text(80).contains("51 smaller sources"),
        "{}",
        summary.to_text(80)
    );
}

#[test]
fn what_passes_by_spf_alone_is_told_to_sign() {
    let mut record = good("192.0.2.1", 5);
    record.dkim_aligned = false;
    record.dkim.clear();
    let source = only_source(3, record);
    assert_eq!(source.kind, Kind::Works);
    assert!(
        source.action.starts_with("It passes by SPF alone"),
        "{}",
        source.action
    );
}

#[test]
fn enough_good_mail_lets_the_policy_be_tightened() {
    let records = || {
        vec![
            good("192.0.2.1", 10),
            forged("203.0.113.9", 90, Disposition::None),
        ]
    };
    for (current, next) in [
        (Policy::None, Policy::Quarantine),
        (Policy::Quarantine, Policy::Reject),
    ] {
        let coach = summarised(14, current, records()).coach;
        assert_eq!((coach.verdict, coach.next), (Verdict::Tighten, Some(next)));
        assert_eq!(
            (coach.days, coach.legitimate, coach.lost, coach.forged),
            (14, 140, 0, 1260)
        );
    }
    let coach = summarised(14, Policy::Reject, records()).coach;
    assert_eq!((coach.verdict, coach.next), (Verdict::Keep, None));
}

#[test]
fn too_few_days_or_messages_make_it_wait() {
    let coach = summarised(13, Policy::None, vec![good("192.0.2.1", 100)]).coach;
    assert_eq!(coach.verdict, Verdict::Wait);
    let coach = summarised(14, Policy::None, vec![good("192.0.2.1", 3)]).coach;
    assert_eq!(coach.verdict, Verdict::Wait);
    let coach = summarised(60, Policy::None, vec![good("192.0.2.1", 1)]).coach;
    assert_eq!(coach.verdict, Verdict::Tighten, "who sends little waits longer");
    let forgeries = vec![forged("203.0.113.9", 1000, Disposition::None)];
    let coach = summarised(30, Policy::None, forgeries).coach;
    assert_eq!(
        coach.verdict,
        Verdict::Wait,
        "forgeries say nothing about our own mail"
    );
}

#[test]
fn legitimate_mail_that_would_be_lost_is_mended_first() {
    let records = vec![good("192.0.2.1", 10), service("198.51.100.7", 2, "mailgun.net")];
    let coach = summarised(20, Policy::None, records.clone()).coach;
    assert_eq!((coach.verdict, coach.lost), (Verdict::Mend, 40));
    assert_eq!(
        coach.sentences,
        [
            "Do not tighten the policy yet: 40 of 240 messages that look like yours fail. Mend these sources first.",
            "What fails comes from mailgun.net (40).",
        ]
    );
    let coach = summarised(20, Policy::Reject, records).coach;
    assert_eq!(coach.verdict, Verdict::Mend);
    assert!(
        coach.sentences[0].contains("refuse them now"),
        "{:?}",
        coach.sentences
    );
}

#[test]
fn a_tested_policy_is_made_to_count_before_it_is_tightened() {
    let coach = Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        for day in 1..=20 {
            let mut report = report(day, Policy::Quarantine, vec![good("192.0.2.1", 10)]);
            report.published.testing = Some(true);
            keep(tx, &Report::Aggregate(report), &google(), &ours, now()).unwrap();
        }
        summary(tx, &ours[0], Timestamp::from_secs(0), now(), &names())
            .unwrap()
            .coach
    });
    assert_eq!(
        (coach.verdict, coach.next),
        (Verdict::Tighten, Some(Policy::Quarantine))
    );
    assert!(
        coach.sentences[0].starts_with("You can take t=y out"),
        "{:?}",
        coach.sentences
    );
}

#[test]
fn what_nobody_vouches_for_is_told_of_and_not_counted() {
    Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        let lie = Report::Aggregate(report(1, Policy::None, vec![good("192.0.2.1", 1000)]));
        keep(tx, &lie, &Carrier::Unvouched, &ours, now()).unwrap();
        let found = summary(tx, &ours[0], Timestamp::from_secs(0), now(), &names()).unwrap();
        assert_eq!((found.unvouched, found.reports, found.messages), (1, 0, 0));
        assert_eq!(found.coach.verdict, Verdict::NoReports);
        assert_eq!(found.addresses(), [] as [IpAddr; 0]);
    });
}

#[test]
fn addresses_come_by_size_for_looking_up_their_names() {
    let records = vec![good("192.0.2.1", 5), good("192.0.2.2", 50), good("192.0.2.3", 6)];
    let found = summarised(2, Policy::None, records).addresses();
    assert_eq!(found, [ip("192.0.2.2"), ip("192.0.2.3"), ip("192.0.2.1")]);
}

#[test]
fn reports_that_stopped_coming_are_noticed() {
    Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        let report = Report::Aggregate(report(1, Policy::None, vec![good("192.0.2.1", 1)]));
        keep(tx, &report, &google(), &ours, now()).unwrap();
        let after = |days: i64| {
            let later = Timestamp::from_secs(MIDNIGHT + days * DAY_SECS);
            let found = summary(tx, &ours[0], Timestamp::from_secs(0), later, &names()).unwrap();
            found.coach.sentences.last().cloned().unwrap()
        };
        assert!(!after(6).contains("rua="), "{}", after(6));
        assert!(
            after(7).starts_with("The last report is about 2026-11-22"),
            "{}",
            after(7)
        );
    });
}

#[test]
fn a_reporter_that_another_domain_vouches_for_is_shown_with_it() {
    assert_eq!(reporter_name("google.com", "google.com"), "google.com");
    assert_eq!(
        reporter_name("Enterprise Outlook", "microsoft.com"),
        "Enterprise Outlook (from microsoft.com)"
    );
    assert_eq!(reporter_name("Google Inc.", "google.com"), "Google Inc.");
    assert_eq!(reporter_name("anything", ""), "anything");
}

fn tls_report() -> Report {
    Report::Tls(TlsReport {
        org_name: "Google Inc.".to_owned(),
        contact: String::new(),
        report_id: "tls-1".to_owned(),
        begin: MIDNIGHT - DAY_SECS,
        end: MIDNIGHT - 1,
        policies: vec![TlsPolicy {
            kind: "sts".to_owned(),
            domain: "ours.test".to_owned(),
            successes: 40,
            failures: 2,
            details: vec![TlsFailure {
                kind: "certificate-expired".to_owned(),
                sessions: 2,
                receiving_host: Some("mail.ours.test".to_owned()),
                sending_ip: None,
                reason: None,
            }],
        }],
    })
}

fn failure_report() -> Report {
    Report::Failure(Failure {
        reporter: "linkedin.com".to_owned(),
        report_id: "<1@linkedin.com>".to_owned(),
        domain: "ours.test".to_owned(),
        source: Some(ip("203.0.113.9")),
        envelope_from: Some("spam.example".to_owned()),
        what: Some("dmarc".to_owned()),
        unaligned: None,
        delivery: Some("reject".to_owned()),
        dkim_domain: None,
        incidents: 3,
    })
}

#[test]
fn the_text_says_it_all_within_its_width() {
    let text = Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        for day in 1..=20 {
            let records = vec![
                good("192.0.2.1", 49),
                service("198.51.100.7", 1, "mailgun.net"),
                forged("203.0.113.9", 7, Disposition::None),
            ];
            keep(
                tx,
                &Report::Aggregate(report(day, Policy::None, records)),
                &google(),
                &ours,
                now(),
            )
            .unwrap();
        }
        keep(tx, &tls_report(), &google(), &ours, now()).unwrap();
        keep(tx, &failure_report(), &Carrier::File, &ours, now()).unwrap();
        let since = Timestamp::from_secs(MIDNIGHT - 30 * DAY_SECS);
        summary(tx, &ours[0], since, now(), &names()).unwrap().to_text(78)
    });
    assert_eq!(text, include_str!("../../tests/golden/summary.txt"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 78), "{text}");
}

#[test]
fn without_reports_the_text_says_so() {
    let text = summarised(0, Policy::None, Vec::new()).to_text(20);
    assert!(text.contains("no reports yet"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
}
