//! Messages signed here, whole and changed; messages signed by others are in `tests/golden`.

use std::sync::Arc;
use std::time::Duration;

use posthorn_base::Domain;
use posthorn_testkit::names::{Names, now as run};

use super::*;
use crate::canonical::write_field;
use crate::tags::{decode_base64, encode_base64};
use crate::{Signer, SigningKey};

const NOW: i64 = 1_795_465_000;
const RSA: &str = include_str!("../../tests/data/2048_testkey.key");
/// RFC 8463 section A.2: the secret key of the example, as PKCS#8.
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";

fn now() -> Timestamp {
    Timestamp::from_secs(NOW)
}

fn rsa() -> Arc<SigningKey> {
    let text: String = RSA.lines().filter(|line| !line.starts_with('-')).collect();
    let der = decode_base64(text.as_bytes()).unwrap();
    Arc::new(SigningKey::rsa_from_pkcs8_or_pkcs1(&der).unwrap())
}

fn ed25519() -> Arc<SigningKey> {
    let der = decode_base64(ED25519.as_bytes()).unwrap();
    Arc::new(SigningKey::ed25519_from_pkcs8(&der).unwrap())
}

fn both() -> Signer {
    let keys = vec![("ed".to_owned(), ed25519()), ("rsa".to_owned(), rsa())];
    Signer::new(Domain::parse("office.test").unwrap(), keys)
}

fn only_ed25519() -> Signer {
    let keys = vec![("ed".to_owned(), ed25519())];
    Signer::new(Domain::parse("office.test").unwrap(), keys)
}

fn zone() -> Names {
    Names::parse(&format!(
        "ed._domainkey.office.test TXT {}\nrsa._domainkey.office.test TXT {}\n",
        ed25519().record_text(),
        rsa().record_text(),
    ))
}

fn signed_by(signer: &Signer, message: &[u8]) -> Vec<u8> {
    let fields = signer.sign(message, now(), Duration::from_secs(3600)).unwrap();
    [fields.as_bytes(), message].concat()
}

fn check_with(zone: &Names, message: &[u8]) -> Verification {
    run(verify(zone, message, now()))
}

fn results(found: &Verification) -> Vec<DkimResult> {
    found
        .signatures
        .iter()
        .map(|signature| signature.result)
        .collect()
}

const MESSAGE: &[u8] =
    b"From: anna@office.test\r\nTo: b@other.test\r\nSubject: Hi\r\n\r\nHello  there \r\n\r\n";

#[test]
fn what_we_sign_verifies_and_each_key_is_asked_for_once() {
    let zone = zone();
    let found = check_with(&zone, &signed_by(&both(), MESSAGE));
    assert_eq!(results(&found), [DkimResult::Pass; 2]);
    let [ed, rsa] = found.signatures.as_slice() else {
        panic!("two signatures");
    };
    assert_eq!(
        (ed.algorithm.as_str(), ed.key_bits),
        ("ed25519-sha256", Some(256))
    );
    assert_eq!((rsa.algorithm.as_str(), rsa.key_bits), ("rsa-sha256", Some(2048)));
    assert_eq!(ed.body_matches, Some(true));
    assert_eq!(ed.canonicalization, "relaxed/relaxed");
    assert_eq!(ed.signed_at, Some(NOW));
    assert_eq!(ed.expires_at, Some(NOW + 3600));
    assert_eq!(
        ed.reason,
        "the body and the signed header fields are as office.test signed them"
    );
    assert_eq!(zone.asked().len(), 2);
}

#[test]
fn the_same_key_is_asked_for_once_however_many_signatures_name_it() {
    let zone = zone();
    let twice = signed_by(&only_ed25519(), &signed_by(&only_ed25519(), MESSAGE));
    let found = check_with(&zone, &twice);
    assert_eq!(results(&found), [DkimResult::Pass; 2]);
    assert_eq!(zone.asked().len(), 1);
}

#[test]
fn of_a_hundred_signatures_eight_are_looked_at() {
    let fields = only_ed25519()
        .sign(MESSAGE, now(), Duration::from_secs(3600))
        .unwrap();
    let message = [fields.repeat(100).as_bytes(), MESSAGE].concat();
    let found = check_with(&zone(), &message);
    assert_eq!(results(&found), [DkimResult::Pass; MAX_SIGNATURES]);
    assert_eq!(found.ignored, 92);
}

#[test]
fn a_message_without_signatures_has_no_results_and_asks_nothing() {
    let zone = zone();
    for message in [MESSAGE, b"", b"\r\n", b"no header at all\r\n", b":\r\n\r\n"] {
        assert_eq!(check_with(&zone, message), Verification::default());
    }
    assert!(zone.asked().is_empty());
}

#[test]
fn the_questions_may_be_asked_from_any_thread() {
    fn is_send<T: Send>(_future: &T) {}
    let zone = zone();
    is_send(&verify(&zone, MESSAGE, now()));
}

#[test]
fn an_international_domain_is_asked_for_as_the_dns_has_it() {
    let zone = zone();
    let text = String::from_utf8(signed_by(&only_ed25519(), MESSAGE)).unwrap();
    let found = check_with(
        &zone,
        text.replacen("d=office.test", "d=Bücher.test", 1).as_bytes(),
    );
    assert_eq!(found.signatures[0].domain, "xn--bcher-kva.test");
    assert_eq!(zone.asked()[0].0, "ed._domainkey.xn--bcher-kva.test");
}

#[test]
fn bare_lf_is_read_as_a_line_end() {
    let message = signed_by(&both(), MESSAGE);
    let bare: Vec<u8> = message.into_iter().filter(|octet| *octet != b'\r').collect();
    assert_eq!(results(&check_with(&zone(), &bare)), [DkimResult::Pass; 2]);
}

#[test]
fn a_line_without_a_colon_does_not_hide_the_fields_behind_it() {
    let message = signed_by(&both(), MESSAGE);
    let odd = [b"X-First: 1\r\nthis is no field\r\n", message.as_slice()].concat();
    assert_eq!(results(&check_with(&zone(), &odd)), [DkimResult::Pass; 2]);
}

#[test]
fn a_second_field_that_people_see_breaks_the_signature() {
    let message = signed_by(&both(), MESSAGE);
    for added in [
        "From: boss@office.test\r\n",
        "subject: Pay now\r\n",
        "Reply-To: x@y.test\r\n",
    ] {
        let forged = [added.as_bytes(), message.as_slice()].concat();
        assert_eq!(
            results(&check_with(&zone(), &forged)),
            [DkimResult::Fail; 2],
            "{added}"
        );
    }
    let passed_on = [b"Received: from a by b; today\r\n", message.as_slice()].concat();
    assert_eq!(results(&check_with(&zone(), &passed_on)), [DkimResult::Pass; 2]);
}

#[test]
fn a_header_over_the_limit_is_not_verified() {
    let message = signed_by(&both(), MESSAGE);
    let large = [&b"X: y\r\n".repeat(200_000)[..], &message].concat();
    assert_eq!(check_with(&zone(), &large).signatures, []);
    let large = [
        &message[..message.len() - 19],
        &b"X: y\r\n".repeat(200_000),
        b"\r\nHello",
    ]
    .concat();
    assert_eq!(results(&check_with(&zone(), &large)), [DkimResult::Policy; 2]);
}

#[test]
fn the_time_of_expiry_still_counts_and_the_second_after_does_not() {
    let message = signed_by(&only_ed25519(), MESSAGE);
    let at = |secs| run(verify(&zone(), &message, Timestamp::from_secs(secs)));
    assert_eq!(results(&at(NOW + 3600)), [DkimResult::Pass]);
    let late = at(NOW + 3601);
    assert_eq!(results(&late), [DkimResult::Policy]);
    assert_eq!(late.signatures[0].body_matches, Some(true));
    assert_eq!(late.signatures[0].reason, "it expired at 2026-11-23T21:16:40Z");
}

/// The result of our signature with one tag replaced; what it signs no longer fits then.
fn with(tag: &str, replacement: &str) -> Signature {
    let text = String::from_utf8(signed_by(&only_ed25519(), MESSAGE)).unwrap();
    assert!(text.contains(tag), "{tag}");
    let changed = text.replacen(tag, replacement, 1);
    check_with(&zone(), changed.as_bytes()).signatures.remove(0)
}

#[test]
fn what_cannot_be_read_is_neutral_and_says_why() {
    for (tag, replacement, reason) in [
        ("v=1;", "v=2;", "the version (v=) is not 1"),
        ("v=1; ", "", "the version (v=) is not 1"),
        (
            "a=ed25519-sha256",
            "a=rsa-md5",
            "the method \"rsa-md5\" (a=) is not known",
        ),
        (
            "c=relaxed/relaxed",
            "c=loose",
            "the canonical form (c=) is not known",
        ),
        ("t=1795465000", "t=now", "t= is not a number"),
        ("x=1795468600", "x=", "x= is not a number"),
        ("t=1795465000", "l=-1", "l= is not a number"),
        ("t=1795465000", "q=http", "the key is not in the DNS (q=)"),
        ("bh=", "bh=*", "the hash of the body (bh=) is not base64"),
        ("b=", "b=*", "the signature itself (b=) is not base64"),
        (
            "h=From",
            "h=From::",
            "the list of signed fields (h=) cannot be read",
        ),
        ("s=ed", "z=", "s= is missing"),
        (
            "x=1795468600",
            "t=1",
            "the signature cannot be read: the same tag stands there twice",
        ),
    ] {
        let signature = with(tag, replacement);
        assert_eq!(signature.result, DkimResult::Neutral, "{replacement}");
        assert_eq!(signature.reason, reason);
    }
}

#[test]
fn what_must_not_be_claimed_is_a_permanent_error() {
    for (tag, replacement, reason) in [
        (
            "d=office.test",
            "d=-.test",
            "\"-.test\" (d=) is no name that the DNS can hold",
        ),
        (
            "t=1795465000",
            "i=anna@other.test",
            "it speaks for \"anna@other.test\" (i=), which does not belong to office.test (d=)",
        ),
        (
            "t=1795465000",
            "i=@badoffice.test",
            "it speaks for \"@badoffice.test\" (i=), which does not belong to office.test (d=)",
        ),
        (
            "x=1795468600",
            "x=1795465000",
            "it says that it expired before it was made (x= and t=)",
        ),
        ("h=From:From:", "h=", "the From field is not signed"),
        ("s=ed", "s=gone", "there is no key at gone._domainkey.office.test"),
    ] {
        let signature = with(tag, replacement);
        assert_eq!(signature.result, DkimResult::PermError, "{replacement}");
        assert_eq!(signature.reason, reason);
    }
}

#[test]
fn what_does_not_count_is_told_without_asking_for_a_key() {
    let signature = with("t=1795465000", "l=5");
    assert_eq!(
        (signature.result, signature.body_matches),
        (DkimResult::Policy, None)
    );
    assert!(
        signature.reason.contains("first 5 octets"),
        "{}",
        signature.reason
    );
    assert_eq!(with("t=1795465000", "l=0").result, DkimResult::Policy);
    let signature = with("a=ed25519-sha256", "a=rsa-sha1");
    assert_eq!(
        (signature.result, signature.key_record),
        (DkimResult::Policy, None)
    );
}

fn outcome(record: &str) -> Signature {
    let mut zone = Names::default();
    for text in record.split('|') {
        zone.add(
            "ed._domainkey.office.test",
            posthorn_base::lookup::Record::Txt(text.as_bytes().into()),
        );
    }
    let message = signed_by(&only_ed25519(), MESSAGE);
    check_with(&zone, &message).signatures.remove(0)
}

#[test]
fn the_owner_of_the_key_decides_what_it_is_for() {
    let key = ed25519().record_text();
    for (record, reason) in [
        ("v=DKIM1; p=".to_owned(), "was revoked by its owner"),
        (key.replace("DKIM1;", "DKIM1; s=tlsrpt;"), "not meant for mail"),
        (key.replace("DKIM1;", "DKIM1; h=sha1;"), "not meant for SHA-256"),
        (
            rsa().record_text(),
            "is of the kind rsa, the signature of the kind ed25519",
        ),
        ("v=spf1 -all".to_owned(), "the record does not begin with v=DKIM1"),
        ("v=DKIM1; k=ed25519; p=AAAA".to_owned(), "is not an Ed25519 key"),
    ] {
        let signature = outcome(&record);
        assert_eq!(signature.result, DkimResult::PermError, "{record}");
        assert!(signature.reason.contains(reason), "{}", signature.reason);
        assert!(signature.key_record.is_some());
    }
    let testing = outcome(&key.replace("DKIM1;", "DKIM1; t=y;"));
    assert_eq!((testing.result, testing.testing), (DkimResult::Pass, true));
}

#[test]
fn an_identity_below_the_domain_needs_a_key_that_allows_it() {
    let key = ed25519().record_text();
    let message = String::from_utf8(signed_by(&only_ed25519(), MESSAGE)).unwrap();
    let message = message.replacen("t=1795465000", "i=a=40b@x.office.test", 1);
    let ask = |record: &str| {
        let zone = Names::parse(&format!("ed._domainkey.office.test TXT {record}"));
        check_with(&zone, message.as_bytes()).signatures.remove(0)
    };
    assert_eq!(ask(&key).result, DkimResult::Fail);
    let strict = ask(&key.replace("DKIM1;", "DKIM1; t=s;"));
    assert_eq!(strict.result, DkimResult::PermError);
    assert!(
        strict.reason.contains("speaks for x.office.test"),
        "{}",
        strict.reason
    );
}

#[test]
fn of_several_records_the_one_that_fits_is_used() {
    let key = ed25519().record_text();
    assert_eq!(outcome(&format!("v=spf1 -all|{key}")).result, DkimResult::Pass);
    assert_eq!(
        outcome(&format!("{}|{key}", rsa().record_text())).result,
        DkimResult::Pass
    );
    let none = outcome(&format!("hello|{}", rsa().record_text()));
    assert_eq!(none.result, DkimResult::PermError);
    assert!(
        none.reason.ends_with("(2 records stand at this selector)"),
        "{}",
        none.reason
    );
    let fifth = outcome(&format!("1|2|3|4|{key}"));
    assert_eq!(fifth.result, DkimResult::PermError);
}

#[test]
fn a_record_of_a_megabyte_is_refused_and_cut() {
    let signature = outcome(&format!("v=DKIM1; p={}", "A".repeat(1 << 20)));
    assert_eq!(signature.result, DkimResult::PermError);
    assert_eq!(signature.key_record.unwrap().chars().count(), 1001);
}

/// A signature of ours by hand, over the fields of `names` and the DKIM-Signature fields below it.
fn signed_over(names: &str, message: &[u8]) -> Vec<u8> {
    let form = Canonicalization::Relaxed;
    let header = Header::parse(message);
    let list: Vec<String> = names.split(':').map(str::to_owned).collect();
    let mut input = Vec::new();
    for field in header.select(&list, None) {
        field.write(form, &mut input);
    }
    let hash = encode_base64(&body_hash(form, header.body()));
    let value =
        format!(" v=1; a=ed25519-sha256; c=relaxed/relaxed; d=office.test; s=ed; h={names}; bh={hash}; b=");
    write_field(form, b"DKIM-Signature", value.as_bytes(), b"", &mut input);
    input.truncate(input.len() - 2);
    let signature = encode_base64(&ed25519().sign(&input).unwrap());
    [
        format!("DKIM-Signature:{value}{signature}\r\n").as_bytes(),
        message,
    ]
    .concat()
}

#[test]
fn a_signature_never_covers_its_own_field_but_may_cover_others() {
    let message = signed_over("from:dkim-signature:dkim-signature", MESSAGE);
    assert_eq!(results(&check_with(&zone(), &message)), [DkimResult::Pass]);
    let second = signed_over("from:dkim-signature:dkim-signature", &message);
    let found = results(&check_with(&zone(), &second));
    assert_eq!(found, [DkimResult::Pass, DkimResult::Fail]);
    let changed = String::from_utf8(signed_over("from:dkim-signature", &message)).unwrap();
    let changed = changed.replace("h=from:dkim-signature:dkim-signature", "h=from");
    assert_eq!(
        results(&check_with(&zone(), changed.as_bytes())),
        [DkimResult::Fail; 2]
    );
}

#[test]
fn hostile_lists_are_bounded() {
    let names = ["from"; 257].join(":");
    let many = with("h=From", &format!("h={names}:From"));
    assert_eq!(many.reason, "more than 256 fields are signed (h=)");
    let long = with("t=1795465000", &format!("z={}", "x".repeat(40_000)));
    assert_eq!(long.reason, "the signature is longer than 32 kB");
}

mod properties;
