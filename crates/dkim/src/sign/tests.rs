//! What a signature field looks like; that it verifies is tested in `verify`.

use mail_auth::common::crypto::Ed25519Key;

use super::*;
use crate::tags::decode_base64;

const RSA: &str = include_str!("../../tests/data/2048_testkey.key");
const MESSAGE: &[u8] =
    b"From: anna@office.test\r\nTo: b@other.test\r\nReceived: x\r\nSubject: Hi\r\n\r\nHello\r\n";

fn rsa() -> Arc<SigningKey> {
    let text: String = RSA.lines().filter(|line| !line.starts_with('-')).collect();
    let der = decode_base64(text.as_bytes()).unwrap();
    Arc::new(SigningKey::rsa_from_pkcs8_or_pkcs1(&der).unwrap())
}

fn ed25519() -> Arc<SigningKey> {
    let der = Ed25519Key::generate_pkcs8().unwrap();
    Arc::new(SigningKey::ed25519_from_pkcs8(&der).unwrap())
}

fn signer(keys: &[(&str, Arc<SigningKey>)]) -> Signer {
    let keys = keys
        .iter()
        .map(|(selector, key)| ((*selector).to_owned(), Arc::clone(key)));
    Signer::new(Domain::parse("office.test").unwrap(), keys.collect())
}

fn sign(message: &[u8]) -> Result<String, SignError> {
    let both = signer(&[("ed-a", ed25519()), ("rsa-a", rsa())]);
    both.sign(
        message,
        Timestamp::from_secs(1_795_465_000),
        Duration::from_secs(600),
    )
}

#[test]
fn there_is_one_field_for_each_key_and_no_long_line() {
    let signatures = sign(MESSAGE).unwrap();
    assert_eq!(signatures.matches("DKIM-Signature: v=1; a=").count(), 2);
    assert!(
        signatures.starts_with("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=office.test;")
    );
    assert!(signatures.contains("a=rsa-sha256;"));
    assert!(signatures.contains("s=rsa-a; t=1795465000; x=1795465600;"));
    assert!(signatures.ends_with("\r\n") && !signatures.contains("\r\n\r\n"));
    assert!(signatures.lines().all(|line| line.len() <= 78));
}

#[test]
fn what_people_see_is_signed_once_more_than_present_and_trace_fields_never() {
    let signatures = sign(MESSAGE).unwrap();
    let unfolded = signatures.replace("\r\n\t", "");
    let names = unfolded.split("h=").nth(1).unwrap().split(';').next().unwrap();
    assert_eq!(names, "From:From:To:To:Cc:Subject:Subject:Date:Reply-To");
}

#[test]
fn fields_of_one_name_are_signed_up_to_a_number() {
    let many = [&b"References: a\r\n".repeat(5000), MESSAGE].concat();
    let signatures = sign(&many).unwrap();
    assert_eq!(signatures.matches("References").count(), 2 * MAX_REPEATED);
}

#[test]
fn what_cannot_be_signed_is_said() {
    assert_eq!(sign(b"To: b@other.test\r\n\r\nx"), Err(SignError::NoFrom));
    let large = [b"From: a\r\nX: ", &b"x".repeat(1 << 20)[..], b"\r\n\r\n"].concat();
    assert_eq!(sign(&large), Err(SignError::HeaderTooLarge));
    let odd = signer(&[("a b", ed25519())]);
    let now = Timestamp::from_secs(0);
    assert_eq!(
        odd.sign(MESSAGE, now, Duration::ZERO),
        Err(SignError::Selector("a b".to_owned()))
    );
}

#[test]
fn a_key_shows_nothing_of_itself() {
    assert_eq!(format!("{:?}", rsa()), "SigningKey(rsa)");
    let shown = format!("{:?}", signer(&[("s", ed25519())]));
    assert!(
        shown.contains("SigningKey(ed25519)") && shown.len() < 100,
        "{shown}"
    );
}

#[test]
fn keys_of_the_wrong_kind_are_refused() {
    let ed = Ed25519Key::generate_pkcs8().unwrap();
    assert!(SigningKey::rsa_from_pkcs8_or_pkcs1(&ed).is_err());
    assert!(SigningKey::ed25519_from_pkcs8(b"").is_err());
}

#[test]
fn the_public_key_is_what_is_published() {
    let record = crate::KeyRecord::parse(rsa().record_text().as_bytes()).unwrap();
    assert_eq!(record.bits, 2048);
    assert_eq!(record.public_key(), rsa().public_key());
    let record = crate::KeyRecord::parse(ed25519().record_text().as_bytes()).unwrap();
    assert_eq!(record.bits, 256);
}
