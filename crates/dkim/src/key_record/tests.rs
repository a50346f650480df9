//! Records as they stand in the DNS, right and wrong.

use proptest::prelude::*;

use super::*;

/// The RSA key of dkimpy's tests: SubjectPublicKeyInfo, 1024 bits.
const SPKI_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
/// RFC 8463 section A.2.
const ED25519: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn parse(text: &str) -> Result<KeyRecord, KeyFault> {
    KeyRecord::parse(text.as_bytes())
}

#[test]
fn an_rsa_key_of_1024_bits_is_read_in_both_forms() {
    let spki = parse(&format!("v=DKIM1; g=*; k=rsa; p={SPKI_1024}")).unwrap();
    assert_eq!((spki.algorithm, spki.bits), (KeyAlgorithm::Rsa, 1024));
    assert!(!spki.testing && !spki.strict_identity && !spki.revoked);
    let pkcs1 = encode_base64(&spki.key);
    let bare = parse(&format!("p={pkcs1}")).unwrap();
    assert_eq!(bare, spki);
    assert_eq!(encode_base64(&bare.public_key()), SPKI_1024);
}

#[test]
fn an_ed25519_key_has_256_bits() {
    let record = parse(&format!("v=DKIM1;k=ed25519;p={ED25519}")).unwrap();
    assert_eq!((record.algorithm, record.bits), (KeyAlgorithm::Ed25519, 256));
    assert_eq!(encode_base64(&record.public_key()), ED25519);
}

#[test]
fn flags_hashes_and_services_are_read() {
    let record = parse(&format!(
        "v=DKIM1; k=ed25519; t=y : s:new; h=sha1:SHA256; s=email:x; p={ED25519}"
    ))
    .unwrap();
    assert!(record.testing && record.strict_identity);
    assert!(record.allows_sha256() && record.is_for_mail());
    let other = parse(&format!("k=ed25519; h=sha1; s=tlsrpt; p={ED25519}")).unwrap();
    assert!(!other.allows_sha256() && !other.is_for_mail());
}

#[test]
fn an_empty_key_is_revoked() {
    let record = parse("v=DKIM1; p=").unwrap();
    assert!(record.revoked);
    assert_eq!(record.bits, 0);
    assert_eq!(record.public_key(), Vec::<u8>::new());
}

#[test]
fn each_fault_has_its_name() {
    assert_eq!(parse("v=DKIM2; p=AAAA"), Err(KeyFault::Version));
    assert_eq!(parse("p=AAAA; v=DKIM1"), Err(KeyFault::Version));
    assert_eq!(parse("v=DKIM1; k=rsa"), Err(KeyFault::NoKey));
    assert_eq!(parse("v=DKIM1; p=A!"), Err(KeyFault::NotBase64));
    assert_eq!(parse("v=DKIM1; p=AAAA"), Err(KeyFault::NotAKey("an RSA key")));
    assert_eq!(
        parse(&format!("k=ed25519; p={SPKI_1024}")),
        Err(KeyFault::NotAKey("an Ed25519 key of 32 octets"))
    );
    assert_eq!(
        parse("k=ed25519-sha256; p=AAAA"),
        Err(KeyFault::Algorithm("ed25519-sha256".to_owned()))
    );
    assert_eq!(parse("hello"), Err(KeyFault::NotTags(TagFault::NotATag)));
    assert_eq!(parse(&"x".repeat(9000)), Err(KeyFault::TooLong));
    let cut = SPKI_1024.get(..150).unwrap();
    assert_eq!(parse(&format!("p={cut}")), Err(KeyFault::NotAKey("an RSA key")));
}

#[test]
fn the_text_of_a_record_reads_back() {
    let der = decode_base64(SPKI_1024.as_bytes()).unwrap();
    let text = KeyRecord::text(KeyAlgorithm::Rsa, &der);
    assert_eq!(text, format!("v=DKIM1; k=rsa; p={SPKI_1024}"));
    let record = parse(&text).unwrap();
    assert_eq!(KeyRecord::text(KeyAlgorithm::Rsa, &record.key), text);
    let ed = decode_base64(ED25519.as_bytes()).unwrap();
    assert_eq!(
        KeyRecord::text(KeyAlgorithm::Ed25519, &ed),
        format!("v=DKIM1; k=ed25519; p={ED25519}")
    );
}

proptest! {
    #[test]
    fn no_record_panics(record in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _read = KeyRecord::parse(&record);
    }

    #[test]
    fn no_key_panics(der in proptest::collection::vec(any::<u8>(), 0..60), at in 0_usize..162, octet: u8) {
        let _read = parse(&format!("p={}", encode_base64(&der)));
        let mut key = decode_base64(SPKI_1024.as_bytes()).unwrap();
        key[at] = octet;
        if let Ok(record) = parse(&format!("p={}", encode_base64(&key))) {
            let _key = record.domain_key();
        }
    }
}
