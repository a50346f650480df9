//! Why the result is what it is: half a sentence for people, with the names in it. Decides nothing.

use crate::alignment::is_within;
use crate::discovery::Walked;
use crate::evaluation::{Alignment, Evaluation, Policy, PolicyTag};
use crate::printable::excerpt;
use crate::walk::Looked;

/// A domain or a reason of strangers is cut to so many characters.
const MAX_NAME: usize = 100;

pub(crate) fn no_domain(given: &str) -> String {
    if given.is_empty() {
        "From names no domain that could be asked".to_owned()
    } else {
        format!(
            "From names {}, which is no domain name that could be asked",
            excerpt(given, MAX_NAME)
        )
    }
}

pub(crate) fn no_record(walked: &Walked) -> String {
    let domain = name(&walked.domain);
    for step in walked.walk.steps() {
        let place = name(&step.domain);
        match &step.looked {
            Looked::Several => {
                return format!("{place} has several DMARC records, which count as none");
            }
            Looked::Invalid(why) => {
                return format!("{place} has a DMARC record that cannot be read: {why}");
            }
            Looked::Record(..) | Looked::Nothing | Looked::Failed(_) => {}
        }
    }
    format!("neither {domain} nor a name above it has a DMARC record")
}

pub(crate) fn walk_failed(walked: &Walked) -> String {
    let (domain, why) = walked.walk.failure().unwrap_or((&walked.domain, "no answer"));
    format!(
        "the name servers could not tell whether {} has a DMARC record: {why}",
        name(domain)
    )
}

pub(crate) fn existence_unknown(domain: &str, why: &str) -> String {
    format!(
        "the name servers could not tell whether {} exists, on which the policy depends: {}",
        name(domain),
        excerpt(why, MAX_NAME)
    )
}

pub(crate) fn unusable(policy_domain: &str) -> String {
    format!(
        "the DMARC record of {} has neither a policy (p=) nor an address for reports (rua=), so it says nothing",
        name(policy_domain)
    )
}

pub(crate) fn pass(found: &Evaluation) -> String {
    let spf = found.spf.as_ref().filter(|one| one.vouches());
    let dkim = found.dkim.iter().find(|one| one.vouches());
    match (spf, dkim) {
        (Some(spf), Some(dkim)) if spf.domain == dkim.domain => {
            format!("SPF and a DKIM signature vouch for {}", relation(spf, found))
        }
        (Some(spf), Some(dkim)) => format!(
            "SPF vouches for {}, and a DKIM signature for {}",
            relation(spf, found),
            relation(dkim, found)
        ),
        (Some(spf), None) => format!("SPF vouches for {}", relation(spf, found)),
        (None, Some(dkim)) => format!("a DKIM signature vouches for {}", relation(dkim, found)),
        (None, None) => String::new(),
    }
}

/// `bank.example itself`, `mail.bank.example, which belongs to bank.example`
fn relation(one: &Alignment, found: &Evaluation) -> String {
    let other = name(&one.domain);
    if one.domain == found.domain {
        return format!("{other} itself");
    }
    let organization = one.organizational_domain.as_deref().unwrap_or(&found.domain);
    if organization == one.domain {
        return format!("{other}, to which {} belongs", name(&found.domain));
    }
    if organization == found.domain {
        return format!("{other}, which belongs to {}", name(organization));
    }
    format!(
        "{other}, which belongs to {} as {} does",
        name(organization),
        name(&found.domain)
    )
}

/// Something is open that would decide.
pub(crate) fn open(found: &Evaluation, walked: &Walked) -> String {
    let domain = name(&found.domain);
    let is_open = |one: &&Alignment| one.uncertain;
    let (who, one) = match (found.spf.iter().find(is_open), found.dkim.iter().find(is_open)) {
        (Some(spf), _) => ("SPF", spf),
        (None, Some(dkim)) => ("a DKIM signature", dkim),
        (None, None) => return walk_failed(walked),
    };
    let other = name(&one.domain);
    if one.aligned {
        return format!("the name servers could not tell whether {who} of {other} vouches for {domain}");
    }
    format!("the name servers could not tell whether {other}, for which {who} vouches, belongs to {domain}")
}

pub(crate) fn fail(found: &Evaluation) -> String {
    format!("{}, and {}", wish(found), nobody(found))
}

/// `bank.example asks receivers to refuse such mail (p=reject)`
fn wish(found: &Evaluation) -> String {
    let owner = name(found.policy_domain.as_deref().unwrap_or(&found.domain));
    let published = found.published.unwrap_or(Policy::None);
    let tag = found.tag.unwrap_or(PolicyTag::P);
    let below = match tag {
        _ if found.policy_domain.as_deref() == Some(found.domain.as_str()) => "",
        PolicyTag::P | PolicyTag::Sp => " from names below it",
        PolicyTag::Np => " from names below it that do not exist",
    };
    let verb = match published {
        Policy::None => "asks nothing of receivers for",
        Policy::Quarantine => "asks receivers to be suspicious of",
        Policy::Reject => "asks receivers to refuse",
    };
    let also = if tag == PolicyTag::P && !below.is_empty() {
        ", which holds for them too"
    } else {
        ""
    };
    let test = if found.testing && published != Policy::None {
        format!(
            ", but is only testing, so that it counts as {} (t=y)",
            found.policy
        )
    } else {
        String::new()
    };
    format!("{owner} {verb} such mail{below} ({tag}={published}{also}){test}")
}

/// `neither SPF nor DKIM vouches for bank.example`
fn nobody(found: &Evaluation) -> String {
    let domain = name(&found.domain);
    let spf = found.spf.as_ref().map(|one| name(&one.domain));
    let dkim = found.dkim.first().map(|one| name(&one.domain));
    let more = match found.dkim.len() {
        0 | 1 => "",
        _ => " and others",
    };
    let vouched = match (spf, dkim) {
        (None, None) => return format!("neither SPF nor DKIM vouches for {domain}"),
        (Some(spf), None) => format!("SPF vouches only for {spf}, DKIM for nobody"),
        (None, Some(dkim)) => format!("DKIM vouches only for {dkim}{more}, SPF for nobody"),
        (Some(spf), Some(dkim)) if spf == dkim && more.is_empty() => {
            format!("SPF and DKIM vouch only for {spf}")
        }
        (Some(spf), Some(dkim)) => format!("SPF vouches only for {spf}, DKIM only for {dkim}{more}"),
    };
    match missed_by_strictness(found) {
        Some(tag) => format!("{vouched}, while the record wants {domain} itself ({tag}=s)"),
        None => vouched,
    }
}

/// The tag without which a name of the same organization would have been enough.
fn missed_by_strictness(found: &Evaluation) -> Option<&'static str> {
    let organization = found.organizational_domain.as_deref().unwrap_or(&found.domain);
    let is_missed = |one: &&Alignment| one.strict && !one.aligned && is_within(&one.domain, organization);
    if found.spf.as_ref().filter(is_missed).is_some() {
        return Some("aspf");
    }
    found.dkim.iter().find(is_missed).map(|_| "adkim")
}

fn name(domain: &str) -> String {
    excerpt(domain, MAX_NAME)
}
