//! Mail addresses: `Mailbox` and `Reverse-path` of RFC 5321 section 4.1.2, with the UTF-8 of RFC 6531.
//! Does not read header fields (RFC 5322 comments and display names are `message`'s).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::{Domain, DomainError};

/// The part before the `@`, without quotes and escapes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalPart(String);

impl LocalPart {
    /// The text as the person wrote it, unquoted.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Can it be written without quotes? (`Dot-string`)
    fn is_dot_string(&self) -> bool {
        self.0
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
    }
}

/// `atext` of RFC 5322 section 3.2.3, and any character beyond ASCII (RFC 6531 section 3.3).
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && !c.is_control())
}

impl fmt::Display for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_dot_string() {
            return f.write_str(&self.0);
        }
        f.write_str("\"")?;
        for c in self.0.chars() {
            if c == '"' || c == '\\' {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

/// The part after the `@`: a name, or an address in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Host {
    Name(Domain),
    Literal(IpAddr),
}

/// A mail address that can stand in `MAIL FROM:<…>` and `RCPT TO:<…>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local: LocalPart,
    host: Host,
}

/// Why a text is not a mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`.
    #[error("the address has no @")]
    NoAt,
    /// Nothing, or a forbidden character, before the `@`.
    #[error("the part before the @ is not valid")]
    BadLocalPart,
    /// RFC 5321 section 4.5.3.1.1: at most 64 octets.
    #[error("the part before the @ is longer than 64 octets")]
    LocalPartTooLong,
    /// The part after the `@` is no domain name.
    #[error("{0}")]
    BadDomain(#[from] DomainError),
    /// `[…]` holds no IP address.
    #[error("the address in brackets is not an IP address")]
    BadLiteral,
}

impl Address {
    /// Reads `local@domain`, `"quoted local"@domain` or `local@[192.0.2.1]`, without angle brackets.
    ///
    /// # Errors
    /// When the text is no address: see [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, host) = match text.strip_prefix('"') {
            Some(rest) => parse_quoted(rest)?,
            None => parse_dot_string(text)?,
        };
        if local.len() > 64 {
            return Err(AddressError::LocalPartTooLong);
        }
        let host = match host.strip_prefix('[') {
            Some(rest) => Host::Literal(parse_literal(rest)?),
            None => Host::Name(Domain::parse(host)?),
        };
        Ok(Self {
            local: LocalPart(local),
            host,
        })
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local(&self) -> &LocalPart {
        &self.local
    }

    /// The domain; `None` for an address literal (`user@[192.0.2.1]`).
    #[must_use]
    pub fn domain(&self) -> Option<&Domain> {
        match &self.host {
            Host::Name(domain) => Some(domain),
            Host::Literal(_) => None,
        }
    }

    /// The IP address of an address literal; `None` for a domain.
    #[must_use]
    pub fn literal(&self) -> Option<IpAddr> {
        match self.host {
            Host::Name(_) => None,
            Host::Literal(ip) => Some(ip),
        }
    }

    /// The key under which the address is looked up: the local part in lower case. RFC 5321 section 2.4
    /// lets the receiving host decide; two accounts that differ only in case would help nobody.
    #[must_use]
    pub fn lookup_key(&self) -> String {
        format!("{}@{}", self.local.0.to_lowercase(), self.host)
    }

    /// The same address without a `+detail` (RFC 5233 section 4), and the detail; `None` when it has none.
    #[must_use]
    pub fn without_detail(&self) -> Option<(Self, String)> {
        let (user, detail) = self.local.0.split_once('+')?;
        if user.is_empty() {
            return None;
        }
        let plain = Self {
            local: LocalPart(user.to_owned()),
            host: self.host.clone(),
        };
        Some((plain, detail.to_owned()))
    }

    /// Does it need SMTPUTF8 to be sent (RFC 6531)? Only the local part can: domains have A-labels.
    #[must_use]
    pub fn needs_utf8(&self) -> bool {
        !self.local.0.is_ascii()
    }
}

fn parse_dot_string(text: &str) -> Result<(String, &str), AddressError> {
    let (local, host) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
    let part = LocalPart(local.to_owned());
    if part.is_dot_string() {
        Ok((part.0, host))
    } else {
        Err(AddressError::BadLocalPart)
    }
}

/// `Quoted-string = DQUOTE *QcontentSMTP DQUOTE`; the first quote is consumed already.
fn parse_quoted(text: &str) -> Result<(String, &str), AddressError> {
    let mut local = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let rest = text.get(at + 1..).unwrap_or_default();
                let host = rest.strip_prefix('@').ok_or(AddressError::NoAt)?;
                return Ok((local, host));
            }
            '\\' => {
                let (_, escaped) = chars.next().ok_or(AddressError::BadLocalPart)?;
                if !matches!(escaped, ' '..='~') {
                    return Err(AddressError::BadLocalPart);
                }
                local.push(escaped);
            }
            c if c.is_control() => return Err(AddressError::BadLocalPart),
            c => local.push(c),
        }
    }
    Err(AddressError::BadLocalPart)
}

/// RFC 5321 section 4.1.3; the opening bracket is consumed already.
fn parse_literal(text: &str) -> Result<IpAddr, AddressError> {
    let inner = text.strip_suffix(']').ok_or(AddressError::BadLiteral)?;
    let v6 = inner
        .get(..5)
        .filter(|tag| tag.eq_ignore_ascii_case("IPv6:"))
        .and(inner.get(5..));
    let parsed = match v6 {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => inner.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    };
    parsed.ok_or(AddressError::BadLiteral)
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(domain) => domain.fmt(f),
            Self::Literal(IpAddr::V4(ip)) => write!(f, "[{ip}]"),
            Self::Literal(IpAddr::V6(ip)) => write!(f, "[IPv6:{ip}]"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.host)
    }
}

/// Where bounces go: an address, or nowhere (`<>`, RFC 5321 section 4.5.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReversePath {
    /// `<>`: this message must never cause another one.
    Null,
    /// The sender's address.
    Address(Address),
}

impl ReversePath {
    /// The address, `None` for the null path.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Null => None,
            Self::Address(address) => Some(address),
        }
    }

    /// Reads what [`fmt::Display`] of this type without its brackets gives: empty for the null path.
    ///
    /// # Errors
    /// When the text is neither empty nor an address.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            Ok(Self::Null)
        } else {
            Address::parse(text).map(Self::Address)
        }
    }

    /// The text between the angle brackets; empty for the null path. [`Self::parse`] reads it back.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.address().map(ToString::to_string).unwrap_or_default()
    }
}

impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Address(address) => write!(f, "<{address}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quoted_local_part_keeps_its_meaning() {
        let address = Address::parse(r#""a \"b\"@c"@example.test"#).unwrap();
        assert_eq!(address.local().as_str(), r#"a "b"@c"#);
        assert_eq!(address.to_string(), r#""a \"b\"@c"@example.test"#);
    }

    #[test]
    fn needless_quotes_are_dropped() {
        assert_eq!(
            Address::parse(r#""anna"@Example.test"#).unwrap().to_string(),
            "anna@example.test"
        );
    }

    #[test]
    fn literals_are_read_in_both_families() {
        assert_eq!(
            Address::parse("a@[192.0.2.1]").unwrap().to_string(),
            "a@[192.0.2.1]"
        );
        assert_eq!(
            Address::parse("a@[ipv6:2001:db8::1]").unwrap().to_string(),
            "a@[IPv6:2001:db8::1]"
        );
        assert_eq!(Address::parse("a@[x]"), Err(AddressError::BadLiteral));
    }

    #[test]
    fn wrong_addresses_are_refused_with_the_reason() {
        assert_eq!(Address::parse("anna"), Err(AddressError::NoAt));
        assert_eq!(Address::parse("@b.test"), Err(AddressError::BadLocalPart));
        assert_eq!(Address::parse("a..b@c.test"), Err(AddressError::BadLocalPart));
        assert_eq!(Address::parse("a b@c.test"), Err(AddressError::BadLocalPart));
        assert_eq!(
            Address::parse(&format!("{}@c.test", "a".repeat(65))),
            Err(AddressError::LocalPartTooLong)
        );
        assert_eq!(
            Address::parse("a@b..c"),
            Err(AddressError::BadDomain(DomainError::EmptyLabel))
        );
    }

    #[test]
    fn the_detail_is_split_off() {
        let (plain, detail) = Address::parse("anna+news@b.test")
            .unwrap()
            .without_detail()
            .unwrap();
        assert_eq!(
            (plain.to_string().as_str(), detail.as_str()),
            ("anna@b.test", "news")
        );
        assert!(Address::parse("+news@b.test").unwrap().without_detail().is_none());
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(local in "[ -~äß]{1,20}", host in "[a-z]{1,5}\\.test") {
            let quoted = local.replace('\\', r"\\").replace('"', "\\\"");
            let address = Address::parse(&format!("\"{quoted}\"@{host}")).unwrap();
            prop_assert_eq!(Address::parse(&address.to_string()).unwrap(), address);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _unused = Address::parse(&text).is_ok();
        }
    }
}
