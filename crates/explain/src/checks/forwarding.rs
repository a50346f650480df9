//! The ARC chain in words (RFC 8617). What forwarders say is shown, and never a reason for anything.

use posthorn_dkim::{ArcChain, DkimResult};

use crate::explanation::{Check, CheckName, Tone};
use crate::facts::Facts;
use crate::words::{clean, name, sentence};

pub(super) fn check(facts: &Facts<'_>) -> Option<Check> {
    let arc = facts.evidence.dkim.arc.as_ref()?;
    let mut found: Vec<String> = arc
        .links
        .iter()
        .map(|link| {
            let says = clean(&link.results, 300);
            let says = if says.is_empty() {
                "nothing".to_owned()
            } else {
                says
            };
            format!("{}. {} says: {says}", link.instance, name(&link.domain))
        })
        .collect();
    found.push(sentence(&clean(&arc.reason, 300)));
    found.retain(|line| !line.is_empty());
    Some(Check {
        name: CheckName::Forwarding,
        result: arc.result.name().to_owned(),
        asked: vec!["Do the seals hold with which forwarders say what they found?".to_owned()],
        found,
        follows: follows(arc),
        tone: Tone::Neutral,
    })
}

fn follows(arc: &ArcChain) -> String {
    let last = arc
        .links
        .last()
        .map_or_else(|| "the forwarder".to_owned(), |link| name(&link.domain));
    match arc.result {
        DkimResult::Pass => format!(
            "These are really the words of {last}. Whether they are true depends on whether you trust {last}; this \
             server does not count them."
        ),
        DkimResult::TempError => "The keys could not be fetched, so nothing follows.".to_owned(),
        DkimResult::Fail | DkimResult::Policy | DkimResult::Neutral | DkimResult::PermError => {
            "The chain is broken, so these words may be anybody's. Nothing follows.".to_owned()
        }
    }
}
