//! What is found, in words: half sentences without the final full stop.

use std::net::IpAddr;

use posthorn_base::lookup::{Kind, NoRecords};

use super::Decision;
use super::mechanism::listed;
use crate::published::NotOne;
use crate::record::{Directive, Fault, Mechanism, Qualifier, Term};
use crate::{MAX_HOSTS, MAX_LOOKUPS, MAX_VOIDS, SpfResult, shown};

pub(super) fn no_domain(domain: &str) -> String {
    if domain.is_empty() {
        "there is no domain to ask".to_owned()
    } else {
        format!(
            "{} is not a complete domain name, so there is nobody to ask",
            shown::name(domain)
        )
    }
}

pub(super) fn no_record(domain: &str, why: &NotOne) -> Decision {
    let name = shown::name(domain);
    match why {
        NotOne::Absent(NoRecords::NoSuchName) => Decision::new(
            SpfResult::None,
            format!("there is no such name as {name}, so it has no SPF record"),
        ),
        NotOne::Absent(NoRecords::NoneOfKind | NoRecords::Temporary(_)) | NotOne::NotAmongTxt => {
            Decision::new(SpfResult::None, format!("{name} has no SPF record"))
        }
        NotOne::Several(records) => Decision::new(
            SpfResult::PermError,
            format!(
                "{name} has {} SPF records, and only one is allowed",
                records.len()
            ),
        ),
        NotOne::Temporary(why) => Decision::new(SpfResult::TempError, temporary(domain, Kind::Txt, why)),
    }
}

pub(super) fn fault(domain: &str, fault: &Fault) -> String {
    format!(
        "the SPF record of {} cannot be read at {}: {}",
        shown::name(domain),
        fault.text,
        fault.what
    )
}

pub(super) fn temporary(name: &str, kind: Kind, why: &str) -> String {
    format!(
        "the name servers could not tell the {kind} records of {} at the moment ({})",
        shown::name(name),
        shown::shown(why, 80)
    )
}

pub(super) fn client_name_unknown(ip: IpAddr, why: &str) -> String {
    format!(
        "a term asks for the name of {ip}, and the name servers could not tell it at the moment ({})",
        shown::shown(why, 80)
    )
}

pub(super) fn too_many_lookups(domain: &str) -> String {
    format!(
        "to judge by the SPF record of {} takes more than {MAX_LOOKUPS} look-ups, and no more are allowed",
        shown::name(domain)
    )
}

pub(super) fn too_many_voids(domain: &str, names: &[String]) -> String {
    format!(
        "more than {MAX_VOIDS} look-ups of the SPF record of {} found nothing ({})",
        shown::name(domain),
        listed(names)
    )
}

pub(super) fn leads_back(domain: &str, target: &str) -> String {
    format!(
        "the SPF record of {} leads back to that of {}, round and round",
        shown::name(domain),
        shown::name(target)
    )
}

pub(super) fn too_many_mail_hosts(name: &str, count: usize) -> String {
    format!(
        "{} has {count} mail hosts, and SPF allows a record to ask for at most {MAX_HOSTS}",
        shown::name(name)
    )
}

pub(super) fn nothing_matched(ip: IpAddr, domain: &str) -> String {
    format!(
        "the SPF record of {} says nothing about {ip}",
        shown::name(domain)
    )
}

pub(super) fn no_name(domain: &str, target: &str) -> String {
    format!(
        "the SPF record of {} leads to {}, which is no possible name",
        shown::name(domain),
        shown::name(target)
    )
}

pub(super) fn included_nothing(domain: &str, inner: &str) -> String {
    format!(
        "the SPF record of {} includes that of another domain, and {inner}",
        shown::name(domain)
    )
}

pub(super) fn redirected_nowhere(domain: &str, inner: &str) -> String {
    format!(
        "the SPF record of {} hands over to that of another domain, and {inner}",
        shown::name(domain)
    )
}

/// Why an `include` decided: for a pass the reason of the record that knows the client.
pub(super) fn included(term: &Term, directive: &Directive, domain: &str, inner: &str) -> String {
    let (domain, term) = (shown::name(domain), shown::term(term.as_str()));
    match directive.qualifier {
        Qualifier::Pass => inner.to_owned(),
        Qualifier::Fail => format!("{domain} forbids by {term} whom that record allows: {inner}"),
        Qualifier::SoftFail => {
            format!("{domain} says by {term} that whom that record allows probably may not send: {inner}")
        }
        Qualifier::Neutral => {
            format!("{domain} says by {term} neither yes nor no to whom that record allows: {inner}")
        }
    }
}

/// Why a term decided. `is_only`: the record has no other.
pub(super) fn matched(ip: IpAddr, term: &Term, directive: &Directive, domain: &str, is_only: bool) -> String {
    let (name, written) = (shown::name(domain), shown::term(term.as_str()));
    match (&directive.mechanism, directive.qualifier) {
        (Mechanism::All, Qualifier::Pass) => format!("{name} lets everybody send in its name ({written})"),
        (Mechanism::All, Qualifier::Fail) if is_only => {
            format!("{name} says that it sends no mail at all (v=spf1 {written})")
        }
        (Mechanism::All, Qualifier::Fail) => {
            format!("{ip} is not among those that {name} lists, and {name} allows nobody else ({written})")
        }
        (Mechanism::All, Qualifier::SoftFail) => format!(
            "{ip} is not among those that {name} lists, and {name} says that others probably may not send ({written})"
        ),
        (Mechanism::All, Qualifier::Neutral) => format!(
            "{ip} is not among those that {name} lists, and {name} says neither yes nor no to others ({written})"
        ),
        (mechanism, Qualifier::Pass) => listed_by(ip, mechanism, &written, &name),
        (_, Qualifier::Fail) => format!("{name} forbids {ip} by {written}"),
        (_, Qualifier::SoftFail) => format!("{name} says by {written} that {ip} probably may not send"),
        (_, Qualifier::Neutral) => format!("{name} says by {written} neither yes nor no to {ip}"),
    }
}

fn listed_by(ip: IpAddr, mechanism: &Mechanism, written: &str, name: &str) -> String {
    match mechanism {
        Mechanism::Exists(_) => format!("{ip} is allowed by {written} of {name}"),
        Mechanism::Ptr(_) => format!("{ip} has a name that {written} of {name} allows"),
        Mechanism::All
        | Mechanism::Include(_)
        | Mechanism::A(_)
        | Mechanism::Mx(_)
        | Mechanism::Ip4 { .. }
        | Mechanism::Ip6 { .. } => format!("{ip} is listed by {written} of {name}"),
    }
}

pub(super) fn unspeakable() -> String {
    "for this message it is no possible name".to_owned()
}

pub(super) fn has_none(name: &str, kind: Kind) -> String {
    format!("{} has no {kind} record", shown::name(name))
}

pub(super) fn is_at(name: &str, addresses: &[IpAddr]) -> String {
    let addresses: Vec<String> = addresses.iter().take(20).map(IpAddr::to_string).collect();
    format!("{} is {}", shown::name(name), listed(&addresses))
}

pub(super) fn mail_hosts(name: &str, hosts: &[(String, Vec<IpAddr>)]) -> String {
    if hosts.is_empty() {
        return format!("{} receives no mail", shown::name(name));
    }
    let host = |(host, addresses): &(String, Vec<IpAddr>)| {
        let addresses: Vec<String> = addresses.iter().take(6).map(IpAddr::to_string).collect();
        let addresses = if addresses.is_empty() {
            "no address".to_owned()
        } else {
            listed(&addresses)
        };
        format!("{host} ({addresses})")
    };
    let hosts: Vec<String> = hosts.iter().map(host).collect();
    format!("mail hosts: {}", listed(&hosts))
}

pub(super) fn is_called(ip: IpAddr, names: &[String]) -> String {
    if names.is_empty() {
        format!("{ip} has no name that leads back to it")
    } else {
        format!("{ip} is called {}", listed(names))
    }
}
