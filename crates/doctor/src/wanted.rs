//! A record that a domain should have: what it is for, how much it matters, and what stands there now.

use std::future::Future;

use futures_util::future::join_all;
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record};
use serde::Serialize;

use crate::entry::{Entry, printable};

/// Records that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Where mail for the domain goes.
    Receiving,
    /// Who may send in its name.
    Sending,
    /// How mail programs find the server.
    Programs,
    /// How others know that nobody listens.
    Encryption,
    /// What somebody else sets: the owner of the addresses or of another domain.
    Elsewhere,
}

impl Group {
    /// A heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Receiving => "Receiving mail",
            Self::Sending => "Sending mail that others believe",
            Self::Programs => "Mail programs find their settings",
            Self::Encryption => "Encryption between servers",
            Self::Elsewhere => "Set elsewhere, not in the zone of this domain",
        }
    }
}

/// How much a record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Necessity {
    /// Without it mail is lost or refused.
    Needed,
    /// Mail flows without it, and better with it.
    Recommended,
    /// For whoever wants it.
    Optional,
}

impl Necessity {
    /// One word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Needed => "needed",
            Self::Recommended => "recommended",
            Self::Optional => "optional",
        }
    }
}

/// What stands in the DNS now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// Nobody has asked.
    #[default]
    Unknown,
    /// Nothing.
    Missing,
    /// The record as it should be.
    Same,
    /// Something else.
    Different {
        /// What, as [`Entry::content`] writes it.
        now: Vec<String>,
    },
    /// The name servers could not tell.
    Unanswered {
        /// Why.
        why: String,
    },
}

/// A record that should be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wanted {
    /// Where it belongs.
    pub group: Group,
    /// How much it matters.
    pub necessity: Necessity,
    /// The record.
    #[serde(flatten)]
    pub entry: Entry,
    /// One plain sentence on what it is for.
    pub purpose: String,
    /// What stands there now.
    #[serde(flatten)]
    pub state: State,
}

/// Asks what stands at each name now, all at the same time, and fills in the states.
pub async fn compare<L: Lookup>(lookup: &L, wanted: &mut [Wanted]) {
    let hosts: Vec<Entry> = wanted
        .iter()
        .filter(|one| matches!(one.entry.kind(), Kind::A | Kind::Aaaa))
        .map(|one| one.entry.clone())
        .collect();
    let looks = wanted.iter().map(|one| present(lookup, &one.entry, &hosts));
    let states = join_all(looks).await;
    for (one, state) in wanted.iter_mut().zip(states) {
        one.state = state;
    }
}

/// Boxed, so that a hundred questions do not make one huge future.
fn present<'a, L: Lookup>(
    lookup: &'a L,
    entry: &'a Entry,
    hosts: &'a [Entry],
) -> impl Future<Output = State> + Send + 'a {
    Box::pin(async move {
        let there = lookup.ask(&entry.name, entry.kind()).await;
        let (Record::Cname(target), Err(NoRecords::NoneOfKind)) = (&entry.record, &there) else {
            return state(&there, &entry.record);
        };
        // A name that has addresses of its own cannot be an alias, and does as well if they are the host's.
        let addresses = lookup.ask(&entry.name, Kind::A).await;
        let is_hosts = |found: &Record| {
            hosts
                .iter()
                .any(|host| host.name == *target && host.record == *found)
        };
        match &addresses {
            Ok(records) if records.iter().all(is_hosts) => State::Same,
            Ok(_) | Err(_) => state(&addresses, &entry.record),
        }
    })
}

fn state(answer: &Answer, wanted: &Record) -> State {
    let records = match answer {
        Ok(records) => records,
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => return State::Missing,
        Err(NoRecords::Temporary(why)) => return State::Unanswered { why: why.clone() },
    };
    let rivals: Vec<&Record> = records
        .iter()
        .filter(|found| is_rival(found, wanted))
        .take(16)
        .collect();
    let is_there = rivals.iter().any(|found| is_same(found, wanted));
    // A second TXT record of the same family, or a second mail host, changes what the first one says.
    let alone = rivals.len() == 1 || !matches!(wanted, Record::Txt(_) | Record::Mx { .. });
    if is_there && alone {
        return State::Same;
    }
    let now: Vec<String> = rivals.into_iter().map(content).collect();
    if now.is_empty() {
        State::Missing
    } else {
        State::Different { now }
    }
}

fn content(record: &Record) -> String {
    let entry = Entry {
        name: String::new(),
        relative: None,
        ttl_secs: 0,
        record: record.clone(),
    };
    printable(entry.content().as_bytes())
}

/// Does the record that is there say something on the same matter? Verifications of web services share
/// the name with SPF and are nobody's business here.
fn is_rival(found: &Record, wanted: &Record) -> bool {
    match (found, wanted) {
        (Record::Txt(found), Record::Txt(wanted)) => family(found) == family(wanted),
        (Record::A(_) | Record::Aaaa(_), Record::Cname(_)) => true,
        (Record::Caa { tag: found, .. }, Record::Caa { tag: wanted, .. }) => {
            found.eq_ignore_ascii_case(wanted)
        }
        _ => found.kind() == wanted.kind(),
    }
}

/// `v=spf1`, `v=dkim1`, …: what stands before the first space or semicolon. A DKIM record may do without.
fn family(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().position(|octet| matches!(octet, b' ' | b';' | b'\t'));
    let first = text.get(..end.unwrap_or(text.len()))?.to_ascii_lowercase();
    let is_key = first.starts_with(b"v=dkim1") || first.starts_with(b"k=") || first.starts_with(b"p=");
    (!is_key).then_some(first)
}

fn is_same(found: &Record, wanted: &Record) -> bool {
    match (found, wanted) {
        (Record::Txt(found), Record::Txt(wanted)) => squeezed(found) == squeezed(wanted),
        (Record::Mx { exchange: found, .. }, Record::Mx { exchange: wanted, .. }) => found == wanted,
        _ => found == wanted,
    }
}

/// Without the white space that hosters like to add.
fn squeezed(text: &[u8]) -> Vec<u8> {
    let mut words = text
        .split(|octet| octet.is_ascii_whitespace())
        .filter(|word| !word.is_empty());
    let mut joined = words.next().unwrap_or_default().to_vec();
    for word in words {
        if !joined.ends_with(b";") {
            joined.push(b' ');
        }
        joined.extend_from_slice(word);
    }
    while joined.ends_with(b";") {
        joined.pop();
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use posthorn_base::Domain;
    use posthorn_testkit::names::{Names, now};

    use super::*;

    fn text(text: &str) -> Record {
        Record::Txt(text.as_bytes().into())
    }

    fn seen(found: &[&str], wanted: &str) -> State {
        let found: Vec<Record> = found.iter().map(|one| text(one)).collect();
        state(&Ok(Arc::from(found)), &text(wanted))
    }

    #[test]
    fn other_peoples_text_at_the_same_name_does_not_count() {
        let verification = "google-site-verification=abc";
        assert_eq!(
            seen(&[verification], "v=spf1 mx -all"),
            State::Missing,
            "only a verification"
        );
        assert_eq!(
            seen(&[verification, "v=spf1  mx -all"], "v=spf1 mx -all"),
            State::Same
        );
    }

    #[test]
    fn white_space_in_a_key_makes_no_difference() {
        assert_eq!(
            seen(&["v=DKIM1;k=rsa;p=abc;"], "v=DKIM1; k=rsa; p=abc"),
            State::Same
        );
        let other = seen(&["p=xyz"], "v=DKIM1; k=rsa; p=abc");
        assert_eq!(
            other,
            State::Different {
                now: vec!["p=xyz".to_owned()]
            }
        );
    }

    #[test]
    fn a_second_record_of_the_family_is_no_match() {
        let there = seen(&["v=spf1 mx -all", "v=spf1 -all"], "v=spf1 mx -all");
        assert!(matches!(there, State::Different { now } if now.len() == 2));
    }

    #[test]
    fn an_address_of_the_host_is_as_good_as_an_alias() {
        let host = Domain::parse("mail.example.test").unwrap();
        let mut plan = crate::Plan::new(Domain::parse("example.test").unwrap(), host);
        plan.addresses = vec!["192.0.2.1".parse().unwrap()];
        let mut wanted = crate::records(&plan);
        let zone = "autoconfig.example.test A 192.0.2.1\nautodiscover.example.test A 192.0.2.80\n";
        now(compare(&Names::parse(zone), &mut wanted));
        let of = |name: &str| {
            wanted
                .iter()
                .find(|one| one.entry.name == name)
                .unwrap()
                .state
                .clone()
        };
        assert_eq!(of("autoconfig.example.test"), State::Same);
        let other = vec!["192.0.2.80".to_owned()];
        assert_eq!(of("autodiscover.example.test"), State::Different { now: other });
    }

    #[test]
    fn a_silent_name_server_is_not_a_missing_record() {
        let silent = Err(NoRecords::Temporary("no answer".to_owned()));
        assert!(matches!(
            state(&silent, &text("v=spf1 -all")),
            State::Unanswered { .. }
        ));
    }
}
