//! Chains made here with keys of their own, whole and broken.

use std::fmt::Write as _;

use mail_auth::common::crypto::Ed25519Key;
use posthorn_testkit::names::{Names, now as run};
use proptest::prelude::*;

use super::*;
use crate::canonical::{body_hash, write_field};
use crate::tags::encode_base64;
use crate::{SigningKey, verify};

const NOW: i64 = 1_795_465_000;
const MESSAGE: &str = "From: anna@office.test\r\nTo: list@forward.test\r\nSubject: Hi\r\n\r\nHello\r\n";
const FORM: Canonicalization = Canonicalization::Relaxed;

/// Forwarders that seal messages, each with a key of its own.
struct Forwarders {
    keys: Vec<SigningKey>,
    zone: String,
}

impl Forwarders {
    fn new(count: usize) -> Self {
        let mut zone = String::new();
        let keys = (1..=count).map(|instance| {
            let der = Ed25519Key::generate_pkcs8().unwrap();
            let key = SigningKey::ed25519_from_pkcs8(&der).unwrap();
            let _infallible = writeln!(zone, "arc._domainkey.f{instance}.test TXT {}", key.record_text());
            key
        });
        let keys = keys.collect();
        Self { keys, zone }
    }

    /// The message with the next set on top.
    fn seal(&self, message: &str, instance: usize) -> String {
        let cv = if instance == 1 { "none" } else { "pass" };
        self.seal_as(message, instance, cv, "from:to:subject")
    }

    fn seal_as(&self, message: &str, instance: usize, cv: &str, names: &str) -> String {
        let key = &self.keys[instance - 1];
        let header = Header::parse(message.as_bytes());
        let mut input = Vec::new();
        let list: Vec<String> = names.split(':').map(str::to_owned).collect();
        for field in header.select(&list, None) {
            field.write(FORM, &mut input);
        }
        let hash = encode_base64(&body_hash(FORM, header.body()));
        let tags = format!(" i={instance}; a=ed25519-sha256; d=f{instance}.test; s=arc");
        let unsigned = format!("{tags}; c=relaxed/relaxed; h={names};\r\n\tbh={hash}; b=");
        let signature = signature(key, "arc-message-signature", &unsigned, input);
        let results =
            format!(" i={instance}; mx.f{instance}.test; spf=pass smtp.mailfrom=office.test;\r\n\tdkim=pass");
        let seal = format!("{tags}; cv={cv}; b=");
        let set = format!(
            "ARC-Authentication-Results:{results}\r\nARC-Message-Signature:{unsigned}{signature}\r\n"
        );
        let unsealed = format!("{set}{message}");
        let seal_signature = signature_of_seal(key, &unsealed, instance, &seal);
        format!("ARC-Seal:{seal}{seal_signature}\r\n{unsealed}")
    }

    fn chain(&self) -> String {
        (1..=self.keys.len()).fold(MESSAGE.to_owned(), |message, instance| {
            self.seal(&message, instance)
        })
    }

    fn check(&self, message: &str) -> ArcChain {
        let zone = Names::parse(&self.zone);
        let found = run(verify(&zone, message.as_bytes(), Timestamp::from_secs(NOW)));
        found.arc.expect("an ARC chain")
    }
}

fn signature(key: &SigningKey, name: &str, unsigned: &str, mut input: Vec<u8>) -> String {
    write_field(FORM, name.as_bytes(), unsigned.as_bytes(), b"", &mut input);
    input.truncate(input.len() - 2);
    encode_base64(&key.sign(&input).unwrap())
}

/// RFC 8617 section 5.1.1, without the code that is tested: the sets stand in the message in falling order.
fn signature_of_seal(key: &SigningKey, unsealed: &str, instance: usize, seal: &str) -> String {
    let header = Header::parse(unsealed.as_bytes());
    let of = |name: &str| -> Vec<Field<'_>> {
        let all = header.fields().iter().rev().filter(|field| field.is(name));
        all.copied().collect()
    };
    let (results, messages, seals) = (
        of("ARC-Authentication-Results"),
        of("ARC-Message-Signature"),
        of("ARC-Seal"),
    );
    let mut input = Vec::new();
    for at in 0..instance {
        results[at].write(FORM, &mut input);
        messages[at].write(FORM, &mut input);
        if let Some(seal) = seals.get(at) {
            seal.write(FORM, &mut input);
        }
    }
    signature(key, "arc-seal", seal, input)
}

#[test]
fn a_chain_of_three_holds_and_tells_what_each_found() {
    let forwarders = Forwarders::new(3);
    let chain = forwarders.check(&forwarders.chain());
    assert_eq!(chain.result, DkimResult::Pass, "{}", chain.reason);
    assert_eq!(chain.reason, "all 3 seals hold, the last is of f3.test");
    let [first, _, third] = chain.links.as_slice() else {
        panic!("three links");
    };
    assert_eq!((first.instance, first.claimed.as_str()), (1, "none"));
    assert_eq!(
        (third.domain.as_str(), third.claimed.as_str()),
        ("f3.test", "pass")
    );
    assert_eq!(third.results, "spf=pass smtp.mailfrom=office.test; dkim=pass");
}

#[test]
fn changed_results_of_an_earlier_forwarder_break_the_chain() {
    let forwarders = Forwarders::new(2);
    let changed = forwarders
        .chain()
        .replace("i=1; mx.f1.test; spf=pass", "i=1; mx.f1.test; spf=fail");
    let chain = forwarders.check(&changed);
    assert_eq!(chain.result, DkimResult::Fail);
    assert!(
        chain.reason.starts_with("the seal of f2.test"),
        "{}",
        chain.reason
    );
}

#[test]
fn a_changed_message_breaks_the_signature_of_the_last_forwarder() {
    let forwarders = Forwarders::new(2);
    let chain = forwarders.check(&forwarders.chain().replace("Hello", "Hallo"));
    assert_eq!(chain.result, DkimResult::Fail);
    assert_eq!(
        chain.reason,
        "the body was changed after f2.test forwarded the message"
    );
    let chain = forwarders.check(&forwarders.chain().replace("Subject: Hi", "Subject: Ho"));
    assert!(
        chain.reason.starts_with("the signature of f2.test: "),
        "{}",
        chain.reason
    );
}

#[test]
fn a_message_changed_between_two_forwarders_holds() {
    let forwarders = Forwarders::new(2);
    let first = forwarders.seal(MESSAGE, 1);
    let chain = forwarders.check(&forwarders.seal(&format!("{first}-- \r\nthe list\r\n"), 2));
    assert_eq!(chain.result, DkimResult::Pass, "{}", chain.reason);
}

#[test]
fn a_chain_must_be_complete() {
    let forwarders = Forwarders::new(2);
    let whole = forwarders.chain();
    let without_seal: String = whole
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("ARC-Seal: i=1"))
        .collect();
    let chain = forwarders.check(&without_seal);
    assert_eq!(chain.result, DkimResult::Fail);
    assert_eq!(
        chain.reason,
        "of the ARC fields with the number 1 not all three are there"
    );
    let twice = format!("ARC-Authentication-Results: i=2; x\r\n{whole}");
    assert_eq!(
        forwarders.check(&twice).reason,
        "two ARC fields of one kind have the same number (i=)"
    );
    for number in ["0", "51", "x", "+1", ""] {
        let odd = format!("ARC-Authentication-Results: i={number}; x\r\n{whole}");
        assert_eq!(
            forwarders.check(&odd).reason,
            "an ARC field has no number (i=) from 1 to 50"
        );
    }
}

#[test]
fn what_a_forwarder_must_not_write_breaks_the_chain() {
    let forwarders = Forwarders::new(1);
    let failed = forwarders.check(&forwarders.seal_as(MESSAGE, 1, "fail", "from"));
    assert_eq!(failed.reason, "f1.test sealed it as \"fail\" (cv=)");
    let covers = forwarders.check(&forwarders.seal_as(MESSAGE, 1, "none", "from:arc-seal"));
    assert!(covers.reason.contains("covers ARC fields"), "{}", covers.reason);
    let without_from = forwarders.check(&forwarders.seal_as(MESSAGE, 1, "none", "to"));
    assert!(without_from.reason.ends_with("the From field is not signed"));
    let with_h = forwarders.chain().replacen("cv=none;", "cv=none; h=from;", 1);
    assert!(forwarders.check(&with_h).reason.contains("has h="));
    for chain in [failed, covers, without_from] {
        assert_eq!(chain.result, DkimResult::Fail);
        assert_eq!(chain.links.len(), 1);
    }
}

#[test]
fn a_key_that_cannot_be_fetched_now_is_a_temporary_error() {
    let mut forwarders = Forwarders::new(2);
    let message = forwarders.chain();
    forwarders.zone.push_str("arc._domainkey.f1.test TIMEOUT\n");
    let chain = forwarders.check(&message);
    assert_eq!(chain.result, DkimResult::TempError);
    assert!(
        chain
            .reason
            .starts_with("the seal of f1.test: the key at arc._domainkey.f1.test")
    );
}

#[test]
fn a_chain_of_eleven_is_not_verified_and_asks_nothing() {
    let forwarders = Forwarders::new(11);
    let message = forwarders.chain();
    let zone = Names::parse(&forwarders.zone);
    let found = run(verify(&zone, message.as_bytes(), Timestamp::from_secs(NOW)));
    let chain = found.arc.unwrap();
    assert_eq!(chain.result, DkimResult::Fail);
    assert!(chain.reason.starts_with("11 servers"), "{}", chain.reason);
    assert_eq!(chain.links.len(), MAX_SETS);
    assert!(zone.asked().is_empty());
    let forwarders = Forwarders::new(10);
    assert_eq!(forwarders.check(&forwarders.chain()).result, DkimResult::Pass);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_octet_of_an_arc_field_is_found(at in 0_usize..2000, to in b'!'..=b'~') {
        let forwarders = Forwarders::new(2);
        let mut message = forwarders.chain().into_bytes();
        let fields = message.len() - MESSAGE.len();
        let at = at % fields;
        prop_assume!(!message[at].is_ascii_whitespace() && !message[at].eq_ignore_ascii_case(&to));
        // The last character of base64 has bits that mean nothing.
        prop_assume!(message[at] != b'=' && message[at + 1] != b'=');
        message[at] = to;
        let zone = Names::parse(&forwarders.zone);
        let found = run(verify(&zone, &message, Timestamp::from_secs(NOW)));
        let result = found.arc.map_or(DkimResult::Neutral, |chain| chain.result);
        prop_assert_ne!(result, DkimResult::Pass);
    }
}
