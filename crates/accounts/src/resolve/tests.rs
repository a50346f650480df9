//! Where mail goes, and who may send as whom.

use super::*;
use crate::fixture::{Directory, add, address, alias, domain, now, resolved, targets};
use crate::{add_domain, change_alias, remove_account, set_catch_all};

fn catch_all(tx: &mut Tx<'_>, target: &str) {
    set_catch_all(tx, &domain("ours.test"), Some(&address(target))).unwrap();
}

fn may(tx: &Tx<'_>, account: AccountId, text: &str) -> bool {
    may_send_as(tx, account, &address(text)).unwrap()
}

#[test]
fn other_domains_and_literals_are_not_local() {
    Directory::ours().run(|tx| {
        for text in [
            "a@far.test",
            "a@sub.ours.test",
            "a@[192.0.2.1]",
            "postmaster@far.test",
        ] {
            assert_eq!(resolved(tx, text), Resolution::NotLocal, "{text}");
        }
        assert_eq!(resolved(tx, "a@ours.test"), Resolution::Unknown);
    });
}

#[test]
fn an_account_is_found_in_any_letter_case() {
    Directory::ours().run(|tx| {
        let account = add(tx, "Anna@ours.test");
        let expected = Target::Local {
            account,
            address: address("Anna@ours.test"),
            detail: None,
        };
        assert_eq!(
            resolved(tx, "aNNA@Ours.TEST"),
            Resolution::Targets(vec![expected])
        );
    });
}

#[test]
fn the_detail_is_passed_on_to_accounts_and_through_aliases() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        alias(tx, "info@ours.test", &["anna@ours.test"]);
        alias(tx, "help@ours.test", &["info@ours.test"]);
        alias(tx, "lists@ours.test", &["anna+lists@ours.test"]);
        let cases = [
            ("anna+News@ours.test", "anna@ours.test (News)"),
            ("anna+a+b@ours.test", "anna@ours.test (a+b)"),
            ("help+x@ours.test", "anna@ours.test (x)"),
            ("lists@ours.test", "anna@ours.test (lists)"),
            // What the alias says is nearer to the account than what the sender wrote.
            ("lists+x@ours.test", "anna@ours.test (lists)"),
        ];
        for (text, expected) in cases {
            assert_eq!(targets(tx, text), [expected], "{text}");
        }
    });
}

#[test]
fn without_the_separator_a_plus_is_a_character() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        let off = resolve(tx, &address("anna+x@ours.test"), DetailSeparator::Off);
        assert_eq!(off, Ok(Resolution::Unknown));
    });
}

#[test]
fn the_exact_address_comes_before_the_detail() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        add(tx, "anna+x@ours.test");
        alias(tx, "anna+y@ours.test", &["a@far.test"]);
        assert_eq!(targets(tx, "anna+x@ours.test"), ["anna+x@ours.test"]);
        assert_eq!(targets(tx, "anna+y@ours.test"), ["a@far.test"]);
        assert_eq!(targets(tx, "anna+z@ours.test"), ["anna@ours.test (z)"]);
    });
}

#[test]
fn the_catch_all_takes_only_what_nobody_has() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        add(tx, "bob@ours.test");
        catch_all(tx, "bob@ours.test");
        assert_eq!(targets(tx, "anna@ours.test"), ["anna@ours.test"]);
        assert_eq!(targets(tx, "anna+x@ours.test"), ["anna@ours.test (x)"]);
        assert_eq!(targets(tx, "ghost@ours.test"), ["bob@ours.test"]);
        assert_eq!(targets(tx, "postmaster@ours.test"), ["bob@ours.test"]);
        assert_eq!(targets(tx, "ghost@far.test"), ["NotLocal"]);
    });
}

#[test]
fn a_catch_all_may_be_elsewhere_or_an_alias() {
    Directory::ours().run(|tx| {
        catch_all(tx, "all@far.test");
        assert_eq!(targets(tx, "ghost@ours.test"), ["all@far.test"]);
        alias(tx, "team@ours.test", &["a@far.test", "b@far.test"]);
        catch_all(tx, "team@ours.test");
        assert_eq!(targets(tx, "ghost@ours.test"), ["a@far.test", "b@far.test"]);
    });
}

#[test]
fn postmaster_and_abuse_always_exist_in_a_domain_with_an_account() {
    Directory::ours().run(|tx| {
        add_domain(tx, &domain("empty.test"), now()).unwrap();
        alias(tx, "info@empty.test", &["a@far.test"]);
        add(tx, "anna@ours.test");
        add(tx, "aaron@ours.test");
        assert_eq!(targets(tx, "Postmaster@ours.test"), ["anna@ours.test"]);
        assert_eq!(targets(tx, "ABUSE@ours.test"), ["anna@ours.test"]);
        assert_eq!(targets(tx, "abuse+x@ours.test"), ["anna@ours.test (x)"]);
        assert_eq!(targets(tx, "hostmaster@ours.test"), ["Unknown"]);
        assert_eq!(targets(tx, "postmaster@empty.test"), ["Unknown"]);
    });
}

#[test]
fn postmaster_belongs_to_whoever_has_it() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        add(tx, "postmaster@ours.test");
        alias(tx, "abuse@ours.test", &["desk@far.test"]);
        assert_eq!(targets(tx, "postmaster@ours.test"), ["postmaster@ours.test"]);
        assert_eq!(targets(tx, "abuse@ours.test"), ["desk@far.test"]);
    });
}

#[test]
fn reports_are_for_the_server_unless_somebody_has_their_address() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        set_catch_all(tx, &domain("ours.test"), Some(&address("anna@ours.test"))).unwrap();
        assert_eq!(
            targets(tx, "DMARC-reports@ours.test"),
            ["reports about ours.test"]
        );
        assert_eq!(targets(tx, "tls-reports@ours.test"), ["reports about ours.test"]);
        assert_eq!(targets(tx, "reports@ours.test"), ["anna@ours.test"]);
        alias(tx, "dmarc-reports@ours.test", &["desk@far.test"]);
        assert_eq!(targets(tx, "dmarc-reports@ours.test"), ["desk@far.test"]);
        assert_eq!(targets(tx, "dmarc-reports@far.test"), ["NotLocal"]);
    });
}

#[test]
fn an_alias_leads_to_each_target_once() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        add(tx, "bob@ours.test");
        alias(tx, "info@ours.test", &["anna@ours.test", "x@far.test"]);
        alias(
            tx,
            "all@ours.test",
            &[
                "anna+all@ours.test",
                "bob@ours.test",
                "info@ours.test",
                "x@far.test",
            ],
        );
        assert_eq!(
            targets(tx, "all@ours.test"),
            ["anna@ours.test (all)", "bob@ours.test", "x@far.test"]
        );
    });
}

#[test]
fn a_loop_of_aliases_is_cut_and_the_others_get_the_mail() {
    Directory::ours().run(|tx| {
        add(tx, "anna@ours.test");
        alias(tx, "a@ours.test", &["anna@ours.test"]);
        alias(tx, "b@ours.test", &["a@ours.test"]);
        let change = |tx: &mut Tx<'_>, targets: &[&str]| {
            let targets: Vec<Address> = targets.iter().map(|text| address(text)).collect();
            change_alias(tx, &address("a@ours.test"), &targets).unwrap();
        };
        change(tx, &["b@ours.test", "anna@ours.test"]);
        assert_eq!(targets(tx, "a@ours.test"), ["anna@ours.test"]);
        assert_eq!(targets(tx, "b@ours.test"), ["anna@ours.test"]);
        change(tx, &["b+x@ours.test"]);
        let broken = Resolution::Broken(AliasFault::NoTargets);
        assert_eq!(resolved(tx, "a@ours.test"), broken);
        assert_eq!(resolved(tx, "b@ours.test"), broken);
    });
}

/// `c0` → `c1` → … → an account, with so many aliases.
fn chain(tx: &mut Tx<'_>, aliases: usize) {
    add(tx, "anna@ours.test");
    for n in (0..aliases).rev() {
        let next = if n + 1 == aliases {
            "anna@ours.test".to_owned()
        } else {
            format!("c{}@ours.test", n + 1)
        };
        alias(tx, &format!("c{n}@ours.test"), &[&next]);
    }
}

#[test]
fn ten_aliases_may_follow_one_another_and_eleven_may_not() {
    Directory::ours().run(|tx| {
        chain(tx, MAX_ALIAS_DEPTH + 1);
        assert_eq!(
            resolved(tx, "c0@ours.test"),
            Resolution::Broken(AliasFault::TooDeep)
        );
        assert_eq!(targets(tx, "c1@ours.test"), ["anna@ours.test"]);
    });
}

#[test]
fn a_thousand_targets_are_possible_and_one_more_is_not() {
    Directory::ours().run(|tx| {
        let list: Vec<String> = (0..MAX_TARGETS).map(|n| format!("t{n}@far.test")).collect();
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        alias(tx, "list@ours.test", &list);
        alias(tx, "more@ours.test", &["list@ours.test", "one@far.test"]);
        alias(tx, "same@ours.test", &["list@ours.test", "t7@far.test"]);
        assert_eq!(targets(tx, "list@ours.test").len(), MAX_TARGETS);
        assert_eq!(targets(tx, "same@ours.test").len(), MAX_TARGETS);
        assert_eq!(
            resolved(tx, "more@ours.test"),
            Resolution::Broken(AliasFault::TooManyTargets)
        );
    });
}

#[test]
fn a_target_nobody_has_any_more_is_passed_over() {
    Directory::ours().run(|tx| {
        let anna = add(tx, "anna@ours.test");
        // Known only as the first account of the domain, so nothing keeps it from going.
        alias(tx, "info@ours.test", &["abuse@ours.test", "x@far.test"]);
        alias(tx, "sole@ours.test", &["abuse@ours.test"]);
        assert_eq!(targets(tx, "info@ours.test"), ["anna@ours.test", "x@far.test"]);
        remove_account(tx, anna).unwrap();
        assert_eq!(targets(tx, "info@ours.test"), ["x@far.test"]);
        assert_eq!(
            resolved(tx, "sole@ours.test"),
            Resolution::Broken(AliasFault::NoTargets)
        );
    });
}

#[test]
fn a_target_in_another_domain_of_ours_is_local() {
    Directory::ours().run(|tx| {
        add_domain(tx, &domain("also.test"), now()).unwrap();
        add(tx, "anna@also.test");
        alias(tx, "anna@ours.test", &["anna@also.test"]);
        assert_eq!(targets(tx, "anna@ours.test"), ["anna@also.test"]);
    });
}

#[test]
fn an_account_sends_as_itself_and_its_details() {
    Directory::ours().run(|tx| {
        let anna = add(tx, "anna@ours.test");
        let bob = add(tx, "bob@ours.test");
        add(tx, "anna+x@ours.test");
        assert!(may(tx, anna, "Anna@ours.test") && may(tx, anna, "anna+news@ours.test"));
        assert!(!may(tx, bob, "anna@ours.test") && !may(tx, bob, "anna+news@ours.test"));
        assert!(!may(tx, anna, "anna+x@ours.test"), "it is somebody's own");
        assert!(!may(tx, anna, "anna@far.test") && !may(tx, anna, "ghost@ours.test"));
    });
}

#[test]
fn an_account_sends_as_aliases_that_are_its_alone() {
    Directory::ours().run(|tx| {
        let anna = add(tx, "anna@ours.test");
        let bob = add(tx, "bob@ours.test");
        alias(tx, "one@ours.test", &["anna@ours.test", "copy@far.test"]);
        alias(tx, "two@ours.test", &["one@ours.test"]);
        alias(tx, "both@ours.test", &["anna@ours.test", "bob@ours.test"]);
        alias(tx, "away@ours.test", &["x@far.test"]);
        for text in ["one@ours.test", "two@ours.test", "two+x@ours.test"] {
            assert!(may(tx, anna, text), "{text}");
            assert!(!may(tx, bob, text), "{text}");
        }
        for text in ["both@ours.test", "away@ours.test"] {
            assert!(!may(tx, anna, text) && !may(tx, bob, text), "{text}");
        }
    });
}

#[test]
fn a_catch_all_gives_no_right_to_send() {
    Directory::ours().run(|tx| {
        let anna = add(tx, "anna@ours.test");
        let bob = add(tx, "bob@ours.test");
        catch_all(tx, "bob@ours.test");
        assert!(!may(tx, bob, "ghost@ours.test"));
        alias(tx, "info@ours.test", &["ghost@ours.test", "anna@ours.test"]);
        assert!(!may(tx, anna, "info@ours.test"), "bob gets it too");
        assert!(may(tx, anna, "postmaster@ours.test"));
    });
}
