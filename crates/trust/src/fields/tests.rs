//! The fields as they are written, and forged ones.

use posthorn_dkim::{ArcChain, DkimResult, Verification};
use posthorn_dmarc::{DmarcResult, Policy};
use posthorn_message::header::{self, Fields};
use posthorn_spf::{Identity, SpfResult};
use proptest::prelude::*;

use super::*;
use crate::evidence::{Iprev, IprevResult, Origin};
use crate::testing::{dmarc, evidence, signature, spf};

#[test]
fn a_genuine_message_has_its_results() {
    assert_eq!(
        authentication_results(&evidence(), "mx.ours.example"),
        "Authentication-Results: mx.ours.example;\r\n\
         \tspf=pass (192.0.2.7 is judged by ip4:192.0.2.0/24 of bank.example)\r\n\
         \tsmtp.mailfrom=bounce@bank.example;\r\n\
         \tspf=none smtp.helo=out.bank.example;\r\n\
         \tdkim=pass header.d=bank.example header.s=s1 header.a=rsa-sha256\r\n\
         \theader.b=dGVzdC9h;\r\n\
         \tdmarc=pass (bank.example says how its mail is to be recognised)\r\n\
         \theader.from=bank.example policy.dmarc=reject;\r\n\
         \tiprev=pass (out.bank.example) policy.iprev=192.0.2.7\r\n"
    );
}

#[test]
fn a_forged_message_has_them_too() {
    let mut forged = evidence();
    forged.reverse_path = String::new();
    forged.spf = Some(spf(Identity::MailFrom, "[192.0.2.7]", SpfResult::None));
    forged.spf_helo = Some(spf(Identity::Helo, "[192.0.2.7]", SpfResult::None));
    forged.dkim = Verification::default();
    forged.dkim.arc = Some(ArcChain {
        result: DkimResult::Fail,
        reason: "the seal of lists.example does not hold".to_owned(),
        links: Vec::new(),
    });
    forged.dmarc = Some(dmarc(DmarcResult::Fail, Policy::Quarantine));
    let connection = forged.connection.as_mut().unwrap();
    connection.ip = "2001:db8::7".parse().unwrap();
    connection.iprev = Some(Iprev {
        result: IprevResult::PermError,
        name: None,
    });
    assert_eq!(
        authentication_results(&forged, "mx.ours.example"),
        "Authentication-Results: mx.ours.example;\r\n\
         \tspf=none smtp.helo=\"[192.0.2.7]\";\r\n\
         \tdkim=none;\r\n\
         \tdmarc=fail (bank.example says how its mail is to be recognised)\r\n\
         \theader.from=bank.example policy.dmarc=quarantine;\r\n\
         \tiprev=permerror policy.iprev=\"2001:db8::7\";\r\n\
         \tarc=fail (the seal of lists.example does not hold)\r\n"
    );
}

#[test]
fn our_own_people_are_vouched_for_without_their_log_in_name() {
    let mut ours = evidence();
    ours.origin = Origin::Ours("login-name@ours.example".to_owned());
    ours.reverse_path = "anna@ours.example".to_owned();
    assert_eq!(
        authentication_results(&ours, "mx.ours.example"),
        "Authentication-Results: mx.ours.example;\r\n\tauth=pass smtp.mailfrom=anna@ours.example\r\n"
    );
    ours.origin = Origin::Generated;
    assert_eq!(
        authentication_results(&ours, "mx.ours.example"),
        "Authentication-Results: mx.ours.example; none\r\n"
    );
}

#[test]
fn received_spf_is_written_as_its_rfc_has_it() {
    assert_eq!(
        received_spf(&evidence()),
        "Received-SPF: pass (mx.ours.example: 192.0.2.7 is judged by ip4:192.0.2.0/24\r\n\
         \tof bank.example) client-ip=192.0.2.7;\r\n\
         \tenvelope-from=\"bounce@bank.example\"; helo=out.bank.example;\r\n\
         \treceiver=mx.ours.example; identity=mailfrom;\r\n\
         \tmechanism=\"ip4:192.0.2.0/24\"\r\n"
    );
    let mut other = evidence();
    other.reverse_path = String::new();
    other.spf.as_mut().unwrap().result = SpfResult::PermError;
    let field = received_spf(&other).replace("\r\n\t", " ");
    assert!(
        field.contains("envelope-from=\"\"; helo=out.bank.example;"),
        "{field}"
    );
    assert!(
        field.contains("identity=helo; problem=\"192.0.2.7 is judged"),
        "{field}"
    );
    other.spf = None;
    other.spf_helo = None;
    assert_eq!(received_spf(&other), "");
}

#[test]
fn the_term_that_matched_is_named_without_the_way_to_it() {
    let mut evidence = evidence();
    evidence.spf.as_mut().unwrap().matched = Some("include:_spf.example.org → ip4:192.0.2.7".to_owned());
    assert!(received_spf(&evidence).ends_with("mechanism=\"ip4:192.0.2.7\"\r\n"));
}

#[test]
fn a_strangers_words_cannot_look_like_a_result() {
    for trick in [
        "dmarc=pass",
        "DMARC = pass",
        "x;dmarc=pass",
        "\r\n dmarc=pass",
        "(dmarc=pass)",
        "\"; dmarc=pass",
    ] {
        let mut evil = evidence();
        evil.dmarc = Some(dmarc(DmarcResult::Fail, Policy::Reject));
        evil.reverse_path = format!(
            "\"{}\"@evil.test",
            trick.replace('"', "\\\"").replace(['\r', '\n'], "")
        );
        evil.connection.as_mut().unwrap().helo = trick.to_owned();
        evil.spf = Some(spf(Identity::MailFrom, trick, SpfResult::Pass));
        evil.spf_helo = Some(spf(Identity::Helo, trick, SpfResult::Pass));
        evil.dkim.signatures = vec![signature(trick, DkimResult::Fail)];
        evil.dkim.signatures[0].selector = trick.to_owned();
        for field in [
            authentication_results(&evil, "mx.ours.example"),
            received_spf(&evil),
        ] {
            let plain = field.to_lowercase().replace([' ', '\t', '\r', '\n'], "");
            assert!(!plain.contains("dmarc=pass"), "{field}");
        }
    }
    let mut evil = evidence();
    evil.reverse_path = "dmarc=pass@evil.test".to_owned();
    assert!(authentication_results(&evil, "a.test").contains("smtp.mailfrom=evil.test;"));
    evil.reverse_path = "list+anna=ours.example@evil.test".to_owned();
    assert!(
        authentication_results(&evil, "a.test").contains("smtp.mailfrom=list+anna=ours.example@evil.test;")
    );
}

#[test]
fn our_name_in_any_dress_is_forged() {
    for value in [
        " mx.ours.example; dmarc=pass",
        "MX.Ours.Example;none",
        "\r\n\tmx.ours.example\r\n\t; spf=pass",
        " (a (nested) \\) comment) mx.ours.example (c) 1; spf=pass",
        " \"mx.ours.example\"; spf=pass",
        " \"mx.ours\\.example\"; spf=pass",
        " mx.ours.example. ; spf=pass",
        " mx.ours.example/1; spf=pass",
        " mx.ours.example 1; spf=pass",
        " mx.ours(x).example; spf=pass",
        " mx.ours.example",
        " (mx.ours.example; spf=pass",
        " \"mx.ours.example; spf=pass",
    ] {
        assert!(is_forged(value.as_bytes(), "mx.ours.example"), "{value:?}");
    }
    assert!(is_forged(
        "b\u{fc}cher.example; spf=pass".as_bytes(),
        "xn--bcher-kva.example"
    ));
}

#[test]
fn other_names_are_left_alone() {
    for value in [
        " mx.other.example; dmarc=pass",
        " xmx.ours.example; dmarc=pass",
        " mx.ours.example.evil.test; dmarc=pass",
        " mx.other.example; dmarc=pass (mx.ours.example)",
        " (mx.ours.example) other.example; none",
        " spf=pass smtp.mailfrom=mx.ours.example",
        "",
    ] {
        assert!(!is_forged(value.as_bytes(), "mx.ours.example"), "{value:?}");
    }
}

#[test]
fn forged_fields_go_whole_and_the_rest_stays() {
    let message = "Received: a\r\nAuthentication-Results: mx.ours.example;\r\n\tdmarc=pass\r\nauthentication-results :mx.OURS.example; \
                   x=y\r\nAuthentication-Results: other.example; spf=fail\r\nARC-Authentication-Results: i=1; mx.ours.example; \
                   x=y\r\n\r\nAuthentication-Results: mx.ours.example; body\r\n";
    let stripped = strip_forged(message.as_bytes(), "mx.ours.example").unwrap();
    assert_eq!(
        String::from_utf8(stripped).unwrap(),
        "Received: a\r\nAuthentication-Results: other.example; spf=fail\r\nARC-Authentication-Results: i=1; mx.ours.example; \
         x=y\r\n\r\nAuthentication-Results: mx.ours.example; body\r\n"
    );
}

#[test]
fn a_message_without_forged_fields_is_not_copied() {
    let message = b"Authentication-Results: other.example; spf=pass\r\nFrom: a@b.test\r\n\r\nbody\r\n";
    assert_eq!(strip_forged(message, "mx.ours.example"), None);
    assert_eq!(strip_forged(b"", "mx.ours.example"), None);
}

#[test]
fn a_bare_cr_hides_nothing() {
    let message = b"X: a\rAuthentication-Results: mx.ours.example; dmarc=pass\r\nFrom: a@b.test\r\n\r\n";
    assert_eq!(
        strip_forged(message, "mx.ours.example").as_deref(),
        Some(&b"From: a@b.test\r\n\r\n"[..])
    );
}

#[test]
fn a_field_behind_a_mebibyte_of_header_is_found() {
    let mut message = "X-Filler: some text that fills the header\r\n"
        .repeat(30_000)
        .into_bytes();
    let clean = [message.as_slice(), b"\r\nbody"].concat();
    message.extend_from_slice(b"Authentication-Results: mx.ours.example; dmarc=pass\r\n\r\nbody");
    assert_eq!(strip_forged(&message, "mx.ours.example"), Some(clean.clone()));
    assert_eq!(strip_forged(&clean, "mx.ours.example"), None);
}

fn is_one_clean_field(field: &str, name: &str) -> bool {
    let fields: Vec<_> = Fields::new(field.as_bytes()).collect();
    let is_safe = field
        .bytes()
        .all(|octet| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
    let lines: Vec<&str> = field.split("\r\n").collect();
    let is_folded = lines
        .iter()
        .all(|line| !line.contains(['\r', '\n']) && line.len() < 998);
    fields.len() == 1 && fields[0].is(name) && is_safe && is_folded && field.ends_with("\r\n")
}

fn tricky() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,80}",
        "[\\x00-\\x7f]{0,80}",
        "[()\"\\\\;=@ a-z\r\n]{0,80}",
        "(dmarc|spf|=|pass| |;|@x.test|\\(){0,12}"
    ]
}

proptest! {
    #[test]
    fn whatever_strangers_write_stays_one_field(text in tricky(), other in tricky()) {
        let mut evil = evidence();
        evil.dmarc = Some(dmarc(DmarcResult::Fail, Policy::Reject));
        evil.reverse_path.clone_from(&text);
        evil.connection.as_mut().unwrap().helo.clone_from(&other);
        evil.connection.as_mut().unwrap().iprev.as_mut().unwrap().name = Some(text.clone());
        for spf in [&mut evil.spf, &mut evil.spf_helo].into_iter().flatten() {
            spf.domain.clone_from(&text);
            spf.reason.clone_from(&other);
            spf.matched = Some(text.clone());
        }
        for signature in &mut evil.dkim.signatures {
            signature.domain.clone_from(&text);
            signature.selector.clone_from(&other);
            signature.fingerprint.clone_from(&text);
        }
        let results = authentication_results(&evil, "mx.ours.example");
        prop_assert!(is_one_clean_field(&results, "Authentication-Results"), "{results:?}");
        prop_assert!(is_forged(header::first_field(results.as_bytes(), "Authentication-Results").unwrap(), "mx.ours.example"));
        let plain = results.to_lowercase().replace([' ', '\t', '\r', '\n'], "");
        prop_assert!(!plain.contains("dmarc=pass"), "{results}");
        prop_assert!(is_one_clean_field(&received_spf(&evil), "Received-SPF"));
    }

    #[test]
    fn any_octets_can_be_stripped_and_twice_is_once(octets in proptest::collection::vec(any::<u8>(), 0..500)) {
        let message = [b"Authentication-Results: ".as_slice(), &octets].concat();
        if let Some(stripped) = strip_forged(&message, "x") {
            prop_assert!(stripped.len() < message.len());
            prop_assert_eq!(strip_forged(&stripped, "x"), None);
        }
    }

    #[test]
    fn any_value_is_read(value in "[()\"\\\\; mx.ours]{0,60}") {
        let _forged = is_forged(value.as_bytes(), "mx.ours");
    }
}
