//! Mail to the addresses to which our records send reports.

use std::collections::BTreeMap;

use posthorn_accounts::Target;
use posthorn_inbound::{Addressee, Refused};
use posthorn_reports::{Summary, summary};

use crate::house::*;

const REPORT: &str = "Subject: Report Domain: ours.test\r\nMIME-Version: 1.0\r\nContent-Type: text/xml\r\n\r\n\
    <feedback><report_metadata><org_name>bank.example</org_name><email>r@bank.example</email>\
    <report_id>1</report_id><date_range><begin>1795392000</begin><end>1795478399</end></date_range></report_metadata>\
    <policy_published><domain>ours.test</domain><p>none</p></policy_published>\
    <record><row><source_ip>198.51.100.1</source_ip><count>3</count><policy_evaluated>\
    <disposition>none</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated></row>\
    <identifiers><header_from>ours.test</header_from></identifiers>\
    <auth_results><spf><domain>ours.test</domain><result>pass</result></spf></auth_results></record></feedback>\r\n";

fn to_reports() -> Addressee {
    let target = Target::Reports(domain("ours.test"));
    addressee("dmarc-reports@ours.test", vec![target])
}

fn report(recipients: Vec<Addressee>) -> Letter {
    Letter {
        text: format!("From: r@bank.example\r\n{REPORT}"),
        ..genuine(recipients)
    }
}

fn kept(house: &House) -> Summary {
    house.write(|tx| summary(tx, &domain("ours.test"), day(-7), day(1), &BTreeMap::new()).unwrap())
}

#[test]
fn a_report_is_kept_and_lies_in_no_mailbox() {
    let house = House::new();
    house.arrives(report(vec![to_reports()])).unwrap();
    let found = kept(&house);
    assert_eq!((found.reports, found.messages, found.unvouched), (1, 3, 0));
    assert_eq!(found.reporters, ["bank.example"]);
}

#[test]
fn what_nobody_vouches_for_does_not_count() {
    let house = House::new();
    let letter = Letter {
        ip: ATTACKER,
        reverse_path: "x@attacker.test",
        ..report(vec![to_reports()])
    };
    house.arrives(letter).unwrap();
    let found = kept(&house);
    assert_eq!((found.reports, found.messages, found.unvouched), (0, 0, 1));
}

#[test]
fn what_is_no_report_is_refused() {
    let house = House::new();
    match house.arrives(genuine(vec![to_reports()])) {
        Err(Turned::Back(Refused::NotAReport(_))) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_gets_a_report_besides_gets_it() {
    let house = House::new();
    house.arrives(report(vec![to_reports(), to(ANNA)])).unwrap();
    assert!(house.only(ANNA, "INBOX").text.ends_with(REPORT));
    assert_eq!(kept(&house).reports, 1);
    // And what is none is theirs alone.
    house.arrives(genuine(vec![to_reports(), to(BEA)])).unwrap();
    house.only(BEA, "INBOX");
    assert_eq!(kept(&house).reports, 1);
}

#[test]
fn a_reader_who_refuses_loses_no_report() {
    let house = House::new();
    house.rule("reject=refuse");
    let letter = Letter {
        ip: ATTACKER,
        reverse_path: "x@attacker.test",
        ..report(vec![to_reports(), to(CARL)])
    };
    house.arrives(letter).unwrap();
    assert_eq!(kept(&house).unvouched, 1);
    house.only(CARL, "Junk");
}
