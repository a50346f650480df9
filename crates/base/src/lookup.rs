//! Questions to the DNS as a value, and the one trait through which everything below the shell asks them:
//! SPF, DKIM, DMARC, the doctor. The shell answers from name servers, tests from a few lines of text.
//!
//! Asks nothing itself.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The type of the records that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// A mail host (RFC 5321 section 5.1).
    Mx,
    /// Text.
    Txt,
    /// The name of an address.
    Ptr,
    /// Another name for the same.
    Cname,
    /// A name server.
    Ns,
    /// The start of a zone.
    Soa,
    /// A service (RFC 2782).
    Srv,
    /// The certificate of a service (RFC 6698).
    Tlsa,
    /// Who may issue certificates (RFC 8659).
    Caa,
}

impl Kind {
    /// As zone files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Ptr => "PTR",
            Self::Cname => "CNAME",
            Self::Ns => "NS",
            Self::Soa => "SOA",
            Self::Srv => "SRV",
            Self::Tlsa => "TLSA",
            Self::Caa => "CAA",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One record. Names in it are in lower case without the final dot; the root is the empty string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A mail host; the empty exchange says "no mail" (RFC 7505).
    Mx {
        /// Smaller is better.
        preference: u16,
        /// The host.
        exchange: String,
    },
    /// Its strings joined (RFC 7208 section 3.3), as octets: nothing obliges them to be text.
    Txt(Box<[u8]>),
    /// The name of an address.
    Ptr(String),
    /// The other name.
    Cname(String),
    /// The name server.
    Ns(String),
    /// The primary name server of the zone; `serial` counts its versions.
    Soa {
        /// The primary name server.
        primary: String,
        /// The version of the zone.
        serial: u32,
        /// How long, in seconds, it is remembered that a name does not exist.
        minimum: u32,
    },
    /// A service.
    Srv {
        /// Smaller is better.
        priority: u16,
        /// Larger is chosen more often.
        weight: u16,
        /// The port.
        port: u16,
        /// The host.
        target: String,
    },
    /// The certificate of a service: the three numbers of RFC 6698 section 2.1 and the data.
    Tlsa {
        /// 0 to 3; 3 is "exactly this certificate" (DANE-EE).
        usage: u8,
        /// 0 the whole certificate, 1 its public key.
        selector: u8,
        /// 0 as it is, 1 SHA-256, 2 SHA-512.
        matching: u8,
        /// What must match.
        data: Box<[u8]>,
    },
    /// Who may issue certificates.
    Caa {
        /// Must whoever does not understand the tag refuse?
        critical: bool,
        /// `issue`, `issuewild`, `iodef`.
        tag: String,
        /// For `issue` the name of the issuer.
        value: String,
    },
}

impl Record {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::A(_) => Kind::A,
            Self::Aaaa(_) => Kind::Aaaa,
            Self::Mx { .. } => Kind::Mx,
            Self::Txt(_) => Kind::Txt,
            Self::Ptr(_) => Kind::Ptr,
            Self::Cname(_) => Kind::Cname,
            Self::Ns(_) => Kind::Ns,
            Self::Soa { .. } => Kind::Soa,
            Self::Srv { .. } => Kind::Srv,
            Self::Tlsa { .. } => Kind::Tlsa,
            Self::Caa { .. } => Kind::Caa,
        }
    }

    /// The address, of an A or AAAA record.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        if let Self::A(ip) = self {
            return Some(IpAddr::V4(*ip));
        }
        let Self::Aaaa(ip) = self else { return None };
        Some(IpAddr::V6(*ip))
    }

    /// Preference and host, of an MX record.
    #[must_use]
    pub fn mail_host(&self) -> Option<(u16, &str)> {
        let Self::Mx { preference, exchange } = self else {
            return None;
        };
        Some((*preference, exchange))
    }

    /// The octets, of a TXT record.
    #[must_use]
    pub fn text(&self) -> Option<&[u8]> {
        let Self::Txt(text) = self else { return None };
        Some(text)
    }

    /// The name, of a PTR, CNAME or NS record.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let (Self::Ptr(name) | Self::Cname(name) | Self::Ns(name)) = self else {
            return None;
        };
        Some(name)
    }
}

/// Why there are no records. "There is no such thing" and "nobody could tell me" are never confused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NoRecords {
    /// NXDOMAIN: neither this name nor one below it exists (RFC 8020).
    NoSuchName,
    /// The name exists and has no record of this kind.
    NoneOfKind,
    /// Nobody could tell; the reason in words.
    Temporary(String),
}

impl NoRecords {
    /// Could asking again later give another answer?
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Temporary(_) => true,
            Self::NoSuchName | Self::NoneOfKind => false,
        }
    }
}

impl fmt::Display for NoRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchName => f.write_str("there is no such name"),
            Self::NoneOfKind => f.write_str("the name has no such record"),
            Self::Temporary(reason) => write!(f, "the name servers could not tell: {reason}"),
        }
    }
}

/// The records of the kind that was asked for, at least one; CNAMEs on the way are followed and left out
/// (unless asked for).
pub type Answer = Result<Arc<[Record]>, NoRecords>;

/// Somebody who answers questions about names.
pub trait Lookup: Sync {
    /// The records of `kind` at `name`. The name is ASCII (internationalised labels as `xn--`), without the
    /// final dot, in any letter case. A name that the DNS cannot hold (an empty label, a label over 63
    /// octets, more than 253 in all) does not exist: `NoSuchName`. Takes a bounded time.
    fn ask(&self, name: &str, kind: Kind) -> impl Future<Output = Answer> + Send;
}

impl<L: Lookup> Lookup for &L {
    fn ask(&self, name: &str, kind: Kind) -> impl Future<Output = Answer> + Send {
        (**self).ask(name, kind)
    }
}

/// Where the names of an address are kept: `4.3.2.1.in-addr.arpa` (RFC 1035 section 3.5) and
/// `….ip6.arpa` (RFC 3596 section 2.5).
#[must_use]
pub fn reverse_name(ip: IpAddr) -> String {
    use fmt::Write as _;
    let mut name = String::with_capacity(73);
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            let _infallible = write!(name, "{d}.{c}.{b}.{a}.in-addr.arpa");
        }
        IpAddr::V6(ip) => {
            for octet in ip.octets().iter().rev() {
                let _infallible = write!(name, "{:x}.{:x}.", octet & 0xf, octet >> 4);
            }
            name.push_str("ip6.arpa");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::reverse_name;

    #[test]
    fn an_address_is_written_backwards() {
        assert_eq!(
            reverse_name("192.0.2.1".parse().unwrap()),
            "1.2.0.192.in-addr.arpa"
        );
        assert_eq!(
            reverse_name("2001:db8::1".parse().unwrap()),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
        );
    }
}
