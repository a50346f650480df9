//! Tests of the evaluation that no golden case can hold: limits, hostile input, other threads.

use proptest::prelude::*;

use posthorn_testkit::names::{Names, now};

use crate::{Authenticated, DmarcResult, Evaluation, Policy, discover, evaluate};

fn run(names: &Names, from: &str, dkim: &[Authenticated]) -> Evaluation {
    now(async {
        let discovery = discover(names, from).await;
        evaluate(names, &discovery, dkim.first(), dkim).await
    })
}

fn vouched(domain: String) -> Authenticated {
    Authenticated {
        domain,
        certain: true,
    }
}

#[test]
fn both_halves_can_run_on_any_thread() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let names = Names::parse("_dmarc.bank.example TXT v=DMARC1; p=none");
    let found = now(is_send(async {
        let discovery = is_send(discover(&names, "bank.example")).await;
        is_send(evaluate(&names, &discovery, None, &[])).await
    }));
    assert_eq!(found.result, DmarcResult::Fail);
}

#[test]
fn a_thousand_signatures_cost_few_questions() {
    let names = Names::parse("_dmarc.bank.example TXT v=DMARC1; p=reject");
    let dkim: Vec<Authenticated> = (0..1_000)
        .map(|n| vouched(format!("1.2.3.4.5.6.7.8.s{n}.bank.example")))
        .collect();
    let found = run(&names, "bank.example", &dkim);
    assert_eq!((found.result, found.dkim.len()), (DmarcResult::Pass, 8));
    assert!(names.asked().len() <= 2 + 9 * 6, "{}", names.asked().len());
}

#[test]
fn questions_already_answered_are_not_asked_again() {
    let names = Names::parse("_dmarc.bank.example TXT v=DMARC1; p=reject");
    run(
        &names,
        "news.bank.example",
        &[vouched("mail.bank.example".to_owned())],
    );
    let mut asked = names.asked();
    asked.sort();
    asked.dedup();
    // SPF and DKIM vouch for the same name here, and each looks for itself.
    assert_eq!(names.asked().len(), asked.len() + 1);
}

#[test]
fn a_record_of_a_megabyte_is_shortened() {
    let long = format!("v=DMARC1; p=reject; {}", "x=y; ".repeat(200_000));
    let mut names = Names::default();
    let text = long.into_bytes().into_boxed_slice();
    names.add("_dmarc.bank.example", posthorn_base::lookup::Record::Txt(text));
    let found = run(&names, "bank.example", &[]);
    assert_eq!((found.result, found.policy), (DmarcResult::Fail, Policy::Reject));
    assert!(serde_json::to_string(&found).unwrap().len() < 2_000);
    assert_eq!(found.record().unwrap().p, Some(Policy::Reject));
}

#[test]
fn octets_that_are_no_text_cost_only_their_tag() {
    let mut names = Names::default();
    let octets = b"v=DMARC1; p=reject; x=\xff\xfe; rua=mailto:a@bank.example".as_slice();
    names.add(
        "_dmarc.bank.example",
        posthorn_base::lookup::Record::Txt(octets.into()),
    );
    let found = run(&names, "bank.example", &[]);
    assert_eq!((found.result, found.policy), (DmarcResult::Fail, Policy::Reject));
    assert!(found.walk.iter().all(|asked| match &asked.found {
        crate::Found::Record(text) => text.is_ascii(),
        crate::Found::Nothing | crate::Found::Several => true,
        crate::Found::Invalid(why) | crate::Found::Failed(why) => why.is_ascii(),
    }));
}

#[test]
fn a_record_cut_in_the_store_is_read_up_to_its_last_whole_tag() {
    let names = Names::parse("_dmarc.bank.example TXT v=DMARC1; p=reject; sp=reject; np=quarantine");
    let mut found = run(&names, "bank.example", &[]);
    found.walk[0].found = crate::Found::Record("v=DMARC1; p=reject; sp=rej…".to_owned());
    assert_eq!(found.record(), Some(crate::Record::new(Policy::Reject)));
    found.walk[0].found = crate::Found::Record("v=DMA…".to_owned());
    assert_eq!(found.record(), None);
}

#[test]
fn of_several_domains_the_strictest_that_fails_weighs_most() {
    let names = Names::parse(
        "_dmarc.bank.example TXT v=DMARC1; p=reject\n_dmarc.shop.example TXT v=DMARC1; p=none\n\
         _dmarc.slow.example TIMEOUT\n_dmarc.mine.example TXT v=DMARC1; p=reject",
    );
    let mine = [vouched("mine.example".to_owned())];
    let strictest = |domains: &[&str]| {
        let each = domains.iter().map(|domain| run(&names, domain, &mine));
        Evaluation::strictest(each).map(|found| (found.domain, found.result))
    };
    let all = [
        "mine.example",
        "plain.example",
        "slow.example",
        "shop.example",
        "bank.example",
    ];
    for (count, result) in [
        (1, DmarcResult::Pass),
        (2, DmarcResult::None),
        (3, DmarcResult::TempError),
        (4, DmarcResult::Fail),
        (5, DmarcResult::Fail),
    ] {
        let domain = all[count - 1].to_owned();
        assert_eq!(strictest(&all[..count]), Some((domain.clone(), result)));
        let backwards: Vec<&str> = all[..count].iter().rev().copied().collect();
        assert_eq!(strictest(&backwards), Some((domain, result)));
    }
    assert_eq!(strictest(&[]), None);
}

#[test]
fn the_reason_says_that_there_are_several() {
    let names = Names::parse("_dmarc.bank.example TXT v=DMARC1; p=reject");
    let reason = |domains: &[&str]| {
        let each = domains.iter().map(|domain| run(&names, domain, &[]));
        Evaluation::strictest(each).unwrap().reason
    };
    let alone = reason(&["bank.example"]);
    assert_eq!(
        reason(&["plain.example", "bank.example"]),
        format!("From names 2 domains, and the strictest that fails counts: {alone}")
    );
    assert!(reason(&["plain.example", "other.example"]).starts_with("From names 2 domains, and not all say"));
}

#[test]
fn nobody_fares_better_by_naming_more_domains_than_are_asked() {
    let names = Names::parse("_dmarc.bank.example TXT v=DMARC1; p=reject");
    let (many, alone) = (Evaluation::of_too_many(), run(&names, "bank.example", &[]));
    assert_eq!((many.result, many.policy), (alone.result, alone.policy));
    assert_eq!(
        (many.domain.as_str(), many.published, many.record()),
        ("", None, None)
    );
}

fn domains() -> impl Strategy<Value = String> {
    prop_oneof![
        "([ab]\\.){0,11}(bank|shop)\\.example",
        "\\PC{0,40}",
        Just(String::new()),
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_every_reason_is_clean(
        from in domains(),
        signers in proptest::collection::vec((domains(), any::<bool>()), 0..12),
        records in proptest::collection::vec(
            ("([ab]\\.){0,3}(bank\\.example|example)", "(v=DMARC1; (p|sp|np|psd|t|adkim)=[a-z]{0,9}; p=(none|reject))|[ -~]{1,30}|TIMEOUT"),
            0..6,
        ),
    ) {
        let mut names = Names::default();
        for (name, record) in &records {
            let name = format!("_dmarc.{name}");
            if record == "TIMEOUT" {
                names.silence(&name);
            } else {
                let octets = record.as_bytes().into();
                names.add(&name, posthorn_base::lookup::Record::Txt(octets));
            }
        }
        let dkim: Vec<Authenticated> = signers
            .into_iter()
            .map(|(domain, certain)| Authenticated { domain, certain })
            .collect();
        let found = run(&names, &from, &dkim);
        prop_assert!(!found.reason.is_empty() && found.reason.chars().count() < 700);
        prop_assert!(!found.reason.chars().any(char::is_control));
        prop_assert!(found.walk.len() <= 8 && found.dkim.len() <= 8);
        let passes = found.spf.iter().chain(&found.dkim).any(crate::Alignment::vouches);
        prop_assert_eq!(found.result == DmarcResult::Pass, passes);
        if found.result == DmarcResult::TempError {
            prop_assert_eq!(found.policy, Policy::None);
        }
        let stored = serde_json::to_string(&found).unwrap();
        prop_assert_eq!(serde_json::from_str::<Evaluation>(&stored).unwrap(), found);
    }
}
