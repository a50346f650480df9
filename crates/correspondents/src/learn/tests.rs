//! What is kept after which messages, what is not, and what it costs.

use super::*;
use crate::Vouched::{No, Yes};
use crate::fixture::{Book, READER, hour, known, receive, receive_daily, send};
use crate::{Known, NearDomains, Question, know};
use posthorn_impersonation::Familiarity;

fn name_of(tx: &Tx<'_>, address: &str) -> String {
    known(tx, address, "").correspondent.unwrap().name
}

fn count(tx: &Tx<'_>, sql: &'static str) -> i64 {
    tx.query_row(sql, &[], |row| row.int(0)).unwrap().unwrap()
}

#[test]
fn a_forger_changes_neither_the_name_nor_the_standing_of_somebody_known() {
    Book::empty().run(|tx| {
        receive_daily(tx, "anna@far.test", "Anna Miller", 0..5);
        receive(tx, "anna@far.test", "Your Bank", No, hour(1));
        assert_eq!(name_of(tx, "anna@far.test"), "Anna Miller");
        let namesakes = |tx: &Tx<'_>, name| known(tx, "x@new.test", name).acquaintance.namesakes;
        assert!(namesakes(tx, "Your Bank").is_empty());
        assert_eq!(namesakes(tx, "Anna Miller").len(), 1);
    });
}

#[test]
fn what_people_call_themselves_wins_over_what_they_are_called() {
    Book::empty().run(|tx| {
        send(tx, "anna@far.test", "Mum", hour(0));
        assert_eq!(name_of(tx, "anna@far.test"), "Mum");
        receive(tx, "anna@far.test", "Anna Miller", Yes, hour(1));
        assert_eq!(name_of(tx, "anna@far.test"), "Anna Miller");
        send(tx, "anna@far.test", "Mum", hour(2));
        assert_eq!(name_of(tx, "anna@far.test"), "Anna Miller");
        receive(tx, "anna@far.test", "", Yes, hour(3));
        assert_eq!(name_of(tx, "anna@far.test"), "Anna Miller");
    });
}

#[test]
fn a_stranger_may_change_his_name_until_he_is_known() {
    Book::empty().run(|tx| {
        receive(tx, "x@far.test", "", No, hour(0));
        receive(tx, "x@far.test", "One", No, hour(1));
        assert_eq!(name_of(tx, "x@far.test"), "One");
        receive(tx, "x@far.test", "Two", No, hour(2));
        assert_eq!(name_of(tx, "x@far.test"), "Two");
        send(tx, "x@far.test", "Xaver", hour(3));
        assert_eq!(name_of(tx, "x@far.test"), "Xaver");
        receive(tx, "x@far.test", "Three", No, hour(4));
        assert_eq!(name_of(tx, "x@far.test"), "Xaver");
    });
}

#[test]
fn somebody_known_without_a_name_takes_the_first_he_gives() {
    Book::empty().run(|tx| {
        send(tx, "x@far.test", "", hour(0));
        receive(tx, "x@far.test", "Xaver", No, hour(1));
        assert_eq!(name_of(tx, "x@far.test"), "Xaver");
    });
}

#[test]
fn a_domain_is_written_once_a_day() {
    Book::empty().run(|tx| {
        receive(tx, "a@far.test", "A", Yes, hour(0));
        tx.execute("UPDATE correspondent_domain SET skeleton = 'untouched'", &[])
            .unwrap();
        receive(tx, "b@far.test", "B", Yes, hour(1));
        let untouched = "SELECT COUNT(*) FROM correspondent_domain WHERE skeleton = 'untouched'";
        assert_eq!(count(tx, untouched), 1);
        receive(tx, "b@far.test", "B", Yes, hour(25));
        assert_eq!(count(tx, untouched), 0);
        assert_eq!(count(tx, "SELECT standing FROM correspondent_domain"), 1);
        send(tx, "c@far.test", "C", hour(25));
        assert_eq!(count(tx, "SELECT standing FROM correspondent_domain"), 2);
        receive(tx, "c@far.test", "C", Yes, hour(50));
        assert_eq!(count(tx, "SELECT standing FROM correspondent_domain"), 2);
    });
}

#[test]
fn strangers_give_way_before_friends() {
    Book::empty().run(|tx| {
        send(tx, "friend@far.test", "Friend", hour(0));
        receive(tx, "news@letter.test", "News", Yes, hour(1));
        let max = i64::try_from(MAX_CORRESPONDENTS).unwrap();
        for number in 0..2 * max {
            receive(tx, &format!("spam{number}@evil.test"), "", No, hour(2 + number));
            if number % 100 == 0 {
                assert!(count(tx, "SELECT COUNT(*) FROM correspondent") <= max);
            }
        }
        assert!(known(tx, "friend@far.test", "").correspondent.is_some());
        assert!(known(tx, "news@letter.test", "").correspondent.is_some());
        assert!(known(tx, "spam0@evil.test", "").correspondent.is_none());
        let newest = format!("spam{}@evil.test", 2 * max - 1);
        assert!(known(tx, &newest, "").correspondent.is_some());
        let people = count(tx, "SELECT COUNT(*) FROM correspondent");
        assert!((max - 600..=max).contains(&people), "{people}");
        assert_eq!(count(tx, "SELECT people FROM correspondent_total"), people);
    });
}

#[test]
fn domains_are_bounded_too() {
    Book::empty().run(|tx| {
        send(tx, "friend@far.test", "Friend", hour(0));
        let max = i64::try_from(MAX_CORRESPONDENTS).unwrap();
        for number in 0..=max {
            receive(
                tx,
                &format!("news@letter{number}.test"),
                "",
                Yes,
                hour(24 + number),
            );
        }
        let domains = count(tx, "SELECT COUNT(*) FROM correspondent_domain");
        assert!((max - 600..=max).contains(&domains), "{domains}");
        assert_eq!(count(tx, "SELECT domains FROM correspondent_total"), domains);
        let domain = |tx: &Tx<'_>, address| known(tx, address, "").acquaintance.domain;
        assert_eq!(domain(tx, "other@far.test"), Familiarity::Known);
        assert_eq!(domain(tx, "other@letter0.test"), Familiarity::Unknown);
        assert_eq!(domain(tx, &format!("other@letter{max}.test")), Familiarity::Seen);
    });
}

#[test]
fn five_hundred_domains_are_told_the_best_known_of_them() {
    Book::empty().run(|tx| {
        receive_daily(tx, "news@letter.test", "", 0..9);
        for number in 0..499 {
            send(tx, &format!("a@written{number}.test"), "", hour(0));
        }
        for number in 0..499 {
            receive(
                tx,
                &format!("spam@throwaway{number}.test"),
                "",
                Yes,
                hour(24 * 30),
            );
        }
        let near = known(tx, "x@new.test", "").acquaintance.known_domains;
        assert_eq!(near.len(), 500);
        assert!(near.iter().all(|domain| !domain.starts_with("throwaway")));
        assert_eq!(near.last().map(String::as_str), Some("letter.test"));
    });
}

#[test]
fn a_wrong_total_mends_itself() {
    Book::empty().run(|tx| {
        send(tx, "friend@far.test", "Friend", hour(0));
        tx.execute("UPDATE correspondent_total SET people = 1000000", &[])
            .unwrap();
        receive(tx, "anna@far.test", "Anna", Yes, hour(1));
        assert_eq!(count(tx, "SELECT people FROM correspondent_total"), 2);
        assert_eq!(count(tx, "SELECT COUNT(*) FROM correspondent"), 2);
    });
}

#[test]
fn a_forgotten_account_leaves_nothing() {
    Book::empty().run(|tx| {
        send(tx, "friend@far.test", "Friend", hour(0));
        receive(tx, "anna@far.test", "Anna", Yes, hour(1));
        forget_account(tx, READER).unwrap();
        assert_eq!(known(tx, "friend@far.test", "Anna"), Known::default());
        assert_eq!(count(tx, "SELECT COUNT(*) FROM correspondent_total"), 0);
        assert_eq!(count(tx, "SELECT COUNT(*) FROM correspondent_domain"), 0);
    });
}

/// Prints what a delivery pays with a full book; asserts nothing about it, as machines differ.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "measures and prints; no result depends on it"
)]
fn what_a_delivery_pays() {
    const ROUNDS: u32 = 2_000;
    let book = Book::empty();
    book.run(|tx| {
        for number in 0..4_999 {
            send(
                tx,
                &person(number),
                &format!("Person Number{number}"),
                hour(number),
            );
        }
    });
    book.run(|tx| {
        let timed = |what: &str, tx: &mut Tx<'_>, work: &dyn Fn(&mut Tx<'_>, i64)| {
            let began = std::time::Instant::now();
            (0..i64::from(ROUNDS)).for_each(|round| work(tx, round));
            println!("5000 correspondents, {what}: {:?}", began.elapsed() / ROUNDS);
        };
        timed("for comparison, one row by its key", tx, &|tx, _round| {
            let found = tx.query_row(sql::DOMAIN, params![READER, "domain1.test"], |row| row.int(0));
            assert!(found.unwrap().is_some());
        });
        timed("ask about an acquaintance", tx, &|tx, round| {
            let name = format!("Person Number{}", round * 2);
            assert!(known(tx, &person(round * 2), &name).correspondent.is_some());
        });
        timed("learn an acquaintance's message", tx, &|tx, round| {
            let name = format!("Person Number{}", round * 2);
            receive(tx, &person(round * 2), &name, Yes, hour(4_999));
        });
        timed("ask about a stranger", tx, &|tx, round| {
            let address = format!("x@stranger{round}.test");
            assert!(known(tx, &address, "Nobody").correspondent.is_none());
        });
        timed("learn a stranger's message", tx, &|tx, round| {
            let address = format!("x@stranger{round}.test");
            receive(tx, &address, "Nobody", No, hour(5_000));
        });
    });
}

fn person(number: i64) -> String {
    format!("person{number}@domain{}.test", number % 1_000)
}

/// A scan or a sort among 5,000 rows would cost more than the rest of the delivery.
#[test]
fn every_read_of_a_delivery_finds_its_rows_by_index_and_in_order() {
    Book::empty().run(|tx| {
        let reads = [
            sql::CORRESPONDENT,
            sql::NAMESAKES,
            sql::DOMAIN,
            sql::SAME_SKELETON,
            sql::BEST_DOMAINS,
        ];
        for (sql, keys) in reads.into_iter().zip([2, 3, 2, 2, 1]) {
            let explained: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let params = vec![Value::Int(1); sql.matches('$').count()];
            let plan = tx.query(explained, &params, |row| Ok(row.text(3)?.to_owned()));
            let plan = plan.unwrap().join("; ");
            assert!(
                plan.starts_with("SEARCH") && !plan.contains("B-TREE"),
                "{sql}: {plan}"
            );
            assert_eq!(plan.matches('?').count(), keys, "{sql}: {plan}");
        }
    });
}

#[test]
fn a_question_about_nothing_finds_nothing() {
    Book::empty().run(|tx| {
        receive(tx, "x@far.test", "", Yes, hour(0));
        let nothing = Question {
            address: "",
            domain: "",
            skeleton: "",
            name_key: "",
            near: NearDomains::Skip,
        };
        assert_eq!(know(tx, READER, &nothing, hour(1)).unwrap(), Known::default());
    });
}
