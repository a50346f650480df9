//! One record as it is typed somewhere: into the form of a hoster, or into a zone file (RFC 1035 section
//! 5.1). Knows how each kind is written; asks and reads nothing.

use std::fmt::Write as _;

use posthorn_base::Domain;
use posthorn_base::lookup::{Kind, Record};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

/// One string of a TXT record holds this many octets (RFC 1035 section 3.3).
const STRING_OCTETS: usize = 255;

/// How long others may remember a record, unless said otherwise: an hour.
pub const USUAL_TTL_SECS: u32 = 3_600;

/// A record and the name it stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The whole name without the final dot.
    pub name: String,
    /// What a form asks for that adds the domain itself: `@` for the domain, `_dmarc` for a name below it;
    /// `None` when the name is in somebody else's zone.
    pub relative: Option<String>,
    /// In seconds.
    pub ttl_secs: u32,
    /// The record.
    pub record: Record,
}

impl Entry {
    /// A record at `name`, seen from the zone of `domain`.
    #[must_use]
    pub fn new(domain: &Domain, name: &str, record: Record) -> Self {
        let name = printable(name.as_bytes());
        Self {
            relative: relative(domain, &name),
            name,
            ttl_secs: USUAL_TTL_SECS,
            record,
        }
    }

    /// A TXT record.
    #[must_use]
    pub fn text(domain: &Domain, name: &str, text: &str) -> Self {
        Self::new(domain, name, Record::Txt(text.as_bytes().into()))
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.record.kind()
    }

    /// What a TXT record is about; `None` for other kinds, which say so themselves.
    pub(crate) fn subject(&self) -> Option<&'static str> {
        let Record::Txt(octets) = &self.record else {
            return None;
        };
        let subjects = [
            ("v=spf1", "SPF"),
            ("v=DKIM1", "DKIM"),
            ("v=DMARC1", "DMARC"),
            ("v=TLSRPTv1", "reports on encryption"),
            ("v=STSv1", "MTA-STS"),
        ];
        let found = subjects
            .iter()
            .find(|(start, _)| octets.starts_with(start.as_bytes()));
        found.map(|(_, subject)| *subject)
    }

    /// As a zone file writes it: names with the final dot, text in quotes and in pieces of at most 255
    /// octets.
    #[must_use]
    pub fn value(&self) -> String {
        one_line(&zone_value(&self.record))
    }

    /// As a form takes it: text without quotes and in one piece, names without the final dot.
    #[must_use]
    pub fn content(&self) -> String {
        one_line(&plain_value(&self.record))
    }

    /// One line of a zone file.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { name, ttl_secs, .. } = self;
        format!("{name}. {ttl_secs} IN {} {}", self.kind(), self.value())
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Entry", 6)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("relative", &self.relative)?;
        fields.serialize_field("ttl_secs", &self.ttl_secs)?;
        fields.serialize_field("kind", self.kind().name())?;
        fields.serialize_field("value", &self.value())?;
        fields.serialize_field("content", &self.content())?;
        fields.end()
    }
}

/// `@`, `_dmarc`, or `None` outside the domain.
fn relative(domain: &Domain, name: &str) -> Option<String> {
    let rest = name.strip_suffix(domain.as_str())?;
    match rest.strip_suffix('.') {
        Some(below) => Some(below.to_owned()),
        None => rest.is_empty().then(|| "@".to_owned()),
    }
}

fn zone_value(record: &Record) -> String {
    match record {
        Record::Txt(octets) => quoted(octets),
        Record::Mx { preference, exchange } => format!("{preference} {exchange}."),
        Record::Ptr(name) | Record::Cname(name) | Record::Ns(name) => format!("{name}."),
        Record::Soa {
            primary,
            serial,
            minimum,
        } => {
            format!("{primary}. hostmaster.{primary}. {serial} 86400 7200 3600000 {minimum}")
        }
        Record::Srv {
            priority,
            weight,
            port,
            target,
        } => {
            format!("{priority} {weight} {port} {target}.")
        }
        Record::Caa { critical, tag, value } => {
            format!(
                "{} {tag} {}",
                if *critical { 128 } else { 0 },
                quoted(value.as_bytes())
            )
        }
        Record::A(_) | Record::Aaaa(_) | Record::Tlsa { .. } => plain_value(record),
    }
}

fn plain_value(record: &Record) -> String {
    match record {
        Record::A(ip) => ip.to_string(),
        Record::Aaaa(ip) => ip.to_string(),
        Record::Txt(octets) => String::from_utf8_lossy(octets).into_owned(),
        Record::Mx { preference, exchange } if exchange.is_empty() => format!("{preference} ."),
        Record::Mx { preference, exchange } => format!("{preference} {exchange}"),
        Record::Ptr(name) | Record::Cname(name) | Record::Ns(name) => name.clone(),
        Record::Soa { primary, serial, .. } => format!("{primary} {serial}"),
        Record::Srv {
            priority,
            weight,
            port,
            target,
        } => {
            format!("{priority} {weight} {port} {target}")
        }
        Record::Tlsa {
            usage,
            selector,
            matching,
            data,
        } => {
            format!("{usage} {selector} {matching} {}", hex(data))
        }
        Record::Caa { critical, tag, value } => {
            format!("{} {tag} \"{value}\"", if *critical { 128 } else { 0 })
        }
    }
}

/// `"…" "…"`, with `\"`, `\\` and `\DDD` (RFC 1035 section 5.1).
fn quoted(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().saturating_add(8));
    for (index, piece) in octets.chunks(STRING_OCTETS).enumerate() {
        text.push_str(if index == 0 { "\"" } else { " \"" });
        for octet in piece {
            match octet {
                b'"' | b'\\' => {
                    text.push('\\');
                    text.push(char::from(*octet));
                }
                b' '..=b'~' => text.push(char::from(*octet)),
                _ => {
                    let _infallible = write!(text, "\\{octet:03}");
                }
            }
        }
        text.push('"');
    }
    if text.is_empty() {
        text.push_str("\"\"");
    }
    text
}

/// What strangers publish, as it may be shown: at most 2,000 characters, control characters as `?`.
pub(crate) fn printable(octets: &[u8]) -> String {
    shown(octets, 2_000)
}

/// As [`printable`], whole: a record is bounded by what it is made of.
fn one_line(text: &str) -> String {
    shown(text.as_bytes(), usize::MAX)
}

/// As [`printable`], cut to `limit` characters.
pub(crate) fn shown(octets: &[u8], limit: usize) -> String {
    // A character has at most four octets, so nothing that is shown is lost here.
    let octets = octets.get(..limit.saturating_mul(4)).unwrap_or(octets);
    let text = String::from_utf8_lossy(octets);
    let mut shown: String = text
        .chars()
        .take(limit)
        .map(|c| if is_harmless(c) { c } else { '?' })
        .collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

/// Neither a control character nor one that turns the direction of writing.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().saturating_mul(2));
    for octet in octets {
        let _infallible = write!(text, "{octet:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example() -> Domain {
        Domain::parse("example.test").unwrap()
    }

    #[test]
    fn a_name_is_told_whole_and_as_forms_want_it() {
        let of = |name: &str| relative(&example(), name);
        assert_eq!(of("example.test").as_deref(), Some("@"));
        assert_eq!(of("_dmarc.example.test").as_deref(), Some("_dmarc"));
        assert_eq!(of("a._domainkey.example.test").as_deref(), Some("a._domainkey"));
        assert_eq!(of("bexample.test"), None);
        assert_eq!(of("mail.host.test"), None);
    }

    #[test]
    fn a_long_text_is_cut_into_strings_and_escaped() {
        let entry = Entry::text(&example(), "example.test", &"a".repeat(300));
        let wanted = format!("\"{}\" \"{}\"", "a".repeat(255), "a".repeat(45));
        assert_eq!(entry.value(), wanted);
        assert_eq!(entry.content(), "a".repeat(300));
        assert_eq!(
            quoted(b"say \"no\"\\\x07\xff"),
            "\"say \\\"no\\\"\\\\\\007\\255\""
        );
    }

    #[test]
    fn the_root_is_a_single_dot() {
        let null = Record::Mx {
            preference: 0,
            exchange: String::new(),
        };
        let entry = Entry::new(&example(), "example.test", null);
        assert_eq!((entry.value().as_str(), entry.content().as_str()), ("0 .", "0 ."));
        assert_eq!(entry.line(), "example.test. 3600 IN MX 0 .");
    }

    #[test]
    fn text_of_strangers_is_cut_and_loses_its_tricks() {
        assert_eq!(shown("a\u{202e}b\u{1b}[2J".as_bytes(), 10), "a?b?[2J");
        assert_eq!(shown("äöü".as_bytes(), 2), "äö…");
        assert_eq!(shown(&[0xff; 10_000], 3), "\u{fffd}\u{fffd}\u{fffd}…");
    }

    /// Reads `"…" "…"` back; `None` when a string is too long or something stands between.
    fn unquoted(text: &str) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        let mut bytes = text.bytes();
        loop {
            (bytes.next()? == b'"').then_some(())?;
            let mut length = 0;
            loop {
                let octet = match bytes.next()? {
                    b'"' => break,
                    b'\\' => match bytes.next()? {
                        digit if digit.is_ascii_digit() => {
                            let digits = [digit, bytes.next()?, bytes.next()?];
                            std::str::from_utf8(&digits).ok()?.parse().ok()?
                        }
                        other => other,
                    },
                    other => other,
                };
                octets.push(octet);
                length += 1;
            }
            (length <= STRING_OCTETS).then_some(())?;
            match bytes.next() {
                None => return Some(octets),
                Some(between) => (between == b' ').then_some(())?,
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back(octets in prop::collection::vec(any::<u8>(), 0..700)) {
            prop_assert_eq!(unquoted(&quoted(&octets)), Some(octets));
        }

        #[test]
        fn what_is_shown_is_one_line(octets in prop::collection::vec(any::<u8>(), 0..200), limit in 0..50_usize) {
            let text = shown(&octets, limit);
            prop_assert!(text.chars().count() <= limit + 1);
            prop_assert!(text.chars().all(|c| !c.is_control()));
        }
    }
}
