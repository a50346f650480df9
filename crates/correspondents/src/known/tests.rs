//! Who is asked about, and what is found.

use super::*;
use crate::Vouched::{No, Yes};
use crate::fixture::{Book, READER, hour, known, known_at, receive, receive_daily, send, skeleton};
use crate::{Seen, learn_received};
use Familiarity::{Known as OldAcquaintance, Seen as Met, Unknown};

fn familiarity(tx: &Tx<'_>, address: &str, hours: i64) -> (Familiarity, Familiarity) {
    let found = known_at(tx, address, "", (NearDomains::Skip, hours)).acquaintance;
    (found.address, found.domain)
}

fn namesakes(tx: &Tx<'_>, address: &str, name: &str) -> Vec<String> {
    let found = known(tx, address, name).acquaintance.namesakes;
    found.into_iter().map(|namesake| namesake.address).collect()
}

fn alike(tx: &Tx<'_>, address: &str) -> Vec<String> {
    known(tx, address, "").acquaintance.same_skeleton
}

#[test]
fn of_a_stranger_nothing_is_known() {
    Book::empty().run(|tx| {
        assert_eq!(known(tx, "anna@far.test", "Anna"), Known::default());
    });
}

#[test]
fn messages_are_counted_by_direction_and_by_voucher() {
    Book::empty().run(|tx| {
        receive(tx, "anna@far.test", "Anna", No, hour(0));
        receive(tx, "anna@far.test", "Anna", Yes, hour(1));
        receive(tx, "anna@far.test", "Anna", Yes, hour(2));
        send(tx, "anna@far.test", "", hour(3));
        let expected = Correspondent {
            address: "anna@far.test".to_owned(),
            domain: "far.test".to_owned(),
            name: "Anna".to_owned(),
            first_at: hour(0),
            last_at: hour(3),
            received: 3,
            sent: 1,
            vouched: 2,
        };
        assert_eq!(known(tx, "anna@far.test", "").correspondent, Some(expected));
    });
}

#[test]
fn who_was_written_to_is_known_after_a_week_and_its_domain_too() {
    Book::empty().run(|tx| {
        send(tx, "anna@far.test", "Anna", hour(0));
        assert_eq!(familiarity(tx, "anna@far.test", 1), (Met, Met));
        assert_eq!(
            familiarity(tx, "anna@far.test", 24 * 8),
            (OldAcquaintance, OldAcquaintance)
        );
        assert_eq!(
            familiarity(tx, "bob@far.test", 24 * 8),
            (Unknown, OldAcquaintance)
        );
        assert_eq!(familiarity(tx, "anna@other.test", 24 * 8), (Unknown, Unknown));
    });
}

#[test]
fn vouched_mail_on_five_days_makes_known_after_a_month() {
    Book::empty().run(|tx| {
        receive_daily(tx, "news@letter.test", "News", 0..5);
        receive_daily(tx, "ads@adverts.test", "Ads", 0..4);
        assert_eq!(familiarity(tx, "news@letter.test", 24 * 29), (Met, Met));
        assert_eq!(
            familiarity(tx, "news@letter.test", 24 * 30),
            (OldAcquaintance, OldAcquaintance)
        );
        assert_eq!(familiarity(tx, "ads@adverts.test", 24 * 90), (Met, Met));
    });
}

#[test]
fn many_messages_on_one_day_do_not_make_a_domain_known() {
    Book::empty().run(|tx| {
        for number in 0..20 {
            receive(tx, &format!("a{number}@far.test"), "", Yes, hour(0));
        }
        assert_eq!(familiarity(tx, "b@far.test", 24 * 90), (Unknown, Met));
    });
}

#[test]
fn mail_that_nobody_vouches_for_makes_nobody_known() {
    Book::empty().run(|tx| {
        for day in 0..40 {
            receive(tx, "a@forged.test", "Anna", No, hour(24 * day));
        }
        assert_eq!(familiarity(tx, "a@forged.test", 24 * 90), (Met, Met));
        assert_eq!(familiarity(tx, "b@forged.test", 24 * 90), (Unknown, Unknown));
        assert_eq!(namesakes(tx, "b@forged.test", "Anna"), Vec::<String>::new());
    });
}

#[test]
fn a_look_alike_finds_the_known_domain_and_not_the_other_way_round() {
    Book::empty().run(|tx| {
        send(tx, "anna@mill.test", "Anna", hour(0));
        receive(tx, "x@rni11.test", "X", Yes, hour(0));
        assert_eq!(alike(tx, "x@rnill.test"), ["mill.test"]);
        assert_eq!(alike(tx, "x@rni11.test"), ["mill.test"]);
        assert_eq!(alike(tx, "bob@mill.test"), Vec::<String>::new());
    });
}

#[test]
fn those_written_to_come_first() {
    Book::empty().run(|tx| {
        receive_daily(tx, "anna@rnill.test", "Anna Miller", 1..9);
        receive_daily(tx, "anna@mi11.test", "Anna Miller", 2..20);
        send(tx, "anna@mill.test", "Anna Miller", hour(0));
        let found = known(tx, "x@mil1.test", "Miller, Anna").acquaintance;
        assert_eq!(found.same_skeleton.first().map(String::as_str), Some("mill.test"));
        assert_eq!(found.same_skeleton.len(), 3);
        let first = Namesake {
            name: "Anna Miller".to_owned(),
            address: "anna@mill.test".to_owned(),
        };
        assert_eq!(found.namesakes.first(), Some(&first));
        assert_eq!(found.namesakes.len(), 3);
        assert_eq!(found.known_domains, ["mill.test", "mi11.test", "rnill.test"]);
    });
}

#[test]
fn a_namesake_is_somebody_else_who_is_known() {
    Book::empty().run(|tx| {
        send(tx, "anna@far.test", "Anna Miller", hour(0));
        receive(tx, "spam@evil.test", "Anna Miller", Yes, hour(0));
        assert_eq!(
            namesakes(tx, "anna@far.test", "Anna Miller"),
            Vec::<String>::new()
        );
        assert_eq!(namesakes(tx, "new@evil.test", "Anna Miller"), ["anna@far.test"]);
        assert_eq!(namesakes(tx, "new@evil.test", ""), Vec::<String>::new());
    });
}

#[test]
fn the_domains_are_read_when_they_are_wanted() {
    Book::empty().run(|tx| {
        send(tx, "anna@far.test", "Anna", hour(0));
        let near = |tx: &Tx<'_>, address: &str, near| {
            known_at(tx, address, "", (near, 24 * 8))
                .acquaintance
                .known_domains
        };
        assert_eq!(near(tx, "x@new.test", NearDomains::Stranger), ["far.test"]);
        assert!(near(tx, "x@far.test", NearDomains::Stranger).is_empty());
        assert!(near(tx, "x@new.test", NearDomains::Skip).is_empty());
        // One harmless message makes nobody an old acquaintance.
        receive(tx, "x@new.test", "", Yes, hour(0));
        assert_eq!(near(tx, "x@new.test", NearDomains::Stranger), ["far.test"]);
        assert_eq!(near(tx, "x@far.test", NearDomains::Always), Vec::<String>::new());
    });
}

#[test]
fn one_account_knows_nothing_of_what_another_knows() {
    Book::empty().run(|tx| {
        let seen = Seen {
            address: "anna@mill.test",
            domain: "mill.test",
            skeleton: &skeleton("mill.test"),
            name: "Anna",
            vouched: Yes,
        };
        let other = AccountId(READER.0 + 1);
        for day in 0..9 {
            learn_received(tx, other, &seen, hour(24 * day)).unwrap();
        }
        assert_eq!(known(tx, "anna@mill.test", "Anna"), Known::default());
        assert_eq!(known(tx, "anna@rnill.test", "Anna"), Known::default());
    });
}
