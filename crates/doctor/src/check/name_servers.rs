//! The name servers of the zone (RFC 1034, RFC 2182): at least two, all there, all of the same mind.

use futures_util::future::{join, join_all};
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record};

use super::mail_hosts::addresses;
use super::{Part, Question};
use crate::entry::shown;
use crate::finding::{Fact, Finding, dig};
use crate::probe::Probe;

/// Name servers that are looked at; `com` has 13.
const MAX_SERVERS: usize = 13;
/// Names that are asked on the way up to the zone.
const MAX_NAMES: usize = 8;

/// Finds the zone that the domain is in, and looks at its servers. The domain may be a name inside a larger
/// zone, so the names above it are asked too.
pub(super) async fn examine<L: Lookup, P: Probe>(lookup: &L, probe: &P, question: &Question) -> Part {
    let names = upwards(question.domain.as_str());
    let answers = join_all(names.iter().map(|name| lookup.ask(name, Kind::Ns))).await;
    let mut part = Part::default();
    let mut found = None;
    for (name, answer) in names.iter().zip(answers) {
        match servers(answer) {
            Ok(servers) if !servers.is_empty() => {
                found = Some((*name, servers));
                break;
            }
            Err(NoRecords::Temporary(why)) => {
                part.add(unanswered(name, &why));
                return part;
            }
            Ok(_) | Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => {}
        }
    }
    let Some((zone, servers)) = found else {
        return part;
    };
    let listed: Vec<String> = servers.iter().map(|name| shown(name.as_bytes(), 253)).collect();
    part.fact(Fact::new("name servers", listed.join(", ")));
    if let [only] = listed.as_slice() {
        part.add(single(zone, only));
    }
    let looks = servers
        .iter()
        .map(|server| async { join(addresses(lookup, server), probe.zone_serial(server, zone)).await });
    let looks = join_all(looks).await;
    let mut serials: Vec<(&str, u32)> = Vec::new();
    for (server, ((ips, why), serial)) in listed.iter().zip(looks) {
        let is_missing = matches!(why, Some(NoRecords::NoSuchName | NoRecords::NoneOfKind));
        if ips.is_empty() && is_missing {
            part.add(dangling(zone, server));
        }
        if let Some(serial) = serial {
            serials.push((server, serial));
        }
    }
    part.extend(agreement(zone, &serials));
    if part.findings.is_empty() {
        let what = format!("The zone {zone} has {} name servers.", servers.len());
        part.add(Finding::good("name-servers", what));
    }
    part
}

fn upwards(domain: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = Some(domain);
    while let Some(name) = rest.filter(|_| names.len() < MAX_NAMES) {
        // The servers of a top-level domain are nobody's business here.
        if name.contains('.') || names.is_empty() {
            names.push(name);
        }
        rest = name.split_once('.').map(|(_, above)| above);
    }
    names
}

fn servers(answer: Answer) -> Result<Vec<String>, NoRecords> {
    let name = |record: &Record| {
        if let Record::Ns(name) = record {
            Some(name.clone())
        } else {
            None
        }
    };
    let mut names: Vec<String> = answer?.iter().filter_map(name).take(MAX_SERVERS).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn unanswered(name: &str, why: &str) -> Finding {
    let why = shown(why.as_bytes(), 200);
    Finding::better("name-servers-unanswered", format!("Nobody could tell the name servers of {name}: {why}."))
        .why("Some questions about the domain may fail for others too.")
        .fix("Try again in a few minutes. If it stays so, the company that runs your name servers must look into it.")
        .verify(dig("NS", name))
}

fn single(zone: &str, only: &str) -> Finding {
    Finding::better(
        "name-servers-single",
        format!("The zone {zone} has only one name server, {only}."),
    )
    .why("When it fails, nobody finds the domain, and mail waits or comes back to its author.")
    .fix("Have a second name server elsewhere; nearly every hoster includes one.")
    .verify(dig("NS", zone))
}

fn dangling(zone: &str, server: &str) -> Finding {
    let what = format!("{server} is named as a name server of {zone} and has no address.");
    Finding::better("name-server-dangling", what)
        .why("Whoever asks it gets no answer and loses time; if its name is free, whoever registers it answers for your domain.")
        .fix(format!("Remove {server} from the name servers of {zone}, or give it an address."))
        .verify(dig("A", server))
}

fn agreement(zone: &str, serials: &[(&str, u32)]) -> Part {
    let mut part = Part::default();
    let Some((_, first)) = serials.first() else {
        return part;
    };
    if serials.iter().all(|(_, serial)| serial == first) {
        return part;
    }
    let listed: Vec<String> = serials
        .iter()
        .map(|(server, serial)| format!("{server} has version {serial}"))
        .collect();
    let what = format!("The name servers of {zone} do not agree: {}.", listed.join(", "));
    part.add(
        Finding::better("name-servers-differ", what)
            .why("Some of the others see old records. After a change this is so for a few minutes.")
            .fix("If it is still so in an hour, the company that runs your name servers must look into it.")
            .verify(format!("dig +nssearch {zone}")),
    );
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_may_be_above_the_domain_but_is_no_top_level_domain() {
        assert_eq!(upwards("a.example.test"), ["a.example.test", "example.test"]);
        assert_eq!(upwards("test"), ["test"]);
    }
}
