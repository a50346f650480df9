//! Look-ups over real UDP and TCP on loopback, against the zone server of this crate.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use posthorn_base::Domain;
use posthorn_base::lookup::{Kind, Lookup, NoRecords, Record, reverse_name};
use posthorn_dns::zone::{Trouble, Zone, ZoneServer};
use posthorn_dns::{MailHostsError, Resolver};

const ZONE: &str = r#"
@           IN MX 10 mx1
            IN MX 20 mx2.other.test.
            IN TXT "v=spf1 " "-all"
mx1         IN A 127.0.0.11
            IN A 127.0.0.12
            IN AAAA ::11
only-v4     IN A 127.0.0.13
implicit    IN A 127.0.0.14
null        IN MX 0 .
nowhere     IN MX 10 missing
            IN MX 20 text
text        IN TXT "no address here"
looping     IN MX 10 me
            IN MX 20 mx1
backup      IN MX 10 mx1
            IN MX 20 me
half        IN MX 10 mx.broken.test.
            IN MX 20 mx1
unsure      IN MX 10 mx.broken.test.
            IN MX 20 missing
equal       IN MX 10 mx1
            IN MX 10 only-v4
alias       IN CNAME mx1
mail-alias  IN CNAME implicit
far-alias   IN CNAME mx2.other.test.
deep.below  IN A 127.0.0.15
_s._tcp     IN SRV 0 1 25 mx1
big         IN TXT "BIG"
"#;

const OTHER: &str = "mx2 IN A 127.0.0.22\n";
const REVERSE: &str =
    "11 IN PTR mx1.Example.test.\n12 IN PTR one.example.test.\n12 IN PTR two.example.test.\n";

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A text of many strings, larger than any UDP answer.
fn big_zone() -> String {
    let strings: Vec<String> = (0..40).map(|_| format!("\"{}\"", "x".repeat(200))).collect();
    ZONE.replace("\"BIG\"", &strings.join(" "))
}

async fn start() -> (ZoneServer, Resolver) {
    let zones = vec![
        Zone::parse("example.test", &big_zone()).unwrap(),
        Zone::parse("other.test.", OTHER).unwrap(),
        Zone::parse("0.0.127.in-addr.arpa", REVERSE).unwrap(),
        Zone::parse("2.0.192.in-addr.arpa", "1 IN PTR outside.example.test.\n").unwrap(),
    ];
    let trouble = [
        ("broken.test", Trouble::ServFail),
        ("refused.test", Trouble::Refused),
        ("silent.test", Trouble::Silence),
    ];
    let server = ZoneServer::start_with_trouble(loopback(), zones, &trouble)
        .await
        .unwrap();
    let resolver = Resolver::new(&[server.local_addr()], Duration::from_millis(600)).unwrap();
    (server, resolver)
}

#[tokio::test]
async fn addresses_are_ipv6_first() {
    let (_server, resolver) = start().await;
    let mut found = resolver
        .lookup_addresses(&domain("mx1.example.test"))
        .await
        .unwrap();
    assert_eq!(found.remove(0), ip("::11"));
    found.sort();
    assert_eq!(found, [ip("127.0.0.11"), ip("127.0.0.12")]);
    let found = resolver
        .lookup_addresses(&domain("only-v4.example.test"))
        .await
        .unwrap();
    assert_eq!(found, [ip("127.0.0.13")]);
}

#[tokio::test]
async fn an_alias_is_followed_within_and_across_zones() {
    let (_server, resolver) = start().await;
    assert_eq!(
        resolver
            .lookup_addresses(&domain("alias.example.test"))
            .await
            .unwrap()
            .len(),
        3
    );
    let found = resolver
        .lookup_addresses(&domain("far-alias.example.test"))
        .await
        .unwrap();
    assert_eq!(found, [ip("127.0.0.22")]);
}

#[tokio::test]
async fn no_such_name_and_no_such_record_differ() {
    let (_server, resolver) = start().await;
    let mx = |name: &str| {
        let (resolver, name) = (resolver.clone(), domain(name));
        async move { resolver.ask(name.as_str(), Kind::Mx).await }
    };
    assert_eq!(mx("missing.example.test").await, Err(NoRecords::NoSuchName));
    assert_eq!(mx("mx1.example.test").await, Err(NoRecords::NoneOfKind));
    // An empty name with something below it exists (RFC 8020 section 2).
    assert_eq!(mx("below.example.test").await, Err(NoRecords::NoneOfKind));
    let text = resolver.lookup_addresses(&domain("text.example.test")).await;
    assert_eq!(text, Err(NoRecords::NoneOfKind));
    let missing = resolver.lookup_addresses(&domain("missing.example.test")).await;
    assert_eq!(missing, Err(NoRecords::NoSuchName));
}

#[tokio::test]
async fn what_nobody_could_tell_is_temporary() {
    let (_server, resolver) = start().await;
    for name in [
        "a.broken.test",
        "a.refused.test",
        "a.silent.test",
        "outside-all-zones.org",
    ] {
        let found = resolver.ask(name, Kind::Mx).await;
        assert!(matches!(found, Err(NoRecords::Temporary(_))), "{name}: {found:?}");
        let found = resolver.lookup_addresses(&domain(name)).await;
        assert!(matches!(found, Err(NoRecords::Temporary(_))), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn no_server_at_all_is_temporary() {
    let (server, resolver) = start().await;
    server.shutdown().await;
    let found = resolver.ask("example.test", Kind::Mx).await;
    assert!(matches!(found, Err(NoRecords::Temporary(_))), "{found:?}");
    let found = resolver.ask(&reverse_name(ip("127.0.0.11")), Kind::Ptr).await;
    assert!(matches!(found, Err(NoRecords::Temporary(_))), "{found:?}");
}

#[tokio::test]
async fn mx_records_are_found() {
    let (_server, resolver) = start().await;
    let found = resolver.ask("example.test", Kind::Mx).await.unwrap();
    let mut found: Vec<_> = found.iter().filter_map(Record::mail_host).collect();
    found.sort_unstable();
    assert_eq!(found, [(10, "mx1.example.test"), (20, "mx2.other.test")]);
    let null = resolver.ask("null.example.test", Kind::Mx).await.unwrap();
    let null: Vec<_> = null.iter().filter_map(Record::mail_host).collect();
    assert_eq!(null, [(0, "")]);
}

#[tokio::test]
async fn names_of_loopback_and_other_addresses_are_asked_for() {
    let (_server, resolver) = start().await;
    let names = |ip_text: &'static str| {
        let resolver = resolver.clone();
        async move {
            let found = resolver.ask(&reverse_name(ip(ip_text)), Kind::Ptr).await.unwrap();
            found
                .iter()
                .filter_map(Record::name)
                .map(str::to_owned)
                .collect::<BTreeSet<_>>()
        }
    };
    let set = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(names("127.0.0.11").await, set(&["mx1.example.test"]));
    assert_eq!(
        names("127.0.0.12").await,
        set(&["one.example.test", "two.example.test"])
    );
    assert_eq!(names("192.0.2.1").await, set(&["outside.example.test"]));
    let none = |ip_text: &'static str| {
        let resolver = resolver.clone();
        async move {
            resolver
                .ask(&reverse_name(ip(ip_text)), Kind::Ptr)
                .await
                .unwrap_err()
        }
    };
    assert_eq!(none("127.0.0.99").await, NoRecords::NoSuchName);
    assert_eq!(none("192.0.2.9").await, NoRecords::NoSuchName);
    assert!(none("::1").await.is_temporary());
}

#[tokio::test]
async fn the_strings_of_a_text_are_joined() {
    let (_server, resolver) = start().await;
    let found = resolver.ask("example.test", Kind::Txt).await.unwrap();
    assert_eq!(found[0].text().unwrap(), b"v=spf1 -all");
}

#[tokio::test]
async fn an_answer_too_large_for_udp_comes_over_tcp() {
    let (_server, resolver) = start().await;
    let found = resolver.ask("big.example.test", Kind::Txt).await.unwrap();
    assert_eq!(found[0].text().unwrap().len(), 8_000);
}

#[tokio::test]
async fn an_answer_is_believed_as_long_as_it_says_without_asking_again() {
    let (server, resolver) = start().await;
    let mut before = Vec::new();
    let questions = [
        ("example.test", Kind::Mx),
        ("mx1.example.test", Kind::Txt),
        ("no.example.test", Kind::A),
    ];
    for (name, kind) in questions {
        before.push(resolver.ask(name, kind).await);
    }
    server.shutdown().await;
    for ((name, kind), before) in questions.into_iter().zip(before) {
        assert_eq!(resolver.ask(&name.to_uppercase(), kind).await, before, "{name}");
    }
    assert!(
        resolver
            .ask("example.test", Kind::Soa)
            .await
            .unwrap_err()
            .is_temporary()
    );
}

#[tokio::test]
async fn a_deadline_ends_every_question() {
    let (_server, resolver) = start().await;
    let bounded = resolver.until(tokio::time::Instant::now());
    let late = bounded.ask("a.silent.test", Kind::Txt).await.unwrap_err();
    assert!(late.is_temporary());
    let soon = resolver.until(tokio::time::Instant::now() + Duration::from_secs(30));
    assert!(soon.ask("example.test", Kind::Txt).await.is_ok());
}

#[tokio::test]
async fn every_kind_of_record_is_read() {
    let zone = "@ IN CAA 128 issue \"ca.test\"\n_25._tcp.mx IN TLSA 3 1 1 00112233\n\
                _imaps._tcp IN SRV 0 1 993 mx\nwww IN CNAME mx\n@ IN NS ns.example.test.\nmx IN A 127.0.0.1\n";
    let zones = vec![Zone::parse("example.test", zone).unwrap()];
    let server = ZoneServer::start(loopback(), zones).await.unwrap();
    let resolver = Resolver::new(&[server.local_addr()], Duration::from_secs(2)).unwrap();
    let one = |name: &'static str, kind| {
        let resolver = resolver.clone();
        async move { resolver.ask(name, kind).await.unwrap()[0].clone() }
    };
    let caa = one("example.test", Kind::Caa).await;
    let expected = Record::Caa {
        critical: true,
        tag: "issue".to_owned(),
        value: "ca.test".to_owned(),
    };
    assert_eq!(caa, expected);
    let tlsa = one("_25._tcp.mx.example.test", Kind::Tlsa).await;
    let data = [0, 0x11, 0x22, 0x33].into();
    assert_eq!(
        tlsa,
        Record::Tlsa {
            usage: 3,
            selector: 1,
            matching: 1,
            data
        }
    );
    let srv = one("_imaps._tcp.example.test", Kind::Srv).await;
    let target = "mx.example.test".to_owned();
    assert_eq!(
        srv,
        Record::Srv {
            priority: 0,
            weight: 1,
            port: 993,
            target
        }
    );
    assert_eq!(
        one("www.example.test", Kind::Cname).await.name(),
        Some("mx.example.test")
    );
    assert_eq!(
        one("example.test", Kind::Ns).await.name(),
        Some("ns.example.test")
    );
    assert!(matches!(
        one("example.test", Kind::Soa).await,
        Record::Soa { minimum: 60, .. }
    ));
}

/// Names and addresses of the hosts for `name.example.test`.
async fn hosts(name: &str, seed: u64) -> Result<Vec<(String, Vec<IpAddr>)>, MailHostsError> {
    let (_server, resolver) = start().await;
    let asked = domain(&format!("{name}example.test"));
    let found = resolver
        .mail_hosts(&asked, &domain("me.example.test"), seed)
        .await?;
    let pair = |host: posthorn_dns::MailHost| (host.name, host.addresses);
    Ok(found.hosts.into_iter().map(pair).collect())
}

fn host_names(found: Result<Vec<(String, Vec<IpAddr>)>, MailHostsError>) -> Vec<String> {
    found.unwrap().into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn mail_hosts_come_in_order_with_their_addresses() {
    let found = hosts("", 0).await.unwrap();
    assert_eq!(found[0].0, "mx1.example.test");
    assert_eq!((found[0].1.len(), found[0].1[0]), (3, ip("::11")));
    assert_eq!(found[1], ("mx2.other.test".to_owned(), vec![ip("127.0.0.22")]));
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn without_mx_the_domain_itself_is_the_host() {
    let expected = vec![("implicit.example.test".to_owned(), vec![ip("127.0.0.14")])];
    assert_eq!(hosts("implicit.", 0).await.unwrap(), expected);
    let found = hosts("mail-alias.", 0).await.unwrap();
    assert_eq!(found[0].1, [ip("127.0.0.14")]);
}

#[tokio::test]
async fn what_can_never_be_delivered_is_permanent() {
    let error = |name: &'static str| async move { hosts(name, 0).await.unwrap_err() };
    assert_eq!(
        error("missing.").await,
        MailHostsError::NoSuchDomain("missing.example.test".to_owned())
    );
    assert_eq!(
        error("text.").await,
        MailHostsError::NoMailServer("text.example.test".to_owned())
    );
    assert_eq!(
        error("null.").await,
        MailHostsError::NullMx("null.example.test".to_owned())
    );
    let nowhere = error("nowhere.").await;
    assert!(matches!(nowhere, MailHostsError::NoAddress(..)), "{nowhere}");
    assert_eq!(
        error("looping.").await,
        MailHostsError::LoopsBack("looping.example.test".to_owned())
    );
}

#[tokio::test]
async fn the_own_host_is_left_out_of_the_list() {
    assert_eq!(host_names(hosts("backup.", 0).await), ["mx1.example.test"]);
}

#[tokio::test]
async fn equal_hosts_are_spread_by_the_seed() {
    let mut firsts = BTreeSet::new();
    for seed in 0..8 {
        firsts.insert(host_names(hosts("equal.", seed).await).remove(0));
    }
    assert_eq!(firsts.len(), 2);
}

#[tokio::test]
async fn a_host_that_cannot_be_looked_up_is_skipped_with_the_reason() {
    let (_server, resolver) = start().await;
    let me = domain("me.example.test");
    let found = resolver
        .mail_hosts(&domain("half.example.test"), &me, 0)
        .await
        .unwrap();
    assert_eq!(found.hosts[0].name, "mx1.example.test");
    assert_eq!(found.skipped[0].0, "mx.broken.test");
    let unsure = resolver
        .mail_hosts(&domain("unsure.example.test"), &me, 0)
        .await
        .unwrap_err();
    assert!(!unsure.is_permanent(), "{unsure}");
    for name in ["a.broken.test", "a.silent.test"] {
        let error = resolver.mail_hosts(&domain(name), &me, 0).await.unwrap_err();
        assert_eq!(
            (error.is_permanent(), error.enhanced_status()),
            (false, "4.4.3"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_zone_of_the_root_knows_that_other_names_do_not_exist() {
    let zones = vec![
        Zone::parse(".", "").unwrap(),
        Zone::parse("example.test", ZONE).unwrap(),
    ];
    let server = ZoneServer::start(loopback(), zones).await.unwrap();
    let resolver = Resolver::new(&[server.local_addr()], Duration::from_secs(2)).unwrap();
    assert_eq!(
        resolver.ask("elsewhere.org", Kind::Mx).await,
        Err(NoRecords::NoSuchName)
    );
    assert!(resolver.ask("example.test", Kind::Mx).await.is_ok());
}

#[tokio::test]
async fn a_stopped_server_has_freed_its_port() {
    let server = ZoneServer::start(loopback(), Vec::new()).await.unwrap();
    let address = server.local_addr();
    assert!(ZoneServer::start(address, Vec::new()).await.is_err());
    server.shutdown().await;
    ZoneServer::start(address, Vec::new()).await.unwrap();
}

#[tokio::test]
async fn a_dropped_server_frees_its_port_soon() {
    let server = ZoneServer::start(loopback(), Vec::new()).await.unwrap();
    let address = server.local_addr();
    drop(server);
    // The tasks end when the runtime next comes by.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    ZoneServer::start(address, Vec::new()).await.unwrap();
}

#[test]
fn wrong_zones_are_refused_with_the_reason() {
    let error = Zone::parse("example.test", "a IN A not-an-address\n")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("zone example.test: "), "{error}");
    assert!(Zone::parse("example.test", "$INCLUDE /etc/passwd\n").is_err());
    assert!(Zone::parse("a..b", "").is_err());
}
