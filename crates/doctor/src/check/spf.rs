//! Who may send in the name of the domain (SPF, RFC 7208): the record, everything it leads to, and whether
//! our own host is among them.

mod proposal;

use std::net::IpAddr;

use futures_util::future::{join, join_all};
use posthorn_base::lookup::Lookup;
use posthorn_spf::record::{Mechanism, Qualifier, Record};
use posthorn_spf::{
    Evaluation, Families, Found, Identity, LocatedFault, MAX_LOOKUPS, MAX_VOIDS, Query, Seen, SpfResult,
    Survey, check_host, survey,
};

use super::mail_hosts::Incoming;
use super::{Context, Part};
use crate::entry::{Entry, shown};
use crate::finding::{Fact, Finding, dig};
use crate::plan::Plan;

/// IPv4 addresses, as many as a `/10` network has. The largest providers let in about half a million.
const TOO_MANY_ADDRESSES: u64 = 1 << 22;
/// Faults of which each becomes a finding.
const MAX_FAULTS: usize = 5;

/// Walks the records, and asks as a receiver would for each of our addresses.
pub(super) async fn examine<L: Lookup>(lookup: &L, context: &Context<'_>) -> Part {
    let domain = context.domain().as_str();
    let ours = context.question.our_mail();
    let addresses = ours.map(|plan| plan.addresses.as_slice()).unwrap_or_default();
    let evaluations = join_all(addresses.iter().take(8).map(|ip| evaluate(lookup, context, *ip)));
    let (survey, evaluations) = join(Box::pin(survey(lookup, domain)), Box::pin(evaluations)).await;
    let mut part = judge(context, &survey);
    if let (Some(plan), Some(record)) = (ours, own_record(&survey)) {
        part.extend(judge_ours(context, plan, record, &evaluations));
    }
    if part.findings.is_empty() {
        part.add(good(context, &survey));
    }
    part
}

async fn evaluate<L: Lookup>(lookup: &L, context: &Context<'_>, ip: IpAddr) -> (IpAddr, Evaluation) {
    let domain = context.domain().as_str();
    let helo = context
        .question
        .ours
        .as_ref()
        .map_or(domain, |plan| plan.hostname.as_str());
    let query = Query {
        identity: Identity::MailFrom,
        ip,
        domain,
        sender: "",
        helo,
        receiver: helo,
        now: context.question.now,
    };
    (ip, check_host(lookup, &query).await)
}

/// The domain's own record, when there is one that can be read.
fn own_record(survey: &Survey) -> Option<&Record> {
    match &survey.records.first()?.found {
        Found::One { record, .. } => record.as_ref(),
        Found::Nothing { .. }
        | Found::Several(_)
        | Found::Silent(_)
        | Found::Loop
        | Found::DependsOnMessage => None,
    }
}

fn good(context: &Context<'_>, survey: &Survey) -> Finding {
    let domain = context.domain();
    let what = match (
        own_record(survey).map(ToString::to_string).as_deref(),
        survey.others,
    ) {
        (Some("v=spf1 -all"), _) => format!("No server may send as {domain} (SPF)."),
        (_, Some(Qualifier::Fail)) => {
            format!("SPF names the servers that may send as {domain}, and forbids it to all others.")
        }
        (_, Some(Qualifier::SoftFail | Qualifier::Neutral | Qualifier::Pass) | None) => {
            format!("SPF names the servers that may send as {domain}.")
        }
    };
    Finding::good("spf", what)
}

fn judge(context: &Context<'_>, survey: &Survey) -> Part {
    let domain = context.domain();
    let mut part = Part::default();
    match survey.records.first().map(|seen| &seen.found) {
        Some(Found::Nothing { .. } | Found::DependsOnMessage | Found::Loop) | None => {
            part.add(missing(context));
        }
        Some(Found::Several(records)) => part.add(several(context, records)),
        Some(Found::Silent(why)) => part.add(
            Finding::lost("spf-unanswered", format!("Nobody could tell whether {domain} has an SPF record: {why}."))
                .why("While that is so, careful receivers make mail from the domain wait.")
                .fix("Try again in a few minutes. If it stays so, the company that runs your name servers must look into it.")
                .verify(dig("TXT", domain.as_str())),
        ),
        Some(Found::One { text, record }) => {
            part.fact(Fact::new("SPF", shown(text.as_bytes(), 1_000)));
            part.fact(Fact::new("SPF look-ups", format!("{} of {MAX_LOOKUPS}", survey.lookups)));
            for located in survey.faults.iter().take(MAX_FAULTS) {
                part.add(fault(context, located));
            }
            for seen in survey.records.iter().skip(1) {
                part.extend(judge_included(context, seen));
            }
            if let Some(record) = record {
                part.extend(judge_record(context, survey, record));
            }
        }
    }
    part
}

fn missing(context: &Context<'_>) -> Finding {
    let domain = context.domain();
    let (text, fix) = proposal::first(context);
    let why = if matches!(context.incoming, Incoming::Null) {
        "Anybody can send as this domain."
    } else {
        "Anybody can send as this domain, and your own mail is more often taken for spam."
    };
    Finding::forged(
        "spf-missing",
        format!("{domain} has no SPF record: nothing says who may send in its name."),
    )
    .why(why)
    .fix(fix)
    .publish(Entry::text(domain, domain.as_str(), &text))
}

fn several(context: &Context<'_>, records: &[String]) -> Finding {
    let domain = context.domain();
    let listed: Vec<String> = records.iter().map(|text| shown(text.as_bytes(), 300)).collect();
    let what = format!(
        "{domain} has {} SPF records: {}.",
        records.len(),
        listed.join(" and ")
    );
    let finding = Finding::lost("spf-several", what)
        .why("There may be only one. With several, receivers count SPF as broken, also for your own mail.");
    let joined = crate::merge::joined(records).and_then(|text| Record::parse(&text).ok());
    match joined.map(|record| proposal::best(context, &record)) {
        Some(text) => finding
            .fix("Remove them all and publish this one, which says what they say together.")
            .publish(Entry::text(domain, domain.as_str(), &text)),
        None => finding
            .fix("Put the terms of all into one record and remove the others.")
            .verify(dig("TXT", domain.as_str())),
    }
}

fn fault(context: &Context<'_>, located: &LocatedFault) -> Finding {
    let domain = context.domain().as_str();
    let LocatedFault { domain: whose, fault } = located;
    let what = format!(
        "The SPF record of {whose} has a fault at \"{}\": {}",
        fault.text,
        full_stop(&fault.what)
    );
    let finding = Finding::lost("spf-fault", what).verify(dig("TXT", whose));
    if whose == domain {
        finding
            .why("Receivers then count SPF as broken, also for your own mail.")
            .fix("Correct or remove the term.")
    } else {
        finding
            .why(format!(
                "The record of {domain} leads there, so receivers count SPF for {domain} as broken too."
            ))
            .fix(format!(
                "Whoever manages {whose} must correct it; until then remove the term that leads there."
            ))
    }
}

/// A sentence with its full stop, unless it ends in an ellipsis.
fn full_stop(sentence: &str) -> String {
    let stop = if sentence.ends_with(['…', '.']) { "" } else { "." };
    format!("{sentence}{stop}")
}

/// Records that ours leads to and that are not as they must be.
fn judge_included(context: &Context<'_>, seen: &Seen) -> Part {
    let own = context.domain();
    let Seen {
        domain, via, found, ..
    } = seen;
    let via = via.as_deref().unwrap_or("a term");
    let (code, what) = match found {
        Found::One { .. } | Found::DependsOnMessage => return Part::default(),
        Found::Nothing {
            is_no_such_name: true,
        } => (
            "spf-include-missing",
            format!("\"{via}\" in SPF leads to {domain}, which does not exist."),
        ),
        Found::Nothing {
            is_no_such_name: false,
        } => (
            "spf-include-missing",
            format!("\"{via}\" in SPF leads to {domain}, which has no SPF record."),
        ),
        Found::Several(_) => (
            "spf-include-several",
            format!("\"{via}\" in SPF leads to {domain}, which has several SPF records."),
        ),
        Found::Loop => (
            "spf-loop",
            format!("\"{via}\" in SPF leads back to {domain}, round and round."),
        ),
        Found::Silent(why) => {
            let mut part = Part::default();
            part.add(
                Finding::better(
                    "spf-include-unanswered",
                    format!("Nobody could tell what \"{via}\" in SPF leads to: {why}."),
                )
                .why("While that is so, careful receivers make mail from the domain wait.")
                .fix("Try again in a few minutes.")
                .verify(dig("TXT", domain)),
            );
            return part;
        }
    };
    let mut part = Part::default();
    part.add(
        Finding::lost(code, what)
            .why("Receivers that get there count SPF as broken, also for your own mail.")
            .fix(format!(
                "Remove the term from the SPF record of {own}, or correct the name in it."
            ))
            .verify(dig("TXT", domain)),
    );
    part
}

fn judge_record(context: &Context<'_>, survey: &Survey, record: &Record) -> Part {
    let domain = context.domain();
    let mut part = Part::default();
    let best = proposal::best(context, record);
    let publish = |finding: Finding| finding.publish(Entry::text(domain, domain.as_str(), &best));
    if survey.lookups > u16::from(MAX_LOOKUPS) {
        part.add(too_many_lookups(context, survey));
    }
    if survey.voids > u16::from(MAX_VOIDS) {
        part.add(too_many_voids(context, survey));
    }
    if survey.allows_everyone {
        let what = format!("The SPF record of {domain} lets everybody send in its name.");
        let finding = Finding::forged("spf-everyone", what)
            .why("It is worse than none: forged mail comes with a certificate of being genuine.");
        let is_own = record
            .directives()
            .any(|(_, directive)| directive.allows_everyone());
        part.add(if is_own {
            publish(finding.fix("Put this record in its place, and name in it whoever else sends for you."))
        } else {
            finding
                .fix("Remove the terms that together let everybody in: networks that are half the internet, or an include with +all.")
                .verify(dig("TXT", domain.as_str()))
        });
    } else if survey.ipv4_addresses >= TOO_MANY_ADDRESSES {
        let millions = survey.ipv4_addresses / 1_000_000;
        let what =
            format!("The SPF record of {domain} lets about {millions} million addresses send in its name.");
        part.add(
            Finding::forged("spf-huge-range", what)
                .why("Among so many there are strangers who can forge your mail.")
                .fix("Name only the networks of your own mail servers.")
                .verify(dig("TXT", domain.as_str())),
        );
    }
    let is_open = matches!(survey.others, None | Some(Qualifier::Neutral)) && survey.silent.is_empty();
    if is_open && !survey.allows_everyone && record.redirect().is_none() {
        let what = format!("The SPF record of {domain} says nothing of servers that it does not name.");
        let why = "Without ~all or -all at its end, mail from strangers is as good as your own.";
        let finding = if context.is_enforced {
            Finding::better("spf-open-end", what).why(format!("{why} DMARC still protects the domain."))
        } else {
            Finding::forged("spf-open-end", what).why(why)
        };
        let finding = finding.fix("Put this record in its place.");
        part.add(publish(finding));
    }
    let has_ptr = record
        .directives()
        .any(|(_, directive)| matches!(directive.mechanism, Mechanism::Ptr(_)));
    if has_ptr {
        let finding = Finding::better(
            "spf-ptr",
            format!("The SPF record of {domain} has the mechanism ptr."),
        )
        .why("It is slow and not to be used any more (RFC 7208 section 5.5); some receivers pass over it.")
        .fix("Put this record in its place, and name the servers it stood for, if any are missing then.");
        part.add(publish(finding));
    }
    part
}

fn too_many_lookups(context: &Context<'_>, survey: &Survey) -> Finding {
    let domain = context.domain();
    let at_least = if survey.is_cut { "at least " } else { "" };
    let what = format!(
        "To read the SPF record of {domain} takes {at_least}{} look-ups; only {MAX_LOOKUPS} are allowed.",
        survey.lookups
    );
    let mut includes: Vec<&str> = survey
        .records
        .iter()
        .filter(|seen| seen.depth == 1)
        .filter_map(|seen| seen.via.as_deref())
        .collect();
    includes.truncate(12);
    let fix = if includes.is_empty() {
        "Replace a: and mx by the addresses themselves (ip4:, ip6:), which cost nothing.".to_owned()
    } else {
        format!(
            "Remove services you no longer use: {}. Or replace a: and mx by the addresses themselves (ip4:, ip6:), \
             which cost nothing.",
            includes.join(", ")
        )
    };
    Finding::lost("spf-lookups", what)
        .why("Receivers stop at the limit and count SPF as broken, also for your own mail.")
        .fix(fix)
        .verify(format!("posthorn dns check {domain}"))
}

fn too_many_voids(context: &Context<'_>, survey: &Survey) -> Finding {
    let domain = context.domain();
    let mut terms: Vec<String> = survey
        .empty_terms
        .iter()
        .filter(|empty| empty.families == Families::Both)
        .map(|empty| format!("\"{}\"", empty.term))
        .collect();
    terms.truncate(10);
    let what = format!(
        "{} terms in the SPF record of {domain} and those it includes find nothing; only {MAX_VOIDS} may.",
        survey.voids
    );
    let fix = if terms.is_empty() {
        "Remove the terms whose names have no address.".to_owned()
    } else {
        format!(
            "Remove these terms, or correct the names in them: {}.",
            terms.join(", ")
        )
    };
    Finding::lost("spf-voids", what)
        .why("Receivers stop at the limit and count SPF as broken, also for your own mail.")
        .fix(fix)
        .verify(format!("posthorn dns check {domain}"))
}

/// Does a receiver let our addresses send?
fn judge_ours(
    context: &Context<'_>,
    plan: &Plan,
    record: &Record,
    evaluations: &[(IpAddr, Evaluation)],
) -> Part {
    let domain = context.domain();
    let mut part = Part::default();
    let mut refused = Vec::new();
    for (ip, evaluation) in evaluations {
        match evaluation.result {
            // What is broken for everybody is told already.
            SpfResult::Pass | SpfResult::TempError | SpfResult::PermError => {}
            SpfResult::None | SpfResult::Neutral | SpfResult::Fail | SpfResult::SoftFail => {
                refused.push(ip.to_string());
            }
        }
    }
    if refused.is_empty() {
        return part;
    }
    let (hostname, refused) = (&plan.hostname, refused.join(", "));
    let what = format!("The SPF record of {domain} does not name this server ({hostname}, {refused}).");
    let best = proposal::best(context, record);
    let finding = Finding::lost("spf-without-us", what)
        .why("What you send from here is refused by others or taken for spam.");
    part.add(if best == record.to_string() {
        finding
            .fix(format!(
                "Add the addresses of {hostname} to the record, before its end."
            ))
            .verify(dig("TXT", domain.as_str()))
    } else {
        finding
            .fix("Put this record in the place of the one that is there; it has this server added.")
            .publish(Entry::text(domain, domain.as_str(), &best))
    });
    part
}
