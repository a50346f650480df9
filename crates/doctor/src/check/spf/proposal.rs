//! SPF records to publish, made from what is there. Terms keep the form they were written in.

use posthorn_spf::record::{Mechanism, Qualifier, Record, Term};

use crate::check::Context;
use crate::check::mail_hosts::Incoming;
use crate::merge::{is_all, written};
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

/// The record with everything put right: nobody let in without a name, `~all` at its end, no `ptr`, our own
/// host in it. Every proposal is this one, so that none takes back another.
pub(super) fn best(context: &Context<'_>, record: &Record) -> String {
    let text = tidied(record);
    match context.question.our_mail() {
        Some(plan) => {
            let plan = Plan {
                spf: Some(text),
                ..plan.clone()
            };
            crate::merge::spf(&plan).text
        }
        None => text,
    }
}

fn tidied(record: &Record) -> String {
    let lets_all = |term: &Term| term.directive().is_some_and(|it| it.allows_everyone());
    let is_ptr =
        |term: &Term| matches!(term.directive(), Some(it) if matches!(it.mechanism, Mechanism::Ptr(_)));
    let kept = record
        .terms()
        .iter()
        .filter(|term| !lets_all(term) && !is_all(term) && !is_ptr(term));
    let mut terms: Vec<String> = kept.map(|term| term.as_str().to_owned()).collect();
    let was_open = record.terms().iter().any(lets_all);
    // Alone it would forbid everything, which surely is not meant.
    if was_open && terms.is_empty() {
        terms.push("mx".to_owned());
    }
    match record.all() {
        Some(Qualifier::Fail) => terms.push("-all".to_owned()),
        None if record.redirect().is_some() => {}
        Some(Qualifier::SoftFail | Qualifier::Neutral | Qualifier::Pass) | None => {
            terms.push("~all".to_owned());
        }
    }
    written(&terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_goes_and_the_rest_stays() {
        let of = |text: &str| tidied(&Record::parse(text).unwrap());
        assert_eq!(of("v=spf1 mx +all"), "v=spf1 mx ~all");
        assert_eq!(of("v=spf1 a ip4:0.0.0.0/0 -all"), "v=spf1 a -all");
        assert_eq!(of("v=spf1 all"), "v=spf1 mx ~all");
        assert_eq!(of("v=spf1 mx ?all"), "v=spf1 mx ~all");
        assert_eq!(of("v=spf1 A:Mail.test ptr ptr:a.test"), "v=spf1 A:Mail.test ~all");
        assert_eq!(of("v=spf1 ptr redirect=a.test"), "v=spf1 redirect=a.test");
        assert_eq!(of("v=spf1 -all"), "v=spf1 -all");
    }
}
