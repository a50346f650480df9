//! What a report looks like, to people and to programs.

use std::time::Duration;

use posthorn_message::{Section, SectionText, render};

use super::*;

const ORIGINAL: &[u8] = b"Message-ID: <1@a.test>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nTo: bob@b.test\r\n\r\nsecret body\r\n";

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_465_000)
}

fn refused(address: &str) -> DsnRecipient {
    DsnRecipient {
        address: Address::parse(address).unwrap(),
        original_recipient: Some(format!("rfc822;{address}")),
        action: Action::Failed,
        status: "5.1.1".to_owned(),
        diagnosis: Diagnosis {
            code: Some(550),
            status: "5.1.1".to_owned(),
            text: "User unknown\r\nFinal-Recipient: forged".to_owned(),
            host: Some("mx.b.test".to_owned()),
        },
        last_attempt_at: now(),
    }
}

/// The report, and its three parts.
fn report_of(recipients: &[DsnRecipient], original: &[u8], ret: Option<Ret>) -> (String, [String; 3]) {
    let domain = Domain::parse("mx.a.test").unwrap();
    let from = Address::parse("postmaster@a.test").unwrap();
    let to = Address::parse("anna@a.test").unwrap();
    let raw = compose(&DsnFacts {
        reporting_mta: &domain,
        from: &from,
        to: &to,
        unique: "report1",
        now: now(),
        arrived_at: now().minus(Duration::from_secs(60)),
        envelope_id: Some("QQ314159"),
        ret,
        body: Body::SevenBit,
        original,
        full_limit_octets: 1_000,
        recipients,
    });
    let rendered = render(&raw);
    let part = |number: u32| {
        let section = Section {
            part: vec![number],
            text: SectionText::Whole,
        };
        String::from_utf8(rendered.parts.section(&raw, &section).unwrap().to_vec()).unwrap()
    };
    let parts = [part(1), part(2), part(3)];
    (String::from_utf8(raw).unwrap(), parts)
}

#[test]
fn a_failure_says_first_in_plain_words_what_happened() {
    let (raw, [words, status, returned]) = report_of(&[refused("bob@b.test")], ORIGINAL, None);
    assert!(raw.contains("Subject: Your message was not delivered to bob@b.test\r\n"));
    assert!(raw.contains("Auto-Submitted: auto-replied\r\n") && raw.contains("In-Reply-To: <1@a.test>\r\n"));
    assert!(raw.contains("multipart/report; report-type=delivery-status;"));
    assert!(words.contains("no such mailbox at that domain"), "{words}");
    assert!(words.contains("mx.b.test said: 550 5.1.1 User unknown"));
    assert!(words.contains("Subject: Grüße"));
    assert_eq!(
        status.lines().collect::<Vec<_>>(),
        [
            "Original-Envelope-Id: QQ314159",
            "Reporting-MTA: dns; mx.a.test",
            "Arrival-Date: Mon, 23 Nov 2026 20:15:40 +0000",
            "",
            "Original-Recipient: rfc822; bob@b.test",
            "Final-Recipient: rfc822; bob@b.test",
            "Action: failed",
            "Status: 5.1.1",
            "Remote-MTA: dns; mx.b.test",
            "Diagnostic-Code: smtp; 550 5.1.1 User unknown Final-Recipient: forged",
            "Last-Attempt-Date: Mon, 23 Nov 2026 20:16:40 +0000",
        ]
    );
    assert!(raw.contains("Content-Type: text/rfc822-headers"));
    assert!(returned.contains("Subject: =?utf-8?Q?Gr") && !returned.contains("secret"));
}

#[test]
fn the_message_is_returned_whole_only_when_asked_and_small() {
    let one = [refused("bob@b.test")];
    let (raw, [_, _, returned]) = report_of(&one, ORIGINAL, Some(Ret::Full));
    assert!(raw.contains("Content-Type: message/rfc822\r\n"));
    assert_eq!(returned.as_bytes(), ORIGINAL);
    let large = [ORIGINAL, "x".repeat(2_000).as_bytes()].concat();
    assert!(!report_of(&one, &large, Some(Ret::Full)).0.contains("secret"));
    let mut delayed = refused("bob@b.test");
    delayed.action = Action::Delayed { until: now() };
    assert!(
        !report_of(&[delayed], ORIGINAL, Some(Ret::Full))
            .0
            .contains("secret")
    );
}

#[test]
fn a_delay_tells_until_when_it_is_tried() {
    let mut delayed = refused("bob@b.test");
    delayed.action = Action::Delayed {
        until: now().plus(Duration::from_hours(116)),
    };
    delayed.diagnosis.code = None;
    delayed.diagnosis.host = None;
    delayed.diagnosis.status = "4.4.1".to_owned();
    delayed.status = "4.4.1".to_owned();
    let (_, [words, status, _]) = report_of(&[delayed], ORIGINAL, None);
    assert!(words.contains("you need not send it again"));
    assert!(words.contains("It is tried until Sat, 28 Nov 2026 16:16:40 +0000."));
    assert!(status.contains("Action: delayed\r\n") && status.contains("Diagnostic-Code: x-posthorn; User"));
    assert!(status.contains("Will-Retry-Until: Sat, 28 Nov 2026 16:16:40 +0000"));
}

#[test]
fn several_recipients_share_a_report_and_the_subject_names_the_worst() {
    let mut relayed = refused("eve@b.test");
    relayed.action = Action::Relayed;
    let (raw, [words, status, _]) = report_of(&[relayed, refused("bob@b.test")], ORIGINAL, None);
    assert!(raw.contains("Subject: Your message was not delivered to bob@b.test\r\n"));
    assert!(words.contains("eve@b.test") && words.contains("That server sends no confirmations"));
    assert_eq!(status.matches("Final-Recipient: rfc822").count(), 2);
    assert!(status.contains("Action: relayed\r\n"));
    let many: Vec<DsnRecipient> = (0..60).map(|n| refused(&format!("u{n}@b.test"))).collect();
    let (raw, [words, status, _]) = report_of(&many, ORIGINAL, None);
    assert!(raw.contains("delivered to 60 recipients") && words.contains("and 10 more"));
    assert_eq!(status.matches("Action: failed").count(), 60);
}

#[test]
fn an_international_address_stands_in_the_form_that_is_ascii() {
    let mut recipient = refused("jörg+x@b.test");
    recipient.diagnosis.text = "unbekannt: jörg".to_owned();
    let original = "Subject: Grüße\r\n\r\nbody\r\n".as_bytes();
    let (raw, [words, status, _]) = report_of(&[recipient], original, Some(Ret::Full));
    assert!(status.is_ascii());
    assert!(
        status.contains("Final-Recipient: utf-8; j\\x{F6}rg\\x{2B}x@b.test"),
        "{status}"
    );
    assert!(status.contains("Original-Recipient: utf-8; j\\x{F6}rg"));
    assert!(words.contains("jörg+x@b.test"));
    assert!(raw.contains("Content-Type: message/global\r\n"));
    let header_end = raw.find("\r\n\r\n").unwrap();
    let (header, _) = raw.split_at(header_end);
    assert!(header.contains("Content-Transfer-Encoding: 8bit"));
}

#[test]
fn when_the_time_is_over_the_report_says_so_and_still_quotes_the_last_words() {
    let mut expired = refused("bob@b.test");
    expired.status = "4.4.7".to_owned();
    expired.diagnosis.code = Some(450);
    expired.diagnosis.status = "4.7.1".to_owned();
    expired.diagnosis.text = "Greylisted".to_owned();
    let (_, [words, status, _]) = report_of(&[expired], ORIGINAL, None);
    assert!(status.contains("Status: 4.4.7\r\n"));
    assert!(status.contains("Diagnostic-Code: smtp; 450 4.7.1 Greylisted\r\n"));
    assert!(
        words.contains("as long as we") && !words.contains("next attempt"),
        "{words}"
    );
}
