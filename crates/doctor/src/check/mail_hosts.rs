//! Where mail for the domain goes: MX (RFC 5321 section 5.1, null MX RFC 7505) and the addresses behind it.

use std::net::IpAddr;

use futures_util::future::{join, join_all};
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record};

mod verdict;

pub(super) use verdict::judge;

/// Hosts that are looked at; nobody sane has more.
const MAX_HOSTS: usize = 10;
/// Addresses of one host that are looked at.
const MAX_ADDRESSES: usize = 8;
/// Where servers bring mail to one another.
pub(super) const SMTP_PORT: u16 = 25;

/// One host that MX names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) preference: u16,
    pub(super) addresses: Vec<IpAddr>,
    /// What the name is another name for.
    alias_of: Option<String>,
    /// Why there is no address.
    nothing: Option<NoRecords>,
}

/// What the domain says about incoming mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// The name does not exist.
    NoSuchDomain,
    /// It takes no mail and says so.
    Null,
    /// There is no MX record; these addresses of the domain itself stand in.
    Implicit(Vec<IpAddr>),
    /// The hosts, the best first.
    Hosts(Vec<Host>),
    /// Nobody could tell.
    Unknown(String),
}

impl Incoming {
    /// The hosts that have an address.
    pub(super) fn reachable(&self) -> Vec<&Host> {
        match self {
            Self::Hosts(hosts) => hosts.iter().filter(|host| !host.addresses.is_empty()).collect(),
            Self::NoSuchDomain | Self::Null | Self::Implicit(_) | Self::Unknown(_) => Vec::new(),
        }
    }

    /// The names that MX has.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Hosts(hosts) => hosts.iter().map(|host| host.name.as_str()).collect(),
            Self::NoSuchDomain | Self::Null | Self::Implicit(_) | Self::Unknown(_) => Vec::new(),
        }
    }
}

/// Asks for the hosts and their addresses. A null MX beside others does not count as null.
pub(super) async fn find<L: Lookup>(lookup: &L, domain: &str) -> (Incoming, bool) {
    let records = match lookup.ask(domain, Kind::Mx).await {
        Ok(records) => records,
        Err(NoRecords::NoSuchName) => return (Incoming::NoSuchDomain, false),
        Err(NoRecords::NoneOfKind) => {
            let (addresses, nothing) = addresses(lookup, domain).await;
            return match nothing {
                Some(NoRecords::Temporary(why)) => (Incoming::Unknown(why), false),
                Some(NoRecords::NoSuchName | NoRecords::NoneOfKind) | None => {
                    (Incoming::Implicit(addresses), false)
                }
            };
        }
        Err(NoRecords::Temporary(why)) => return (Incoming::Unknown(why), false),
    };
    let mut named: Vec<(u16, &str)> = records.iter().filter_map(mail_host).collect();
    let before = named.len();
    named.retain(|(_, exchange)| !exchange.is_empty());
    if named.is_empty() {
        return (Incoming::Null, false);
    }
    let has_null_beside = named.len() < before;
    named.sort_unstable();
    named.truncate(MAX_HOSTS);
    let hosts = join_all(
        named
            .into_iter()
            .map(|(preference, name)| host(lookup, preference, name)),
    );
    (Incoming::Hosts(hosts.await), has_null_beside)
}

async fn host<L: Lookup>(lookup: &L, preference: u16, name: &str) -> Host {
    let ((addresses, nothing), alias) = join(addresses(lookup, name), lookup.ask(name, Kind::Cname)).await;
    let alias = alias.ok();
    let alias = alias.as_ref().and_then(|records| records.first());
    let alias_of = if let Some(Record::Cname(target)) = alias {
        Some(target.clone())
    } else {
        None
    };
    Host {
        name: name.to_owned(),
        preference,
        addresses,
        alias_of,
        nothing,
    }
}

/// The addresses of a name; when there are none, why: "nobody could tell" if either question failed.
pub(super) async fn addresses<L: Lookup>(lookup: &L, name: &str) -> (Vec<IpAddr>, Option<NoRecords>) {
    let (four, six) = join(lookup.ask(name, Kind::A), lookup.ask(name, Kind::Aaaa)).await;
    let mut found = addresses_in(&four);
    found.extend(addresses_in(&six));
    found.truncate(MAX_ADDRESSES);
    if !found.is_empty() {
        return (found, None);
    }
    let why = match (four.err(), six.err()) {
        (Some(NoRecords::Temporary(why)), _) | (_, Some(NoRecords::Temporary(why))) => {
            NoRecords::Temporary(why)
        }
        (Some(NoRecords::NoSuchName), _) => NoRecords::NoSuchName,
        (Some(NoRecords::NoneOfKind) | None, _) => NoRecords::NoneOfKind,
    };
    (found, Some(why))
}

fn addresses_in(answer: &Answer) -> Vec<IpAddr> {
    let records = answer.as_deref().unwrap_or_default();
    records.iter().filter_map(address).take(MAX_ADDRESSES).collect()
}

fn address(record: &Record) -> Option<IpAddr> {
    if let Record::A(ip) = record {
        Some(IpAddr::V4(*ip))
    } else if let Record::Aaaa(ip) = record {
        Some(IpAddr::V6(*ip))
    } else {
        None
    }
}

fn mail_host(record: &Record) -> Option<(u16, &str)> {
    let Record::Mx { preference, exchange } = record else {
        return None;
    };
    Some((*preference, exchange.as_str()))
}

/// An address that the internet does not carry (RFC 1918, RFC 4193, RFC 6598, loopback, link-local).
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || is_shared
        }
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
    }
}
