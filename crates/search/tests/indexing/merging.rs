//! Segments become few and large while messages come, go and are searched; a crash in between harms nothing.

use posthorn_base::EmailId;
use posthorn_search::{Bounds, EmailSet, Indexer, Query, Step};
use roaring::RoaringTreemap;

use crate::fixture::{ANNA, Fixture, now};

/// Each message in a segment of its own, as when they come one at a time; segments are merged as it goes.
fn trickle(fixture: &Fixture, count: usize) -> Vec<EmailId> {
    let deliver = |number: usize| {
        let email = fixture.deliver(&format!(
            "Subject: n{number}\r\n\r\nword {}",
            "abc".repeat(number)
        ));
        fixture.index();
        email
    };
    (0..count).map(deliver).collect()
}

fn exactly(emails: &[EmailId]) -> Bounds {
    let ids: RoaringTreemap = emails
        .iter()
        .map(|email| u64::try_from(email.0).unwrap())
        .collect();
    Bounds {
        certain: EmailSet::Only(ids.clone()),
        possible: EmailSet::Only(ids),
    }
}

#[test]
fn eight_segments_become_one_and_nothing_is_lost() {
    let fixture = Fixture::new();
    let emails = trickle(&fixture, 70);
    // 64 in one, and six that are too few to merge.
    assert_eq!(fixture.count("segment"), 7);
    assert_eq!(fixture.count("terms"), fixture.count("postings"));
    assert_eq!(fixture.find(&Query::anywhere("WORD")), exactly(&emails));
    assert_eq!(fixture.find(&Query::anywhere("N17")), exactly(&emails[17..18]));
    assert_eq!(fixture.find(&Query::anywhere("ABCABCABC")), exactly(&emails[3..]));
    assert_eq!(fixture.findings(), [""; 0]);
}

#[test]
fn contents_that_are_gone_are_left_out() {
    let fixture = Fixture::new();
    let emails = trickle(&fixture, 7);
    fixture.expunge(&[1, 2, 3]);
    assert_eq!(fixture.find(&Query::anywhere("WORD")), exactly(&emails));
    let last = trickle(&fixture, 1);
    let left = [&emails[3..], &last[..]].concat();
    assert_eq!(fixture.find(&Query::anywhere("WORD")), exactly(&left));
    assert_eq!(fixture.findings(), [""; 0]);
}

#[test]
fn when_all_are_gone_no_segment_remains() {
    let fixture = Fixture::new();
    trickle(&fixture, 7);
    fixture.deliver("A: b\r\n\r\nword");
    assert_eq!(fixture.step(), Ok(Step::More));
    fixture.expunge(&[1, 2, 3, 4, 5, 6, 7, 8]);
    fixture.index_later();
    for table in ["segment", "terms", "postings"] {
        assert_eq!(fixture.count(table), 0, "{table}");
    }
    assert_eq!(fixture.findings(), [""; 0]);
}

#[test]
fn a_segment_whose_messages_are_mostly_gone_is_written_again() {
    let fixture = Fixture::new();
    let emails = trickle(&fixture, 8);
    fixture.expunge(&[1, 2, 3, 4]);
    fixture.index();
    assert_eq!(fixture.find(&Query::anywhere("N1")), exactly(&emails[1..2]));
    fixture.expunge(&[5]);
    fixture.index();
    assert_eq!(fixture.find(&Query::anywhere("N1")), exactly(&[]));
    assert_eq!(fixture.find(&Query::anywhere("WORD")), exactly(&emails[5..]));
    assert_eq!(fixture.count("segment"), 1);
    assert_eq!(fixture.findings(), [""; 0]);
}

#[test]
fn a_merge_that_is_cut_short_anywhere_harms_nothing() {
    for steps in 1..9 {
        let fixture = Fixture::new();
        let mut emails = trickle(&fixture, 7);
        emails.push(fixture.deliver("A: b\r\n\r\nword"));
        let mut indexer = Indexer::new(fixture.store.clone(), ANNA);
        let done = (0..steps).map(|_| indexer.step(now()).unwrap()).last();
        // The program ends here and begins anew.
        drop(indexer);
        assert_eq!(
            fixture.find(&Query::anywhere("WORD")),
            exactly(&emails),
            "{steps}"
        );
        assert_eq!(fixture.findings(), [""; 0], "{steps}");
        fixture.index();
        assert_eq!(
            fixture.find(&Query::anywhere("WORD")),
            exactly(&emails),
            "{steps}"
        );
        // What was left behind goes when nobody can be working on it any more.
        fixture.index_later();
        assert_eq!(fixture.count("segment"), 1, "{steps}: {done:?}");
        assert_eq!(fixture.count("terms"), 1, "{steps}");
        assert_eq!(fixture.count("postings"), 1, "{steps}");
    }
}

#[test]
fn of_two_who_merge_the_same_one_wins() {
    let fixture = Fixture::new();
    let mut emails = trickle(&fixture, 7);
    emails.push(fixture.deliver("A: b\r\n\r\nword"));
    let mut both = [
        Indexer::new(fixture.store.clone(), ANNA),
        Indexer::new(fixture.store.clone(), ANNA),
    ];
    let mut is_done = [false, false];
    while is_done != [true, true] {
        for (indexer, is_done) in both.iter_mut().zip(&mut is_done) {
            *is_done = indexer.step(now()).unwrap() == Step::Done;
        }
        assert_eq!(fixture.find(&Query::anywhere("WORD")), exactly(&emails));
        assert_eq!(fixture.findings(), [""; 0]);
    }
}

#[test]
fn an_account_that_is_removed_while_it_is_merged_stays_removed() {
    let fixture = Fixture::new();
    trickle(&fixture, 7);
    fixture.deliver("A: b\r\n\r\nword");
    let mut indexer = Indexer::new(fixture.store.clone(), ANNA);
    assert_eq!(indexer.step(now()), Ok(Step::More));
    fixture.write(|tx| {
        posthorn_mailbox::remove_account(tx, ANNA)?;
        Ok(posthorn_search::remove_account(tx, ANNA)?)
    });
    while indexer.step(now()).unwrap() == Step::More {}
    for table in ["account", "segment", "terms", "postings"] {
        assert_eq!(fixture.count(table), 0, "{table}");
    }
}

#[test]
fn terms_over_many_chunks_are_merged_in_order() {
    let fixture = Fixture::new();
    let mut emails = Vec::new();
    for message in 0..8 {
        let words: Vec<String> = (0..5_000)
            .map(|n| format!("w{:05}", n * 7 % 5_000 + message))
            .collect();
        emails.push(fixture.deliver(&format!("A: b\r\n\r\n{}", words.join(" "))));
        fixture.index();
    }
    assert_eq!(fixture.count("segment"), 1);
    assert!(fixture.count("terms") > 1);
    assert_eq!(fixture.findings(), [""; 0]);
    assert_eq!(fixture.find(&Query::anywhere("W00007")), exactly(&emails));
    assert_eq!(fixture.find(&Query::anywhere("W05006")), exactly(&emails[7..]));
}
