//! Prints what judging a message costs, in processor time: 10 KB with one RSA-2048 signature, from a sender
//! whose SPF (with one include), DKIM, DMARC and PTR records are in the resolver's cache. Beside it, in the
//! same rounds, what nobody can save: the RSA operation, and one pass of SHA-256.
//!
//! `cargo run --release -p posthorn-trust --example cost`, with `-- --json` one line for `scripts/bench`.
//!
//! It waits for nothing and touches no store: what the acquaintance of a reader adds is not in it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it measures, and prints what it measured"
)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_auth::common::crypto::{Algorithm, HashAlgorithm};
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use posthorn_base::{Address, Domain, ReversePath, Timestamp};
use posthorn_dkim::{DkimResult, Signer, SigningKey};
use posthorn_dmarc::DmarcResult;
use posthorn_dns::Resolver;
use posthorn_dns::zone::{Zone, ZoneServer};
use posthorn_spf::SpfResult;
use posthorn_trust::fields::{authentication_results, received_spf};
use posthorn_trust::{Arrival, Client, Evidence, Origin, Place, Rules, decide, examine};
use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RSA: &str = include_str!("../../dkim/tests/data/2048_testkey.key");
const NOW: i64 = 1_795_465_000;
const RECEIVER: &str = "mx.other.test";
const MESSAGE_OCTETS: usize = 10_240;
/// The figure of a round is the mean, the figure of the run the median of its rounds: another program on the
/// same core cannot spoil more than some of them.
const ROUNDS: usize = 15;
const TIMES: u32 = 400;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let pem: String = RSA.lines().filter(|line| !line.starts_with('-')).collect();
    let key = Arc::new(SigningKey::rsa_from_pkcs8_or_pkcs1(&STANDARD.decode(pem).unwrap()).unwrap());
    let record = key.record_text();
    let signer = Signer::new(
        Domain::parse("office.test").unwrap(),
        vec![("s1".to_owned(), key)],
    );
    let now = Timestamp::from_secs(NOW);
    let message = ordinary();
    let fields = signer.sign(&message, now, Duration::from_secs(600)).unwrap();
    let signed = [fields.as_bytes(), &message].concat();

    let resolver = warm(&record, &signed, now).await;
    let domain_key = DomainKey::parse(record.as_bytes()).unwrap();
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds
            .measure(0, async || {
                let evidence = judge(&resolver, black_box(&signed), now).await;
                black_box(write(evidence));
            })
            .await;
        rounds
            .measure(1, async || {
                black_box(judge(&resolver, black_box(&signed), now).await);
            })
            .await;
        rounds
            .measure(2, async || {
                let lookup = resolver.until(Instant::now() + Duration::from_secs(20));
                black_box(posthorn_dkim::verify(&lookup, black_box(&signed), now).await);
            })
            .await;
        rounds
            .measure(3, async || {
                let octets = black_box(&[1; 256]);
                let _fails = black_box(domain_key.p.verify_bytes(b"x", octets, Algorithm::RsaSha256));
            })
            .await;
        rounds
            .measure(4, async || {
                black_box(HashAlgorithm::Sha256.hash(black_box(signed.as_slice())));
            })
            .await;
    }
    // No answer was too old in the meantime.
    assert_genuine(&judge(&resolver, &signed, now).await);
    print(&rounds.medians());
}

fn print(figures: &[f64; 5]) {
    let [all, examining, dkim, rsa, sha256] = figures;
    if std::env::args().any(|argument| argument == "--json") {
        let round = |value: &f64| (value * 1e5).round() / 1e5;
        let line = serde_json::json!({
            "server": "machine",
            "scenario": "trust",
            "label": "trust",
            "cpu_ms_per_message": round(all),
            "examine_ms": round(examining),
            "dkim_ms": round(dkim),
            "rsa_verify_ms": round(rsa),
            "sha256_ms": round(sha256),
        });
        println!("{line}");
        return;
    }
    println!("SPF, DKIM and DMARC of {MESSAGE_OCTETS} octets, written down: {all:.4} ms");
    println!("  of this gathering the evidence: {examining:.4} ms");
    println!("  of this DKIM: {dkim:.4} ms");
    println!("one RSA-2048 verification alone: {rsa:.4} ms");
    println!("one pass of SHA-256 alone: {sha256:.4} ms");
}

/// Milliseconds of each round.
#[derive(Default)]
struct Rounds([Vec<f64>; 5]);

impl Rounds {
    async fn measure(&mut self, place: usize, mut call: impl AsyncFnMut()) {
        let start = cpu_ms();
        for _ in 0..TIMES {
            call().await;
        }
        let each = (cpu_ms() - start) / f64::from(TIMES);
        self.0.get_mut(place).unwrap().push(each);
    }

    fn medians(mut self) -> [f64; 5] {
        self.0.each_mut().map(|rounds| {
            rounds.sort_by(f64::total_cmp);
            *rounds.get(rounds.len() / 2).unwrap()
        })
    }
}

/// Processor time of this process so far.
fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let time = Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap());
    time.as_secs_f64() * 1e3
}

/// A resolver that was asked about this message before. Its name server is gone: what is not in the cache
/// would be a temporary failure from now on.
async fn warm(record: &str, signed: &[u8], now: Timestamp) -> Resolver {
    // Strings of TXT records end at 255 octets.
    let (one, two) = record.split_at_checked(200).unwrap();
    let names = format!(
        "$TTL 3600\n@ SOA ns. ns. 1 3600 3600 3600 3600\n\
         office TXT \"v=spf1 include:_spf.office.test -all\"\nmail.office A 192.0.2.7\n\
         _spf.office TXT \"v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.8/29 ip4:192.0.2.0/29 ~all\"\n\
         mail.office TXT \"v=spf1 a -all\"\n\
         s1._domainkey.office TXT \"{one}\" \"{two}\"\n\
         _dmarc.office TXT \"v=DMARC1; p=reject; rua=mailto:d@office.test\"\n"
    );
    let addresses = "$TTL 3600\n@ SOA ns. ns. 1 3600 3600 3600 3600\n7 PTR mail.office.test.\n";
    let zones = vec![
        Zone::parse("test", &names).unwrap(),
        Zone::parse("2.0.192.in-addr.arpa", addresses).unwrap(),
    ];
    let loopback = (Ipv4Addr::LOCALHOST, 0).into();
    let server = ZoneServer::start(loopback, zones).await.unwrap();
    let resolver = Resolver::new(&[server.local_addr()], Duration::from_secs(5)).unwrap();
    assert_genuine(&judge(&resolver, signed, now).await);
    server.shutdown().await;
    resolver
}

/// Gathers the evidence, as the server does when a message is complete.
async fn judge(resolver: &Resolver, signed: &[u8], now: Timestamp) -> Evidence {
    let lookup = resolver.until(Instant::now() + Duration::from_secs(20));
    let reverse_path = ReversePath::Address(Address::parse("anna@office.test").unwrap());
    let arrival = Arrival {
        origin: Origin::Outside,
        client: Some(Client {
            ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
            helo: "mail.office.test",
            tls: None,
            protocol: "ESMTP",
        }),
        reverse_path: &reverse_path,
        octets: signed,
        receiver: RECEIVER,
    };
    examine(&lookup, &arrival, now).await
}

/// The fields for other programs, the verdict, and what goes into the store.
fn write(mut evidence: Evidence) -> (String, Vec<u8>) {
    let fields = authentication_results(&evidence, RECEIVER) + &received_spf(&evidence);
    evidence.verdict = Some(decide(&evidence, &Rules::default(), None));
    (fields, evidence.to_stored())
}

fn assert_genuine(evidence: &Evidence) {
    let results = (
        evidence.spf.as_ref().map(|spf| spf.result),
        evidence.spf_helo.as_ref().map(|spf| spf.result),
        evidence.dkim.signatures.first().map(|signature| signature.result),
        evidence.dmarc.as_ref().map(|dmarc| dmarc.result),
        decide(evidence, &Rules::default(), None).place,
    );
    let genuine = (
        Some(SpfResult::Pass),
        Some(SpfResult::Pass),
        Some(DkimResult::Pass),
        Some(DmarcResult::Pass),
        Place::Inbox,
    );
    assert_eq!(results, genuine, "{evidence:?}");
}

fn ordinary() -> Vec<u8> {
    let mut message = String::new();
    for hop in 0..4 {
        message.push_str(&format!(
            "Received: from mail{hop}.office.test (mail{hop}.office.test [192.0.2.{hop}])\r\n\tby mail.office.test \
             with ESMTPS id 4c1f2a;\r\n\tMon, 23 Nov 2026 20:16:40 +0000\r\n"
        ));
    }
    message.push_str(
        "From: Anna <anna@office.test>\r\nTo: Bert <bert@other.test>\r\nSubject: What we said\r\n\
         Date: Mon, 23 Nov 2026 20:16:40 +0000\r\nMessage-ID: <1@office.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n",
    );
    while message.len() < MESSAGE_OCTETS {
        message.push_str("Ordinary words on a line that is about as long as lines in mail are.\r\n");
    }
    message.into_bytes()
}
