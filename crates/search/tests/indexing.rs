//! The index in a store: made in steps, complete up to where it says, checked, damaged.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "indexing/fixture.rs"]
mod fixture;
#[path = "indexing/merging.rs"]
mod merging;

use posthorn_base::EmailId;
use posthorn_message::search::{TextPlace, fold_case};
use posthorn_search::{Bounds, EmailSet, Query, Step, remove_account, sql, start_over};
use posthorn_store::StoreError;
use roaring::RoaringTreemap;

use fixture::{ANNA, Fixture};

fn only(emails: &[EmailId]) -> EmailSet {
    let ids: RoaringTreemap = emails
        .iter()
        .map(|email| u64::try_from(email.0).unwrap())
        .collect();
    EmailSet::Only(ids)
}

fn exactly(emails: &[EmailId]) -> Bounds {
    Bounds {
        certain: only(emails),
        possible: only(emails),
    }
}

fn maybe(emails: &[EmailId]) -> Bounds {
    Bounds {
        certain: EmailSet::none(),
        possible: only(emails),
    }
}

fn anywhere(text: &str) -> Query {
    Query::anywhere(&fold_case(text))
}

fn at(place: TextPlace, text: &str) -> Query {
    Query::at(place, &fold_case(text))
}

#[test]
fn words_are_found_by_any_part_of_them_where_they_stand() {
    let fixture = Fixture::new();
    let one = fixture.deliver("Subject: Gr\u{fc}ne Post\r\n\r\nein Posthorn");
    let other = fixture.deliver("Subject: x\r\nX-Tag: post\r\n\r\nGR\u{dc}N");
    fixture.index();
    assert_eq!(fixture.find(&anywhere("ost")), exactly(&[one, other]));
    assert_eq!(fixture.find(&at(TextPlace::Body, "ost")), exactly(&[one]));
    assert_eq!(
        fixture.find(&at(TextPlace::Subject, "gr\u{fc}n")),
        exactly(&[one])
    );
    assert_eq!(fixture.find(&Query::header("x-tag", "POST")), maybe(&[other]));
    assert_eq!(fixture.find(&Query::header("x-tag", "")), maybe(&[other]));
    assert_eq!(fixture.find(&anywhere("horns")), exactly(&[]));
}

#[test]
fn a_phrase_is_narrowed_down_by_where_its_words_end() {
    let fixture = Fixture::new();
    let phrase = fixture.deliver("A: b\r\n\r\nthe post horn");
    let reordered = fixture.deliver("A: b\r\n\r\nhorn post");
    fixture.deliver("A: b\r\n\r\nposter horn");
    fixture.index();
    assert_eq!(fixture.find(&anywhere("ost hor")), maybe(&[phrase, reordered]));
    assert_eq!(fixture.find(&anywhere(", ")), Bounds::unknown());
}

#[test]
fn a_message_with_a_term_too_long_is_always_possible() {
    let fixture = Fixture::new();
    let long = fixture.deliver(&format!("A: b\r\n\r\n{}", "z".repeat(5_000)));
    let short = fixture.deliver("A: b\r\n\r\nword");
    fixture.index();
    let found = fixture.find(&anywhere("word"));
    assert_eq!(found.certain, only(&[short]));
    assert_eq!(found.possible, only(&[long, short]));
}

#[test]
fn what_came_since_is_not_indexed_and_that_is_said() {
    let fixture = Fixture::new();
    assert_eq!(fixture.indexed_to(), EmailId(0));
    let first = fixture.deliver("A: b\r\n\r\nword");
    fixture.index();
    assert_eq!(fixture.indexed_to(), first);
    fixture.deliver("A: b\r\n\r\nword");
    assert_eq!(fixture.indexed_to(), first);
    assert_eq!(fixture.find(&anywhere("word")), exactly(&[first]));
}

#[test]
fn the_index_of_a_removed_account_is_gone_and_does_not_come_back() {
    let fixture = Fixture::new();
    fixture.deliver("A: b\r\n\r\nword");
    fixture.index();
    fixture.write(|tx| {
        posthorn_mailbox::remove_account(tx, ANNA)?;
        Ok(remove_account(tx, ANNA)?)
    });
    assert_eq!(fixture.step(), Ok(Step::Done));
    assert_eq!(fixture.indexed_to(), EmailId(0));
    for table in ["account", "segment", "terms", "postings"] {
        assert_eq!(fixture.count(table), 0, "{table}");
    }
}

#[test]
fn the_check_finds_nothing_wrong_and_what_is_wrong() {
    let fixture = Fixture::new();
    for _ in 0..3 {
        fixture.deliver("A: b\r\n\r\nword");
    }
    fixture.index();
    assert_eq!(fixture.findings(), [""; 0]);
    fixture.sql("UPDATE search_segment SET first_email = first_email + 1");
    assert_eq!(fixture.findings().len(), 2, "{:?}", fixture.findings());
}

const DAMAGE: [&str; 5] = [
    "UPDATE search_postings SET postings = x'ff'",
    "UPDATE search_postings SET postings = x''",
    "DELETE FROM search_postings",
    "UPDATE search_segment SET last_email = first_email",
    "UPDATE search_segment SET last_email = first_email - 1",
];

#[test]
fn damaged_rows_are_an_error_and_a_finding() {
    for damage in DAMAGE {
        let fixture = Fixture::new();
        for _ in 0..3 {
            fixture.deliver("A: b\r\n\r\nword");
        }
        fixture.index();
        fixture.sql(damage);
        let found = fixture.try_find(&anywhere("word"));
        assert!(
            matches!(found, Err(StoreError::Corrupt(_))),
            "{damage}: {found:?}"
        );
        assert_ne!(fixture.findings(), [""; 0], "{damage}");
    }
}

#[test]
fn an_index_that_is_begun_anew_becomes_what_it_was_and_leaves_nothing_behind() {
    for damage in DAMAGE {
        let fixture = Fixture::new();
        let emails = [(); 3].map(|()| fixture.deliver("A: b\r\n\r\nword"));
        fixture.index();
        let before = fixture.count("terms");
        fixture.sql(damage);
        fixture.write(|tx| Ok(start_over(tx, ANNA)?));
        assert_eq!(fixture.indexed_to(), EmailId(0), "{damage}");
        fixture.index_later();
        assert_eq!(fixture.find(&anywhere("word")), exactly(&emails), "{damage}");
        assert_eq!(fixture.findings(), [""; 0], "{damage}");
        assert_eq!(fixture.count("segment"), 1, "{damage}");
        assert_eq!(fixture.count("terms"), before, "{damage}");
    }
}

#[test]
fn who_merges_damaged_segments_begins_anew() {
    for damage in DAMAGE {
        let fixture = Fixture::new();
        let mut emails = Vec::new();
        for _ in 0..7 {
            // Two in each, so that the range of a segment can be too short.
            emails.extend([(); 2].map(|()| fixture.deliver("A: b\r\n\r\nword")));
            fixture.index();
        }
        fixture.sql(damage);
        emails.push(fixture.deliver("A: b\r\n\r\nword"));
        fixture.index_later();
        assert_eq!(fixture.find(&anywhere("word")), exactly(&emails), "{damage}");
        assert_eq!(fixture.findings(), [""; 0], "{damage}");
    }
}

#[test]
fn damaged_mail_does_not_cost_the_index() {
    let fixture = Fixture::new();
    let email = fixture.deliver("A: b\r\n\r\nword");
    fixture.index();
    fixture.deliver("A: b\r\n\r\nword");
    fixture.sql("UPDATE email SET blob_hash = x'00' WHERE email_id > 1000");
    assert!(fixture.step().is_err());
    assert_eq!(fixture.indexed_to(), email);
    assert_eq!(fixture.find(&anywhere("word")), exactly(&[email]));
}

#[test]
fn every_statement_is_understood_by_the_engine() {
    let refused = Fixture::new().write(|tx| Ok(tx.refused(sql::STATEMENTS)));
    assert_eq!(refused, [""; 0]);
}

#[test]
fn check_is_quiet_about_an_empty_store() {
    let fixture = Fixture::new();
    assert_eq!(fixture.findings(), [""; 0]);
}
