//! SPF records (RFC 7208 sections 4.6.1 and 12): read, written, and changed without losing what stands
//! there. Terms keep the form they were written in. Asks nothing.
//!
//! ```text
//! record    = version terms *SP
//! version   = "v=spf1"
//! terms     = *( 1*SP ( directive / modifier ) )
//! directive = [ qualifier ] mechanism
//! qualifier = "+" / "-" / "?" / "~"
//! ```

mod edit;
mod parse;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use edit::Addition;
pub use parse::faults;
pub(crate) use parse::is_spf;

use crate::SpfResult;
pub use crate::macros::{BadDomain, DomainSpec};

/// A record: its terms in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub(crate) terms: Vec<Term>,
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// The first fault; [`faults`] names all.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        parse::record(text)
    }

    /// A new record that allows what is named and says of everybody else what `others` says.
    #[must_use]
    pub fn new(mechanisms: Vec<Mechanism>, others: Qualifier) -> Self {
        let all = Term::new(Meaning::Directive(Directive {
            qualifier: others,
            mechanism: Mechanism::All,
        }));
        let allowed = mechanisms.into_iter().map(Term::allowing);
        Self {
            terms: allowed.chain([all]).collect(),
        }
    }

    /// All terms, in the order in which they are written.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The terms that a receiver looks at, with the directive each one is: up to the first `all`.
    pub fn directives(&self) -> impl Iterator<Item = (&Term, &Directive)> {
        let mut is_over = false;
        self.terms
            .iter()
            .filter_map(|term| term.directive().map(|directive| (term, directive)))
            .take_while(move |(_, directive)| {
                !std::mem::replace(&mut is_over, directive.mechanism == Mechanism::All)
            })
    }

    /// Where the record sends whoever matched nothing; `None` also when there is an `all`, which matches
    /// everybody (RFC 7208 section 5.1).
    #[must_use]
    pub fn redirect(&self) -> Option<(&Term, &DomainSpec)> {
        if self.all().is_some() {
            return None;
        }
        self.terms.iter().find_map(|term| match &term.meaning {
            Meaning::Redirect(domain) => Some((term, domain)),
            Meaning::Directive(_) | Meaning::Explanation(_) | Meaning::Unknown { .. } => None,
        })
    }

    /// What the record says of everybody, if it says so.
    #[must_use]
    pub fn all(&self) -> Option<Qualifier> {
        self.terms.iter().find_map(|term| {
            let directive = term.directive()?;
            (directive.mechanism == Mechanism::All).then_some(directive.qualifier)
        })
    }

    /// Where the explanation for whoever was refused stands.
    #[must_use]
    pub fn explanation(&self) -> Option<&DomainSpec> {
        self.terms.iter().find_map(|term| match &term.meaning {
            Meaning::Explanation(domain) => Some(domain),
            Meaning::Directive(_) | Meaning::Redirect(_) | Meaning::Unknown { .. } => None,
        })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=spf1")?;
        for term in &self.terms {
            write!(f, " {term}")?;
        }
        Ok(())
    }
}

/// A term as it is written, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub(crate) written: String,
    pub(crate) meaning: Meaning,
}

impl Term {
    /// A term written in its plain form: no `+`, lower case.
    #[must_use]
    pub fn new(meaning: Meaning) -> Self {
        Self {
            written: meaning.to_string(),
            meaning,
        }
    }

    /// The directive that lets the mechanism's clients send.
    #[must_use]
    pub fn allowing(mechanism: Mechanism) -> Self {
        Self::new(Meaning::Directive(Directive {
            qualifier: Qualifier::Pass,
            mechanism,
        }))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// What it means.
    #[must_use]
    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// The directive it is, if it is one and not a modifier.
    #[must_use]
    pub fn directive(&self) -> Option<&Directive> {
        match &self.meaning {
            Meaning::Directive(directive) => Some(directive),
            Meaning::Redirect(_) | Meaning::Explanation(_) | Meaning::Unknown { .. } => None,
        }
    }

    /// Does it count against the limit of 10 look-ups (RFC 7208 section 4.6.4)?
    #[must_use]
    pub fn costs_a_lookup(&self) -> bool {
        match &self.meaning {
            Meaning::Directive(directive) => directive.mechanism.costs_a_lookup(),
            Meaning::Redirect(_) => true,
            Meaning::Explanation(_) | Meaning::Unknown { .. } => false,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// What a term means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Clients, and what the domain says of them.
    Directive(Directive),
    /// Whoever matched nothing is judged by another record (RFC 7208 section 6.1).
    Redirect(DomainSpec),
    /// Where a text for whoever was refused stands (section 6.2).
    Explanation(DomainSpec),
    /// A modifier that this RFC does not know and receivers ignore (section 6). A mechanism written with
    /// `=` in place of `:` is one too, and does nothing.
    Unknown {
        /// Before the `=`.
        name: String,
        /// After it.
        value: String,
    },
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directive(directive) => directive.fmt(f),
            Self::Redirect(domain) => write!(f, "redirect={domain}"),
            Self::Explanation(domain) => write!(f, "exp={domain}"),
            Self::Unknown { name, value } => write!(f, "{name}={value}"),
        }
    }
}

/// Clients, and what the domain says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// What it says.
    pub qualifier: Qualifier,
    /// Which clients.
    pub mechanism: Mechanism,
}

impl Directive {
    /// Does it let everybody send: `+all`, or a network that is all addresses of a family?
    #[must_use]
    pub fn allows_everyone(&self) -> bool {
        let is_everyone = match &self.mechanism {
            Mechanism::All | Mechanism::Ip4 { prefix: 0, .. } | Mechanism::Ip6 { prefix: 0, .. } => true,
            Mechanism::A(hosts) | Mechanism::Mx(hosts) => hosts.prefix4 == 0 || hosts.prefix6 == 0,
            Mechanism::Include(_)
            | Mechanism::Ptr(_)
            | Mechanism::Ip4 { .. }
            | Mechanism::Ip6 { .. }
            | Mechanism::Exists(_) => false,
        };
        is_everyone && self.qualifier == Qualifier::Pass
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let qualifier = match self.qualifier {
            Qualifier::Pass => "",
            Qualifier::Fail => "-",
            Qualifier::SoftFail => "~",
            Qualifier::Neutral => "?",
        };
        write!(f, "{qualifier}{}", self.mechanism)
    }
}

/// What a domain says of the clients that a mechanism matches (RFC 7208 section 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Qualifier {
    /// `+` or nothing: they may send.
    Pass,
    /// `-`: they may not.
    Fail,
    /// `~`: they probably may not.
    SoftFail,
    /// `?`: nothing.
    Neutral,
}

impl From<Qualifier> for SpfResult {
    fn from(qualifier: Qualifier) -> Self {
        match qualifier {
            Qualifier::Pass => Self::Pass,
            Qualifier::Fail => Self::Fail,
            Qualifier::SoftFail => Self::SoftFail,
            Qualifier::Neutral => Self::Neutral,
        }
    }
}

/// Which clients (RFC 7208 section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// Everybody.
    All,
    /// Whoever another domain's record allows.
    Include(DomainSpec),
    /// The addresses of a name.
    A(Hosts),
    /// The addresses of a domain's mail hosts.
    Mx(Hosts),
    /// Whoever has a name at or below a domain; slow, and not to be used (section 5.5).
    Ptr(Option<DomainSpec>),
    /// An IPv4 network.
    Ip4 {
        /// Any address of it.
        network: Ipv4Addr,
        /// How many bits are the network's, 0 to 32; 32 is the address alone.
        prefix: u8,
    },
    /// An IPv6 network.
    Ip6 {
        /// Any address of it.
        network: Ipv6Addr,
        /// How many bits are the network's, 0 to 128; 128 is the address alone.
        prefix: u8,
    },
    /// Everybody, when a name has an IPv4 address; of use with macros.
    Exists(DomainSpec),
}

impl Mechanism {
    /// An address.
    #[must_use]
    pub fn address(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(network) => Self::Ip4 { network, prefix: 32 },
            IpAddr::V6(network) => Self::Ip6 { network, prefix: 128 },
        }
    }

    /// `mx`: the mail hosts of the record's own domain.
    #[must_use]
    pub fn own_mail_hosts() -> Self {
        Self::Mx(Hosts::OWN)
    }

    /// `include:domain`.
    ///
    /// # Errors
    /// When it is no domain that may stand there.
    pub fn include(domain: &str) -> Result<Self, BadDomain> {
        DomainSpec::parse(domain).map(Self::Include)
    }

    /// Does it count against the limit of 10 look-ups (RFC 7208 section 4.6.4)?
    #[must_use]
    pub fn costs_a_lookup(&self) -> bool {
        match self {
            Self::Include(_) | Self::A(_) | Self::Mx(_) | Self::Ptr(_) | Self::Exists(_) => true,
            Self::All | Self::Ip4 { .. } | Self::Ip6 { .. } => false,
        }
    }

    /// The domain that is written with it; `None` when it is the record's own, or there is none.
    #[must_use]
    pub fn domain(&self) -> Option<&DomainSpec> {
        match self {
            Self::Include(domain) | Self::Exists(domain) => Some(domain),
            Self::A(hosts) | Self::Mx(hosts) => hosts.domain.as_ref(),
            Self::Ptr(domain) => domain.as_ref(),
            Self::All | Self::Ip4 { .. } | Self::Ip6 { .. } => None,
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Include(domain) => write!(f, "include:{domain}"),
            Self::A(hosts) => write!(f, "a{hosts}"),
            Self::Mx(hosts) => write!(f, "mx{hosts}"),
            Self::Ptr(None) => f.write_str("ptr"),
            Self::Ptr(Some(domain)) => write!(f, "ptr:{domain}"),
            Self::Ip4 { network, prefix: 32 } => write!(f, "ip4:{network}"),
            Self::Ip4 { network, prefix } => write!(f, "ip4:{network}/{prefix}"),
            Self::Ip6 { network, prefix: 128 } => write!(f, "ip6:{network}"),
            Self::Ip6 { network, prefix } => write!(f, "ip6:{network}/{prefix}"),
            Self::Exists(domain) => write!(f, "exists:{domain}"),
        }
    }
}

/// Hosts, and how much of their addresses counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Whose; `None` is the record's own domain.
    pub domain: Option<DomainSpec>,
    /// How many bits of an IPv4 address must be the same, 0 to 32.
    pub prefix4: u8,
    /// How many bits of an IPv6 address must be the same, 0 to 128.
    pub prefix6: u8,
}

impl Hosts {
    /// The record's own domain, whole addresses.
    pub const OWN: Self = Self {
        domain: None,
        prefix4: 32,
        prefix6: 128,
    };
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(domain) = &self.domain {
            write!(f, ":{domain}")?;
        }
        if self.prefix4 != 32 {
            write!(f, "/{}", self.prefix4)?;
        }
        if self.prefix6 != 128 {
            write!(f, "//{}", self.prefix6)?;
        }
        Ok(())
    }
}

/// What is wrong in a record, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} ({text})")]
pub struct Fault {
    /// The term, printable ASCII, at most 120 characters.
    pub text: String,
    /// What is wrong with it, as a short sentence without the final full stop.
    pub what: String,
}

/// Is `ip` in the network? An address of the other family is not.
pub(crate) fn is_in_network(ip: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let prefix = u32::from(prefix);
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0);
            ip.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0);
            ip.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests;
