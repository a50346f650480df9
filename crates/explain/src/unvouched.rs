//! The sentence for messages that nobody vouches for: between a list that broke a signature and a forger
//! there are many shades, and the evidence often does not tell them apart. Then the sentence says so.

use posthorn_dkim::{ArcChain, DkimResult, Signature};
use posthorn_spf::SpfResult;
use posthorn_trust::Reason;

use crate::explanation::Tone;
use crate::facts::Facts;
use crate::words::{moment, name};

/// DMARC failed. Whatever is told to explain that, a forger could have arranged too: only a mailing list that
/// the reader knows, and a related name that really vouches, make the tone milder than the domain asks for.
pub(crate) fn disowned(facts: &Facts<'_>) -> (Tone, String) {
    let tone = if facts.asks_for_strictness() {
        Tone::Danger
    } else {
        Tone::Caution
    };
    if let Some(words) = through_list(facts) {
        let is_known = facts.has_reason(Reason::ListExcuse);
        return (if is_known { Tone::Neutral } else { Tone::Caution }, words);
    }
    if let Some(words) = too_strict(facts) {
        return (Tone::Caution, words);
    }
    let told = sealed(facts)
        .or_else(|| uncounted(facts))
        .or_else(|| changed(facts));
    (tone, told.unwrap_or_else(|| forged(facts)))
}

/// There is no DMARC record that could be used.
pub(crate) fn unclaimed(facts: &Facts<'_>) -> (Tone, String) {
    if let Some(words) = through_list(facts) {
        return (Tone::Neutral, words);
    }
    let told = sealed(facts)
        .or_else(|| uncounted(facts))
        .or_else(|| changed(facts));
    if let Some(words) = told.or_else(|| refused_by_spf(facts)) {
        return (Tone::Caution, words);
    }
    if let Some(words) = spf_is_broken(facts).or_else(|| somebody_else(facts)) {
        return (Tone::Neutral, words);
    }
    (Tone::Caution, nobody(facts))
}

/// A mailing list that shows itself to be one explains why the author's domain does not vouch.
fn through_list(facts: &Facts<'_>) -> Option<String> {
    let list = facts.list()?;
    let domain = &facts.domain;
    Some(if facts.has_reason(Reason::ListExcuse) {
        format!(
            "This message came through the mailing list {list}, which changed it or sent it in its own name, so {domain} \
             no longer vouches for it; lists often do that."
        )
    } else {
        format!(
            "This message was sent by the mailing list {list}, and {domain} does not vouch for it: lists often have that \
             effect, but you have only the list's word for who wrote it."
        )
    })
}

/// A forwarder's seal holds, and says that all was well before.
fn sealed(facts: &Facts<'_>) -> Option<String> {
    let arc = facts.evidence.dkim.arc.as_ref()?;
    let forwarder = claims_pass(arc)?;
    Some(format!(
        "{forwarder} forwarded this message and says that {} vouched for it before; now nobody does, so \
         you have only the word of {forwarder}.",
        facts.domain
    ))
}

/// The last forwarder, if the seals hold and it says that DMARC passed.
pub(crate) fn claims_pass(arc: &ArcChain) -> Option<String> {
    let first = arc.links.first()?;
    let last = arc.links.last()?;
    let says_pass = first.results.to_ascii_lowercase().contains("dmarc=pass");
    (arc.result == DkimResult::Pass && says_pass).then(|| name(&last.domain))
}

/// The domain's own signature is there, and does not count. It may not even have been compared with its key.
fn uncounted(facts: &Facts<'_>) -> Option<String> {
    let signature = facts.own_signature(DkimResult::Policy)?;
    let signer = name(&signature.domain);
    if let Some(expired_at) = expired_at(signature, facts.evidence.at) {
        return Some(format!(
            "This message bears a signature in the name of {signer} that expired on {}, so it does not count: the \
             message may be late, an old one sent once more, or forged.",
            moment(expired_at)
        ));
    }
    if let Some(bits) = weak_bits(signature) {
        return Some(format!(
            "This message bears a signature in the name of {signer}, but with a key of only {bits} bits, which others \
             can break, so it does not count."
        ));
    }
    let why = if signature.reason.is_empty() {
        "it breaks the rules"
    } else {
        &signature.reason
    };
    Some(format!(
        "This message bears a signature in the name of {signer} that does not count: {}.",
        crate::words::clean(why, 300).trim_end_matches('.')
    ))
}

/// When the signature expired, if that was before `at`.
pub(crate) fn expired_at(signature: &Signature, at: i64) -> Option<i64> {
    signature.expires_at.filter(|expires_at| *expires_at < at)
}

/// The size of an RSA key that is too small to count.
pub(crate) fn weak_bits(signature: &Signature) -> Option<u16> {
    let is_rsa = signature.algorithm.starts_with("rsa");
    signature.key_bits.filter(|bits| is_rsa && *bits < 1_024)
}

/// Somebody close to the domain vouches, and the domain wants itself only (`adkim=s`, `aspf=s`).
fn too_strict(facts: &Facts<'_>) -> Option<String> {
    let dmarc = facts.evidence.dmarc.as_ref()?;
    let mut found = dmarc.spf.iter().chain(&dmarc.dkim);
    let near = found.find(|one| one.strict && !one.aligned && facts.is_kin(&one.domain))?;
    Some(format!(
        "{} vouches for this message, but {} wants to be vouched for by itself alone, not by a name related to it.",
        name(&near.domain),
        facts.domain
    ))
}

/// The domain's own signature is there, and does not fit.
fn changed(facts: &Facts<'_>) -> Option<String> {
    let signature = facts.own_signature(DkimResult::Fail)?;
    Some(format!(
        "This message bears a signature of {} that does not fit it: it was changed on the way, or somebody forged \
         it, so do not rely on what it says.",
        name(&signature.domain)
    ))
}

fn forged(facts: &Facts<'_>) -> String {
    let (claimed, domain) = (facts.claimed(), &facts.domain);
    match (facts.host(), facts.asks_for_strictness()) {
        (Some(host), true) => {
            format!(
                "The name says {claimed}, but the message was sent by a stranger at {host}: do not trust it."
            )
        }
        (None, true) => {
            format!("The name says {claimed}, but {domain} does not vouch for the message: do not trust it.")
        }
        (Some(host), false) => format!(
            "Nothing shows that this message really comes from {domain}: it was sent by {host}, and {domain} does \
             not vouch for it."
        ),
        (None, false) => {
            format!(
                "Nothing shows that this message really comes from {domain}: the domain does not vouch for it."
            )
        }
    }
}

/// SPF of the domain in From itself says no.
fn refused_by_spf(facts: &Facts<'_>) -> Option<String> {
    let spf = facts.evidence.spf.as_ref()?;
    let is_no = matches!(spf.result, SpfResult::Fail | SpfResult::SoftFail) && facts.is_kin(&spf.domain);
    is_no.then(|| {
        format!(
            "This message was sent by {}, which is not among the servers that {} lists as its own: it was forwarded, \
             or it is forged.",
            facts.host_or_unknown(),
            name(&spf.domain)
        )
    })
}

fn spf_is_broken(facts: &Facts<'_>) -> Option<String> {
    let spf = facts.evidence.spf.as_ref()?;
    (spf.result == SpfResult::PermError && facts.is_kin(&spf.domain)).then(|| {
        format!(
            "Whether this message really comes from {} cannot be told: the domain lists its servers (SPF) in a way \
             that cannot be read.",
            facts.domain
        )
    })
}

/// Somebody takes responsibility, under another name: a service that sends for small domains.
fn somebody_else(facts: &Facts<'_>) -> Option<String> {
    let signature = facts
        .evidence
        .dkim
        .signatures
        .iter()
        .find(|one| one.result == DkimResult::Pass);
    let spf = facts
        .evidence
        .spf
        .as_ref()
        .filter(|spf| spf.result == SpfResult::Pass);
    let sender = signature
        .map(|one| &one.domain)
        .or_else(|| spf.map(|spf| &spf.domain))?;
    Some(format!(
        "This message was sent through {}, which vouches for itself, not for {}: whether it really comes from {} \
         is not proven.",
        name(sender),
        facts.domain,
        facts.address
    ))
}

fn nobody(facts: &Facts<'_>) -> String {
    format!(
        "Nobody vouches for this message: {} does not say how its mail is to be recognised, so anybody could have \
         written {} into From.",
        facts.domain, facts.address
    )
}
