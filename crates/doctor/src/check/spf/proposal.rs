//! SPF records to publish, made from what is there. Terms keep the form they were written in.

use posthorn_spf::record::{Mechanism, Qualifier, Record, Term};

use crate::check::Context;
use crate::check::mail_hosts::Incoming;
use crate::plan::Plan;

/// What large providers ask their customers to include: the end of the names of their mail hosts, and the
/// name to include.
const PROVIDERS: [(&str, &str); 10] = [
    ("google.com", "_spf.google.com"),
    ("googlemail.com", "_spf.google.com"),
    ("mail.protection.outlook.com", "spf.protection.outlook.com"),
    ("mx.microsoft", "spf.protection.outlook.com"),
    ("messagingengine.com", "spf.messagingengine.com"),
    ("protonmail.ch", "_spf.protonmail.ch"),
    ("mail.icloud.com", "icloud.com"),
    ("mailbox.org", "mailbox.org"),
    ("mail.gandi.net", "_mailcust.gandi.net"),
    ("ovh.net", "mx.ovh.com"),
];

/// A first record for a domain without one, and what to say with it.
pub(super) fn first(context: &Context<'_>) -> (String, String) {
    if let Some(plan) = context.question.our_mail() {
        let plan = Plan {
            spf: None,
            ..plan.clone()
        };
        return (crate::merge::spf(&plan).text, "Publish this record.".to_owned());
    }
    if matches!(context.incoming, Incoming::Null) {
        let fix = "The domain takes no mail. If it sends none either, publish this record.";
        return ("v=spf1 -all".to_owned(), fix.to_owned());
    }
    let names = context.incoming.names();
    let is_at = |end: &str| {
        let below = |name: &&&str| {
            name.strip_suffix(end)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        names.iter().any(|name| below(&name))
    };
    match PROVIDERS.iter().find(|(end, _)| is_at(end)) {
        Some((_, include)) => (
            format!("v=spf1 include:{include} ~all"),
            "Publish this record. If shops or newsletter services also send for you, add what their guides name.".to_owned(),
        ),
        None => (
            "v=spf1 mx ~all".to_owned(),
            "Publish this record, if your mail leaves through the hosts that also receive it; else the one that your mail \
             provider names. Add what the guides of shops or newsletter services name that send for you."
                .to_owned(),
        ),
    }
}

/// One record for several: the terms of all, each once, with the end of the first that has one. `None` when
/// one cannot be read or leads elsewhere as a whole.
pub(super) fn joined(records: &[String]) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    let mut end = None;
    for text in records {
        let record = Record::parse(text).ok()?;
        if record.redirect().is_some() {
            return None;
        }
        let qualifier = record.all().filter(|qualifier| *qualifier != Qualifier::Pass);
        end = end.or(qualifier);
        for term in record.terms() {
            let written = term.as_str();
            if !is_all(term) && !terms.iter().any(|there| there.eq_ignore_ascii_case(written)) {
                terms.push(written.to_owned());
            }
        }
    }
    let end = match end {
        Some(Qualifier::Fail) => "-all",
        Some(Qualifier::SoftFail | Qualifier::Neutral | Qualifier::Pass) | None => "~all",
    };
    terms.push(end.to_owned());
    Some(written(&terms))
}

/// The record with `~all` in the place of what lets everybody in. `None` when it is not this record itself
/// that does.
pub(super) fn closed(record: &Record) -> Option<String> {
    let lets_all = |term: &Term| term.directive().is_some_and(|it| it.allows_everyone());
    if !record.terms().iter().any(lets_all) {
        return None;
    }
    let kept = record
        .terms()
        .iter()
        .filter(|term| !lets_all(term) && !is_all(term));
    let mut terms: Vec<String> = kept.map(|term| term.as_str().to_owned()).collect();
    // Alone it would forbid everything, which surely is not meant.
    if terms.is_empty() {
        terms.push("mx".to_owned());
    }
    terms.push("~all".to_owned());
    Some(written(&terms))
}

/// The record with `~all` at its end.
pub(super) fn ended(record: &Record) -> String {
    let kept = record.terms().iter().filter(|term| !is_all(term));
    let mut terms: Vec<String> = kept.map(|term| term.as_str().to_owned()).collect();
    terms.push("~all".to_owned());
    written(&terms)
}

/// The record without `ptr`.
pub(super) fn without_ptr(record: &Record) -> String {
    let is_ptr =
        |term: &&Term| matches!(term.directive(), Some(it) if matches!(it.mechanism, Mechanism::Ptr(_)));
    let kept = record.terms().iter().filter(|term| !is_ptr(term));
    let terms: Vec<String> = kept.map(|term| term.as_str().to_owned()).collect();
    written(&terms)
}

fn is_all(term: &Term) -> bool {
    matches!(term.directive(), Some(it) if it.mechanism == Mechanism::All)
}

fn written(terms: &[String]) -> String {
    format!("v=spf1 {}", terms.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Record {
        Record::parse(text).unwrap()
    }

    #[test]
    fn several_records_become_one() {
        let of = |texts: &[&str]| joined(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            of(&[
                "v=spf1 mx include:a.test -all",
                "v=spf1 include:A.test ip4:192.0.2.1 ~all"
            ])
            .as_deref(),
            Some("v=spf1 mx include:a.test ip4:192.0.2.1 -all")
        );
        assert_eq!(
            of(&["v=spf1 mx +all", "v=spf1 a"]).as_deref(),
            Some("v=spf1 mx a ~all")
        );
        assert_eq!(of(&["v=spf1 mx -all", "v=spf1 nonsense"]), None);
        assert_eq!(of(&["v=spf1 mx -all", "v=spf1 redirect=a.test"]), None);
    }

    #[test]
    fn what_lets_everybody_in_goes() {
        let of = |text: &str| closed(&read(text));
        assert_eq!(of("v=spf1 mx +all").as_deref(), Some("v=spf1 mx ~all"));
        assert_eq!(
            of("v=spf1 a ip4:0.0.0.0/0 -all").as_deref(),
            Some("v=spf1 a ~all")
        );
        assert_eq!(of("v=spf1 all").as_deref(), Some("v=spf1 mx ~all"));
        assert_eq!(of("v=spf1 include:open.test -all"), None);
    }

    #[test]
    fn an_end_is_put_and_ptr_is_taken_away() {
        assert_eq!(ended(&read("v=spf1 mx ?all")), "v=spf1 mx ~all");
        assert_eq!(
            without_ptr(&read("v=spf1 mx ptr ptr:a.test -all")),
            "v=spf1 mx -all"
        );
    }
}
