//! The whole life of domains, accounts and aliases, through the store itself.

use serde_json::json;

use crate::place::{PASSWORD, Place, SETTINGS};

/// A table without the times at the end of its lines.
fn without_times(table: &str) -> Vec<String> {
    let columns = |line: &str| {
        let mut words: Vec<&str> = line.split("  ").filter(|cell| !cell.is_empty()).collect();
        let last = words.pop().unwrap_or_default().trim();
        assert!(
            last == "ADDED" || last.len() == "2026-11-23T20:16:40Z".len(),
            "{line}"
        );
        words
            .iter()
            .map(|cell| cell.trim())
            .collect::<Vec<_>>()
            .join(" | ")
    };
    table.lines().map(columns).collect()
}

#[test]
fn domain_account_and_alias_come_and_go() {
    let place = Place::with(SETTINGS);
    let run = |line: &str| place.run(line).good();
    assert_eq!(
        run("domain list"),
        "There are no domains yet; add one: posthorn domain add example.org\n"
    );
    assert_eq!(
        run("domain add Ours.TEST"),
        "ours.test is one of ours now; its DNS records, with keys to sign with: posthorn dns records ours.test\n"
    );
    assert_eq!(
        run("domain add bücher.test"),
        "xn--bcher-kva.test is one of ours now; its DNS records, with keys to sign with: posthorn dns records xn--bcher-kva.test\n"
    );
    let added = place.run_with(
        "account add Anna@ours.test --quota 2GB --password-stdin",
        PASSWORD,
    );
    assert_eq!(added.good(), "the account Anna@ours.test is there now\n");
    place.add_account("bert@ours.test");
    assert_eq!(
        run("alias add info@ours.test anna@ours.test zoe@far.test"),
        "mail for info@ours.test goes to anna@ours.test, zoe@far.test now\n"
    );
    assert_eq!(
        run("domain catch-all ours.test info@ours.test"),
        "mail for unknown addresses in ours.test goes to info@ours.test now\n"
    );
    assert_eq!(
        without_times(&run("domain list")),
        [
            "DOMAIN | CATCH-ALL | RULES | REPORTS",
            "ours.test | info@ours.test | - | off",
            "bücher.test | - | - | off"
        ]
    );
    assert_eq!(
        without_times(&run("account list")),
        [
            "ADDRESS | STATE | USED | QUOTA | FORWARDED TO",
            "Anna@ours.test | active | 0 B | 2.0 GB | -",
            "bert@ours.test | active | 0 B | 5.0 MB | -",
        ]
    );
    assert_eq!(
        run("alias list"),
        "ALIAS           TARGETS\ninfo@ours.test  anna@ours.test, zoe@far.test\n"
    );
    run("account quota bert@ours.test 0");
    run("account disable bert@ours.test");
    let listed = place.run("account list --json").json();
    assert_eq!(
        (&listed[1]["quota_octets"], &listed[1]["state"]),
        (&json!(null), &json!("disabled"))
    );
    run("account enable bert@ours.test");
    run("alias change info@ours.test bert@ours.test");
    run("account remove anna@ours.test");
    run("domain catch-all ours.test --none");
    run("alias remove info@ours.test");
    run("account remove BERT@ours.test");
    run("domain remove ours.test");
    run("domain remove xn--bcher-kva.test");
    assert_eq!(place.run("domain list --json").json(), json!([]));
    assert_eq!(place.run("account list --json").json(), json!([]));
    assert_eq!(place.run("alias list --json").json(), json!([]));
    assert!(run("check --store").contains("nothing is wrong"));
}

#[test]
fn the_shapes_for_programs_are_these() {
    let place = Place::with(SETTINGS);
    let done = place.run("domain add bücher.test --json").json();
    assert_eq!(
        done,
        json!({"done": "xn--bcher-kva.test is one of ours now; its DNS records, with keys to sign with: posthorn dns records xn--bcher-kva.test"})
    );
    place.add_account("anna@bücher.test");
    place.run("alias add info@bücher.test anna@bücher.test").good();
    let mut domains = place.run("domain list --json").json();
    let created = domains[0]["created_at"].take();
    assert!(created.as_str().unwrap().ends_with('Z'));
    assert_eq!(
        domains,
        json!([{
            "domain": "xn--bcher-kva.test", "unicode": "bücher.test", "catch_all": null, "created_at": null,
            "rules": "reject=refuse-if-sure quarantine=junk impersonation=junk", "sends_reports": false
        }])
    );
    let mut accounts = place.run("account list --json").json();
    accounts[0]["created_at"].take();
    accounts[0]["password_changed_at"].take();
    assert_eq!(
        accounts,
        json!([{
            "id": 1, "address": "anna@xn--bcher-kva.test", "state": "active", "used_octets": 0,
            "quota_octets": 5_000_000, "created_at": null, "password_changed_at": null,
            "forwards_to": [], "keeps_copy": true
        }])
    );
    assert_eq!(
        place.run("alias list --json").json(),
        json!([{"address": "info@xn--bcher-kva.test", "targets": ["anna@xn--bcher-kva.test"]}])
    );
    assert_eq!(
        place.run("queue list --json").json(),
        json!({
            "recipients": [], "has_more": false,
            "counts": {
                "waiting": 0, "being_tried": 0, "held": 0, "delivered": 0, "failed": 0, "dropped": 0,
                "next_attempt_at": null
            }
        })
    );
}

#[test]
fn refusals_are_a_sentence_and_change_nothing() {
    let place = Place::with(SETTINGS);
    place.run("domain add ours.test").good();
    place.add_account("anna@ours.test");
    let refused = |line: &str| place.run_with(line, PASSWORD).refused();
    assert_eq!(
        refused("account add zoe@far.test --password-stdin"),
        "posthorn: the domain far.test is not one of ours; add it first: posthorn domain add far.test\n"
    );
    assert_eq!(
        refused("domain add ours.test"),
        "posthorn: the domain ours.test is there already\n"
    );
    assert_eq!(
        refused("domain remove ours.test"),
        "posthorn: the domain ours.test is still in use (accounts: 1, aliases: 0); remove those first\n"
    );
    assert_eq!(
        refused("account add ANNA@ours.test --password-stdin"),
        "posthorn: the address ANNA@ours.test is an account already; choose another, or remove that one first\n"
    );
    assert_eq!(
        refused("queue retry 05rqx3hvgyvzb"),
        "posthorn: nothing in the queue fits; `posthorn queue list` shows what waits, `posthorn queue show` why\n"
    );
    assert_eq!(
        place.run("account list --json").json().as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_password_that_is_not_taken_makes_no_account() {
    let place = Place::with(SETTINGS);
    place.run("domain add ours.test").good();
    let add = "account add anna@ours.test --password-stdin";
    for (input, reason) in [
        ("", "posthorn: the password is empty"),
        ("short\n", "posthorn: the password is too short"),
        (
            "a\tlong enough one\n",
            "posthorn: the password has a control character",
        ),
        (&"x".repeat(2_000), "posthorn: the password is too long"),
    ] {
        let complaint = place.run_with(add, input).refused();
        assert!(complaint.starts_with(reason), "{complaint}");
    }
    assert_eq!(place.run("account list --json").json(), json!([]));
}
