//! DKIM in words (RFC 6376): each signature, its key, what it covers.

use posthorn_dkim::{DkimResult, Signature};

use crate::explanation::{Check, CheckName, Tone};
use crate::facts::Facts;
use crate::words::{MAX_LINE, clean, listed, name, sentence};

pub(super) fn check(facts: &Facts<'_>) -> Check {
    let verification = &facts.evidence.dkim;
    let signatures = &verification.signatures;
    let asked = signatures.iter().map(question).collect();
    let mut found: Vec<String> = signatures.iter().flat_map(answer).collect();
    if verification.ignored > 0 {
        found.push(format!(
            "{} more signatures were not looked at: {} are enough for every honest message.",
            verification.ignored,
            posthorn_dkim::MAX_SIGNATURES
        ));
    }
    let (tone, follows) = follows(facts);
    Check {
        name: CheckName::Dkim,
        result: result(signatures),
        asked,
        found,
        follows,
        tone,
    }
}

fn result(signatures: &[Signature]) -> String {
    let passed = signatures
        .iter()
        .filter(|one| one.result == DkimResult::Pass)
        .count();
    match signatures {
        [] => "no signature".to_owned(),
        [one] => one.result.name().to_owned(),
        many if passed == many.len() => "pass".to_owned(),
        many => format!("{passed} of {} pass", many.len()),
    }
}

fn key_name(signature: &Signature) -> String {
    format!(
        "{}._domainkey.{}",
        name(&signature.selector),
        name(&signature.domain)
    )
}

fn question(signature: &Signature) -> String {
    format!(
        "Which key does {} publish at {}, and does the signature fit?",
        name(&signature.domain),
        key_name(signature)
    )
}

fn answer(signature: &Signature) -> Vec<String> {
    let size = signature
        .key_bits
        .map(|bits| format!(", {bits} bits"))
        .unwrap_or_default();
    let reason = sentence(&clean(&signature.reason, 400));
    let mut lines = vec![format!(
        "Signature of {} ({}{size}): {}. {reason}",
        name(&signature.domain),
        clean(&signature.algorithm, 40),
        signature.result
    )];
    if let Some(record) = &signature.key_record {
        lines.push(format!(
            "· The key at {}: {}",
            key_name(signature),
            clean(record, MAX_LINE)
        ));
    }
    if !signature.headers.is_empty() {
        lines.push(format!("· Signed header fields: {}", fields(&signature.headers)));
    }
    match signature.body_matches {
        Some(true) => lines.push("· The body is as it was signed.".to_owned()),
        Some(false) => lines.push("· The body is not as it was signed.".to_owned()),
        None => {}
    }
    if signature.testing {
        lines.push("· The domain marks this key as a test (t=y).".to_owned());
    }
    lines
}

/// The names, each once: a field that is named twice is protected against a second one being added.
fn fields(headers: &[String]) -> String {
    let mut names: Vec<String> = Vec::new();
    for header in headers.iter().take(64) {
        let header = clean(header, 40);
        if !names.contains(&header) {
            names.push(header);
        }
    }
    listed(&names)
}

fn follows(facts: &Facts<'_>) -> (Tone, String) {
    let own = |result| facts.own_signature(result).map(|one| name(&one.domain));
    let from = &facts.domain;
    let others = &facts.evidence.dkim.signatures;
    if others.is_empty() {
        return (
            Tone::Neutral,
            "Nobody signed the message, so nothing shows whether it was changed on the way.".to_owned(),
        );
    }
    if let Some(signer) = own(DkimResult::Pass) {
        return (
            Tone::Good,
            format!(
                "{signer} takes responsibility for this message, and what it signed has not been changed since. Only \
                 somebody with its private key can make such a signature."
            ),
        );
    }
    if let Some(signer) = own(DkimResult::Fail) {
        return (
            Tone::Caution,
            format!(
                "The signature of {signer} does not fit. Mailing lists and scanners that add a line have that effect; a \
                 forger who copies a signature has it too."
            ),
        );
    }
    if let Some(signer) = own(DkimResult::TempError) {
        return (
            Tone::Neutral,
            format!("The key of {signer} could not be fetched, so nothing follows."),
        );
    }
    if others.iter().any(|one| one.result == DkimResult::Pass) {
        let signers = others.iter().filter(|one| one.result == DkimResult::Pass);
        let mut signers: Vec<String> = signers.map(|one| name(&one.domain)).collect();
        signers.dedup();
        let (verb, them) = if signers.len() == 1 {
            ("takes", "it")
        } else {
            ("take", "them")
        };
        return (
            Tone::Neutral,
            format!(
                "{} {verb} responsibility for carrying this message. Nothing shows that {from}, {}, has anything to do with \
                 {them}.",
                listed(&signers),
                facts.place_in_from()
            ),
        );
    }
    (
        Tone::Neutral,
        "No signature counts, so nothing shows where the message comes from.".to_owned(),
    )
}
