//! The examples of RFC 5256 and the properties of any tree.

use proptest::prelude::*;

use super::*;

/// `subject` is the base; `Re: ` in front makes a reply.
fn fact(uid: u32, id: &str, ancestors: &str, subject: &str) -> Fact {
    let base = subject.trim_start_matches("Re: ");
    Fact {
        uid,
        sent_at: Timestamp::from_secs(i64::from(uid)),
        message_id: (!id.is_empty()).then(|| id.to_owned()),
        ancestors: ancestors.split_whitespace().map(str::to_owned).collect(),
        subject: base.into(),
        is_reply: base != subject,
    }
}

/// `1(2 -(3 4))`: a message, its answers in parentheses, `-` for what is missing.
fn drawn(nodes: &[ThreadNode]) -> String {
    let mut text = String::new();
    let mut open: Vec<u32> = Vec::new();
    for node in nodes {
        if !(text.is_empty() || text.ends_with('(')) {
            text.push(' ');
        }
        text.push_str(&node.uid.map_or("-".to_owned(), |uid| uid.to_string()));
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if node.children > 0 {
            text.push('(');
        }
        open.push(node.children);
        while open.last() == Some(&0) {
            open.pop();
            if open.last() == Some(&0) {
                text.push(')');
            }
        }
    }
    text
}

fn references(facts: &[Fact]) -> String {
    drawn(&by_references(facts.to_vec()))
}

#[test]
fn ordered_subjects_have_no_grandchildren() {
    let mut facts = vec![
        fact(1, "", "", "b"),
        fact(2, "", "", "a"),
        fact(3, "", "", "b"),
        fact(4, "", "", "Re: b"),
        fact(5, "", "", ""),
    ];
    facts[2].sent_at = Timestamp::from_secs(-7);
    assert_eq!(drawn(&by_ordered_subject(facts)), "3(1 4) 2 5");
    assert_eq!(by_ordered_subject(Vec::new()), []);
}

#[test]
fn answers_stand_below_what_they_answer_by_their_dates() {
    let mut facts = vec![
        fact(1, "c", "a b", ""),
        fact(2, "a", "", ""),
        fact(3, "b", "a", ""),
        fact(4, "d", "a b", ""),
        fact(5, "x", "", ""),
    ];
    assert_eq!(references(&facts), "2(3(1 4)) 5");
    facts[0].sent_at = Timestamp::from_secs(9);
    assert_eq!(references(&facts), "2(3(4 1)) 5");
}

#[test]
fn a_missing_message_is_shown_only_above_several() {
    let one = [fact(1, "b", "a", "")];
    assert_eq!(references(&one), "1");
    let two = [fact(1, "b", "a", ""), fact(2, "c", "a", "")];
    assert_eq!(references(&two), "-(1 2)");
    // The missing `y` is between: its answer goes to `a`, and that of `z` to the top.
    let deep = [
        fact(1, "a", "", ""),
        fact(2, "b", "a y", ""),
        fact(3, "c", "z x", ""),
        fact(4, "d", "z", ""),
    ];
    assert_eq!(references(&deep), "1(2) -(3 4)");
}

#[test]
fn threads_of_one_subject_become_one() {
    let reply_below = [fact(1, "a", "", "Re: lunch"), fact(2, "b", "", "lunch")];
    assert_eq!(references(&reply_below), "2(1)");
    let siblings = [fact(1, "a", "", "lunch"), fact(2, "b", "", "lunch")];
    assert_eq!(references(&siblings), "-(1 2)");
    let to_the_missing = [
        fact(1, "a", "", "lunch"),
        fact(2, "b", "x", "Re: lunch"),
        fact(3, "c", "x", "Re: lunch"),
        fact(4, "d", "y", "Re: lunch"),
        fact(5, "e", "y", "Re: lunch"),
    ];
    assert_eq!(references(&to_the_missing), "-(1 2 3 4 5)");
    let empty = [fact(1, "a", "", ""), fact(2, "b", "", "Re: ")];
    assert_eq!(references(&empty), "1 2");
}

#[test]
fn of_two_messages_with_one_id_the_first_is_answered() {
    let facts = [
        fact(1, "a", "", ""),
        fact(2, "a", "", ""),
        fact(3, "b", "a", ""),
        fact(4, "", "a", ""),
    ];
    assert_eq!(references(&facts), "1(3 4) 2");
}

#[test]
fn a_chain_of_many_thousands_is_soon_walked() {
    let many = 30_000;
    let facts: Vec<Fact> = (1..=many)
        .map(|uid| {
            let far = (uid + 1..uid + 4)
                .rev()
                .map(|id| id.to_string())
                .collect::<Vec<_>>();
            fact(uid, &uid.to_string(), &far.join(" "), "")
        })
        .collect();
    let nodes = by_references(facts);
    assert_eq!(nodes.len(), many as usize);
    assert_eq!(nodes.last().unwrap().uid, Some(1));
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let ids = prop::collection::vec(
        prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g"]),
        0..5,
    );
    let subjects = prop::sample::select(vec!["", "x", "y", "Re: x", "Re: y"]);
    (0..5_i64, "[a-h]?", ids, subjects).prop_map(|(date, id, ancestors, subject)| {
        let mut fact = fact(0, &id, &ancestors.join(" "), subject);
        fact.sent_at = Timestamp::from_secs(date);
        fact
    })
}

proptest! {
    #[test]
    fn every_message_stands_in_the_trees_once(mut facts in prop::collection::vec(any_fact(), 0..25)) {
        for (uid, fact) in (1..).zip(&mut facts) {
            fact.uid = uid;
        }
        for nodes in [by_references(facts.clone()), by_ordered_subject(facts.clone())] {
            let mut uids: Vec<u32> = nodes.iter().filter_map(|node| node.uid).collect();
            uids.sort_unstable();
            prop_assert!(uids.into_iter().eq(1..=u32::try_from(facts.len()).unwrap()));
            // Walked to the end, nothing is open, and what is missing has several answers.
            let mut open: Vec<u32> = Vec::new();
            for node in &nodes {
                prop_assert!(node.uid.is_some() || (node.children > 1 && open.is_empty()));
                if let Some(left) = open.last_mut() {
                    *left -= 1;
                }
                open.push(node.children);
                while open.last() == Some(&0) {
                    open.pop();
                }
            }
            prop_assert_eq!(open, [0_u32; 0]);
        }
    }
}
