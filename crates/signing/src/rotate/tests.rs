//! What is refused, and that no order of commands leads to a key that signs unpublished.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::fixture::{Keys, day, domain, fake_keys};

const MONTH: Duration = Duration::from_secs(30 * 86_400);

fn states(tx: &Tx<'_>) -> Vec<String> {
    let keys = list(tx, &domain()).unwrap();
    let state = |key: Key| format!("{} {}", key.selector, key.state);
    keys.into_iter().map(state).collect()
}

/// Keys on the first day, which sign from the second on.
fn signing(tx: &mut Tx<'_>) {
    add_pending(tx, &domain(), &fake_keys(1), day(0)).unwrap();
    for selector in ["ed-a", "rsa-a"] {
        activate(tx, &domain(), selector, day(1), MONTH).unwrap();
    }
}

fn text<T: std::fmt::Debug>(refused: Result<T, impl std::error::Error>) -> String {
    refused.unwrap_err().to_string()
}

#[test]
fn a_rotation_goes_through_all_states() {
    Keys::none().run(|tx| {
        signing(tx);
        let published = add_pending(tx, &domain(), &fake_keys(2), day(50)).unwrap();
        let shown: Vec<String> = published
            .iter()
            .map(|key| format!("{} {} since {}", key.selector, key.state, key.since))
            .collect();
        let expected = [
            format!("ed-a active since {}", day(1)),
            format!("ed-b pending since {}", day(50)),
            format!("rsa-a active since {}", day(1)),
            format!("rsa-b pending since {}", day(50)),
        ];
        assert_eq!(shown, expected);
        activate(tx, &domain(), "ed-b", day(52), MONTH).unwrap();
        assert_eq!(
            states(tx),
            ["ed-a retiring", "ed-b active", "rsa-a active", "rsa-b pending"]
        );
        let former = find(tx, &domain(), "ed-a").unwrap().unwrap();
        assert_eq!(
            (former.last_signed_at, former.keep_until),
            (Some(day(52)), Some(day(82)))
        );
        assert_eq!(former.private, None);
        assert_eq!(tidy(tx, day(81)).unwrap(), []);
        assert_eq!(tidy(tx, day(82)).unwrap(), [(domain(), "ed-a".to_owned())]);
        assert_eq!(
            states(tx),
            ["ed-a retired", "ed-b active", "rsa-a active", "rsa-b pending"]
        );
        assert_eq!(records(tx, &domain()).unwrap().len(), 3);
        remove(tx, &domain(), "ed-a").unwrap();
        assert_eq!(states(tx), ["ed-b active", "rsa-a active", "rsa-b pending"]);
    });
}

#[test]
fn no_new_keys_while_others_wait_or_while_an_old_record_must_stay() {
    Keys::none().run(|tx| {
        signing(tx);
        add_pending(tx, &domain(), &fake_keys(2), day(50)).unwrap();
        assert_eq!(
            text(add_pending(tx, &domain(), &fake_keys(3), day(51))),
            "ours.test has a new key ed-b already, which does not sign yet; publish its record and activate it, \
             or retire it"
        );
        for selector in ["ed-b", "rsa-b"] {
            activate(tx, &domain(), selector, day(52), MONTH).unwrap();
        }
        let refused = text(add_pending(tx, &domain(), &fake_keys(3), day(81)));
        assert_eq!(
            refused,
            format!(
                "mail signed with the old key ed-a of ours.test is still under way; its record must stay until {}, \
                 and then there is room for a new key",
                day(82)
            )
        );
        // The day has come: nobody needs to tidy up first, and the retired keys give way.
        add_pending(tx, &domain(), &fake_keys(3), day(82)).unwrap();
        assert_eq!(states(tx), ["ed-a pending", "ed-b active", "rsa-a pending", "rsa-b active"]);
    });
}

#[test]
fn a_refusal_for_one_algorithm_leaves_the_other_as_it_was() {
    Keys::none().run(|tx| {
        signing(tx);
        add_pending(tx, &domain(), &fake_keys(2), day(50)).unwrap();
        retire(tx, &domain(), "ed-b", LastKey::Refuse, day(51), MONTH).unwrap();
        assert!(add_pending(tx, &domain(), &fake_keys(3), day(51)).is_err());
        assert_eq!(
            states(tx),
            ["ed-a active", "ed-b retired", "rsa-a active", "rsa-b pending"]
        );
    });
}

#[test]
fn only_a_pending_key_is_activated() {
    Keys::none().run(|tx| {
        signing(tx);
        assert_eq!(
            text(activate(tx, &domain(), "ed-a", day(2), MONTH)),
            "the key ed-a of ours.test is active; only a pending key can be activated"
        );
        assert_eq!(
            text(activate(tx, &domain(), "ed-b", day(2), MONTH)),
            "ours.test has no key ed-b; `posthorn dkim list ours.test` shows those it has"
        );
        retire(tx, &domain(), "ed-a", LastKey::Refuse, day(3), MONTH).unwrap();
        assert_eq!(
            text(activate(tx, &domain(), "ed-a", day(4), MONTH)),
            "the key ed-a of ours.test is retiring; only a pending key can be activated"
        );
        let other = Domain::parse("other.test").unwrap();
        assert!(activate(tx, &other, "rsa-a", day(4), MONTH).is_err());
    });
}

#[test]
fn the_last_key_that_signs_retires_only_by_force() {
    Keys::none().run(|tx| {
        signing(tx);
        retire(tx, &domain(), "rsa-a", LastKey::Refuse, day(2), MONTH).unwrap();
        assert_eq!(
            text(retire(tx, &domain(), "ed-a", LastKey::Refuse, day(2), MONTH)),
            "ed-a is the only key that signs for ours.test; without it mail would leave unsigned. Rotate \
             instead, or retire it with force"
        );
        retire(tx, &domain(), "ed-a", LastKey::Allow, day(2), MONTH).unwrap();
        assert_eq!(states(tx), ["ed-a retiring", "rsa-a retiring"]);
        assert_eq!(
            text(retire(tx, &domain(), "ed-a", LastKey::Allow, day(2), MONTH)),
            "the key ed-a of ours.test is retiring already"
        );
    });
}

#[test]
fn after_a_leak_there_is_room_for_new_keys_at_once() {
    Keys::none().run(|tx| {
        signing(tx);
        for selector in ["ed-a", "rsa-a"] {
            retire(tx, &domain(), selector, LastKey::Allow, day(2), Duration::ZERO).unwrap();
        }
        let published = add_pending(tx, &domain(), &fake_keys(2), day(2)).unwrap();
        let names: Vec<&str> = published.iter().map(|key| key.selector.as_str()).collect();
        assert_eq!(names, ["ed-b", "rsa-b"]);
        assert_eq!(
            states(tx),
            ["ed-a retired", "ed-b pending", "rsa-a retired", "rsa-b pending"]
        );
    });
}

#[test]
fn a_pending_key_that_nobody_wants_retires_at_once() {
    Keys::none().run(|tx| {
        signing(tx);
        add_pending(tx, &domain(), &fake_keys(2), day(50)).unwrap();
        retire(tx, &domain(), "rsa-b", LastKey::Refuse, day(50), MONTH).unwrap();
        let key = find(tx, &domain(), "rsa-b").unwrap().unwrap();
        assert_eq!(
            (key.state, key.private, key.keep_until),
            (KeyState::Retired, None, None)
        );
    });
}

#[test]
fn what_has_not_retired_is_not_removed() {
    Keys::none().run(|tx| {
        signing(tx);
        assert_eq!(
            text(remove(tx, &domain(), "ed-a")),
            "the key ed-a of ours.test is active; only a retired key can be removed"
        );
        assert!(remove(tx, &domain(), "ed-c").is_err());
        assert_eq!(states(tx), ["ed-a active", "rsa-a active"]);
    });
}

#[test]
fn domains_do_not_touch_each_other() {
    Keys::none().run(|tx| {
        signing(tx);
        let other = Domain::parse("other.test").unwrap();
        add_pending(tx, &other, &fake_keys(2), day(0)).unwrap();
        activate(tx, &other, "ed-a", day(1), MONTH).unwrap();
        retire(tx, &other, "ed-a", LastKey::Allow, day(2), MONTH).unwrap();
        assert_eq!(states(tx), ["ed-a active", "rsa-a active"]);
        remove_domain(tx, &domain()).unwrap();
        assert_eq!(states(tx), Vec::<String>::new());
        assert_eq!(list(tx, &other).unwrap().len(), 2);
    });
}

#[derive(Clone, Debug)]
enum Command {
    Add,
    Activate(&'static str),
    Retire(&'static str, LastKey),
    Remove(&'static str),
    Tidy,
    Wait(i64),
}

fn command() -> impl Strategy<Value = Command> {
    let selector = || prop::sample::select(vec!["ed-a", "ed-b", "rsa-a", "rsa-b"]);
    prop_oneof![
        3 => Just(Command::Add),
        6 => selector().prop_map(Command::Activate),
        2 => selector().prop_map(|selector| Command::Retire(selector, LastKey::Refuse)),
        1 => selector().prop_map(|selector| Command::Retire(selector, LastKey::Allow)),
        2 => selector().prop_map(Command::Remove),
        2 => Just(Command::Tidy),
        4 => (1_i64..40).prop_map(Command::Wait),
    ]
}

/// What a key was before and after one command; a key is known by its public half.
type Found = BTreeMap<Vec<u8>, Key>;

fn snapshot(tx: &Tx<'_>) -> Found {
    let keys = list(tx, &domain()).unwrap();
    keys.into_iter().map(|key| (key.public.clone(), key)).collect()
}

fn run(tx: &mut Tx<'_>, command: &Command, (today, made): (i64, u8)) {
    let (domain, now) = (domain(), day(today));
    // What is refused must leave everything as it was, which the caller sees.
    match command {
        Command::Add => drop(add_pending(tx, &domain, &fake_keys(made), now)),
        Command::Activate(selector) => drop(activate(tx, &domain, selector, now, MONTH)),
        Command::Retire(selector, last) => drop(retire(tx, &domain, selector, *last, now, MONTH)),
        Command::Remove(selector) => drop(remove(tx, &domain, selector)),
        Command::Tidy => drop(tidy(tx, now)),
        Command::Wait(_) => {}
    }
}

fn is_allowed(before: Option<KeyState>, after: Option<KeyState>) -> bool {
    use KeyState::{Active, Pending, Retired, Retiring};
    before == after
        || matches!(
            (before, after),
            (None, Some(Pending))
                | (Some(Pending), Some(Active | Retired))
                | (Some(Active), Some(Retiring))
                | (Some(Retiring), Some(Retired))
                // A retired key gives way to a new one under its selector, in the command that tidies up.
                | (Some(Retired | Retiring), None)
        )
}

fn assert_rules(before: &Found, after: &Found, command: &Command, today: i64) {
    for public in before.keys().chain(after.keys()) {
        let (was, is) = (before.get(public), after.get(public));
        let states = (was.map(|key| key.state), is.map(|key| key.state));
        assert!(is_allowed(states.0, states.1), "{command:?}: {states:?}");
        if is.is_none_or(|key| key.state == KeyState::Retired) {
            let until = was.and_then(|key| key.keep_until);
            assert!(
                until.is_none_or(|until| until <= day(today)),
                "{command:?}: the record went too early"
            );
        }
    }
    for algorithm in [KeyAlgorithm::Rsa, KeyAlgorithm::Ed25519] {
        for state in [KeyState::Active, KeyState::Pending] {
            let is_it = |key: &&Key| key.algorithm == algorithm && key.state == state;
            assert!(
                after.values().filter(is_it).count() <= 1,
                "{command:?}: two keys are {state}"
            );
        }
    }
    for key in after.values() {
        let signs_or_will = matches!(key.state, KeyState::Pending | KeyState::Active);
        assert_eq!(key.private.is_some(), signs_or_will, "{command:?}");
        if key.last_signed_at.is_some() {
            assert_eq!(key.keep_until, key.last_signed_at.map(|at| at.plus(MONTH)));
        }
    }
    let signs = |found: &Found| found.values().any(|key| key.state == KeyState::Active);
    let is_forced = matches!(command, Command::Retire(_, LastKey::Allow));
    assert!(
        signs(after) || !signs(before) || is_forced,
        "{command:?}: nobody signs any more"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_order_of_commands_breaks_the_rules(commands in prop::collection::vec(command(), 1..60)) {
        Keys::none().run(move |tx| {
            let (mut today, mut made) = (0, 0);
            let mut before = snapshot(tx);
            for command in &commands {
                made += 1;
                if let Command::Wait(days) = command {
                    today += days;
                }
                run(tx, command, (today, made));
                let after = snapshot(tx);
                assert_rules(&before, &after, command, today);
                before = after;
            }
        });
    }
}
