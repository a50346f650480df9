//! What the sender should mend, said to the sender's postmaster. Only what the evidence shows: it has seen
//! one message, no more. Nothing is advised to a forger: where the domain in From does not vouch, only what
//! is wrong with its own records and signatures is told.

use posthorn_dkim::{DkimResult, Signature};
use posthorn_dmarc::{DmarcResult, Found};
use posthorn_spf::SpfResult;
use posthorn_trust::{IprevResult, Origin};

use crate::facts::{Facts, Stand};
use crate::unvouched::{expired_at, weak_bits};
use crate::words::{clean, name, sentence};

/// The most pieces of advice; a sender with more to do than that begins with these.
const MAX_ADVICE: usize = 8;

pub(crate) fn advice(facts: &Facts<'_>) -> Vec<String> {
    // One of several domains is not the one to be told.
    if !facts.is_from_outside() || facts.from_domain.is_empty() || facts.has_several_domains() {
        return Vec::new();
    }
    let mut advice = Vec::new();
    advice.extend(spf(facts));
    advice.extend(
        facts
            .evidence
            .dkim
            .signatures
            .iter()
            .filter_map(|signature| dkim(facts, signature)),
    );
    advice.extend(unsigned(facts));
    advice.extend(dmarc(facts));
    advice.extend(server(facts));
    advice.truncate(MAX_ADVICE);
    advice
}

fn spf(facts: &Facts<'_>) -> Option<String> {
    let spf = facts
        .evidence
        .spf
        .as_ref()
        .filter(|spf| facts.is_kin(&spf.domain))?;
    let domain = name(&spf.domain);
    let lets_all_in = spf
        .matched
        .as_deref()
        .is_some_and(|term| term.ends_with("all") && !term.contains(['-', '~', '?']));
    match spf.result {
        SpfResult::PermError => Some(format!(
            "Mend the SPF record of {domain}, by which no server can tell your mail now: {}",
            as_sentence(&spf.reason)
        )),
        SpfResult::None => Some(format!(
            "Publish an SPF record for {domain} that lists the servers that send for it, for example v=spf1 mx -all."
        )),
        SpfResult::Pass if lets_all_in => Some(format!(
            "The SPF record of {domain} lets everybody send in its name: list your servers and end it with -all."
        )),
        SpfResult::Pass
        | SpfResult::Neutral
        | SpfResult::Fail
        | SpfResult::SoftFail
        | SpfResult::TempError => None,
    }
}

fn dkim(facts: &Facts<'_>, signature: &Signature) -> Option<String> {
    if !facts.is_kin(&signature.domain) {
        return None;
    }
    let key = format!(
        "{}._domainkey.{}",
        name(&signature.selector),
        name(&signature.domain)
    );
    let bits = signature
        .key_bits
        .filter(|_bits| signature.algorithm.starts_with("rsa"));
    match signature.result {
        DkimResult::Pass if signature.testing => Some(format!(
            "The key {key} is marked as a test (t=y): once all is well, take the mark away, as some servers do not \
             count such a signature."
        )),
        DkimResult::Pass => bits.filter(|bits| *bits < 2_048).map(|bits| {
            format!("The key {key} has {bits} bits, which will soon be too few: make one of 2048 bits.")
        }),
        DkimResult::Policy if expired_at(signature, facts.evidence.at).is_some() => Some(format!(
            "The signature of {key} had expired when the message arrived: let signatures live longer than a message \
             may be under way, at least a week."
        )),
        DkimResult::Policy => Some(match weak_bits(signature) {
            Some(bits) => {
                format!("The key {key} has only {bits} bits and does not count: make one of 2048 bits.")
            }
            None => format!(
                "The signature of {key} does not count: {}",
                as_sentence(&signature.reason)
            ),
        }),
        DkimResult::PermError | DkimResult::Neutral => Some(format!(
            "The signature of {key} cannot be checked: {}",
            as_sentence(&signature.reason)
        )),
        DkimResult::Fail | DkimResult::TempError => None,
    }
}

fn as_sentence(reason: &str) -> String {
    if reason.is_empty() {
        return "it breaks the rules.".to_owned();
    }
    format!("{}.", clean(reason, 300).trim_end_matches('.'))
}

/// Nobody signs for the domain, and the message may well be genuine.
fn unsigned(facts: &Facts<'_>) -> Option<String> {
    let is_signed = facts
        .evidence
        .dkim
        .signatures
        .iter()
        .any(|one| facts.is_kin(&one.domain));
    let may_be_genuine = match facts.stand() {
        Stand::Listed | Stand::Unclaimed => true,
        Stand::Signed(_) | Stand::Passed | Stand::Open | Stand::Disowned => false,
    };
    (!is_signed && may_be_genuine).then(|| {
        format!(
            "Sign your mail with DKIM in the name of {}: a signature survives forwarding, which SPF does not.",
            facts.domain
        )
    })
}

fn dmarc(facts: &Facts<'_>) -> Option<String> {
    let dmarc = facts.evidence.dmarc.as_ref()?;
    let fault = dmarc.walk.iter().find_map(|asked| match &asked.found {
        Found::Several => Some(format!(
            "There are several DMARC records at {}: keep one, as several count as none.",
            name(&asked.name)
        )),
        Found::Invalid(why) => Some(format!(
            "Mend the DMARC record at {}: {}",
            name(&asked.name),
            as_sentence(why)
        )),
        Found::Record(_) | Found::Nothing | Found::Failed(_) => None,
    });
    if fault.is_some() {
        return fault;
    }
    match dmarc.result {
        DmarcResult::None => Some(format!(
            "Publish a DMARC record, so that forged mail can be told from yours; to begin with, \
             v=DMARC1; p=none; rua=mailto:… as TXT at _dmarc.{}.",
            facts.domain
        )),
        DmarcResult::PermError => Some(format!("Mend your DMARC record: {}", as_sentence(&dmarc.reason))),
        DmarcResult::Pass if dmarc.testing => Some(sentence(&format!(
            "{} marks its DMARC policy as a test (t=y): once the reports show that all your mail passes, take the mark \
             away",
            name(dmarc.policy_domain.as_deref().unwrap_or(&dmarc.domain))
        ))),
        DmarcResult::Pass | DmarcResult::Fail | DmarcResult::TempError => None,
    }
}

/// The sending server; a forger's is none of the domain's business, and what a file says of it is old.
fn server(facts: &Facts<'_>) -> Vec<String> {
    let mut advice = Vec::new();
    let is_theirs = match facts.stand() {
        Stand::Listed => true,
        Stand::Signed(_) => facts
            .evidence
            .spf
            .as_ref()
            .is_some_and(|spf| spf.result == SpfResult::Pass),
        Stand::Passed | Stand::Open | Stand::Disowned | Stand::Unclaimed => false,
    };
    let Some(connection) = facts.evidence.connection.as_ref().filter(|_connection| is_theirs) else {
        return advice;
    };
    let ip = connection.ip;
    match connection.iprev.as_ref().map(|iprev| (iprev.result, iprev.name.as_deref())) {
        Some((IprevResult::PermError, _)) => advice.push(format!(
            "Give the address {ip} of your mail server a name (PTR): many servers take no mail from an address without."
        )),
        Some((IprevResult::Fail, Some(claimed))) => advice.push(format!(
            "The address {ip} of your mail server is called {0}, but {0} does not have that address: let both point to \
             each other.",
            name(claimed)
        )),
        Some((IprevResult::Fail | IprevResult::Pass | IprevResult::TempError, _)) | None => {}
    }
    if connection.tls.is_none() && facts.evidence.origin == Origin::Outside {
        advice.push("Send with TLS: this message came over the network in the clear.".to_owned());
    }
    advice
}
