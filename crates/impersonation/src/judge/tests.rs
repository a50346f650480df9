//! What the weights promise together, and what no input may do.

use proptest::prelude::*;

use super::*;
use crate::look::{MAX_KNOWN_DOMAINS, Namesake};

/// Every weight that speaks against a sender.
const WEIGHTS: &[i8] = &[
    weights::LOOK_ALIKE,
    weights::LOOK_ALIKE_OTHER_ENDING,
    weights::FOREIGN_LETTERS,
    weights::NEAR_LONG,
    weights::NEAR,
    weights::OTHER_ENDING,
    weights::WHOLE_NAME_INSIDE,
    weights::NAME_INSIDE,
    weights::COLLEAGUE,
    weights::NAMESAKE,
    weights::NAMESAKE_SAME_DOMAIN,
    weights::KNOWN_ADDRESS_IN_NAME,
    weights::KNOWN_DOMAIN_IN_NAME,
    weights::ADDRESS_IN_NAME,
    weights::CLAIMS_TO_BE_US,
    weights::DISOWNED_STRICTLY,
    weights::DISOWNED_SOFTLY,
    weights::REPLY_ELSEWHERE,
    weights::NOT_VOUCHED,
    weights::OTHER_ENVELOPE,
    weights::FIRST_CONTACT,
];

#[test]
fn one_fact_alone_never_warns() {
    assert!(WEIGHTS.iter().all(|weight| i16::from(*weight) < weights::CAUTION));
    const { assert!(weights::MAX_CIRCUMSTANCES < weights::CAUTION) };
}

#[test]
fn a_look_alike_that_is_an_old_acquaintance_is_not_told_every_time() {
    let look = Look {
        address: "info@rnaier.example",
        standing: Standing::Passed,
        ..Look::default()
    };
    let mut known = Acquaintance {
        same_skeleton: vec!["maier.example".to_owned()],
        ..Acquaintance::default()
    };
    assert_eq!(impression(&look, &known).level, Level::Caution);
    known.domain = Familiarity::Known;
    known.address = Familiarity::Known;
    assert_eq!(impression(&look, &known).level, Level::Silent);
}

#[test]
fn names_from_strangers_are_cleaned_before_they_are_repeated() {
    let look = Look {
        name: "Clara\u{202e}\r\n Boss",
        address: "x\u{7}@evil.test",
        ..Look::default()
    };
    let known = Acquaintance {
        colleagues: vec![Namesake {
            name: "Clara Boss".to_owned(),
            address: "clara@office.example".to_owned(),
        }],
        ..Acquaintance::default()
    };
    let words: String = impression(&look, &known)
        .signs
        .into_iter()
        .map(|sign| sign.what)
        .collect();
    assert!(words.contains("Clara Boss"), "{words}");
    assert!(!words.contains(char::is_control) && !words.contains('\u{202e}'));
}

#[test]
fn a_message_without_an_author_is_no_accusation() {
    let found = impression(&Look::default(), &Acquaintance::default());
    assert_eq!(found.level, Level::Silent);
}

#[test]
fn many_known_domains_are_not_all_compared() {
    let look = Look {
        address: "bea@holzbua.example",
        reply_to: Some("bea@quickmail.test"),
        standing: Standing::Passed,
        ..Look::default()
    };
    let mut known = Acquaintance {
        known_domains: (0..MAX_KNOWN_DOMAINS)
            .map(|n| format!("stranger{n}.example"))
            .collect(),
        ..Acquaintance::default()
    };
    known.known_domains.push("holzbau.example".to_owned());
    assert_eq!(impression(&look, &known).level, Level::Silent);
    known.known_domains.swap(0, MAX_KNOWN_DOMAINS);
    assert_eq!(impression(&look, &known).level, Level::Caution);
}

fn any_standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Passed),
        Just(Standing::FailedStrictly),
        Just(Standing::FailedSoftly),
        Just(Standing::NoPolicy),
        Just(Standing::Unknown),
    ]
}

proptest! {
    #[test]
    fn any_message_is_judged_in_few_words(
        texts in proptest::collection::vec(".{0,300}", 8),
        standing in any_standing(),
    ) {
        let own = |index: usize| texts[index].clone();
        let signers = [own(0), own(1)];
        let signers: Vec<&str> = signers.iter().map(String::as_str).collect();
        let look = Look {
            name: &texts[2],
            address: &texts[3],
            reverse_path_domain: Some(&texts[4]),
            spf_passed: true,
            reply_to: Some(&texts[5]),
            signers: &signers,
            standing,
            list_id: Some(&texts[6]),
            ours: &[&texts[7]],
        };
        let known = Acquaintance {
            namesakes: vec![Namesake { name: own(2), address: own(1) }],
            colleagues: vec![Namesake { name: own(2), address: own(4) }],
            same_skeleton: vec![own(0)],
            known_domains: texts.clone(),
            ..Acquaintance::default()
        };
        let found = impression(&look, &known);
        prop_assert!(found.signs.len() <= 13);
        for sign in &found.signs {
            prop_assert!(sign.what.chars().count() < 400 && !sign.what.contains(char::is_control));
        }
    }

    #[test]
    fn without_a_claim_to_be_somebody_nothing_is_said(
        local in "[a-z]{1,8}", domain in "[a-z]{3,12}\\.example", reply in "[a-z]{1,9}@[a-z]{3,9}\\.test",
        standing in any_standing(),
    ) {
        let address = format!("{local}@{domain}");
        let look = Look { address: &address, reply_to: Some(&reply), standing, ..Look::default() };
        prop_assert_eq!(impression(&look, &Acquaintance::default()).level, Level::Silent);
    }
}
