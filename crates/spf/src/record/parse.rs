//! The grammar of RFC 7208 section 12, with what is wrong in words. Each term is read by itself, so that
//! all faults of a record can be named at once.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{BadDomain, Directive, DomainSpec, Fault, Hosts, Meaning, Mechanism, Qualifier, Record, Term};
use crate::macros::{Place, pieces};
use crate::shown;

/// The longest record that is read: what one TXT record can hold (RFC 1035 section 3.2.1, RDLENGTH).
const MAX_RECORD: usize = 65_535;
/// More faults of one record are of use to nobody.
const MAX_FAULTS: usize = 20;

const MECHANISMS: [&str; 8] = ["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"];

/// Everything that is wrong with a record, at most 20 faults; empty when it can be read.
#[must_use]
pub fn faults(text: &str) -> Vec<Fault> {
    let rest = match after_version(text) {
        Ok(rest) => rest,
        Err(fault) => return vec![fault],
    };
    let mut seen = Once::default();
    let read = rest.split(' ').filter(|text| !text.is_empty());
    read.filter_map(|text| term(text).and_then(|term| seen.check(term)).err())
        .take(MAX_FAULTS)
        .collect()
}

/// Reads a record.
pub(super) fn record(text: &str) -> Result<Record, Fault> {
    let rest = after_version(text)?;
    let mut seen = Once::default();
    let read = rest.split(' ').filter(|text| !text.is_empty());
    let terms = read
        .map(|text| seen.check(term(text)?))
        .collect::<Result<_, _>>()?;
    Ok(Record { terms })
}

/// Does the text claim to be an SPF record: `v=spf1`, then a space or nothing (RFC 7208 section 4.5)?
pub(crate) fn is_spf(octets: &[u8]) -> bool {
    let Some((version, rest)) = octets.split_at_checked(6) else {
        return false;
    };
    version.eq_ignore_ascii_case(b"v=spf1") && matches!(rest.first(), None | Some(b' '))
}

fn after_version(text: &str) -> Result<&str, Fault> {
    if !is_spf(text.as_bytes()) {
        return Err(fault(
            text.split(' ').next().unwrap_or_default(),
            "an SPF record begins with v=spf1 and a space",
        ));
    }
    if text.len() > MAX_RECORD {
        return Err(fault(
            text,
            format!("the record is longer than {MAX_RECORD} characters"),
        ));
    }
    Ok(text.get(6..).unwrap_or_default())
}

/// Which of the modifiers that may stand only once have been seen (RFC 7208 section 6).
#[derive(Default)]
struct Once {
    redirect: bool,
    explanation: bool,
}

impl Once {
    fn check(&mut self, term: Term) -> Result<Term, Fault> {
        let seen_before = match &term.meaning {
            Meaning::Redirect(_) => std::mem::replace(&mut self.redirect, true),
            Meaning::Explanation(_) => std::mem::replace(&mut self.explanation, true),
            Meaning::Directive(_) | Meaning::Unknown { .. } => false,
        };
        if seen_before {
            return Err(fault(
                &term.written,
                "a record may have this modifier only once, and it stands there twice",
            ));
        }
        Ok(term)
    }
}

fn fault(text: &str, what: impl Into<String>) -> Fault {
    Fault {
        text: shown::term(text),
        what: what.into(),
    }
}

fn term(text: &str) -> Result<Term, Fault> {
    check_characters(text)?;
    let meaning = meaning(text).map_err(|BadDomain(what)| fault(text, what))?;
    let written = text.to_owned();
    Ok(Term { written, meaning })
}

/// Records are printable ASCII, and only the space separates terms (RFC 7208 sections 3.1 and 4.6.1).
fn check_characters(text: &str) -> Result<(), Fault> {
    if !text.is_ascii() {
        return Err(fault(
            text,
            "it has a character outside ASCII (an international name is written in its xn-- form)",
        ));
    }
    if !text.bytes().all(|c| c.is_ascii_graphic()) {
        return Err(fault(
            text,
            "it has a character that does not print, such as a tab or a line break",
        ));
    }
    Ok(())
}

fn meaning(text: &str) -> Result<Meaning, BadDomain> {
    let end = text.find([':', '/', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    match rest.strip_prefix('=') {
        Some(value) => modifier(name, value),
        None => directive(name, rest).map(Meaning::Directive),
    }
}

/// `modifier = redirect / explanation / unknown-modifier`; the last is not read as one of the others, as
/// the test suite of the RFC has it.
fn modifier(name: &str, value: &str) -> Result<Meaning, BadDomain> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts_well
        || !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    {
        return Err(BadDomain(
            "the name before = must begin with a letter and have only letters, digits, -, _ and .".to_owned(),
        ));
    }
    Ok(if name.eq_ignore_ascii_case("redirect") {
        Meaning::Redirect(DomainSpec::parse(value)?)
    } else if name.eq_ignore_ascii_case("exp") {
        Meaning::Explanation(DomainSpec::parse(value)?)
    } else {
        pieces(value, Place::Modifier)?;
        Meaning::Unknown {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    })
}

fn directive(name: &str, rest: &str) -> Result<Directive, BadDomain> {
    let (qualifier, name) = match name.split_at_checked(1) {
        Some(("+", name)) => (Qualifier::Pass, name),
        Some(("-", name)) => (Qualifier::Fail, name),
        Some(("~", name)) => (Qualifier::SoftFail, name),
        Some(("?", name)) => (Qualifier::Neutral, name),
        Some(_) | None => (Qualifier::Pass, name),
    };
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" if rest.is_empty() => Mechanism::All,
        "all" => return Err(BadDomain("nothing may stand behind all".to_owned())),
        "include" => Mechanism::Include(required(name, rest)?),
        "exists" => Mechanism::Exists(required(name, rest)?),
        "ptr" if rest.is_empty() => Mechanism::Ptr(None),
        "ptr" => Mechanism::Ptr(Some(required(name, rest)?)),
        "a" => Mechanism::A(hosts(rest)?),
        "mx" => Mechanism::Mx(hosts(rest)?),
        "ip4" => ip4(rest)?,
        "ip6" => ip6(rest)?,
        other => return Err(unknown(other)),
    };
    Ok(Directive { qualifier, mechanism })
}

fn unknown(name: &str) -> BadDomain {
    BadDomain(match name {
        "redirect" | "exp" => format!("behind {name} must come = and a domain"),
        "ipv4" | "ip" => "SPF knows no such term; an IPv4 address is written as ip4:...".to_owned(),
        "ipv6" => "SPF knows no such term; an IPv6 address is written as ip6:...".to_owned(),
        _ if MECHANISMS
            .iter()
            .any(|known| name.strip_suffix('.') == Some(known)) =>
        {
            "there is a dot behind the term".to_owned()
        }
        _ if name.parse::<std::net::IpAddr>().is_ok() => {
            "an address cannot stand alone; it is written as ip4:... or ip6:...".to_owned()
        }
        _ => "SPF knows no such term".to_owned(),
    })
}

fn required(name: &str, rest: &str) -> Result<DomainSpec, BadDomain> {
    match rest.strip_prefix(':') {
        Some(domain) => DomainSpec::parse(domain),
        None => Err(BadDomain(format!("behind {name} must come : and a domain"))),
    }
}

/// `[ ":" domain-spec ] [ dual-cidr-length ]`, where
/// `dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ]`. A domain may have slashes in it, so the
/// lengths are taken from the end.
fn hosts(rest: &str) -> Result<Hosts, BadDomain> {
    let (rest, prefix6) = match rest.rsplit_once("//") {
        Some((before, digits)) if is_number(digits) => (before, length(digits, 128)?),
        Some(_) | None => (rest, 128),
    };
    let (rest, prefix4) = match rest.rsplit_once('/') {
        Some((before, digits)) if is_number(digits) => (before, length(digits, 32)?),
        Some(_) | None => (rest, 32),
    };
    let domain = match rest.strip_prefix(':') {
        Some(domain) => Some(DomainSpec::parse(domain)?),
        None if rest.is_empty() => None,
        None => {
            return Err(BadDomain(
                "behind the / must come the length of a network, 0 to 32 (and // for IPv6, 0 to 128)"
                    .to_owned(),
            ));
        }
    };
    Ok(Hosts {
        domain,
        prefix4,
        prefix6,
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

/// `"0" / %x31-39 0*2DIGIT`
fn length(digits: &str, most: u8) -> Result<u8, BadDomain> {
    let has_leading_zero = digits.len() > 1 && digits.starts_with('0');
    match digits.parse::<u8>() {
        Ok(length) if length <= most && is_number(digits) && !has_leading_zero => Ok(length),
        Ok(_) | Err(_) => Err(BadDomain(format!(
            "the length of the network must be a number from 0 to {most}"
        ))),
    }
}

fn ip4(rest: &str) -> Result<Mechanism, BadDomain> {
    let (address, prefix) = network(rest, 32, "ip4")?;
    match address.parse::<Ipv4Addr>() {
        Ok(network) => Ok(Mechanism::Ip4 { network, prefix }),
        Err(_) if address.parse::<Ipv6Addr>().is_ok() => Err(BadDomain(
            "this is an IPv6 address; it is written as ip6:...".to_owned(),
        )),
        Err(_) => Err(BadDomain(
            "this is not a complete IPv4 address (four numbers from 0 to 255 with dots between them)"
                .to_owned(),
        )),
    }
}

fn ip6(rest: &str) -> Result<Mechanism, BadDomain> {
    let (address, prefix) = network(rest, 128, "ip6")?;
    match address.parse::<Ipv6Addr>() {
        Ok(network) => Ok(Mechanism::Ip6 { network, prefix }),
        Err(_) if address.parse::<Ipv4Addr>().is_ok() => Err(BadDomain(
            "this is an IPv4 address; it is written as ip4:...".to_owned(),
        )),
        Err(_) => Err(BadDomain("this is not a complete IPv6 address".to_owned())),
    }
}

fn network<'a>(rest: &'a str, most: u8, name: &str) -> Result<(&'a str, u8), BadDomain> {
    let Some(rest) = rest.strip_prefix(':') else {
        return Err(BadDomain(format!("behind {name} must come : and an address")));
    };
    match rest.split_once('/') {
        Some((address, digits)) => Ok((address, length(digits, most)?)),
        None => Ok((rest, most)),
    }
}
