//! Who is known afterwards, and what difference it makes.

use posthorn_base::AccountId;
use posthorn_correspondents::{Known, NearDomains, Question, know, name_key, own_namesakes};
use posthorn_impersonation::{Familiarity, SignKind};

use crate::house::*;

fn known(house: &House, account: AccountId, who: &'static str) -> Known {
    house.write(move |tx| {
        let question = Question {
            address: who,
            domain: who.split_once('@').unwrap().1,
            skeleton: "",
            name_key: "",
            near: NearDomains::Skip,
        };
        know(tx, account, &question, day(30)).unwrap()
    })
}

/// Is the newest message in a folder said to be the first from its sender?
fn is_first(house: &House, account: AccountId, folder: &'static str) -> bool {
    let copy = house.folder(account, folder).pop().unwrap();
    let signs = copy
        .evidence
        .impression
        .map(|impression| impression.signs)
        .unwrap_or_default();
    signs.iter().any(|sign| sign.kind == SignKind::FirstContact)
}

#[test]
fn one_message_is_a_first_contact_for_one_reader_and_not_for_another() {
    let house = House::new();
    let bank = passed_on("info@bank.example", "info@bank.example");
    house.anna_sends(&text("anna@ours.test"), vec![bank], day(-8));
    house.arrives(genuine(vec![to(ANNA), to(BEA)])).unwrap();
    assert!(!is_first(&house, ANNA, "INBOX"));
    assert!(is_first(&house, BEA, "INBOX"));
}

#[test]
fn the_first_message_makes_an_acquaintance() {
    let house = House::new();
    for is_new in [true, false] {
        house.arrives(genuine(vec![to(ANNA)])).unwrap();
        assert_eq!(is_first(&house, ANNA, "INBOX"), is_new);
    }
    let found = known(&house, ANNA, "info@bank.example").correspondent.unwrap();
    assert_eq!(
        (found.name.as_str(), found.received, found.vouched),
        ("The Bank", 2, 2)
    );
    assert!(known(&house, BEA, "info@bank.example").correspondent.is_none());
}

#[test]
fn junk_makes_no_acquaintance() {
    let house = House::new();
    for _time in 0..2 {
        house.arrives(forged(vec![to(ANNA)])).unwrap();
        assert!(is_first(&house, ANNA, "Junk"));
    }
    assert!(known(&house, ANNA, "info@bank.example").correspondent.is_none());
}

#[test]
fn whoever_is_written_to_is_known_by_the_name_they_are_called() {
    let house = House::new();
    let text = "From: Anna Huber <anna@ours.test>\r\nTo: \"Gr\u{fc}n, Carla\" <Carla@Far.test>\r\nCc: dora@far.test\r\n\r\nb\r\n";
    let bcc = passed_on("secret@far.test", "secret@far.test");
    let all = vec![
        passed_on("carla@far.test", "carla@far.test"),
        passed_on("dora@far.test", "dora@far.test"),
        bcc,
    ];
    house.anna_sends(text, all, day(0));
    let carla = known(&house, ANNA, "carla@far.test");
    assert_eq!(carla.acquaintance.address, Familiarity::Known);
    assert_eq!(carla.correspondent.unwrap().name, "Gr\u{fc}n, Carla");
    assert_eq!(
        known(&house, ANNA, "dora@far.test").correspondent.unwrap().name,
        ""
    );
    assert_eq!(
        known(&house, ANNA, "secret@far.test").correspondent.unwrap().sent,
        1
    );
    assert!(known(&house, BEA, "carla@far.test").correspondent.is_none());
}

#[test]
fn what_our_people_call_themselves_is_known_and_what_they_call_others_is_not() {
    let house = House::new();
    let namesakes = |name: &'static str| {
        let found = house.write(move |tx| own_namesakes(tx, &name_key(name)).unwrap());
        found.into_iter().map(|one| one.address).collect::<Vec<_>>()
    };
    house.anna_sends(&text("Anna Huber <anna@ours.test>"), vec![to(BEA)], day(0));
    house.anna_sends(&text("The Team <team@ours.test>"), vec![to(BEA)], day(0));
    assert_eq!(namesakes("Huber, Anna"), ["anna@ours.test"]);
    assert!(namesakes("The Team").is_empty());
    // Strangers teach nothing about us.
    house.arrives(genuine(vec![to(ANNA)])).unwrap();
    assert!(namesakes("The Bank").is_empty());
}
