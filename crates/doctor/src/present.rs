//! What stands in the DNS before a plan is made: the records that are added to or kept, and the name
//! servers that a zone file names.

use futures_util::future::join3;
use posthorn_base::Domain;
use posthorn_base::lookup::{Kind, Lookup, NoRecords, Record};

use crate::plan::Plan;

/// What was found. A plan made without what nobody could tell would replace records instead of adding to
/// them, so it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// The SPF record; several are joined into one if they can be read.
    pub spf: Option<String>,
    /// The DMARC record, if there is exactly one.
    pub dmarc: Option<String>,
    /// The name servers of the zone, sorted; empty when the domain is no zone of its own.
    pub name_servers: Vec<String>,
    /// What nobody could tell, in words.
    pub unanswered: Vec<String>,
}

impl Present {
    /// Takes over into a plan what its records are to be merged with.
    pub fn put_into(&self, plan: &mut Plan) {
        plan.spf.clone_from(&self.spf);
        plan.dmarc.clone_from(&self.dmarc);
    }
}

/// Asks for it, all at the same time.
pub async fn present<L: Lookup>(lookup: &L, domain: &Domain) -> Present {
    let dmarc_name = format!("_dmarc.{domain}");
    let (texts, dmarc, servers) = join3(
        find(lookup, domain.as_str(), Kind::Txt),
        find(lookup, &dmarc_name, Kind::Txt),
        find(lookup, domain.as_str(), Kind::Ns),
    )
    .await;
    let mut present = Present::default();
    let spf = present.take(texts, |record| text_of(record, "v=spf1"));
    present.spf = match spf.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        [first, ..] => Some(crate::merge::joined(&spf).unwrap_or_else(|| first.clone())),
    };
    let dmarc = present.take(dmarc, |record| text_of(record, "v=DMARC1"));
    if let [one] = dmarc.as_slice() {
        present.dmarc = Some(one.clone());
    }
    let mut servers = present.take(servers, |record| {
        if let Record::Ns(name) = record {
            Some(name.clone())
        } else {
            None
        }
    });
    servers.sort_unstable();
    present.name_servers = servers;
    present
}

impl Present {
    /// What the records hold; when nobody could tell, a note of it.
    fn take(&mut self, found: Found, read: impl Fn(&Record) -> Option<String>) -> Vec<String> {
        match found {
            Ok(records) => records.iter().filter_map(read).take(16).collect(),
            Err(why) => {
                self.unanswered.push(why);
                Vec::new()
            }
        }
    }
}

type Found = Result<Vec<Record>, String>;

async fn find<L: Lookup>(lookup: &L, name: &str, kind: Kind) -> Found {
    match lookup.ask(name, kind).await {
        Ok(records) => Ok(records.to_vec()),
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => Ok(Vec::new()),
        Err(NoRecords::Temporary(why)) => {
            let why = crate::entry::shown(why.as_bytes(), 200);
            Err(format!("the {kind} records of {name}: {why}"))
        }
    }
}

/// The text of a record that begins with the version and is printable: another could not be published again.
fn text_of(record: &Record, version: &str) -> Option<String> {
    let Record::Txt(octets) = record else {
        return None;
    };
    let start = octets.get(..version.len())?;
    let is_printable = octets.iter().all(|octet| (b' '..=b'~').contains(octet));
    let text = std::str::from_utf8(octets).ok()?;
    (start.eq_ignore_ascii_case(version.as_bytes()) && is_printable).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use posthorn_testkit::names::{Names, now};

    use super::*;

    fn found(zone: &str) -> Present {
        let domain = Domain::parse("example.test").unwrap();
        now(present(&Names::parse(zone), &domain))
    }

    #[test]
    fn the_records_that_are_there_go_into_the_plan() {
        let present = found(
            "example.test TXT \"site=abc\"\nexample.test TXT \"v=spf1 a -all\"\n\
             _dmarc.example.test TXT \"v=DMARC1; p=reject\"\nexample.test NS ns2.test\nexample.test NS ns1.test\n",
        );
        assert_eq!(present.name_servers, ["ns1.test", "ns2.test"]);
        let domain = Domain::parse("example.test").unwrap();
        let mut plan = Plan::new(domain.clone(), domain);
        present.put_into(&mut plan);
        assert_eq!(plan.spf.as_deref(), Some("v=spf1 a -all"));
        assert_eq!(plan.dmarc.as_deref(), Some("v=DMARC1; p=reject"));
    }

    #[test]
    fn two_spf_records_are_joined_and_two_dmarc_records_count_as_none() {
        let present = found(
            "example.test TXT \"v=spf1 a -all\"\nexample.test TXT \"v=spf1 include:b.test ~all\"\n\
             _dmarc.example.test TXT \"v=DMARC1; p=reject\"\n_dmarc.example.test TXT \"v=DMARC1; p=none\"\n",
        );
        assert_eq!(present.spf.as_deref(), Some("v=spf1 a include:b.test -all"));
        assert_eq!(present.dmarc, None);
        assert!(present.unanswered.is_empty());
    }

    #[test]
    fn what_nobody_can_tell_is_said() {
        let present = found("example.test TIMEOUT\n");
        assert_eq!(present.spf, None);
        assert_eq!(
            present.unanswered,
            [
                "the TXT records of example.test: no answer",
                "the NS records of example.test: no answer"
            ]
        );
    }
}
