//! What a domain asks others to do with mail that only claims to be from it (DMARC, RFC 9989), and whether
//! the reports it asks for can reach anybody (RFC 9990).

use futures_util::future::join;
use posthorn_base::lookup::{Answer, Kind, Lookup, Record as DnsRecord};
use posthorn_dmarc::record::{FailureOptions, Psd, faults};
use posthorn_dmarc::{
    Authorization, Destination, Evaluation, Fault, FaultKind, Found, Policy, Record, discover, evaluate,
    report_destinations,
};

use super::mail_hosts::Incoming;
use super::{Context, Part};
use crate::entry::{Entry, printable, shown};
use crate::finding::{Fact, Finding, dig};
use crate::merge;

/// What the domain publishes, or the domain above it.
pub(super) struct Published {
    evaluation: Evaluation,
    /// TXT at `_dmarc.` the domain that speaks of DMARC, whether it is a record or only meant to be one.
    texts: Vec<String>,
}

impl Published {
    /// Are receivers asked to set forged mail aside?
    pub(super) fn is_enforced(&self) -> bool {
        self.evaluation.policy >= Policy::Quarantine
    }
}

/// Asks as a receiver of a message from the domain would.
pub(super) async fn look<L: Lookup>(lookup: &L, domain: &str) -> Published {
    let walk = async {
        let discovery = discover(lookup, domain).await;
        evaluate(lookup, &discovery, None, &[]).await
    };
    let name = format!("_dmarc.{domain}");
    let (evaluation, answer) = join(walk, lookup.ask(&name, Kind::Txt)).await;
    Published {
        evaluation,
        texts: texts(&answer),
    }
}

fn texts(answer: &Answer) -> Vec<String> {
    let records = answer.as_deref().unwrap_or_default();
    let text = |record: &DnsRecord| {
        let DnsRecord::Txt(octets) = record else {
            return None;
        };
        let text = printable(octets);
        text.to_ascii_lowercase().contains("dmarc").then_some(text)
    };
    records.iter().filter_map(text).take(8).collect()
}

/// Says what is good and bad about it.
pub(super) async fn examine<L: Lookup>(lookup: &L, context: &Context<'_>, published: &Published) -> Part {
    let mut part = Part::default();
    let Published { evaluation, texts } = published;
    match evaluation.walk.first().map(|asked| &asked.found) {
        Some(Found::Record(_)) => {
            let text = texts.iter().find(|text| Record::parse(text).is_ok());
            if let Some(text) = text {
                part.extend(judge(lookup, context, text).await);
            }
        }
        Some(Found::Several) => part.add(several(context, texts)),
        Some(Found::Failed(why)) => part.add(unanswered(context, why)),
        Some(Found::Invalid(_) | Found::Nothing) | None => part.add(missing(context, evaluation, texts)),
    }
    part
}

fn name(context: &Context<'_>) -> String {
    format!("_dmarc.{}", context.domain())
}

/// A record at the domain's own name, ready to paste.
fn entry(context: &Context<'_>, text: &str) -> Entry {
    Entry::text(context.domain(), &name(context), text)
}

fn unanswered(context: &Context<'_>, why: &str) -> Finding {
    let what = format!(
        "Nobody could tell whether {} has a DMARC record: {}.",
        context.domain(),
        shown(why.as_bytes(), 200)
    );
    Finding::forged("dmarc-unanswered", what)
        .why("While that is so, receivers cannot follow it.")
        .fix("Try again in a few minutes. If it stays so, the company that runs your name servers must look into it.")
        .verify(dig("TXT", &name(context)))
}

fn several(context: &Context<'_>, texts: &[String]) -> Finding {
    let domain = context.domain();
    let count = texts.iter().filter(|text| Record::parse(text).is_ok()).count();
    let finding = Finding::forged(
        "dmarc-several",
        format!("{domain} has {} DMARC records.", count.max(2)),
    )
    .why(
        "Where there are several, receivers act as if there were none, and anybody can write as the domain.",
    );
    let strictest = texts
        .iter()
        .filter_map(|text| Record::parse(text).ok())
        .max_by_key(|record| record.policies().map(|policies| policies.p));
    match strictest {
        Some(record) => finding
            .fix("Leave only one. This is the strictest of them:")
            .publish(entry(context, &record.to_string())),
        None => finding.fix("Leave only one.").verify(dig("TXT", &name(context))),
    }
}

/// There is none at the domain's own name; perhaps something that was meant as one, perhaps one above.
fn missing(context: &Context<'_>, evaluation: &Evaluation, texts: &[String]) -> Finding {
    let domain = context.domain();
    let takes_mail = !matches!(context.incoming, Incoming::Null);
    if let (Some(above), None) = (&evaluation.policy_domain, texts.first()) {
        let above = shown(above.as_bytes(), 253);
        let policy = evaluation.policy;
        if policy >= Policy::Quarantine {
            let what = format!("{domain} is protected by the DMARC record of {above} ({policy}).");
            return Finding::good("dmarc-inherited", what);
        }
        let what =
            format!("For {domain} the DMARC record of {above} applies, and it asks for nothing ({policy}).");
        return Finding::better("dmarc-none", what)
            .why(format!("Anybody can write as {domain} and be believed."))
            .fix(format!(
                "Look at {above} first: its record holds for all names below it."
            ))
            .verify(format!("posthorn dns check {above}"));
    }
    let (code, what) = match texts.first() {
        Some(text) => {
            let why = match Record::parse(text) {
                Err(fault) => fault.what,
                Ok(_) => evaluation.reason.clone(),
            };
            (
                "dmarc-unreadable",
                format!("What stands at {} is no DMARC record: {why}.", name(context)),
            )
        }
        None => ("dmarc-missing", format!("{domain} has no DMARC record.")),
    };
    let text = match context.question.our_mail() {
        Some(plan) => merge::dmarc(plan).text,
        None if takes_mail => format!("v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}"),
        None => "v=DMARC1; p=reject".to_owned(),
    };
    let fix = if takes_mail {
        "Begin with this record, which changes nothing but brings reports; the address must exist. When the reports \
         show that all your own mail passes, put p=quarantine, later p=reject."
    } else {
        "The domain takes no mail. If it sends none either, publish this record."
    };
    let why = if takes_mail {
        " Gmail and Yahoo demand the record from whoever sends much."
    } else {
        ""
    };
    Finding::forged(code, what)
        .why(format!(
            "Anybody can write as {domain}, and nobody is asked to stop it.{why}"
        ))
        .fix(fix)
        .publish(entry(context, &text))
}

async fn judge<L: Lookup>(lookup: &L, context: &Context<'_>, text: &str) -> Part {
    let domain = context.domain();
    let mut part = Part::default();
    part.fact(Fact::new("DMARC", text));
    let Ok(record) = Record::parse(text) else {
        return part;
    };
    let faults = faults(text);
    if let Some(fault) = faults.iter().find(|fault| is_useless(fault.kind)) {
        part.add(unusable(context, fault));
        return part;
    }
    for fault in &faults {
        if let Some(finding) = about(context, &record, fault) {
            part.add(finding);
        }
    }
    part.extend(parts_passed_over(context, &record, &faults));
    // What waits for the reports comes last, so that its record is the newest.
    if record.p == Some(Policy::None) {
        part.add(policy_none(context, &record));
    }
    if record.t {
        part.add(testing(context, &record));
    }
    let mut uris = record.rua.clone();
    uris.extend(record.ruf.iter().cloned());
    uris.dedup();
    for destination in report_destinations(lookup, domain.as_str(), &uris).await {
        if let Some(finding) = about_destination(context, &destination) {
            part.add(finding);
        }
    }
    // While it is a test, receivers do less than the record says, which is told above.
    let policy = match record.policies() {
        Some(policies) if !record.t => policies.p,
        Some(_) | None => return part,
    };
    let asks = match policy {
        Policy::None => return part,
        Policy::Quarantine => "put into the junk folder",
        Policy::Reject => "refuse",
    };
    let what = format!("{domain} asks others to {asks} mail that only claims to be from it (p={policy}).");
    part.add(Finding::good("dmarc", what));
    part
}

/// The record with everything put right that can be put right at once, and with another policy if one is
/// given. Every proposal is made from it, so that one never takes back another.
fn best(context: &Context<'_>, record: &Record, policy: Option<Policy>) -> Record {
    let mut best = record.clone();
    let p = policy.or(record.p).unwrap_or(Policy::Quarantine);
    best.p = Some(p);
    best.sp = best.sp.filter(|below| *below >= p);
    best.np = best.np.filter(|below| *below >= p);
    if best.psd == Psd::Yes {
        best.psd = Psd::Unknown;
    }
    if best.ruf.is_empty() {
        best.fo = FailureOptions::default();
    }
    if best.rua.is_empty() && !is_closed(context, record) {
        let ours = context.question.our_mail();
        let ours = ours.and_then(|plan| plan.dmarc_reports.as_ref());
        best.rua.push(ours.map_or_else(
            || format!("mailto:dmarc-reports@{}", context.domain()),
            posthorn_dmarc::mailto,
        ));
    }
    best
}

/// Who refuses everything and takes no mail has nothing to learn from reports.
fn is_closed(context: &Context<'_>, record: &Record) -> bool {
    matches!(context.incoming, Incoming::Null) && record.p == Some(Policy::Reject)
}

fn is_useless(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::NotDmarc | FaultKind::Unusable)
}

fn unusable(context: &Context<'_>, fault: &Fault) -> Finding {
    let domain = context.domain();
    let text = format!("v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}");
    let what = format!("The DMARC record of {domain} asks for nothing that receivers understand.");
    Finding::forged("dmarc-unusable", what)
        .why(format!("It counts as none: {}.", fault.what))
        .fix("Put this record in its place, with an address that somebody reads.")
        .publish(entry(context, &text))
}

/// What follows from one fact about the record, unless it is told elsewhere.
fn about(context: &Context<'_>, record: &Record, fault: &Fault) -> Option<Finding> {
    let domain = context.domain();
    let finding = match fault.kind {
        FaultKind::NoPolicy => {
            let what = format!("The DMARC record of {domain} has no policy that can be read.");
            Finding::forged("dmarc-no-policy", what)
                .why("Receivers take it for p=none and do nothing about forged mail. Policies are none, quarantine and reject.")
                .fix("Put this record in its place, with the policy you meant.")
        }
        FaultKind::NoReports if is_closed(context, record) => return None,
        FaultKind::NoReports => {
            let what = format!("The DMARC record of {domain} asks nobody for reports.");
            Finding::better("dmarc-no-reports", what)
                .why("Without them you do not see who sends in your name, nor that your own mail fails.")
                .fix("Put this record in its place, with an address that somebody reads.")
        }
        FaultKind::WeakerBelow => weaker_below(context, fault),
        FaultKind::PublicSuffix => {
            let what = format!("{domain} calls itself a public suffix (psd=y), like com.");
            Finding::better("dmarc-public-suffix", what)
                .why("Names below it then count as strangers to one another; only registries say so.")
                .fix("Put this record in its place.")
        }
        FaultKind::NotDmarc
        | FaultKind::Unusable
        | FaultKind::PolicyNone
        | FaultKind::Testing
        | FaultKind::BadValue
        | FaultKind::NoTag
        | FaultKind::Repeated
        | FaultKind::UnknownTag
        | FaultKind::ObsoleteTag
        | FaultKind::ObsoleteSize
        | FaultKind::BadUri
        | FaultKind::NotMail
        | FaultKind::ManyUris
        | FaultKind::IdleOptions
        | FaultKind::Strict => return None,
    };
    Some(finding.publish(entry(context, &best(context, record, None).to_string())))
}

fn policy_none(context: &Context<'_>, record: &Record) -> Finding {
    let domain = context.domain();
    let sends = !matches!(context.incoming, Incoming::Null);
    let (policy, fix) = if sends {
        let fix = "When the reports have shown for some weeks that all your own mail passes, put this record in its place, \
                   and later p=reject.";
        (Policy::Quarantine, fix)
    } else {
        let fix = "The domain takes no mail. If it sends none either, put this record in its place.";
        (Policy::Reject, fix)
    };
    let better = best(context, record, Some(policy));
    let what =
        format!("{domain} asks others to do nothing about mail that only claims to be from it (p=none).");
    Finding::better("dmarc-none", what)
        .why("That is right for a start, as long as somebody reads the reports. Until it is changed, forged mail arrives.")
        .fix(fix)
        .publish(entry(context, &better.to_string()))
}

fn testing(context: &Context<'_>, record: &Record) -> Finding {
    let domain = context.domain();
    let mut better = best(context, record, None);
    better.t = false;
    let what = format!("The DMARC record of {domain} says that it is only a test (t=y).");
    Finding::better("dmarc-testing", what)
        .why("Receivers do one step less than the policy says.")
        .fix("When the test is over, put this record in its place.")
        .publish(entry(context, &better.to_string()))
}

fn weaker_below(context: &Context<'_>, fault: &Fault) -> Finding {
    let domain = context.domain();
    let what = format!(
        "Names below {domain} are protected less than {domain} itself ({}).",
        fault.text
    );
    let finding = if fault.text.ends_with("=none") {
        Finding::forged("dmarc-weaker-below", what)
    } else {
        Finding::better("dmarc-weaker-below", what)
    };
    finding
        .why(format!(
            "Whoever cannot forge {domain} writes as billing.{domain} or any other name below it."
        ))
        .fix("Put this record in its place, once the mail of all names below the domain passes.")
}

/// Everything small in one finding, with the record as it is meant.
fn parts_passed_over(context: &Context<'_>, record: &Record, faults: &[Fault]) -> Part {
    let mut part = Part::default();
    // A policy that cannot be read is told already.
    let has_policy = !faults.iter().any(|fault| fault.kind == FaultKind::NoPolicy);
    let of = |wanted: &dyn Fn(FaultKind) -> bool| -> Vec<String> {
        let those = faults
            .iter()
            .filter(|fault| wanted(fault.kind) && (has_policy || fault.kind != FaultKind::BadValue));
        those
            .map(|fault| format!("\"{}\": {}", fault.text, fault.what))
            .collect()
    };
    let is_obsolete = |kind| matches!(kind, FaultKind::ObsoleteTag | FaultKind::ObsoleteSize);
    let is_small = |kind| {
        matches!(
            kind,
            FaultKind::BadValue
                | FaultKind::NoTag
                | FaultKind::Repeated
                | FaultKind::UnknownTag
                | FaultKind::BadUri
                | FaultKind::NotMail
                | FaultKind::ManyUris
                | FaultKind::IdleOptions
        )
    };
    let domain = context.domain();
    for (code, found, lead) in [
        (
            "dmarc-faults",
            of(&is_small),
            "has parts that receivers pass over",
        ),
        (
            "dmarc-obsolete",
            of(&is_obsolete),
            "has parts that no longer mean anything",
        ),
    ] {
        if found.is_empty() {
            continue;
        }
        let what = format!("The DMARC record of {domain} {lead}: {}.", found.join("; "));
        let finding = Finding::better(code, what).why("What you meant by them does not happen.");
        part.add(
            finding
                .fix("This is the record as receivers understand it. Add what you meant, or leave it so.")
                .publish(entry(context, &best(context, record, None).to_string())),
        );
    }
    part
}

fn about_destination(context: &Context<'_>, destination: &Destination) -> Option<Finding> {
    let domain = context.domain();
    let uri = &destination.uri;
    match &destination.authorization {
        Authorization::Own | Authorization::Granted(_) | Authorization::NotMail => None,
        Authorization::Missing(name) => {
            let what = format!(
                "Reports about {domain} are to go to {uri}, whose domain has not agreed to take them."
            );
            Some(
                Finding::better("dmarc-reports-unauthorized", what)
                    .why("Nobody sends them there, so you see nothing.")
                    .fix("Whoever manages the domain of that address publishes this record; or use an address of your own domain.")
                    .publish(Entry::text(domain, name, "v=DMARC1")),
            )
        }
        Authorization::Elsewhere(name) => {
            let what = format!(
                "Reports about {domain} are to go to {uri}, which sends them on to yet another domain."
            );
            Some(
                Finding::better("dmarc-reports-unauthorized", what)
                    .why("That does not count, so nobody sends them.")
                    .fix(format!(
                        "The record at {name} may name only an address in its own domain."
                    ))
                    .verify(dig("TXT", name)),
            )
        }
        Authorization::Unknown(name, why) => {
            let what = format!("Nobody could tell whether reports about {domain} may go to {uri}: {why}.");
            Some(
                Finding::better("dmarc-reports-unanswered", what)
                    .why("While that is so, nobody sends them.")
                    .fix("Try again in a few minutes.")
                    .verify(dig("TXT", name)),
            )
        }
    }
}
