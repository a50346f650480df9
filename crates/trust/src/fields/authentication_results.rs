//! Authentication-Results (RFC 8601): what was found, for programs. The reasons stand in comments. What ARC
//! could not tell for now is left out, because the method has no result for that.

use posthorn_dkim::{ArcChain, DkimResult, Signature};
use posthorn_spf::SpfResult;

use super::folded::Folded;
use super::{bare_address, comment, name, value};
use crate::evidence::{Evidence, Iprev, IprevResult, Origin};

/// The words of one `resinfo`.
type ResInfo = Vec<String>;

/// The field `Authentication-Results: …`, folded, with its line end. `authserv_id` is our name.
///
/// For a person of ours it is `auth=pass` with the reverse path. Not with the log-in name (`smtp.auth`): the
/// field leaves with the message, and under which name somebody logs in is nobody's business.
#[must_use]
pub fn authentication_results(evidence: &Evidence, authserv_id: &str) -> String {
    let results = match evidence.origin {
        Origin::Ours(_) => vec![ours(evidence)],
        Origin::Generated | Origin::Placed => Vec::new(),
        Origin::Outside | Origin::File => checked(evidence),
    };
    let mut field = Folded::new("Authentication-Results");
    field.word(&format!("{};", name(authserv_id)));
    if results.is_empty() {
        field.word("none");
        return field.finish();
    }
    let last = results.len().saturating_sub(1);
    for (at, result) in results.iter().enumerate() {
        field.line();
        field.words(result, if at == last { "" } else { ";" });
    }
    field.finish()
}

fn ours(evidence: &Evidence) -> ResInfo {
    let mut words = vec!["auth=pass".to_owned()];
    words.extend(bare_address(&evidence.reverse_path).map(|address| format!("smtp.mailfrom={address}")));
    words
}

fn checked(evidence: &Evidence) -> Vec<ResInfo> {
    let mut results = spf(evidence);
    let dkim = &evidence.dkim;
    results.extend(dkim.signatures.iter().map(signature));
    if dkim.signatures.is_empty() {
        results.push(vec!["dkim=none".to_owned()]);
    }
    results.extend(evidence.dmarc.as_ref().map(dmarc));
    let connection = evidence.connection.as_ref();
    results.extend(connection.and_then(|connection| {
        let iprev = connection.iprev.as_ref()?;
        Some(reverse(iprev, &connection.ip.to_string()))
    }));
    results.extend(dkim.arc.as_ref().and_then(arc));
    results
}

fn spf(evidence: &Evidence) -> Vec<ResInfo> {
    let mut results = Vec::new();
    // The null path is judged by the HELO name (RFC 7208 section 2.4); that is said once.
    let mail_from = evidence
        .spf
        .as_ref()
        .filter(|_| !evidence.reverse_path.is_empty());
    if let Some(evaluation) = mail_from {
        let path = bare_address(&evidence.reverse_path).unwrap_or_else(|| name(&evaluation.domain));
        results.push(spf_result(evaluation, format!("smtp.mailfrom={path}")));
    }
    let in_its_place = evidence.spf.as_ref().filter(|_| mail_from.is_none());
    let helo = evidence.spf_helo.as_ref().or(in_its_place);
    if let Some(evaluation) = helo {
        results.push(spf_result(
            evaluation,
            format!("smtp.helo={}", name(&evaluation.domain)),
        ));
    }
    results
}

fn spf_result(evaluation: &posthorn_spf::Evaluation, property: String) -> ResInfo {
    let mut words = vec![format!("spf={}", evaluation.result)];
    // That somebody publishes nothing needs no reason.
    if evaluation.result != SpfResult::None {
        words.extend(comment(&evaluation.reason));
    }
    words.push(property);
    words
}

fn signature(signature: &Signature) -> ResInfo {
    let mut words = vec![format!("dkim={}", signature.result)];
    if signature.result != DkimResult::Pass {
        words.extend(comment(&signature.reason));
    } else if signature.testing {
        words.extend(comment("the domain is testing"));
    }
    words.push(format!("header.d={}", name(&signature.domain)));
    words.push(format!("header.s={}", value(&signature.selector)));
    words.push(format!("header.a={}", value(&signature.algorithm)));
    if !signature.fingerprint.is_empty() {
        words.push(format!("header.b={}", value(&signature.fingerprint)));
    }
    words
}

fn dmarc(evaluation: &posthorn_dmarc::Evaluation) -> ResInfo {
    let mut words = vec![format!("dmarc={}", evaluation.result)];
    words.extend(comment(&evaluation.reason));
    if !evaluation.domain.is_empty() {
        words.push(format!("header.from={}", name(&evaluation.domain)));
    }
    if evaluation.published.is_some() {
        words.push(format!("policy.dmarc={}", evaluation.policy));
    }
    words
}

fn reverse(iprev: &Iprev, ip: &str) -> ResInfo {
    let result = match iprev.result {
        IprevResult::Pass => "pass",
        IprevResult::Fail => "fail",
        IprevResult::PermError => "permerror",
        IprevResult::TempError => "temperror",
    };
    let mut words = vec![format!("iprev={result}")];
    words.extend(iprev.name.as_deref().map(comment).unwrap_or_default());
    words.push(format!("policy.iprev={}", value(ip)));
    words
}

fn arc(chain: &ArcChain) -> Option<ResInfo> {
    let result = match chain.result {
        DkimResult::Pass => "pass",
        DkimResult::Fail | DkimResult::Policy | DkimResult::Neutral | DkimResult::PermError => "fail",
        DkimResult::TempError => return None,
    };
    let mut words = vec![format!("arc={result}")];
    words.extend(comment(&chain.reason));
    Some(words)
}
