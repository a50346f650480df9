//! DMARC in words (RFC 9989): the walk up the names, the policy, who is aligned.

use posthorn_dmarc::{Alignment, Asked, DmarcResult, Evaluation, Found, Policy};

use crate::explanation::{Check, CheckName, Tone};
use crate::facts::Facts;
use crate::words::{MAX_LINE, clean, name, sentence};

pub(super) fn check(facts: &Facts<'_>) -> Option<Check> {
    let dmarc = facts.evidence.dmarc.as_ref()?;
    let mut asked = Vec::new();
    asked.extend(facts.judged().map(|domain| {
        format!(
            "Does SPF or a signature vouch for {}, {}?",
            name(domain),
            facts.place_in_from()
        )
    }));
    asked.extend(
        dmarc
            .walk
            .iter()
            .map(|one| format!("What does {} say about it?", name(&one.name))),
    );
    let mut found: Vec<String> = dmarc.walk.iter().map(answer).collect();
    found.extend(dmarc.spf.iter().map(|one| alignment("SPF", one, facts)));
    found.extend(dmarc.dkim.iter().map(|one| alignment("DKIM", one, facts)));
    found.push(sentence(&clean(&dmarc.reason, 400)));
    found.retain(|line| !line.is_empty());
    let (tone, follows) = follows(facts, dmarc);
    Some(Check {
        name: CheckName::Dmarc,
        result: dmarc.result.name().to_owned(),
        asked,
        found,
        follows,
        tone,
    })
}

fn answer(asked: &Asked) -> String {
    let place = name(&asked.name);
    match &asked.found {
        Found::Record(record) => format!("{place}: {}", clean(record, MAX_LINE)),
        Found::Nothing => format!("{place}: nothing"),
        Found::Several => format!("{place}: several records, which count as none"),
        Found::Invalid(why) => format!("{place}: a record that cannot be used: {}", clean(why, 300)),
        Found::Failed(why) => format!("{place}: the name servers could not tell ({})", clean(why, 200)),
    }
}

fn alignment(by: &str, one: &Alignment, facts: &Facts<'_>) -> String {
    let (other, from) = (name(&one.domain), &facts.domain);
    let relation = match (one.uncertain, one.aligned, one.strict) {
        (true, _, _) => format!("whether that counts for {from} could not be told"),
        (false, true, _) if other == *from => format!("which is {}", facts.place_in_from()),
        (false, true, _) => format!("which belongs together with {from}"),
        (false, false, true) => format!("which is not {from} itself, as its record asks"),
        (false, false, false) => format!("which is not {from} and does not belong to it"),
    };
    format!("{by} vouches for {other}, {relation}.")
}

fn follows(facts: &Facts<'_>, dmarc: &Evaluation) -> (Tone, String) {
    let from = &facts.domain;
    if facts.has_too_many_domains() {
        let nobody =
            "Nobody was asked. Mail like that is nearly always forged: the names serve to hide one another.";
        return (Tone::Danger, nobody.to_owned());
    }
    if facts.judged().is_none() {
        let nothing =
            "There was no domain to ask, so From can be neither confirmed nor refuted by this check.";
        return (Tone::Neutral, nothing.to_owned());
    }
    match dmarc.result {
        DmarcResult::Pass => (
            Tone::Good,
            match facts.has_several_domains() {
                true => "The domains in From are no invention: each stands behind this message.".to_owned(),
                false => format!("The domain in From is no invention: {from} stands behind this message."),
            },
        ),
        DmarcResult::Fail => {
            let wish = match dmarc.policy {
                Policy::None => "asks for nothing to be done about such mail",
                Policy::Quarantine => "asks to treat such mail as suspicious",
                Policy::Reject => "asks to refuse such mail",
            };
            let tone = if dmarc.policy == Policy::None {
                Tone::Caution
            } else {
                Tone::Danger
            };
            (
                tone,
                format!(
                    "{from} does not stand behind this message, and {wish}. Who wrote {from} into From is not known."
                ),
            )
        }
        DmarcResult::None | DmarcResult::PermError => (
            Tone::Neutral,
            format!(
                "{from} does not say how its mail is to be recognised, so From can be neither confirmed nor refuted by \
                     this check."
            ),
        ),
        DmarcResult::TempError => (
            Tone::Neutral,
            "The DNS could not be asked. Nothing follows: a failure of the network is nobody's guilt."
                .to_owned(),
        ),
    }
}
