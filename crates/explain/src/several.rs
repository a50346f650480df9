//! The sentence for a message with authors of several domains. Few people write so, and whoever forges can
//! put an own name beside the forged one; so all of them must be vouched for (RFC 9989 section 11.5).

use posthorn_dmarc::DmarcResult;
use posthorn_trust::Reason;

use crate::explanation::Tone;
use crate::facts::Facts;
use crate::words::{listed, name};

/// Names that one sentence can hold.
const MAX_NAMES: usize = 4;

/// The sentence, if there are several, and its colour. A mailing list that the reader knows is told as one.
pub(crate) fn several(facts: &Facts<'_>) -> Option<(Tone, String)> {
    if !facts.has_several_domains() || facts.has_reason(Reason::ListExcuse) {
        return None;
    }
    let (who, domain) = (names(facts), &facts.domain);
    if facts.has_too_many_domains() {
        return Some((
            Tone::Danger,
            format!("This message names more senders than any honest one does ({who}): do not trust it."),
        ));
    }
    Some(match facts.judged().and_then(|_domain| facts.dmarc_result()) {
        Some(DmarcResult::Fail) if facts.asks_for_strictness() => (
            Tone::Danger,
            format!(
                "This message names several senders ({who}), and {domain} does not vouch for it: do not trust it."
            ),
        ),
        Some(DmarcResult::Fail) => (
            Tone::Caution,
            format!(
                "This message names several senders ({who}), and nothing shows that it really comes from {domain}, which \
                 does not vouch for it."
            ),
        ),
        Some(DmarcResult::TempError) => (
            Tone::Neutral,
            format!(
                "This message names several senders ({who}), and whether {domain} vouches for it could not be checked: \
                 the name servers did not answer."
            ),
        ),
        Some(DmarcResult::Pass) => (
            Tone::Good,
            format!("This message names several senders ({who}), and the domain of each vouches for it."),
        ),
        Some(DmarcResult::None | DmarcResult::PermError) | None => (
            Tone::Caution,
            format!(
                "This message names several senders ({who}), and not all of their domains say how their mail is to be \
                 recognised, so nothing shows that it comes from all of them."
            ),
        ),
    })
}

fn names(facts: &Facts<'_>) -> String {
    let author = &facts.evidence.author;
    let mut all: Vec<String> = std::iter::once(&author.address)
        .chain(&author.others)
        .map(|one| name(one))
        .collect();
    if all.len() > MAX_NAMES {
        all.truncate(MAX_NAMES);
        all.push("others".to_owned());
    } else if let [only] = all.as_slice() {
        // The store had no room for the others.
        return format!("{only} and others");
    }
    listed(&all)
}
