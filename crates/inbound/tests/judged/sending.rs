//! What leaves: our own mail signed and under its own return address, other people's under one of ours.

use posthorn_accounts::{self as accounts, Resolution, Target};
use posthorn_base::{Address, ReversePath};
use posthorn_dkim::DkimResult;
use posthorn_testkit::names;
use posthorn_trust::srs::VALID_DAYS;

use crate::house::*;

fn far() -> posthorn_inbound::Addressee {
    passed_on("x@far.test", "x@far.test")
}

/// A genuine message of the bank to `team@ours.test`, which is passed on.
fn forward(house: &House) -> (Address, String) {
    let letter = genuine(vec![passed_on("team@ours.test", "x@far.test")]);
    house.arrives(letter).unwrap();
    match house.queued() {
        (ReversePath::Address(address), text) => (address, text),
        (ReversePath::Null, text) => panic!("no return address: {text}"),
    }
}

#[test]
fn our_own_mail_is_signed_and_keeps_its_return_address() {
    let house = House::new();
    house.anna_sends(&text("Anna Huber <anna@ours.test>"), vec![far()], day(0));
    let (reverse_path, text) = house.queued();
    assert_eq!(reverse_path, ReversePath::Address(address("anna@ours.test")));
    let found = names::now(posthorn_dkim::verify(&house.names, text.as_bytes(), day(0)));
    let [signature] = found.signatures.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(
        (signature.result, signature.domain.as_str()),
        (DkimResult::Pass, "ours.test")
    );
    assert!(signature.expires_at.unwrap() > day(5).as_secs(), "{signature:?}");
}

#[test]
fn the_signer_is_found_behind_an_address_in_a_comment() {
    let house = House::new();
    house.anna_sends(&text("anna@ours.test (x@else.test)"), vec![far()], day(0));
    assert!(house.queued().1.contains("d=ours.test"));
}

#[test]
fn our_mail_in_a_name_without_keys_is_signed_by_the_domain_it_returns_to() {
    let house = House::new();
    house.anna_sends(&text("Anna <anna@elsewhere.test>"), vec![far()], day(0));
    assert!(house.queued().1.contains("d=ours.test"));
}

#[test]
fn what_is_passed_on_gets_a_return_address_of_ours_and_no_signature() {
    let house = House::new();
    let (reverse_path, text) = forward(&house);
    assert!(reverse_path.to_string().starts_with("SRS0="), "{reverse_path}");
    assert_eq!(reverse_path.domain(), Some(&domain("ours.test")));
    assert!(!text.contains("DKIM-Signature"), "{text}");
    let letter = genuine(Vec::new());
    assert!(
        text.ends_with(&letter.text),
        "not an octet of it is changed: {text}"
    );
}

#[test]
fn even_mail_in_our_name_is_not_signed_when_it_comes_from_outside() {
    let house = House::new();
    let letter = Letter {
        text: text("Anna Huber <anna@ours.test>"),
        ..forged(vec![passed_on("team@ours.test", "x@far.test")])
    };
    house.arrives(letter).unwrap();
    assert!(!house.queued().1.contains("DKIM-Signature"));
}

#[test]
fn where_no_return_address_fits_there_is_none() {
    let house = House::new();
    let letter = Letter {
        reverse_path: "bounces+0123456789abcdef0123456789abcdef@a-rather-long-name.mailer.bank.example",
        ..genuine(vec![passed_on("team@ours.test", "x@far.test")])
    };
    house.arrives(letter).unwrap();
    assert_eq!(house.queued().0, ReversePath::Null);
}

#[test]
fn a_report_of_failure_goes_back_to_where_the_message_came_from() {
    let house = House::new();
    let (return_address, _) = forward(&house);
    let back = |at| house.resolve(return_address.clone(), at);
    let home = Resolution::Targets(vec![Target::Remote(address("info@bank.example"))]);
    assert_eq!(back(day(0)), home);
    assert_eq!(back(day(VALID_DAYS.into())), home);
    assert_eq!(back(day(i64::from(VALID_DAYS) + 1)), Resolution::Unknown);
}

#[test]
fn a_forged_return_address_is_nobodys_also_where_all_mail_is_caught() {
    let house = House::new();
    house.write(|tx| {
        accounts::add_alias(tx, &address("all@ours.test"), &[address("all@far.test")]).unwrap();
        accounts::set_catch_all(tx, &domain("ours.test"), Some(&address("all@ours.test"))).unwrap();
    });
    let caught = house.resolve(address("anything@ours.test"), day(0));
    assert_eq!(
        caught,
        Resolution::Targets(vec![Target::Remote(address("all@far.test"))])
    );
    let (return_address, _) = forward(&house);
    let forged = return_address
        .to_string()
        .replace("info@", "boss@")
        .replace("=info", "=boss");
    assert_ne!(forged, return_address.to_string());
    for forged in [
        forged.as_str(),
        "SRS0=whatever@ours.test",
        "srs1=a=b==c@ours.test",
    ] {
        assert_eq!(
            house.resolve(address(forged), day(0)),
            Resolution::Unknown,
            "{forged}"
        );
    }
    let elsewhere = house.resolve(address("SRS0=abc=de=x.test=y@far.test"), day(0));
    assert_eq!(elsewhere, Resolution::NotLocal);
}

#[test]
fn a_return_address_to_a_domain_that_became_ours_leads_to_its_people() {
    let house = House::new();
    let (return_address, _) = forward(&house);
    house.write(|tx| {
        accounts::add_domain(tx, &domain("bank.example"), day(0)).unwrap();
        accounts::add_alias(tx, &address("info@bank.example"), &[address("clerk@far.test")]).unwrap();
    });
    let found = house.resolve(return_address, day(0));
    assert_eq!(
        found,
        Resolution::Targets(vec![Target::Remote(address("clerk@far.test"))])
    );
}
