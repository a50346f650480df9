//! What holds for every message: it verifies as signed, no change goes unseen, nothing panics.

use proptest::prelude::*;

use super::*;

/// Field names in any case, any order, often repeated, and values with every kind of white space.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "To",
        "to",
        "Cc",
        "Subject",
        "SUBJECT",
        "Date",
        "Reply-To",
        "References",
        "List-Id",
        "Content-Type",
        "Received",
        "X-Odd ",
        "DKIM-Signature",
    ]);
    let value = "([ -~]|\r\n[ \t]|\t){0,30}";
    let field = (name, value).prop_map(|(name, value)| format!("{name}:{value}\r\n"));
    let fields = proptest::collection::vec(field, 0..12);
    (fields, 0_usize..12, "([ -~\t]|\r\n){0,60}").prop_map(|(mut fields, at, body)| {
        fields.insert(at.min(fields.len()), "From: anna@office.test\r\n".to_owned());
        format!("{}\r\n{body}", fields.concat()).into_bytes()
    })
}

/// The results of the signatures that are ours, which stand first.
fn ours(found: &Verification) -> DkimResult {
    found
        .signatures
        .first()
        .map_or(DkimResult::Neutral, |first| first.result)
}

#[test]
fn any_changed_octet_of_body_or_signed_field_is_found() {
    let message = signed_by(&only_ed25519(), MESSAGE);
    let fields = message.len() - MESSAGE.len();
    for (at, &was) in MESSAGE.iter().enumerate() {
        let line = MESSAGE[..at].rsplit(|octet| *octet == b'\n').next().unwrap();
        let is_in_name = at < MESSAGE.len() - 18 && !line.contains(&b':');
        for to in *b"\0!:;AhzHZ\x7f\x80\xff" {
            // White space and the case of names may change: that is what relaxed means.
            let is_same = to == was || is_in_name && to.eq_ignore_ascii_case(&was);
            if is_same || was.is_ascii_whitespace() {
                continue;
            }
            let mut changed = message.clone();
            changed[fields + at] = to;
            let found = ours(&check_with(&zone(), &changed));
            assert_ne!(found, DkimResult::Pass, "{was} at {at} became {to}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn every_message_that_is_signed_verifies(message in message()) {
        let found = check_with(&zone(), &signed_by(&both(), &message));
        prop_assert_eq!(&results(&found)[..2], &[DkimResult::Pass; 2]);
    }

    #[test]
    fn any_changed_octet_of_the_signature_is_found(at in 0_usize..300, to in b'A'..=b'z') {
        let mut message = signed_by(&only_ed25519(), MESSAGE);
        let at = "DKIM-Signature:".len() + at.min(message.len() - MESSAGE.len() - 20);
        prop_assume!(!message[at].is_ascii_whitespace());
        // The last octet before the padding has bits that mean nothing.
        prop_assume!(message[at] != to && !message[at..].starts_with(b"=") && message[at + 1] != b'=');
        message[at] = to;
        prop_assert_ne!(ours(&check_with(&zone(), &message)), DkimResult::Pass);
    }

    #[test]
    fn no_message_panics(
        parts in proptest::collection::vec(prop::sample::select(vec![
            "DKIM-Signature:", "ARC-Seal:", "ARC-Message-Signature:", "ARC-Authentication-Results:",
            " i=1;", "v=1;", "a=ed25519-sha256;", "a=rsa-sha256;", "b=AAAA;", "bh=AAAA;", "d=office.test;",
            "s=ed;", "s=rsa;", "h=from:to;", "h=", "cv=none;", "cv=pass", "l=3;", "c=simple/", "t=9;",
            "\r\n", "\n", "\r", " ", "\t", "From: x", "To", ":", ";", "=", "\u{fffd}", "\0",
        ]), 0..40),
    ) {
        let _found = check_with(&zone(), parts.concat().as_bytes());
    }
}
