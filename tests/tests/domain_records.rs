//! What `posthorn dns` says a domain needs, what other programs make of it, and what it finds wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::process::Command;

use posthorn_tests::{Finished, Input, Internet, Node, Options, Record, posthorn, run, tool};
use serde_json::Value;

/// shop.test at the first place: the host has an address and a name, the domain has no record of its own.
fn shop() -> (Internet, Node) {
    let internet = Internet::new();
    let options = internet.options("shop.test", 1);
    internet.dns.remove("shop.test");
    let node = Node::prepare(options);
    (internet, node)
}

fn records(internet: &Internet, node: &Node, more: &[&str]) -> Finished {
    let resolver = internet.dns.address.to_string();
    let arguments = [&["dns", "records", "shop.test", "--resolver", &resolver], more].concat();
    node.posthorn(&arguments, Input::None)
}

fn wanted(internet: &Internet, node: &Node) -> Vec<Value> {
    let listed = records(internet, node, &["--json"]).ok();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    listed["records"].as_array().unwrap().clone()
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field}: {record}"))
}

/// The values of all records of a name.
fn values(wanted: &[Value], kind: &str, name: &str) -> Vec<String> {
    let of_name = wanted
        .iter()
        .filter(|record| text(record, "kind") == kind && text(record, "name") == name);
    of_name.map(|record| text(record, "content").to_owned()).collect()
}

/// Puts everything that is wanted into the name server, instead of what is there.
fn publish(internet: &Internet, wanted: &[Value]) {
    for record in wanted {
        internet.dns.remove(text(record, "name"));
    }
    for record in wanted {
        let zone = Record::of_zone(text(record, "kind"), text(record, "value"));
        internet.dns.add(text(record, "name"), zone);
    }
}

fn check(internet: &Internet, node: &Node, domain: &str, more: &[&str]) -> Finished {
    let resolver = internet.dns.address.to_string();
    let fixed = ["dns", "check", domain, "--dns-only", "--resolver", &resolver];
    node.posthorn(&[&fixed, more].concat(), Input::None)
}

#[test]
fn the_zone_that_a_domain_needs_is_one_that_named_checkzone_accepts() {
    if !tool("named-checkzone") {
        return;
    }
    let (internet, node) = shop();
    for more in [&["--zone"] as &[&str], &["--zone", "--issuer", "letsencrypt.org"]] {
        let zone = records(&internet, &node, more).ok();
        let file = node.folder().join("zone");
        std::fs::write(&file, &zone).unwrap();
        let mut command = Command::new("named-checkzone");
        command
            .args(["-i", "local", "-k", "fail", "shop.test"])
            .arg(&file);
        let said = run(&mut command, Input::None);
        assert!(said.code == Some(0), "{}\n{zone}", said.all());
    }
}

#[test]
fn what_is_published_as_told_is_found_in_order() {
    let (internet, node) = shop();
    let before = check(&internet, &node, "shop.test", &[]);
    assert_eq!(before.code, Some(2), "{}", before.all());
    let needed = wanted(&internet, &node);
    for record in &needed {
        for field in ["purpose", "value", "group", "necessity", "state"] {
            assert!(!text(record, field).is_empty(), "{record}");
        }
    }
    publish(&internet, &needed);
    let after = check(&internet, &node, "shop.test", &[]);
    assert_eq!(after.code, Some(0), "{}", after.all());
    let by_selector = check(&internet, &node, "shop.test", &["--selector", "rsa-a"]);
    assert_eq!(by_selector.code, Some(0), "{}", by_selector.all());
    // And is then told to be there.
    for record in wanted(&internet, &node) {
        assert_eq!(text(&record, "state"), "same", "{record}");
    }
}

#[test]
fn what_is_there_already_is_added_to() {
    let (internet, node) = shop();
    let spf = "v=spf1 include:_spf.newsletter.test ip4:192.0.2.7 -all";
    internet
        .dns
        .add("shop.test", Record::Txt("verification=12345".to_owned()));
    internet.dns.add("shop.test", Record::Txt(spf.to_owned()));
    let dmarc = "v=DMARC1; p=reject; rua=mailto:me@shop.test";
    internet
        .dns
        .add("_dmarc.shop.test", Record::Txt(dmarc.to_owned()));
    let needed = wanted(&internet, &node);
    let merged = values(&needed, "TXT", "shop.test");
    assert_eq!(merged.len(), 1, "{merged:?}");
    let merged = merged.first().unwrap();
    let ours = format!(" ip4:{}", internet.place(1));
    for part in [
        "v=spf1 ",
        " include:_spf.newsletter.test",
        " ip4:192.0.2.7",
        &ours,
        " -all",
    ] {
        assert!(merged.contains(part), "`{part}` is not in: {merged}");
    }
    let kept = values(&needed, "TXT", "_dmarc.shop.test");
    assert!(kept.iter().all(|kept| kept.contains("p=reject")), "{kept:?}");
}

type Change = Box<dyn Fn(&Internet)>;

/// A domain in order, with one thing changed; what the doctor says.
fn with(change: impl Fn(&Internet)) -> Finished {
    let (internet, node) = shop();
    publish(&internet, &wanted(&internet, &node));
    change(&internet);
    check(&internet, &node, "shop.test", &[])
}

#[test]
fn advice_ends_with_0_what_lets_others_forge_a_domain_with_1_and_what_loses_mail_with_2() {
    let spf = |text: &'static str| {
        move |internet: &Internet| {
            internet.dns.remove("shop.test");
            internet
                .dns
                .add("shop.test", Record::Mx("mail.shop.test".to_owned()));
            internet.dns.add("shop.test", Record::Txt(text.to_owned()));
        }
    };
    let cases: [(&str, i32, Change); 6] = [
        ("spf-everyone", 1, Box::new(spf("v=spf1 +all"))),
        (
            "dmarc-missing",
            1,
            Box::new(|internet| internet.dns.remove("_dmarc.shop.test")),
        ),
        (
            "dkim-key-pending",
            0,
            Box::new(|internet| internet.dns.remove("rsa-a._domainkey.shop.test")),
        ),
        (
            "mx-dangling",
            2,
            Box::new(|internet| internet.dns.remove("mail.shop.test")),
        ),
        ("spf-fault", 2, Box::new(spf("v=spf1 mx: -all"))),
        (
            "spf-several",
            2,
            Box::new(|internet| {
                internet
                    .dns
                    .add("shop.test", Record::Txt("v=spf1 -all".to_owned()));
            }),
        ),
    ];
    for (code, status, change) in cases {
        let found = with(change);
        assert_eq!(found.code, Some(status), "{code}: {}", found.all());
        assert!(
            found.output.contains(&format!("[{code}]")),
            "{code}: {}",
            found.all()
        );
    }
}

#[test]
fn somebody_elses_domain_is_examined_without_settings() {
    let internet = Internet::new();
    let resolver = internet.dns.address.to_string();
    for (name, kind, value) in [
        ("else.test", "MX", "10 mail.else.test."),
        ("mail.else.test", "A", "192.0.2.1"),
        ("1.2.0.192.in-addr.arpa", "PTR", "mail.else.test."),
        ("else.test", "TXT", "\"v=spf1 mx -all\""),
        ("_dmarc.else.test", "TXT", "\"v=DMARC1; p=reject\""),
    ] {
        internet.dns.add(name, Record::of_zone(kind, value));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(posthorn());
    command.current_dir(folder.path());
    command.args([
        "dns",
        "check",
        "else.test",
        "--dns-only",
        "--json",
        "--resolver",
        &resolver,
    ]);
    let said = run(&mut command, Input::None);
    assert_eq!(said.code, Some(0), "{}", said.all());
    let found: Value = serde_json::from_str(&said.output).unwrap();
    assert_eq!(found["domain"], "else.test", "{found}");
    assert!(
        found["findings"]
            .as_array()
            .is_some_and(|findings| !findings.is_empty()),
        "{found}"
    );
}

#[test]
fn only_domains_of_ours_get_records() {
    let internet = Internet::new();
    let node = Node::prepare(Options::default());
    let resolver = internet.dns.address.to_string();
    let refused = node.posthorn(
        &["dns", "records", "else.test", "--resolver", &resolver],
        Input::None,
    );
    assert!(
        refused.code != Some(0) && refused.all().contains("else.test"),
        "{}",
        refused.all()
    );
}
