//! Tests of the destinations of reports.

use posthorn_testkit::names::{Names, now};

use super::{Authorization, Destination, report_destinations};

const NAME: &str = "bank.example._report._dmarc.reports.test";

fn check(zone: &str, uri: &str) -> Destination {
    let names = Names::parse(zone);
    let found = now(report_destinations(&names, "Bank.Example", &[uri.to_owned()]));
    found.into_iter().next().unwrap()
}

fn sent_to(destination: &Destination) -> Option<String> {
    destination.address.as_ref().map(ToString::to_string)
}

#[test]
fn an_address_of_the_domain_needs_no_permission() {
    let names = Names::parse("");
    let uris = ["mailto:a@bank.example".to_owned()];
    let found = now(report_destinations(&names, "bank.example", &uris));
    assert_eq!(found[0].authorization, Authorization::Own);
    assert_eq!(sent_to(&found[0]).as_deref(), Some("a@bank.example"));
    assert_eq!(names.asked(), []);
}

#[test]
fn an_address_of_the_organization_needs_no_permission() {
    let zone = "_dmarc.bank.example TXT v=DMARC1; p=none";
    let found = check(zone, "mailto:a@reports.bank.example");
    assert_eq!(found.authorization, Authorization::Own);
    assert!(found.is_allowed());
}

#[test]
fn a_name_below_that_is_an_organization_of_its_own_needs_permission() {
    let zone =
        "_dmarc.bank.example TXT v=DMARC1; p=none\n_dmarc.labs.bank.example TXT v=DMARC1; p=none; psd=n";
    let found = check(zone, "mailto:a@labs.bank.example");
    let name = "bank.example._report._dmarc.labs.bank.example";
    assert_eq!(found.authorization, Authorization::Missing(name.to_owned()));
}

#[test]
fn a_strangers_address_needs_a_record() {
    let uri = "mailto:a@reports.test";
    let found = check("", uri);
    assert_eq!(found.authorization, Authorization::Missing(NAME.to_owned()));
    assert_eq!((found.is_allowed(), sent_to(&found)), (false, None));
    assert_eq!(
        found.why(),
        format!(
            "{uri} belongs to somebody else, who would have to agree with a TXT record v=DMARC1 at {NAME}"
        )
    );
    for record in ["v=spf1 -all", "p=none; v=DMARC1", "v=DMARC2"] {
        let found = check(&format!("{NAME} TXT {record}"), uri);
        assert!(!found.is_allowed(), "{record}");
    }
    for record in ["v=DMARC1", "v=DMARC1;", "\"v=DMAR\" \"C1; p=none\""] {
        let found = check(&format!("{NAME} TXT {record}\n{NAME} TXT junk"), uri);
        assert_eq!(
            found.authorization,
            Authorization::Granted(NAME.to_owned()),
            "{record}"
        );
        assert_eq!(sent_to(&found).as_deref(), Some("a@reports.test"));
    }
}

#[test]
fn the_receiver_may_name_another_address_of_its_own() {
    let uri = "mailto:a@reports.test";
    let found = check(&format!("{NAME} TXT v=DMARC1; rua=mailto:b@reports.test"), uri);
    assert!(found.is_allowed());
    assert_eq!(sent_to(&found).as_deref(), Some("b@reports.test"));
    for other in ["mailto:b@victim.test", "https://reports.test/"] {
        let found = check(&format!("{NAME} TXT v=DMARC1; rua={other}"), uri);
        assert_eq!(found.authorization, Authorization::Elsewhere(NAME.to_owned()));
        assert_eq!((found.is_allowed(), sent_to(&found)), (false, None));
    }
}

#[test]
fn silence_is_no_permission_and_no_refusal() {
    let found = check(&format!("{NAME} TIMEOUT"), "mailto:a@reports.test");
    assert_eq!(
        found.authorization,
        Authorization::Unknown(NAME.to_owned(), "no answer".to_owned())
    );
    assert!(!found.is_allowed());
    let found = check("_dmarc.bank.example TIMEOUT", "mailto:a@reports.bank.example");
    assert!(
        matches!(found.authorization, Authorization::Unknown(..)),
        "{found:?}"
    );
}

#[test]
fn what_is_no_mail_address_gets_nothing() {
    for uri in [
        "https://bank.example/",
        "a@bank.example",
        "mailto:a@[192.0.2.1]",
        "",
    ] {
        assert_eq!(check("", uri).authorization, Authorization::NotMail, "{uri}");
    }
}

#[test]
fn a_name_too_long_for_the_dns_is_no_permission() {
    let names = Names::parse("");
    let label = "a".repeat(60);
    let domain = format!("{label}.{label}.{label}.example");
    let uris = [format!("mailto:a@{label}.{label}.test")];
    let found = now(report_destinations(&names, &domain, &uris));
    assert!(matches!(found[0].authorization, Authorization::Missing(_)));
}

#[test]
fn at_most_ten_are_checked() {
    let names = Names::parse("");
    let uris = vec!["mailto:a@reports.test".to_owned(); 1_000];
    assert_eq!(now(report_destinations(&names, "bank.example", &uris)).len(), 10);
    assert_eq!(names.asked().len(), 10);
}
