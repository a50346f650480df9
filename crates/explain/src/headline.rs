//! The one sentence. A cascade: how the message came, whether somebody pretends to be somebody else, who
//! stands behind the domain in From. The first that applies speaks.

use posthorn_dkim::Signature;
use posthorn_impersonation::{Level, SignKind};
use posthorn_spf::SpfResult;
use posthorn_trust::Origin;

use crate::explanation::Tone;
use crate::facts::{Facts, Stand};
use crate::free_mail::is_free_mail;
use crate::several::several;
use crate::unvouched;
use crate::words::name;

/// The sentence and its colour.
pub(crate) fn headline(facts: &Facts<'_>) -> (Tone, String) {
    match &facts.evidence.origin {
        Origin::Ours(account) => (Tone::Good, ours(facts, account)),
        Origin::Generated => (
            Tone::Good,
            format!(
                "This server ({}) wrote this message itself: it is a report about mail.",
                name(&facts.evidence.by)
            ),
        ),
        Origin::Placed => (
            Tone::Neutral,
            "Nobody watched this message arrive: a mail program or an import put it into the mailbox, so \
             nothing about it was checked."
                .to_owned(),
        ),
        Origin::Outside | Origin::File => from_outside(facts),
    }
}

fn ours(facts: &Facts<'_>, account: &str) -> String {
    let account = name(account);
    if facts.address.eq_ignore_ascii_case(&account) || facts.address.is_empty() {
        return format!("{account} sent this from this server, logged in.");
    }
    format!(
        "{account} sent this from this server, logged in, with {} in From.",
        facts.address
    )
}

fn from_outside(facts: &Facts<'_>) -> (Tone, String) {
    if facts.address.is_empty() {
        let nobody =
            "This message names no sender that can be read, so there is nobody who could be asked about it.";
        return (Tone::Caution, nobody.to_owned());
    }
    let several = several(facts);
    match (facts.warning(), several) {
        (Level::Danger, _) => return (Tone::Danger, pretence(facts)),
        (Level::Caution, None | Some((Tone::Good | Tone::Neutral | Tone::Caution, _))) => {
            return (Tone::Caution, oddities(facts));
        }
        (Level::Caution | Level::Silent, Some(told)) => return told,
        (Level::Silent, None) => {}
    }
    match facts.stand() {
        Stand::Signed(signature) => (Tone::Good, signed(facts, signature)),
        Stand::Listed if is_free_mail(facts.from_domain) => (Tone::Good, free_mail(facts)),
        Stand::Listed => (Tone::Good, listed_server(facts)),
        Stand::Passed => (
            Tone::Good,
            format!(
                "This message really comes from {}: the domain vouches for it.",
                facts.domain
            ),
        ),
        Stand::Open => (Tone::Neutral, open(facts)),
        Stand::Disowned => unvouched::disowned(facts),
        Stand::Unclaimed => unvouched::unclaimed(facts),
    }
}

/// Somebody pretends to be somebody else.
fn pretence(facts: &Facts<'_>) -> String {
    if facts.has_sign(SignKind::ClaimsToBeUs) {
        return format!(
            "The name says {}, from your own {}, but the message was sent by a stranger at {}: do not trust it.",
            facts.claimed(),
            facts.domain,
            facts.host_or_unknown()
        );
    }
    let pretends = facts
        .evidence
        .impression
        .as_ref()
        .and_then(|impression| impression.pretends.as_deref());
    let pretends = pretends.filter(|whom| !whom.eq_ignore_ascii_case(&facts.evidence.author.address));
    let whom = pretends.map_or_else(|| "somebody you know".to_owned(), name);
    let real = match facts.stand() {
        Stand::Signed(_) | Stand::Listed | Stand::Passed => format!("it comes from {}", facts.address),
        Stand::Open | Stand::Disowned | Stand::Unclaimed => {
            format!("it was sent by a stranger at {}", facts.host_or_unknown())
        }
    };
    format!("Do not trust this message: it pretends to come from {whom}, but {real}.")
}

/// Something is odd; the two heaviest facts are told.
fn oddities(facts: &Facts<'_>) -> String {
    let odd: Vec<String> = facts
        .signs()
        .iter()
        .filter(|sign| sign.weight > 0)
        .take(2)
        .map(|sign| crate::words::clean(&sign.what, 300))
        .collect();
    format!("Be careful with this message: {}.", odd.join("; and "))
}

fn signed(facts: &Facts<'_>, signature: &Signature) -> String {
    if is_free_mail(facts.from_domain) {
        return free_mail(facts);
    }
    let (domain, signer) = (&facts.domain, name(&signature.domain));
    if let Some(list) = facts.list().filter(|_list| came_another_way(facts)) {
        return format!(
            "This message really comes from {domain} and reached you through the mailing list {list}: the \
             signature of {signer} still holds."
        );
    }
    if let Some(forwarder) = forwarder(facts) {
        return format!(
            "This message really comes from {domain} and was forwarded by {forwarder}: the signature of \
             {signer} still holds."
        );
    }
    let met = first_contact(facts);
    if signer == *domain {
        return format!(
            "This message really comes from {domain}{met}: it is signed with a key that only {domain} publishes."
        );
    }
    format!(
        "This message really comes from {domain}{met}: it is signed with a key that {signer} publishes, which \
         belongs together with {domain}."
    )
}

/// Was it handed over by somebody who does not send for the domain in From?
fn came_another_way(facts: &Facts<'_>) -> bool {
    facts
        .evidence
        .spf
        .as_ref()
        .is_some_and(|spf| spf.result != SpfResult::Pass || !facts.belongs(&spf.domain))
}

/// Who forwarded it: the one who rewrote the reverse path, or a server that the domain does not list.
fn forwarder(facts: &Facts<'_>) -> Option<String> {
    if !came_another_way(facts) {
        return None;
    }
    if let Some(domain) = facts.forwarder() {
        return Some(domain);
    }
    let spf = facts.evidence.spf.as_ref()?;
    let is_stranger =
        matches!(spf.result, SpfResult::Fail | SpfResult::SoftFail) && facts.belongs(&spf.domain);
    if is_stranger { facts.host() } else { None }
}

fn first_contact(facts: &Facts<'_>) -> String {
    if facts.has_sign(SignKind::FirstContact) {
        return format!(", and is the first you have from {}", facts.address);
    }
    String::new()
}

fn free_mail(facts: &Facts<'_>) -> String {
    let met = if facts.has_sign(SignKind::FirstContact) {
        ", but anybody can have one there, and you have had no message from it before"
    } else {
        "; who uses it, only you know"
    };
    format!("{} vouches for the address {}{met}.", facts.domain, facts.address)
}

fn listed_server(facts: &Facts<'_>) -> String {
    let (domain, met) = (&facts.domain, first_contact(facts));
    format!(
        "This message comes from {domain}{met}: it was sent by {}, which {domain} lists as one of its servers; it is \
         not signed, so nothing shows whether it was changed on the way.",
        facts.host_or_unknown()
    )
}

fn open(facts: &Facts<'_>) -> String {
    let when = if facts.context.evaluated_now {
        "now"
    } else {
        "when it arrived"
    };
    format!(
        "Whether this message really comes from {} could not be checked {when}: the name servers did not answer.",
        facts.domain
    )
}
