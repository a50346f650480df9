//! There and back.

use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;
const NOW: i64 = 20_781 * DAY;

fn srs() -> Srs {
    Srs::new(Secret::new([7; 32]))
}

fn at(days: i64) -> Timestamp {
    Timestamp::from_secs(NOW + days * DAY)
}

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

fn parse(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn forward(text: &str, by: &str) -> Option<Address> {
    srs().forward(&parse(text), &domain(by), at(0))
}

fn there_and_back(text: &str) -> String {
    let there = forward(text, "fwd.test").unwrap();
    srs().reverse(&there, at(0)).unwrap().to_string()
}

#[test]
fn a_rewritten_address_has_the_known_form() {
    let there = forward("anna@example.org", "fwd.test").unwrap();
    let text = there.to_string();
    let (hash, rest) = text.strip_prefix("SRS0=").unwrap().split_once('=').unwrap();
    assert!(
        hash.len() == 6
            && hash
                .bytes()
                .all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit())
    );
    assert_eq!(rest, "JN=example.org=anna@fwd.test");
}

#[test]
fn every_kind_of_address_comes_back() {
    for text in [
        "anna@example.org",
        "Anna.B@example.org",
        "anna+detail@example.org",
        "bounce-anna=ours.test@lists.example",
        "=a=@example.org",
        "\"a b\"@example.org",
        "\"a\\\"b\\\\c\"@example.org",
        "\"@\"@example.org",
        "\"\"@example.org",
        "j\u{f6}rg@example.org",
        "anna@xn--bcher-kva.example",
        "anna@[192.0.2.1]",
        "anna@[IPv6:2001:db8::1]",
        "srs0x=a@example.org",
    ] {
        assert_eq!(there_and_back(text), text);
    }
}

#[test]
fn lower_case_on_the_way_does_no_harm() {
    let there = forward("Anna@example.org", "fwd.test").unwrap();
    let lower = parse(&there.to_string().to_lowercase());
    assert_eq!(srs().reverse(&lower, at(0)), Ok(parse("anna@example.org")));
}

#[test]
fn an_address_rewritten_elsewhere_goes_back_to_who_rewrote_it_first() {
    let first = "SRS0=xY7z=JN=example.org=anna@first.test";
    let second = forward(first, "second.test").unwrap();
    assert!(second.to_string().starts_with("SRS1="));
    assert!(
        second
            .to_string()
            .ends_with("JN=first.test==xY7z=JN=example.org=anna@second.test")
    );
    assert_eq!(srs().reverse(&second, at(0)).unwrap().to_string(), first);
    // The third names the first, not the second.
    let third = Srs::new(Secret::new([8; 32]));
    let again = third.forward(&second, &domain("third.test"), at(0)).unwrap();
    assert_eq!(third.reverse(&again, at(0)).unwrap().to_string(), first);
    assert_eq!(
        again.to_string().len(),
        second.to_string().len() - "second".len() + "third".len()
    );
}

#[test]
fn other_separators_are_kept() {
    let first = "SRS0+xY7z=JN=example.org=anna@first.test";
    let there = forward(first, "fwd.test").unwrap();
    assert_eq!(srs().reverse(&there, at(0)).unwrap().to_string(), first);
}

#[test]
fn what_only_looks_rewritten_is_rewritten_as_any_other() {
    for text in ["SRS1=abc@example.org", "SRS1=a=b_@example.org"] {
        assert_eq!(there_and_back(text), text);
    }
}

#[test]
fn it_holds_for_21_days() {
    for text in ["anna@example.org", "SRS0=xY7z=JN=example.org=anna@first.test"] {
        let there = forward(text, "fwd.test").unwrap();
        assert!(srs().reverse(&there, at(21)).is_ok());
        assert_eq!(srs().reverse(&there, at(22)), Err(SrsError::Expired));
        assert_eq!(srs().reverse(&there, at(400)), Err(SrsError::Expired));
    }
}

#[test]
fn another_key_or_another_domain_is_refused() {
    let there = forward("anna@example.org", "fwd.test").unwrap();
    let other = Srs::new(Secret::new([8; 32]));
    assert_eq!(other.reverse(&there, at(0)), Err(SrsError::BadHash));
    let elsewhere = parse(&there.to_string().replace("fwd.test", "fwd2.test"));
    assert_eq!(srs().reverse(&elsewhere, at(0)), Err(SrsError::BadHash));
}

#[test]
fn ordinary_addresses_are_told_from_broken_ones() {
    let reverse = |text: &str| srs().reverse(&parse(text), at(0)).unwrap_err();
    assert_eq!(reverse("anna@fwd.test"), SrsError::NotSrs);
    assert_eq!(reverse("srs@fwd.test"), SrsError::NotSrs);
    assert_eq!(reverse("srs0ftware@fwd.test"), SrsError::NotSrs);
    assert_eq!(reverse("SRS0=a=b=c=d@[192.0.2.1]"), SrsError::NotSrs);
    assert_eq!(reverse("SRS0=abc@fwd.test"), SrsError::Malformed);
    assert_eq!(reverse("SRS0=@fwd.test"), SrsError::Malformed);
    assert_eq!(reverse("SRS1=abc@fwd.test"), SrsError::Malformed);
    assert_eq!(
        reverse("SRS1=\u{e9}\u{e9}\u{e9}\u{e9}=x@fwd.test"),
        SrsError::BadHash
    );
    assert_eq!(
        reverse("SRS0=AAAAAA=JN=example.org=anna@fwd.test"),
        SrsError::BadHash
    );
}

#[test]
fn what_smtp_does_not_allow_is_not_made() {
    let local = |octets: usize| format!("{}@example.org", "x".repeat(octets));
    let overhead = "SRS0=HHHHHH=TT=example.org=".len();
    assert!(forward(&local(64 - overhead), "fwd.test").is_some());
    assert_eq!(forward(&local(64 - overhead + 1), "fwd.test"), None);
    // Quotes count.
    let quoted = format!("\"{} y\"@example.org", "x".repeat(64 - overhead - 2));
    assert_eq!(forward(&quoted, "fwd.test"), None);
}

#[test]
fn the_key_is_not_printed() {
    assert_eq!(format!("{:?}", srs()), "Srs(…)");
}

fn local_part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\\.[a-z+=]{1,8})?",
        "\"[ -!#-\\[\\]-~]{0,20}\"",
        "SRS[01][=+-][a-zA-Z0-9=+-]{0,20}",
    ]
}

proptest! {
    #[test]
    fn what_was_made_leads_back(local in local_part(), host in "[a-z]{1,10}\\.[a-z]{2,8}", days in 0_i64..22) {
        let address = parse(&format!("{local}@{host}"));
        let Some(there) = srs().forward(&address, &domain("fwd.test"), at(0)) else {
            return Ok(());
        };
        prop_assert!(there.local().to_string().len() <= LOCAL_PART_OCTETS);
        prop_assert_eq!(parse(&there.to_string()), there.clone());
        let back = srs().reverse(&there, at(days)).unwrap();
        match Rewritten::of(address.local().as_str(), &host) {
            Some(rewritten) => {
                let first = format!("SRS0{}", rewritten.rest);
                prop_assert_eq!(back.local().as_str(), first.as_str());
                prop_assert_eq!(back.domain(), Some(&domain(rewritten.first)));
            }
            None => prop_assert_eq!(back, address),
        }
    }

    #[test]
    fn any_changed_octet_is_refused(at_octet in 0_usize..45, to in 0x21_u8..0x7f) {
        let there = forward("anna+x@example.org", "fwd.test").unwrap().to_string();
        let mut octets = there.clone().into_bytes();
        let place = at_octet % octets.len();
        prop_assume!(!octets[place].eq_ignore_ascii_case(&to));
        octets[place] = to;
        if let Ok(changed) = Address::parse(&String::from_utf8(octets).unwrap()) {
            prop_assert!(srs().reverse(&changed, at(0)).is_err(), "{changed}");
        }
    }

    #[test]
    fn any_address_can_be_asked_about(local in "SRS[01]=\\PC{0,50}") {
        if let Some(address) = address(&local, "fwd.test") {
            prop_assert!(srs().reverse(&address, at(0)).is_err());
        }
    }
}
