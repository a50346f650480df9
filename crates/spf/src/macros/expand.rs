//! What macros become for one message (RFC 7208 section 7.3). Bounded whatever the record and the client
//! say: a name is put together from the right until it is long enough, a text from the left until it is.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;

use posthorn_base::Timestamp;

use super::{DomainSpec, Letter, Macro, Piece};
use crate::names::is_speakable;

/// The longest name of the DNS as text (RFC 7208 section 7.3).
const MAX_NAME: usize = 253;
/// From how many octets on the left end no longer matters: a name, the dot before it, a dot at the end.
const ENOUGH: usize = 256;

/// What the letters stand for.
pub(crate) struct Values<'a> {
    pub(crate) ip: IpAddr,
    pub(crate) domain: &'a str,
    pub(crate) local: &'a str,
    pub(crate) sender_domain: &'a str,
    pub(crate) helo: &'a str,
    pub(crate) receiver: &'a str,
    pub(crate) client_name: &'a str,
    pub(crate) now: Timestamp,
}

/// The name that a term's domain is for this message, in lower case; `None` when the DNS cannot hold it.
///
/// RFC 7208 section 4.8 leaves open what such a name means: to us, as to its test suite, it does not exist.
/// A local part that is not ASCII makes such a name too, and then matches nothing (RFC 8616 section 4).
pub(crate) fn name(spec: &DomainSpec, values: &Values<'_>) -> Option<String> {
    let mut backwards: Vec<Cow<'_, str>> = Vec::new();
    let mut length = 0_usize;
    for piece in spec.pieces().iter().rev() {
        let text = of_piece(piece, values);
        length = length.saturating_add(text.len());
        backwards.push(text);
        if length > ENOUGH {
            break;
        }
    }
    backwards.reverse();
    let whole = backwards.concat().to_ascii_lowercase();
    let mut name = whole.strip_suffix('.').unwrap_or(&whole);
    while name.len() > MAX_NAME {
        (_, name) = name.split_once('.')?;
    }
    is_speakable(name).then(|| name.to_owned())
}

/// The text of an explanation for this message, at most `limit` octets and a little more.
pub(crate) fn text(pieces: &[Piece], values: &Values<'_>, limit: usize) -> String {
    let mut text = String::new();
    for piece in pieces {
        text.push_str(&of_piece(piece, values));
        if text.len() > limit {
            break;
        }
    }
    text
}

fn of_piece<'a>(piece: &'a Piece, values: &Values<'a>) -> Cow<'a, str> {
    match piece {
        Piece::Literal(text) => Cow::Borrowed(text),
        Piece::Escape(text) => Cow::Borrowed(text),
        Piece::Macro(it) => of_macro(it, values),
    }
}

fn of_macro<'a>(it: &Macro, values: &Values<'a>) -> Cow<'a, str> {
    let value = value(it.letter, values);
    let value = if it.parts.is_none() && !it.reverses && it.delimiters.is_empty() {
        value
    } else {
        Cow::Owned(transform(it, &value))
    };
    if it.escapes {
        Cow::Owned(escape(&value))
    } else {
        value
    }
}

fn value<'a>(letter: Letter, values: &Values<'a>) -> Cow<'a, str> {
    match letter {
        Letter::Sender => Cow::Owned(format!("{}@{}", values.local, values.sender_domain)),
        Letter::Local => Cow::Borrowed(values.local),
        Letter::SenderDomain => Cow::Borrowed(values.sender_domain),
        Letter::Domain => Cow::Borrowed(values.domain),
        Letter::Ip => Cow::Owned(dotted(values.ip)),
        Letter::ClientName => Cow::Borrowed(values.client_name),
        Letter::Version => Cow::Borrowed(match values.ip {
            IpAddr::V4(_) => "in-addr",
            IpAddr::V6(_) => "ip6",
        }),
        Letter::Helo => Cow::Borrowed(values.helo),
        Letter::PlainIp => Cow::Owned(values.ip.to_string()),
        Letter::Receiver => Cow::Borrowed(values.receiver),
        Letter::Time => Cow::Owned(values.now.as_secs().to_string()),
    }
}

/// `192.0.2.1`, or the 32 digits of an IPv6 address with dots between them.
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let mut digits = String::with_capacity(63);
            for octet in ip.octets() {
                let dot = if digits.is_empty() { "" } else { "." };
                let _infallible = write!(digits, "{dot}{:X}.{:X}", octet >> 4, octet & 0xf);
            }
            digits
        }
    }
}

fn transform(it: &Macro, value: &str) -> String {
    let splits_at = |c: char| match it.delimiters.as_str() {
        "" => c == '.',
        delimiters => delimiters.contains(c),
    };
    let mut parts: Vec<&str> = value.split(splits_at).collect();
    if it.reverses {
        parts.reverse();
    }
    let dropped = parts.len().saturating_sub(it.parts.unwrap_or(usize::MAX));
    parts.get(dropped..).unwrap_or_default().join(".")
}

/// All but the unreserved characters of a URL become `%` and two digits.
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for octet in value.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            escaped.push(char::from(octet));
        } else {
            let _infallible = write!(escaped, "%{octet:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macros::{Place, pieces};

    fn values() -> Values<'static> {
        Values {
            ip: "192.0.2.3".parse().unwrap(),
            domain: "email.example.com",
            local: "strong-bad",
            sender_domain: "email.example.com",
            helo: "mail.example.org",
            receiver: "mx.example.net",
            client_name: "mail.example.org",
            now: Timestamp::from_secs(1_795_465_000),
        }
    }

    fn expanded(written: &str) -> String {
        text(&pieces(written, Place::Explanation).unwrap(), &values(), 1000)
    }

    #[test]
    fn the_examples_of_rfc_7208_section_7_4_expand_as_written_there() {
        for (written, expected) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            (
                "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
                "3.2.0.192.in-addr.strong.lp._spf.example.com",
            ),
            (
                "%{d2}.trusted-domains.example.net",
                "example.com.trusted-domains.example.net",
            ),
            ("%%%_%-", "% %20"),
            ("%{S}", "strong-bad%40email.example.com"),
            (
                "%{c} %{r} %{t} %{h}",
                "192.0.2.3 mx.example.net 1795465000 mail.example.org",
            ),
            ("%{d99999999999999999999}", "email.example.com"),
        ] {
            assert_eq!(expanded(written), expected, "{written}");
        }
    }

    #[test]
    fn an_ipv6_address_becomes_its_digits() {
        let values = Values {
            ip: "2001:db8::cb01".parse().unwrap(),
            ..values()
        };
        let spec = DomainSpec::parse("%{ir}.%{v}._spf.%{d2}").unwrap();
        assert_eq!(
            name(&spec, &values).unwrap(),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
        );
    }

    #[test]
    fn a_name_that_is_too_long_loses_labels_on_the_left() {
        let long = "a.".repeat(200);
        let values = Values {
            local: &long,
            ..values()
        };
        let spec = DomainSpec::parse("%{l}%{l}x.example.com").unwrap();
        let name = name(&spec, &values).unwrap();
        assert_eq!(name.len(), 253);
        assert!(
            name.starts_with("a.a.") && name.ends_with(".a.x.example.com"),
            "{name}"
        );
    }

    #[test]
    fn a_name_that_the_dns_cannot_hold_is_none() {
        let spec = DomainSpec::parse("%{l}.example.com").unwrap();
        for local in ["", "a..b", "größe", &"x".repeat(64)] {
            let values = Values { local, ..values() };
            assert_eq!(name(&spec, &values), None, "{local}");
        }
    }
}
