//! Orders of messages in a real store.

use super::*;
use crate::imap::search::tests::{ANNA, INBOX, store_of_messages};

/// The UIDs in the order of the criteria, written `KEY` or `-KEY`.
fn order(messages: &[&str], criteria: &[&str]) -> Vec<u32> {
    let (store, _folder) = store_of_messages(messages);
    let criteria: Vec<SortCriterion> = criteria
        .iter()
        .map(|text| {
            let name = text.trim_start_matches('-');
            let order = if name == *text {
                SortOrder::Ascending
            } else {
                SortOrder::Descending
            };
            let named = SortKey::NAMES.into_iter().find(|(_, known)| *known == name);
            SortCriterion {
                key: named.unwrap().0,
                order,
            }
        })
        .collect();
    let by = criteria.clone();
    let uids: Vec<_> = (1..50).map(posthorn_base::Uid).collect();
    let mut found = store
        .read(move |tx| {
            let rows = mailbox::messages(tx, ANNA, INBOX, &uids)?;
            values_of(tx, ANNA, INBOX, &rows, &by)
        })
        .wait()
        .unwrap();
    found.sort_by(|one, other| compare(one, other, &criteria));
    found.into_iter().map(|sorted| sorted.uid).collect()
}

#[test]
fn subjects_are_compared_by_their_base_and_then_by_the_mailbox() {
    let messages = [
        "Subject: Re: banana",
        "Subject: =?utf-8?Q?=C3=89clair?=",
        "Subject: apple",
        "Subject: BANANA",
        "X: no subject",
        "Subject: [list] zebra",
    ];
    assert_eq!(order(&messages, &["SUBJECT"]), [5, 3, 1, 4, 2, 6]);
    assert_eq!(order(&messages, &["-SUBJECT"]), [6, 2, 1, 4, 3, 5]);
}

#[test]
fn addresses_are_compared_by_their_local_part_or_by_their_name() {
    let messages = [
        "From: \"Zo\u{eb}\" <anna@x.test>, bert@x.test\r\nTo: c@x.test",
        "From: bert@a.test\r\nTo: Group: z@x.test;",
        "From: =?utf-8?Q?Adam?= <zz@x.test>\r\nCc: q@x.test",
        "To: B@x.test\r\nCc: P@x.test",
    ];
    assert_eq!(order(&messages, &["FROM"]), [4, 1, 2, 3]);
    assert_eq!(order(&messages, &["DISPLAYFROM"]), [4, 3, 2, 1]);
    assert_eq!(order(&messages, &["TO"]), [3, 4, 1, 2]);
    assert_eq!(order(&messages, &["DISPLAYTO"]), [3, 4, 1, 2]);
    assert_eq!(order(&messages, &["CC"]), [1, 2, 4, 3]);
}

#[test]
fn dates_are_compared_in_utc_and_sizes_by_number() {
    let messages = [
        "Date: Mon, 1 Jan 2001 00:01:33 +0000",
        "Date: Sun, 31 Dec 2000 16:00:33 -0800\r\nX: longer",
        "X: no date",
        "Date: 1 Jan 1990 00:00:00 +0000\r\nX: the longest of all of them",
    ];
    // The one without a date has that of its arrival, which is later than all others here.
    assert_eq!(order(&messages, &["DATE"]), [4, 2, 1, 3]);
    assert_eq!(order(&messages, &["-DATE"]), [3, 1, 2, 4]);
    assert_eq!(order(&messages, &["SIZE"]), [3, 1, 2, 4]);
    assert_eq!(order(&messages, &["-ARRIVAL"]), [1, 2, 3, 4]);
}

#[test]
fn the_first_criterion_counts_most() {
    let messages = [
        "Subject: b\r\nDate: 2 Jan 2001 00:00:00 +0000",
        "Subject: a\r\nDate: 1 Jan 2001 00:00:00 +0000",
        "Subject: Re: a\r\nDate: 3 Jan 2001 00:00:00 +0000",
    ];
    assert_eq!(order(&messages, &["SUBJECT", "-DATE"]), [3, 2, 1]);
    assert_eq!(order(&messages, &["-SUBJECT", "DATE"]), [1, 2, 3]);
}
