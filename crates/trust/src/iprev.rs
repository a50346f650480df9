//! The client's address looked up backwards and forwards (RFC 8601 section 3): has the address a name, and
//! has the name that address? Says nothing about who owns either.

use std::net::IpAddr;

use futures_util::future::join_all;
use posthorn_base::lookup::{Kind, Lookup, NoRecords, Record, reverse_name};

use crate::evidence::{Iprev, IprevResult};
use crate::printable::printable;

/// Names of one address that are looked up; RFC 7208 section 4.6.4 has the same limit for the same reason:
/// whoever owns the address chooses how many there are.
const MAX_NAMES: usize = 10;

/// What one claimed name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forward {
    Confirmed,
    Denied,
    Unknown,
}

/// Looks an address up.
pub(crate) async fn iprev<L: Lookup>(lookup: &L, ip: IpAddr) -> Iprev {
    let ip = ip.to_canonical();
    let names: Vec<String> = match lookup.ask(&reverse_name(ip), Kind::Ptr).await {
        Ok(records) => names(&records),
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => Vec::new(),
        Err(NoRecords::Temporary(_)) => {
            return Iprev {
                result: IprevResult::TempError,
                name: None,
            };
        }
    };
    let answers = join_all(names.iter().map(|name| forward(lookup, name, ip))).await;
    let confirmed = answers.iter().position(|answer| *answer == Forward::Confirmed);
    let result = if confirmed.is_some() {
        IprevResult::Pass
    } else if names.is_empty() {
        IprevResult::PermError
    } else if answers.contains(&Forward::Unknown) {
        IprevResult::TempError
    } else {
        IprevResult::Fail
    };
    let name = names.get(confirmed.unwrap_or(0)).map(|name| printable(name, 253));
    Iprev { result, name }
}

fn names(records: &[Record]) -> Vec<String> {
    let names = records.iter().filter_map(|record| match record {
        Record::Ptr(name) if !name.is_empty() => Some(name.clone()),
        Record::Ptr(_)
        | Record::A(_)
        | Record::Aaaa(_)
        | Record::Mx { .. }
        | Record::Txt(_)
        | Record::Cname(_)
        | Record::Ns(_)
        | Record::Soa { .. }
        | Record::Srv { .. }
        | Record::Tlsa { .. }
        | Record::Caa { .. } => None,
    });
    names.take(MAX_NAMES).collect()
}

async fn forward<L: Lookup>(lookup: &L, name: &str, ip: IpAddr) -> Forward {
    let (kind, wanted) = match ip {
        IpAddr::V4(ip) => (Kind::A, Record::A(ip)),
        IpAddr::V6(ip) => (Kind::Aaaa, Record::Aaaa(ip)),
    };
    match lookup.ask(name, kind).await {
        Ok(records) if records.contains(&wanted) => Forward::Confirmed,
        Ok(_) | Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => Forward::Denied,
        Err(NoRecords::Temporary(_)) => Forward::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use posthorn_testkit::names::{Names, now};

    use super::*;

    fn found(zone: &str, ip: &str) -> (IprevResult, String) {
        let iprev = now(iprev(&Names::parse(zone), ip.parse().unwrap()));
        (iprev.result, iprev.name.unwrap_or_default())
    }

    #[test]
    fn a_name_counts_when_it_has_the_address() {
        let zone = "7.2.0.192.in-addr.arpa PTR other.test\n7.2.0.192.in-addr.arpa PTR mail.test\nmail.test A 192.0.2.7";
        assert_eq!(
            found(zone, "192.0.2.7"),
            (IprevResult::Pass, "mail.test".to_owned())
        );
        assert_eq!(
            found(zone, "::ffff:192.0.2.7"),
            (IprevResult::Pass, "mail.test".to_owned())
        );
    }

    #[test]
    fn a_claimed_name_fails() {
        let zone = "7.2.0.192.in-addr.arpa PTR bank.test\nbank.test A 192.0.2.8";
        assert_eq!(
            found(zone, "192.0.2.7"),
            (IprevResult::Fail, "bank.test".to_owned())
        );
    }

    #[test]
    fn no_name_is_no_temporary_failure_and_silence_is() {
        assert_eq!(found("", "192.0.2.7"), (IprevResult::PermError, String::new()));
        assert_eq!(
            found("7.2.0.192.in-addr.arpa TIMEOUT", "192.0.2.7"),
            (IprevResult::TempError, String::new())
        );
        assert_eq!(
            found(
                "7.2.0.192.in-addr.arpa PTR mail.test\nmail.test TIMEOUT",
                "192.0.2.7"
            ),
            (IprevResult::TempError, "mail.test".to_owned())
        );
    }

    #[test]
    fn of_a_thousand_names_ten_are_asked() {
        let zone: String = (0..1_000)
            .map(|n| format!("7.2.0.192.in-addr.arpa PTR h{n}.test\n"))
            .collect();
        let names = Names::parse(&zone);
        assert_eq!(
            now(iprev(&names, "192.0.2.7".parse().unwrap())).result,
            IprevResult::Fail
        );
        assert_eq!(names.asked().len(), 11);
    }
}
