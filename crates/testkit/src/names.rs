//! The DNS as a few lines of text, for tests of whatever asks questions through [`Lookup`].
//!
//! One record a line: `name TYPE data`, names absolute with or without the final dot, `;` before a comment,
//! TXT as quoted strings that are joined or as the rest of the line. Two types are not of this world:
//! `TIMEOUT` (nobody can tell anything about the name) and `EXISTS` (the name exists, with no record).

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "only tests use it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record};

/// CNAMEs that follow one another.
const MAX_CNAMES: usize = 8;

/// Names and their records.
#[derive(Debug, Default)]
pub struct Names {
    records: BTreeMap<String, Vec<Record>>,
    silent: BTreeSet<String>,
    asked: Mutex<Vec<(String, Kind)>>,
}

impl Names {
    /// Reads the lines.
    ///
    /// # Panics
    /// When a line cannot be read: the test is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut names = Self::default();
        for line in text.lines() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with(';') && !line.starts_with('#') {
                names.read(line);
            }
        }
        names
    }

    /// Adds a record.
    pub fn add(&mut self, name: &str, record: Record) {
        self.records.entry(plain(name)).or_default().push(record);
    }

    /// From now on nobody can tell anything about the name.
    pub fn silence(&mut self, name: &str) {
        self.silent.insert(plain(name));
    }

    /// The name exists, with whatever records it has.
    pub fn exists(&mut self, name: &str) {
        self.records.entry(plain(name)).or_default();
    }

    /// Every question so far, in order, names in lower case.
    ///
    /// # Panics
    /// When a test panicked while asking.
    #[must_use]
    pub fn asked(&self) -> Vec<(String, Kind)> {
        self.asked.lock().expect("a question panicked").clone()
    }

    fn read(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(mut kind)) = (words.next(), words.next()) else {
            panic!("no name and type: {line}");
        };
        if kind == "IN" {
            kind = words.next().unwrap_or_else(|| panic!("no type: {line}"));
        }
        let after = line.split_once(kind).map_or("", |(_, rest)| rest).trim();
        match kind {
            "TIMEOUT" => self.silence(name),
            "EXISTS" => self.exists(name),
            _ => self.add(
                name,
                record(kind, after).unwrap_or_else(|| panic!("cannot read: {line}")),
            ),
        }
    }

    fn find(&self, name: &str, kind: Kind) -> Answer {
        let mut name = plain(name);
        if !is_speakable(&name) {
            return Err(NoRecords::NoSuchName);
        }
        for _ in 0..MAX_CNAMES {
            if self.silent.contains(&name) {
                return Err(NoRecords::Temporary("no answer".to_owned()));
            }
            let Some(records) = self.records.get(&name) else {
                return Err(self.none(&name));
            };
            let found: Vec<Record> = records.iter().filter(|r| r.kind() == kind).cloned().collect();
            if !found.is_empty() {
                return Ok(Arc::from(found));
            }
            let alias = records.iter().find_map(|record| match record {
                Record::Cname(target) => Some(target.clone()),
                _ => None,
            });
            match alias {
                Some(target) => name = plain(&target),
                None => return Err(NoRecords::NoneOfKind),
            }
        }
        Err(NoRecords::Temporary("too many CNAMEs".to_owned()))
    }

    fn none(&self, name: &str) -> NoRecords {
        let below = format!(".{name}");
        if self.records.keys().any(|known| known.ends_with(&below)) {
            NoRecords::NoneOfKind
        } else {
            NoRecords::NoSuchName
        }
    }
}

impl Lookup for Names {
    async fn ask(&self, name: &str, kind: Kind) -> Answer {
        let mut asked = self.asked.lock().expect("a question panicked");
        asked.push((plain(name), kind));
        drop(asked);
        self.find(name, kind)
    }
}

/// Runs a future that never waits for anything outside, such as every question to [`Names`].
///
/// # Panics
/// When it waits all the same.
pub fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..100_000 {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("the future waits for something outside");
}

fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_suffix('.').unwrap_or(&name).to_owned()
}

fn is_speakable(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len()))
}

fn record(kind: &str, data: &str) -> Option<Record> {
    let words: Vec<&str> = data.split_whitespace().collect();
    let word = |at: usize| words.get(at).copied();
    Some(match kind {
        "A" => Record::A(data.parse().ok()?),
        "AAAA" => Record::Aaaa(data.parse().ok()?),
        "MX" => Record::Mx {
            preference: word(0)?.parse().ok()?,
            exchange: plain(word(1)?),
        },
        "TXT" => Record::Txt(text(data)?),
        "PTR" => Record::Ptr(plain(data)),
        "CNAME" => Record::Cname(plain(data)),
        "NS" => Record::Ns(plain(data)),
        "SOA" => Record::Soa {
            primary: plain(word(0)?),
            serial: word(2).unwrap_or("1").parse().ok()?,
            minimum: word(6).unwrap_or("60").parse().ok()?,
        },
        "SRV" => Record::Srv {
            priority: word(0)?.parse().ok()?,
            weight: word(1)?.parse().ok()?,
            port: word(2)?.parse().ok()?,
            target: plain(word(3)?),
        },
        "TLSA" => Record::Tlsa {
            usage: word(0)?.parse().ok()?,
            selector: word(1)?.parse().ok()?,
            matching: word(2)?.parse().ok()?,
            data: octets(&words.get(3..)?.concat())?,
        },
        "CAA" => Record::Caa {
            critical: word(0)?.parse::<u8>().ok()? & 128 != 0,
            tag: word(1)?.to_owned(),
            value: word(2)?.trim_matches('"').to_owned(),
        },
        _ => return None,
    })
}

/// `"one" "two"` is `onetwo`; without quotes the line as it is.
fn text(data: &str) -> Option<Box<[u8]>> {
    if !data.starts_with('"') {
        return Some(data.as_bytes().into());
    }
    let mut joined = Vec::new();
    let mut quoted = false;
    let mut octets = data.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => quoted = !quoted,
            b'\\' => joined.push(octets.next()?),
            _ if quoted => joined.push(octet),
            _ => {}
        }
    }
    (!quoted).then(|| joined.into())
}

fn octets(hex: &str) -> Option<Box<[u8]>> {
    let pairs = hex.as_bytes().chunks(2);
    let octets = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    octets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_from_the_lines() {
        let names = Names::parse(
            "; a zone\nexample.test. TXT \"v=spf1 \" \"-all\"\nwww.example.test CNAME example.test\n\
             slow.test TIMEOUT\nmail.deep.test A 192.0.2.1\nexample.test MX 10 mail.example.test.\n",
        );
        let ask = |name: &str, kind| now(names.ask(name, kind));
        let spf = Record::Txt(b"v=spf1 -all".as_slice().into());
        assert_eq!(ask("EXAMPLE.test", Kind::Txt), Ok(Arc::from([spf.clone()])));
        assert_eq!(ask("www.example.test", Kind::Txt), Ok(Arc::from([spf])));
        assert_eq!(ask("example.test", Kind::A), Err(NoRecords::NoneOfKind));
        assert_eq!(ask("deep.test", Kind::A), Err(NoRecords::NoneOfKind));
        assert_eq!(ask("nothing.test", Kind::A), Err(NoRecords::NoSuchName));
        assert!(ask("slow.test", Kind::A).unwrap_err().is_temporary());
        assert_eq!(ask("a..test", Kind::A), Err(NoRecords::NoSuchName));
        assert_eq!(
            names.asked().first(),
            Some(&("example.test".to_owned(), Kind::Txt))
        );
    }
}
