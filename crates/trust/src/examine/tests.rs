//! What is asked, and what is kept. That SPF, DKIM and DMARC find the right thing is their crates' business.

use posthorn_base::lookup::{Answer, Kind, NoRecords};
use posthorn_testkit::names::{Names, now};

use super::*;
use crate::evidence::IprevResult;

const NOW: i64 = 1_795_465_000;

const MESSAGE: &[u8] = b"Received: from inner.a.test ([10.0.0.1]) by mx.a.test with ESMTP id 1;\r\n \
    Mon, 23 Nov 2026 20:00:00 +0000\r\nFrom: Anna <anna@a.test>\r\nSubject: x\r\n\r\nbody\r\n";

const ZONE: &str = "a.test TXT v=spf1 ip4:192.0.2.7 -all\nmx.a.test A 192.0.2.7\n\
    7.2.0.192.in-addr.arpa PTR mx.a.test\n_dmarc.a.test TXT v=DMARC1; p=reject";

fn arrival<'a>(origin: Origin, reverse_path: &'a ReversePath, octets: &'a [u8]) -> Arrival<'a> {
    Arrival {
        origin,
        client: Some(Client {
            ip: "192.0.2.7".parse().unwrap(),
            helo: "mx.a.test",
            tls: None,
            protocol: "ESMTP",
        }),
        reverse_path,
        octets,
        receiver: "mx.b.test",
    }
}

fn at() -> Timestamp {
    Timestamp::from_secs(NOW)
}

#[test]
fn of_a_message_from_outside_everything_is_asked() {
    let names = Names::parse(ZONE);
    let path = ReversePath::parse("bounce@a.test").unwrap();
    let evidence = now(examine(&names, &arrival(Origin::Outside, &path, MESSAGE), at()));
    let connection = evidence.connection.unwrap();
    let iprev = connection.iprev.unwrap();
    assert_eq!(
        (iprev.result, iprev.name.as_deref()),
        (IprevResult::Pass, Some("mx.a.test"))
    );
    assert_eq!(evidence.spf.unwrap().domain, "a.test");
    assert_eq!(evidence.spf_helo.unwrap().domain, "mx.a.test");
    assert_eq!(evidence.dmarc.unwrap().domain, "a.test");
    assert_eq!(evidence.reverse_path, "bounce@a.test");
    assert_eq!(evidence.author.name, "Anna");
    assert_eq!(evidence.path.len(), 1);
    assert_eq!((evidence.at, evidence.by.as_str()), (NOW, "mx.b.test"));
    assert!(evidence.left_out.is_empty());
}

#[test]
fn the_null_path_is_judged_by_the_helo_name() {
    let names = Names::parse(ZONE);
    let evidence = now(examine(
        &names,
        &arrival(Origin::Outside, &ReversePath::Null, MESSAGE),
        at(),
    ));
    let spf = evidence.spf.unwrap();
    assert_eq!(
        (spf.identity, spf.domain.as_str()),
        (Identity::MailFrom, "mx.a.test")
    );
    assert_eq!(evidence.reverse_path, "");
}

#[test]
fn of_our_own_mail_nothing_is_asked_and_nobody_learns_where_its_author_sat() {
    let path = ReversePath::parse("anna@a.test").unwrap();
    for origin in [
        Origin::Ours("anna@a.test".to_owned()),
        Origin::Generated,
        Origin::Placed,
    ] {
        let names = Names::parse(ZONE);
        let evidence = now(examine(&names, &arrival(origin.clone(), &path, MESSAGE), at()));
        assert_eq!(names.asked(), []);
        assert_eq!(
            (evidence.connection, evidence.spf, evidence.dmarc),
            (None, None, None)
        );
        assert_eq!(evidence.origin, origin);
        assert_eq!(evidence.author.address, "anna@a.test");
    }
}

const FILE: &str = "Return-Path: <bounce@a.test>\nReceived: from filter.b.test ([127.0.0.1]) by store.b.test with \
    LMTP id 3\nReceived: from mx.a.test (mx.a.test [192.0.2.7]) by mx.b.test with ESMTPS id 2;\n Mon, 23 Nov 2026 \
    20:00:01 +0000\nReceived: from evil.test ([198.51.100.1]) by mx.a.test with ESMTP id 1\nFrom: anna@a.test\n\nhello\n";

fn file(text: &str) -> Evidence {
    let arrival = Arrival {
        client: None,
        ..arrival(Origin::File, &ReversePath::Null, text.as_bytes())
    };
    now(examine(&Names::parse(ZONE), &arrival, at()))
}

#[test]
fn of_a_file_the_topmost_public_address_is_the_client() {
    let evidence = file(FILE);
    let connection = evidence.connection.unwrap();
    assert_eq!(connection.ip.to_string(), "192.0.2.7");
    assert_eq!(
        (connection.helo.as_str(), connection.protocol.as_str()),
        ("mx.a.test", "ESMTPS")
    );
    assert_eq!(evidence.reverse_path, "bounce@a.test");
    assert_eq!(evidence.spf.unwrap().domain, "a.test");
    assert_eq!(evidence.path.len(), 1);
    assert_eq!(evidence.path[0].from.as_deref(), Some("evil.test"));
    assert!(evidence.left_out.is_empty());
}

#[test]
fn what_a_file_does_not_tell_is_said() {
    let evidence = file("From: anna@a.test\n\nhello\n");
    assert_eq!(
        (evidence.connection, evidence.spf, evidence.spf_helo),
        (None, None, None)
    );
    assert_eq!(evidence.left_out.len(), 2);
    assert!(evidence.dmarc.is_some());
    let evidence = file(&FILE.replace("Return-Path", "X-Path"));
    assert_eq!(evidence.spf, None);
    assert_eq!(evidence.spf_helo.unwrap().domain, "mx.a.test");
    assert_eq!(evidence.left_out.len(), 1);
}

#[test]
fn a_person_who_had_logged_in_is_no_server_to_ask_spf_about() {
    let evidence = file(&FILE.replace("ESMTPS id 2", "ESMTPSA id 2"));
    assert_eq!((evidence.connection, evidence.spf), (None, None));
    assert!(evidence.left_out[0].contains("logged in"));
}

#[test]
fn a_file_that_came_over_the_inside_alone_is_judged_by_that() {
    let evidence = file(
        &FILE
            .replace("192.0.2.7", "10.0.0.7")
            .replace("198.51.100.1", "10.0.0.8"),
    );
    assert_eq!(evidence.connection.unwrap().ip.to_string(), "127.0.0.1");
}

/// Nobody answers anything.
struct Silence;

impl Lookup for Silence {
    async fn ask(&self, _name: &str, _kind: Kind) -> Answer {
        Err(NoRecords::Temporary("no answer in 20 s".to_owned()))
    }
}

#[test]
fn silence_of_the_dns_is_a_temporary_error_and_never_a_failure() {
    let path = ReversePath::parse("bounce@a.test").unwrap();
    let evidence = now(examine(&Silence, &arrival(Origin::Outside, &path, MESSAGE), at()));
    assert_eq!(
        evidence.connection.unwrap().iprev.unwrap().result,
        IprevResult::TempError
    );
    assert!(!matches!(
        evidence.spf.unwrap().result,
        SpfResult::Fail | SpfResult::SoftFail
    ));
    assert_ne!(evidence.dmarc.unwrap().result, posthorn_dmarc::DmarcResult::Fail);
}

#[test]
fn the_future_can_move_between_threads() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let names = Names::parse(ZONE);
    let evidence = now(is_send(examine(
        &names,
        &arrival(Origin::Outside, &ReversePath::Null, MESSAGE),
        at(),
    )));
    assert_eq!(evidence.version, VERSION);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(100))]
    #[test]
    fn any_octets_are_examined_and_their_evidence_fits(
        lines in proptest::collection::vec("(From|Received|Reply-To|List-Id|Return-Path|DKIM-Signature|ARC-Seal|X)?:? \\PC{0,60}(\r\n|\n|\r|\r\n\r\n)", 0..20),
        is_file in proptest::bool::ANY,
    ) {
        let octets = lines.concat();
        let path = ReversePath::parse("bounce@a.test").unwrap();
        let origin = if is_file { Origin::File } else { Origin::Outside };
        let mut arrival = arrival(origin, &path, octets.as_bytes());
        if is_file {
            arrival.client = None;
        }
        let evidence = now(examine(&Names::parse(ZONE), &arrival, at()));
        let stored = evidence.to_stored();
        proptest::prop_assert!(stored.len() <= crate::MAX_EVIDENCE_OCTETS);
        proptest::prop_assert!(Evidence::from_stored(&stored).is_ok());
    }
}
