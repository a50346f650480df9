//! SPF in words (RFC 7208): whose domain, which record, which term decided.

use posthorn_spf::{Evaluation, SpfResult, Step, StepOutcome};

use crate::explanation::{Check, CheckName, Tone};
use crate::facts::Facts;
use crate::words::{MAX_LINE, clean, name, sentence};

/// Terms that are shown.
const MAX_STEPS: usize = 40;

pub(super) fn check(facts: &Facts<'_>) -> Check {
    let Some(spf) = &facts.evidence.spf else {
        return Check {
            name: CheckName::Spf,
            result: "not checked".to_owned(),
            asked: Vec::new(),
            found: Vec::new(),
            follows: "SPF asks which servers may send for the domain of the return address; of this message the server \
                      or that address is not known."
                .to_owned(),
            tone: Tone::Neutral,
        };
    };
    let helo = facts
        .evidence
        .spf_helo
        .as_ref()
        .filter(|helo| helo.domain != spf.domain);
    let mut asked = vec![question(facts, spf)];
    let mut found = answer(spf);
    if let Some(helo) = helo.filter(|helo| helo.result != SpfResult::None) {
        asked.push(format!(
            "May {} call itself {}?",
            client(facts),
            name(&helo.domain)
        ));
        found.push(format!(
            "For the name {}: {}. {}",
            name(&helo.domain),
            helo.result,
            sentence(&clean(&helo.reason, 300))
        ));
    }
    let (tone, follows) = follows(facts, spf);
    Check {
        name: CheckName::Spf,
        result: spf.result.name().to_owned(),
        asked,
        found,
        follows,
        tone,
    }
}

fn client(facts: &Facts<'_>) -> String {
    let ip = facts
        .evidence
        .connection
        .as_ref()
        .map(|connection| connection.ip.to_string());
    ip.unwrap_or_else(|| "the server".to_owned())
}

fn question(facts: &Facts<'_>, spf: &Evaluation) -> String {
    let (client, domain) = (client(facts), name(&spf.domain));
    if facts.evidence.reverse_path.is_empty() {
        return format!(
            "May {client} send for {domain}? The message has no return address, so the name of the server counts."
        );
    }
    format!(
        "May {client} send for {domain}, the domain of the return address {}?",
        name(&facts.evidence.reverse_path)
    )
}

fn answer(spf: &Evaluation) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(record) = &spf.record {
        found.push(format!(
            "{} publishes: {}",
            name(&spf.domain),
            clean(record, MAX_LINE)
        ));
    }
    found.extend(spf.steps.iter().take(MAX_STEPS).map(step));
    if let Some(more) = spf.steps.len().checked_sub(MAX_STEPS).filter(|more| *more > 0) {
        found.push(format!("… and {more} more terms"));
    }
    found.push(sentence(&clean(&spf.reason, 400)));
    if spf.lookups > 0 && spf.lookups <= posthorn_spf::MAX_LOOKUPS {
        found.push(format!(
            "That took {} of the {} look-ups that SPF allows.",
            spf.lookups,
            posthorn_spf::MAX_LOOKUPS
        ));
    }
    if let Some(explanation) = &spf.explanation {
        found.push(format!(
            "The domain says to those it refuses: {}",
            crate::words::quoted(explanation)
        ));
    }
    found.retain(|line| !line.is_empty());
    found
}

fn step(step: &Step) -> String {
    let indent = "· ".repeat(usize::from(step.depth.min(10)));
    let outcome = match step.outcome {
        StepOutcome::Match => "matches and decides",
        StepOutcome::NoMatch => "does not match",
        StepOutcome::Enter => "leads to another record",
        StepOutcome::Error => "cannot be evaluated",
    };
    let detail = clean(&step.detail, 200);
    let detail = if detail.is_empty() {
        detail
    } else {
        format!(" ({detail})")
    };
    format!(
        "{indent}{} of {}: {outcome}{detail}",
        name(&step.term),
        name(&step.domain)
    )
}

fn follows(facts: &Facts<'_>, spf: &Evaluation) -> (Tone, String) {
    let (domain, from) = (name(&spf.domain), &facts.domain);
    let is_own = facts.belongs(&spf.domain);
    let words = match spf.result {
        SpfResult::Pass if is_own => {
            return (
                Tone::Good,
                format!("{domain} lists this server, so it stands behind the message."),
            );
        }
        SpfResult::Pass => format!(
            "{domain} stands behind the return address, which you normally do not see. For {from}, {}, that \
             says nothing.",
            facts.place_in_from()
        ),
        SpfResult::Fail | SpfResult::SoftFail => {
            let tone = if is_own { Tone::Caution } else { Tone::Neutral };
            return (
                tone,
                format!(
                    "{domain} does not list this server. By itself that proves nothing: forwarding has the same effect. A \
                     signature (DKIM) would still show where it comes from."
                ),
            );
        }
        SpfResult::None => {
            format!("{domain} does not say which servers may send for it, so nothing follows.")
        }
        SpfResult::Neutral => format!("{domain} says neither yes nor no to this server, so nothing follows."),
        SpfResult::TempError => {
            "The DNS could not be asked. Nothing follows: a failure of the network is nobody's guilt."
                .to_owned()
        }
        SpfResult::PermError => format!(
            "The record of {domain} cannot be evaluated, so nothing follows. Its postmaster has to mend it."
        ),
    };
    (Tone::Neutral, words)
}
