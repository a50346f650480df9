//! The names of the addresses (PTR) and the way back ("forward-confirmed reverse DNS", iprev in RFC 8601
//! section 3). What matters is the address that mail is sent from; of others' domains only the receiving
//! hosts are known, so there it is a hint.

use std::net::IpAddr;

use futures_util::future::join_all;
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record, reverse_name};

use super::mail_hosts::{addresses, is_private};
use super::{Context, Part};
use crate::entry::{Entry, shown};
use crate::finding::{Finding, dig};

/// Addresses that are looked at.
const MAX_ADDRESSES: usize = 10;
/// Names of one address that are looked at.
const MAX_NAMES: usize = 5;

/// An address, and the host it is known as.
struct Known {
    ip: IpAddr,
    host: String,
    is_ours: bool,
}

/// What the address is called.
enum Called {
    /// This name, which leads back to the address.
    Confirmed(String),
    /// This name, which does not lead back.
    Elsewhere(String),
    Nothing,
    Unknown(String),
}

/// Looks at the addresses of our host, or of the hosts in MX.
pub(super) async fn examine<L: Lookup>(lookup: &L, context: &Context<'_>) -> Part {
    let known = known(context);
    let called = join_all(known.iter().map(|one| called(lookup, one))).await;
    let mut part = Part::default();
    for (one, called) in known.iter().zip(&called) {
        part.add(judge(context, one, called));
    }
    part
}

fn known(context: &Context<'_>) -> Vec<Known> {
    if let Some(plan) = context
        .question
        .our_mail()
        .filter(|plan| !plan.addresses.is_empty())
    {
        let ours = plan.addresses.iter().map(|ip| Known {
            ip: *ip,
            host: plan.hostname.to_string(),
            is_ours: true,
        });
        return ours.take(MAX_ADDRESSES).collect();
    }
    let mut known: Vec<Known> = Vec::new();
    for host in context.incoming.reachable() {
        for ip in &host.addresses {
            if known.len() < MAX_ADDRESSES && !is_private(*ip) && !known.iter().any(|one| one.ip == *ip) {
                known.push(Known {
                    ip: *ip,
                    host: host.name.clone(),
                    is_ours: false,
                });
            }
        }
    }
    known
}

async fn called<L: Lookup>(lookup: &L, known: &Known) -> Called {
    let names = match names(lookup.ask(&reverse_name(known.ip), Kind::Ptr).await) {
        Ok(names) => names,
        Err(NoRecords::Temporary(why)) => return Called::Unknown(why),
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => return Called::Nothing,
    };
    let back = join_all(names.iter().map(|name| addresses(lookup, name))).await;
    let mut confirmed = Vec::new();
    let mut failed = None;
    for (name, (ips, why)) in names.iter().zip(back) {
        if ips.contains(&known.ip) {
            confirmed.push(name);
        } else if let Some(NoRecords::Temporary(why)) = why {
            failed = Some(why);
        }
    }
    // The name by which the host is known is worth more than another that is confirmed too.
    let best = confirmed
        .iter()
        .find(|name| ***name == known.host)
        .or_else(|| confirmed.first());
    match (best, failed, names.first()) {
        (Some(name), _, _) => Called::Confirmed((*name).clone()),
        (None, Some(why), _) => Called::Unknown(why),
        (None, None, Some(name)) => Called::Elsewhere(name.clone()),
        (None, None, None) => Called::Nothing,
    }
}

fn names(answer: Answer) -> Result<Vec<String>, NoRecords> {
    let name = |record: &Record| {
        if let Record::Ptr(name) = record {
            Some(name.clone())
        } else {
            None
        }
    };
    Ok(answer?.iter().filter_map(name).take(MAX_NAMES).collect())
}

fn judge(context: &Context<'_>, known: &Known, called: &Called) -> Finding {
    let Known { ip, host, is_ours } = known;
    let host = shown(host.as_bytes(), 253);
    let worse = |code, what: String| {
        if *is_ours {
            Finding::lost(code, what)
        } else {
            Finding::better(code, what)
        }
    };
    let why =
        "Many mail servers, Gmail's among them, refuse mail from an address whose name is missing or wrong.";
    let hint = if *is_ours {
        ""
    } else {
        " It matters if mail is also sent from this address."
    };
    let record = Record::Ptr(known.host.clone());
    let entry = Entry::new(context.domain(), &reverse_name(*ip), record);
    let ask = format!("Ask whoever gave you the address {ip} to set its name (\"reverse DNS\") to {host}.");
    match called {
        Called::Confirmed(name) if *is_ours && *name != known.host => {
            let name = shown(name.as_bytes(), 253);
            let what = format!("The address {ip} has the name {name}, and the server greets as {host}.");
            Finding::better("ptr-is-not-greeting", what)
                .why("Some mail servers trust a sender less when the two differ.")
                .fix(ask)
                .publish(entry)
        }
        Called::Confirmed(name) => {
            let name = shown(name.as_bytes(), 253);
            let what = format!("The address {ip} has the name {name}, and that name has this address.");
            Finding::good("ptr", what)
        }
        Called::Elsewhere(name) => {
            let is_host = *name == known.host;
            let name = shown(name.as_bytes(), 253);
            let what = format!(
                "The address {ip} has the name {name}, but that name does not have the address {ip}."
            );
            let finding = worse("ptr-not-confirmed", what).why(format!("{why}{hint}"));
            if is_host {
                let record = address_record(*ip);
                finding
                    .fix(format!("Give {name} this address."))
                    .publish(Entry::new(context.domain(), &known.host, record))
            } else {
                finding.fix(ask).publish(entry)
            }
        }
        Called::Nothing => worse(
            "ptr-missing",
            format!("The address {ip} of {host} has no name (PTR record)."),
        )
        .why(format!("{why}{hint}"))
        .fix(ask)
        .publish(entry),
        Called::Unknown(why) => {
            let why = shown(why.as_bytes(), 200);
            Finding::better(
                "ptr-unanswered",
                format!("Nobody could tell the name of the address {ip}: {why}."),
            )
            .why("While that is so, some mail servers make mail from this address wait.")
            .fix("Try again in a few minutes.")
            .verify(dig("PTR", &reverse_name(*ip)))
        }
    }
}

fn address_record(ip: IpAddr) -> Record {
    match ip {
        IpAddr::V4(ip) => Record::A(ip),
        IpAddr::V6(ip) => Record::Aaaa(ip),
    }
}
