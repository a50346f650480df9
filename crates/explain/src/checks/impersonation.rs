//! What the sender's appearance adds up to, in words: each fact and how much it counts.

use posthorn_impersonation::{Level, Sign};

use crate::explanation::{Check, CheckName, Tone};
use crate::facts::Facts;
use crate::words::clean;

pub(super) fn check(facts: &Facts<'_>) -> Option<Check> {
    let impression = facts.evidence.impression.as_ref()?;
    let found = impression.signs.iter().map(fact).collect();
    let score = impression.score.max(0);
    let (result, tone, follows) = match impression.level {
        Level::Silent if impression.signs.is_empty() => (
            "nothing odd",
            Tone::Good,
            "The sender looks like nobody else you know.".to_owned(),
        ),
        Level::Silent if impression.score < sum(&impression.signs) => (
            "nothing to warn of",
            Tone::Neutral,
            format!(
                "However many such facts there are, they count {score} at most while nobody is imitated: no reason to warn."
            ),
        ),
        Level::Silent => (
            "nothing to warn of",
            Tone::Neutral,
            format!("Together this counts {score}, which honest mail often has: no reason to warn."),
        ),
        Level::Caution => (
            "caution",
            Tone::Caution,
            format!("Together this counts {score}: look twice. It may still have an innocent reason."),
        ),
        Level::Danger => (
            "danger",
            Tone::Danger,
            format!("Together this counts {score}: somebody very probably pretends to be somebody else."),
        ),
    };
    Some(Check {
        name: CheckName::Impersonation,
        result: result.to_owned(),
        asked: vec!["Does the sender look like somebody you know, and is another?".to_owned()],
        found,
        follows,
        tone,
    })
}

fn sum(signs: &[Sign]) -> i16 {
    signs
        .iter()
        .fold(0, |sum, sign| sum.saturating_add(sign.weight.into()))
}

fn fact(sign: &Sign) -> String {
    let what = clean(&sign.what, 400);
    match sign.weight {
        weight if weight < 0 => format!("{what} (speaks for it, {})", weight.unsigned_abs()),
        weight => format!("{what} (counts {weight})"),
    }
}
