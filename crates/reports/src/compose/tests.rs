//! Our reports, and that we read them ourselves.

use posthorn_dmarc::Policy;
use posthorn_message::header::{first_field, unfold};

use super::*;
use crate::fixture::{Kept, domain, forged, good, now, published};
use crate::observe::{Observation, observe, sent};
use crate::report::{Discovery, Disposition, Published, Record, Report};
use crate::{Limits, read_file, read_message};

fn reporter() -> Reporter {
    Reporter {
        org_name: "Ours \u{2014} \"Mail\" & <Co>".to_owned(),
        email: Address::parse("postmaster@ours.test").unwrap(),
        domain: domain("ours.test"),
        extra_contact: None,
    }
}

fn composed(records: Vec<Record>) -> Composed {
    Kept::empty().run(move |tx| {
        for mut record in records.clone() {
            record.header_from = "theirs.test".to_owned();
            let observation = Observation {
                at: now(),
                published: Published {
                    domain: "theirs.test".to_owned(),
                    discovery: Some(Discovery::TreeWalk),
                    np: Some(Policy::Reject),
                    ..published(Policy::Quarantine)
                },
                report_to: vec!["mailto:dmarc@theirs.test".to_owned()],
                record,
            };
            observe(tx, &observation).unwrap();
        }
        let day = Day::of(now());
        let again = compose(tx, &domain("theirs.test"), day, &reporter())
            .unwrap()
            .unwrap();
        let composed = compose(tx, &domain("theirs.test"), day, &reporter())
            .unwrap()
            .unwrap();
        assert_eq!(again, composed, "the same report has the same id");
        sent(tx, &domain("theirs.test"), day).unwrap();
        assert_eq!(compose(tx, &domain("theirs.test"), day, &reporter()), Ok(None));
        composed
    })
}

fn two_records() -> Vec<Record> {
    vec![
        good("192.0.2.1", 1),
        good("192.0.2.1", 1),
        forged("2001:db8::9", 1, Disposition::Reject),
    ]
}

#[test]
fn the_xml_is_the_one_of_rfc_9990() {
    let xml = composed(two_records()).to_xml();
    let expected = include_str!("../../tests/golden/own-report.xml");
    let version = format!("Posthorn {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(xml.replace(&version, "Posthorn VERSION"), expected, "{xml}");
}

#[test]
fn what_we_write_we_read() {
    let composed = composed(two_records());
    let limits = Limits::default();
    let expected = Ok(vec![Report::Aggregate(composed.report.clone())]);
    assert_eq!(
        read_file("x.xml", composed.to_xml().as_bytes(), &limits),
        expected
    );
    assert_eq!(read_file("x", &composed.to_gzip().unwrap(), &limits), expected);
    let to = [Address::parse("dmarc@theirs.test").unwrap()];
    let mail = composed.to_message(&reporter(), &to, now()).unwrap();
    assert_eq!(read_message(&mail, &limits), expected);
}

#[test]
fn the_mail_has_the_subject_and_the_file_name_of_rfc_9990() {
    let composed = composed(two_records());
    let to = [Address::parse("dmarc@theirs.test").unwrap()];
    let mail = composed.to_message(&reporter(), &to, now()).unwrap();
    let field = |name: &str| unfold(first_field(&mail, name).unwrap()).into_owned();
    let id = &composed.report.report_id;
    assert_eq!(
        field("Subject"),
        format!("Report Domain: theirs.test Submitter: ours.test Report-ID: <{id}>")
    );
    assert_eq!(field("To"), "dmarc@theirs.test");
    assert_eq!(field("Auto-Submitted"), "auto-generated");
    let name = format!(
        "ours.test!theirs.test!{}!{}!{id}.xml.gz",
        composed.report.begin, composed.report.end
    );
    assert_eq!(composed.file_name, name);
    let text = String::from_utf8(mail).unwrap();
    assert!(text.contains(&format!("filename=\"{name}\"")), "{text}");
    assert!(text.contains("3 messages came here"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 200), "{text}");
}

#[test]
fn nothing_that_strangers_say_breaks_the_xml() {
    let mut record = good("192.0.2.1", 1);
    record.envelope_from = Some("a<b>&\"'\u{1}\u{202e}.test".to_owned());
    record.dkim[0].selector = "]]>\u{fffe}<x>".to_owned();
    let composed = composed(vec![record]);
    let read = read_file("x.xml", composed.to_xml().as_bytes(), &Limits::default());
    let Ok([Report::Aggregate(read)]) = read.as_deref() else {
        panic!("{read:?}")
    };
    assert_eq!(read.records[0].envelope_from.as_deref(), Some("a<b>&\"'.test"));
    assert_eq!(read.records[0].dkim[0].selector, "]]><x>");
}
