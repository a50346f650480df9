//! Who asks, and for what: the parts of a request that pages decide by.

use std::net::IpAddr;

use hyper::header::{self, HeaderMap};
use hyper::http::uri::Authority;
use hyper::{Request, Version};

/// Fields that a proxy adds, so that a request with any of them was not made on this machine.
const FORWARDED: [&str; 5] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
];

/// A request as pages see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// What follows the question mark.
    pub(crate) query: Option<String>,
    /// The host that was asked, without a port; only HTTP/1.0 may leave it out.
    pub(crate) host: Option<String>,
    /// Was this asked on this machine, by a program that knows whom it asks?
    pub(crate) is_local: bool,
}

/// RFC 9112 section 3.2: no Host, two of them, or one that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadHost;

impl Visit {
    pub(crate) fn new<B>(request: &Request<B>, peer: IpAddr) -> Result<Self, BadHost> {
        let host = host(request)?;
        Ok(Self {
            query: request.uri().query().map(str::to_owned),
            is_local: is_local(peer, host.as_deref(), request.headers()),
            host,
        })
    }

    /// The decoded value of a parameter of the query; `None` when it is missing or is no text.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query.as_deref()?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.into_iter().find(|(found, _)| *found == name)?;
        percent_decode(value)
    }
}

/// An absolute request target names the host, else the field Host does (RFC 9112 section 3.2.2).
fn host<B>(request: &Request<B>) -> Result<Option<String>, BadHost> {
    let mut fields = request.headers().get_all(header::HOST).iter();
    let host = match (fields.next(), fields.next()) {
        (Some(host), None) => host.to_str().map_err(|_cause| BadHost)?,
        (None, _) if request.version() == Version::HTTP_10 => return Ok(None),
        (_, _) => return Err(BadHost),
    };
    let host: Authority = host.parse().map_err(|_cause| BadHost)?;
    let host = request.uri().host().unwrap_or_else(|| host.host());
    Ok(Some(host.to_ascii_lowercase()))
}

/// The peer must be on loopback. But a proxy beside us is as well, and so is a browser whose owner visits a
/// page that had its own name lead to 127.0.0.1: the first is known by what it adds, the second by the name.
fn is_local(peer: IpAddr, host: Option<&str>, fields: &HeaderMap) -> bool {
    let is_loopback_host = host.is_some_and(|host| {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || literal.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    });
    peer.to_canonical().is_loopback()
        && is_loopback_host
        && !FORWARDED.iter().any(|name| fields.contains_key(*name))
}

/// RFC 3986 section 2.1. A plus is a plus, as addresses have it.
fn percent_decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        let decoded = match octet {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            _ => octet,
        };
        octets.push(decoded);
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: &str = "127.0.0.1";

    fn visit(uri: &str, peer: &str, fields: &[(&str, &str)]) -> Result<Visit, BadHost> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        Visit::new(&request.body(()).unwrap(), peer.parse().unwrap())
    }

    fn is_local(peer: &str, fields: &[(&str, &str)]) -> bool {
        visit("/", peer, fields).unwrap().is_local
    }

    #[test]
    fn a_request_needs_one_host() {
        assert_eq!(visit("/", LOOPBACK, &[]), Err(BadHost));
        assert_eq!(
            visit("/", LOOPBACK, &[("host", "a"), ("host", "a")]),
            Err(BadHost)
        );
        assert_eq!(visit("/", LOOPBACK, &[("host", "a b")]), Err(BadHost));
        let host = |text: &str| visit("/", LOOPBACK, &[("host", text)]).unwrap().host.unwrap();
        assert_eq!(host("Mail.Example.org:8080"), "mail.example.org");
        assert_eq!(host("[::1]:8080"), "[::1]");
    }

    #[test]
    fn the_host_of_an_absolute_target_counts() {
        let visit = visit("http://one.example/", LOOPBACK, &[("host", "two.example")]);
        assert_eq!(visit.unwrap().host.as_deref(), Some("one.example"));
    }

    #[test]
    fn http_1_0_may_leave_the_host_out_and_is_not_local_then() {
        let request = Request::builder().version(Version::HTTP_10).body(()).unwrap();
        let visit = Visit::new(&request, LOOPBACK.parse().unwrap()).unwrap();
        assert_eq!((visit.host, visit.is_local), (None, false));
    }

    #[test]
    fn local_is_a_loopback_peer_that_asks_a_loopback_host() {
        let by_ip = [("host", "127.0.0.1:8080")];
        for peer in ["127.0.0.1", "127.0.0.11", "::1", "::ffff:127.0.0.1"] {
            assert!(is_local(peer, &by_ip), "{peer}");
        }
        for peer in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"] {
            assert!(!is_local(peer, &by_ip), "{peer}");
        }
        assert!(is_local(LOOPBACK, &[("host", "localhost:8080")]));
        assert!(is_local(LOOPBACK, &[("host", "[::1]")]));
        assert!(!is_local(LOOPBACK, &[("host", "rebound.example:8080")]));
    }

    #[test]
    fn what_a_proxy_passes_on_is_not_local() {
        for name in FORWARDED {
            assert!(
                !is_local(LOOPBACK, &[("host", "127.0.0.1"), (name, "x")]),
                "{name}"
            );
        }
    }

    #[test]
    fn parameters_are_decoded_and_a_plus_stays() {
        let visit = |query: &str| visit(query, LOOPBACK, &[("host", "a")]).unwrap();
        let address = |query: &str| visit(query).parameter("emailaddress");
        assert_eq!(
            address("/?x=1&emailaddress=a+b%40example.org"),
            Some("a+b@example.org".to_owned())
        );
        assert_eq!(address("/?emailaddress=%C3%BC"), Some("ü".to_owned()));
        assert_eq!(address("/?emailaddress=%FF"), None);
        assert_eq!(address("/?emailaddress=%4"), None);
        assert_eq!(address("/?emailaddress=%+4"), None);
        assert_eq!(address("/?emailaddress"), None);
        assert_eq!(address("/"), None);
    }
}
