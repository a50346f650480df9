//! Prints what verifying costs, in microseconds: a message of 10 kB with one RSA-2048 signature, beside the
//! two things nobody can save, the RSA operation and one pass of SHA-256. Then messages made to be slow.
//!
//! `cargo run --release -p posthorn-dkim --example cost`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it measures, and prints what it measured"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_auth::common::crypto::{Algorithm, HashAlgorithm};
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use posthorn_base::lookup::{Answer, Kind, Lookup, Record};
use posthorn_base::{Domain, Timestamp};
use posthorn_dkim::{DkimResult, Signer, SigningKey, verify};
use posthorn_testkit::names::now as run;

const RSA: &str = include_str!("../tests/data/2048_testkey.key");
const NOW: i64 = 1_795_465_000;

/// Answers every question with one key.
struct OneKey(Arc<[Record]>);

impl Lookup for OneKey {
    async fn ask(&self, _name: &str, _kind: Kind) -> Answer {
        Ok(Arc::clone(&self.0))
    }
}

fn main() {
    let pem: String = RSA.lines().filter(|line| !line.starts_with('-')).collect();
    let key = Arc::new(SigningKey::rsa_from_pkcs8_or_pkcs1(&STANDARD.decode(pem).unwrap()).unwrap());
    let text = key.record_text();
    let lookup = OneKey(Arc::from([Record::Txt(text.as_bytes().into())]));
    let signer = Signer::new(
        Domain::parse("office.test").unwrap(),
        vec![("rsa".to_owned(), Arc::clone(&key))],
    );
    let now = Timestamp::from_secs(NOW);
    let sign = |message: &[u8]| {
        let fields = signer.sign(message, now, Duration::from_secs(600)).unwrap();
        [fields.as_bytes(), message].concat()
    };

    let message = ordinary();
    let signed = sign(&message);
    assert_eq!(
        run(verify(&lookup, &signed, now))
            .signatures
            .first()
            .unwrap()
            .result,
        DkimResult::Pass
    );
    let verifying = measure(2000, || run(verify(&lookup, black_box(&signed), now)));
    println!(
        "verify, {} octets, one RSA-2048 signature: {verifying:.1} µs",
        signed.len()
    );
    let domain_key = DomainKey::parse(text.as_bytes()).unwrap();
    let rsa = measure(2000, || {
        domain_key
            .p
            .verify_bytes(b"x", black_box(&[1; 256]), Algorithm::RsaSha256)
    });
    println!("one RSA-2048 verification alone: {rsa:.1} µs");
    let hashing = measure(2000, || HashAlgorithm::Sha256.hash(black_box(signed.as_slice())));
    println!("one pass of SHA-256 alone: {hashing:.1} µs");
    let signing = measure(200, || {
        signer.sign(black_box(&message), now, Duration::from_secs(600))
    });
    println!("sign with RSA-2048: {signing:.1} µs");

    for (name, octets) in hostile(&signed) {
        let took = measure(1, || run(verify(&lookup, black_box(&octets), now)));
        println!("{name}, {} octets: {:.1} ms", octets.len(), took / 1000.0);
    }
}

/// Microseconds that one call takes on average.
fn measure<T>(times: u32, mut call: impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        black_box(call());
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(times)
}

fn ordinary() -> Vec<u8> {
    let mut message = String::new();
    for hop in 0..6 {
        message.push_str(&format!(
            "Received: from mail{hop}.office.test (mail{hop}.office.test [192.0.2.{hop}])\r\n\tby mx.other.test \
             (Posthorn) with ESMTPS id 4c1f2a;\r\n\tMon, 23 Nov 2026 20:16:40 +0000\r\n"
        ));
    }
    message.push_str(
        "From: Anna <anna@office.test>\r\nTo: Bert <bert@other.test>\r\nSubject: What we said\r\n\
         Date: Mon, 23 Nov 2026 20:16:40 +0000\r\nMessage-ID: <1@office.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nX-Mailer: x\r\n\r\n",
    );
    while message.len() < 10_000 {
        message.push_str("Ordinary words on a line that is about as long as lines in mail are.\r\n");
    }
    message.into_bytes()
}

fn hostile(signed: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let with_body = |body: &[u8]| {
        let end = signed.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        [signed.get(..end + 4).unwrap(), body].concat()
    };
    let names = ["from"; 250].join(":");
    let signature = |extra: &str| {
        format!("DKIM-Signature: v=1; a=rsa-sha256; {extra}; d=office.test; s=x; bh=AAAA; b=AAAA\r\n")
    };
    let both = [
        signature("c=simple/simple; h=from"),
        signature("c=relaxed/relaxed; h=from"),
    ]
    .concat();
    let two_bodies = |body: &[u8]| [both.as_bytes(), &with_body(body)].concat();
    let many = signature(&format!("h={names}")).repeat(8);
    let set = "ARC-Seal: i=1; a=rsa-sha256; d=a.test; s=s; cv=none; b=AAAA\r\n";
    vec![
        (
            "10 MB of text",
            with_body(&b"Some words on a line of a mail\r\n".repeat(330_000)),
        ),
        (
            "10 MB of empty lines, both forms",
            two_bodies(&b"\r\n".repeat(5_000_000)),
        ),
        (
            "10 MB of spaces, both forms",
            two_bodies(&b" ".repeat(10_000_000)),
        ),
        (
            "10 MB of two spaces and a letter, both forms",
            two_bodies(&b"  a\n".repeat(2_500_000)),
        ),
        (
            "10 MB of lines of one letter, both forms",
            two_bodies(&b"a\n".repeat(5_000_000)),
        ),
        (
            "1 MB of From fields, 8 signatures of 250 names",
            [many.as_bytes(), &b"From:\n".repeat(160_000), b"\r\nx"].concat(),
        ),
        (
            "1 MB of ARC fields",
            [set.repeat(15_000).as_bytes(), signed].concat(),
        ),
        (
            "1 MB of DKIM signatures",
            [signature("h=from").repeat(10_000).as_bytes(), signed].concat(),
        ),
    ]
}
