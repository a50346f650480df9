//! Adding up: claims, the circumstances that make them worse, the excuses that speak against.

use crate::claims::{Case, Claim, vouchers};
use crate::impression::{Impression, Level, Sign, SignKind};
use crate::look::{Acquaintance, Familiarity, Look, Standing};
use crate::names::{domain_of, is_within, related};
use crate::shown::shown;
use crate::weights;

/// What the facts add up to. Do not ask for messages of our own people, logged in, or of the server itself.
///
/// Time is bounded by [`crate::MAX_KNOWN_DOMAINS`] comparisons of names of at most 63 letters.
#[must_use]
pub fn impression(look: &Look<'_>, acquaintance: &Acquaintance) -> Impression {
    let case = Case::new(look, acquaintance);
    let mut claims = case.claims();
    let mut circumstances = Vec::new();
    match disowned(&case) {
        Some(sign) if is_dear(&case) => claims.push(Claim {
            sign,
            whom: case.sender(),
        }),
        sign => circumstances.extend(sign),
    }
    circumstances.extend(reply_elsewhere(&case));
    circumstances.extend(not_vouched(&case));
    circumstances.extend(other_envelope(&case));
    circumstances.extend(first_contact(&case));
    let excuses = excuses(&case, &claims, &circumstances);
    let score = score(&claims, &circumstances, &excuses);
    let level = level(score);
    let pretends = (level > Level::Silent).then(|| pretends(&claims)).flatten();
    let mut signs: Vec<Sign> = claims.into_iter().map(|claim| claim.sign).collect();
    signs.extend(circumstances);
    signs.extend(excuses);
    signs.sort_by_key(|sign| std::cmp::Reverse(sign.weight));
    Impression {
        level,
        score,
        signs,
        pretends,
    }
}

fn score(claims: &[Claim], circumstances: &[Sign], excuses: &[Sign]) -> i16 {
    let sum = |signs: &[Sign]| signs.iter().map(|sign| i16::from(sign.weight)).sum::<i16>();
    let claimed: i16 = claims.iter().map(|claim| i16::from(claim.sign.weight)).sum();
    let mut around = sum(circumstances);
    if claims.is_empty() {
        around = around.min(weights::MAX_CIRCUMSTANCES);
    }
    claimed.saturating_add(around).saturating_add(sum(excuses))
}

fn level(score: i16) -> Level {
    if score >= weights::DANGER {
        Level::Danger
    } else if score >= weights::CAUTION {
        Level::Caution
    } else {
        Level::Silent
    }
}

/// The one whom every claim names: an address rather than its domain; `None` when they name several.
fn pretends(claims: &[Claim]) -> Option<String> {
    let domain =
        |whom: &str| -> String { if whom.contains('@') { domain_of(whom) } else { whom }.to_owned() };
    let named: Vec<&str> = claims
        .iter()
        .map(|claim| claim.whom.as_str())
        .filter(|whom| !whom.is_empty())
        .collect();
    let first = named
        .iter()
        .find(|whom| whom.contains('@'))
        .or_else(|| named.first())?;
    named
        .iter()
        .all(|whom| related(&domain(whom), &domain(first)))
        .then(|| (*first).to_owned())
}

/// Does the reader know the sender, so that a failed check means somebody is being forged?
fn is_dear(case: &Case<'_>) -> bool {
    let known = case.known;
    case.is_ours || known.address > Familiarity::Unknown || known.domain == Familiarity::Known
}

fn sign(kind: SignKind, weight: i8, what: String) -> Sign {
    Sign { kind, weight, what }
}

fn disowned(case: &Case<'_>) -> Option<Sign> {
    let (weight, asks) = match case.look.standing {
        Standing::FailedStrictly => (weights::DISOWNED_STRICTLY, " and asks not to trust such mail"),
        Standing::FailedSoftly => (weights::DISOWNED_SOFTLY, ""),
        Standing::Passed | Standing::NoPolicy | Standing::Unknown => return None,
    };
    let what = format!("{} does not vouch for this message{asks}", shown(case.domain));
    Some(sign(SignKind::Disowned, weight, what))
}

fn reply_elsewhere(case: &Case<'_>) -> Option<Sign> {
    let reply_to = case.look.reply_to?;
    let domain = domain_of(reply_to);
    let is_known = case.look.ours.iter().any(|ours| is_within(domain, ours))
        || case
            .namesakes()
            .any(|known| known.address.eq_ignore_ascii_case(reply_to));
    if domain.is_empty() || related(domain, case.domain) || is_known {
        return None;
    }
    let what = format!("an answer would go to {}", shown(reply_to));
    Some(sign(SignKind::ReplyElsewhere, weights::REPLY_ELSEWHERE, what))
}

fn not_vouched(case: &Case<'_>) -> Option<Sign> {
    let is_open = case.look.standing == Standing::NoPolicy && !case.is_vouched;
    is_open.then(|| {
        let what = format!("nobody vouches for {}", case.sender());
        sign(SignKind::NotVouched, weights::NOT_VOUCHED, what)
    })
}

/// Counts only beside [`not_vouched`]: where DMARC passed it is the ordinary way of a newsletter, where it
/// failed it is the same fact again.
fn other_envelope(case: &Case<'_>) -> Option<Sign> {
    not_vouched(case)?;
    let envelope = case.look.reverse_path_domain?;
    let is_other = !envelope.is_empty() && !related(envelope, case.domain);
    is_other.then(|| {
        let what = format!("it was sent in the name of {}", shown(envelope));
        sign(SignKind::OtherEnvelope, weights::OTHER_ENVELOPE, what)
    })
}

fn first_contact(case: &Case<'_>) -> Option<Sign> {
    let is_first = case.known.address == Familiarity::Unknown && !(case.is_ours && case.is_vouched);
    is_first.then(|| {
        let what = format!("this is the first message from {}", case.sender());
        sign(SignKind::FirstContact, weights::FIRST_CONTACT, what)
    })
}

fn excuses(case: &Case<'_>, claims: &[Claim], circumstances: &[Sign]) -> Vec<Sign> {
    let mut excuses = Vec::new();
    if case.known.address == Familiarity::Known && case.is_vouched {
        let what = format!("you have exchanged mail with {} for a while", case.sender());
        excuses.push(sign(SignKind::Excuse, weights::KNOWN_SENDER, what));
    }
    excuses.extend(answers_go_to_the_named(case, claims));
    let signs = claims.iter().map(|claim| &claim.sign).chain(circumstances);
    excuses.extend(mailing_list(case, signs));
    excuses
}

fn answers_go_to_the_named(case: &Case<'_>, claims: &[Claim]) -> Option<Sign> {
    let reply_to = case.look.reply_to?;
    let is_named = |claim: &&Claim| match claim.sign.kind {
        SignKind::BorrowedName | SignKind::AddressInName => claim.whom.eq_ignore_ascii_case(reply_to),
        SignKind::LookAlikeDomain
        | SignKind::NearDomain
        | SignKind::DomainInDomain
        | SignKind::ForeignLetters
        | SignKind::ReplyElsewhere
        | SignKind::OtherEnvelope
        | SignKind::NotVouched
        | SignKind::Disowned
        | SignKind::ClaimsToBeUs
        | SignKind::FirstContact
        | SignKind::Excuse => false,
    };
    let weight = claims.iter().filter(is_named).fold(0_i8, |sum, _claim| {
        sum.saturating_add(weights::ANSWERS_GO_TO_THE_NAMED)
    });
    (weight < 0).then(|| {
        let what = format!("an answer would go to {}, whose name it bears", shown(reply_to));
        sign(SignKind::Excuse, weight, what)
    })
}

/// A mailing list that shows itself to be one: it signs, or SPF passes, for the domain of its List-Id. It
/// excuses what lists do (break signatures, send in their own name, collect the answers), and nothing else;
/// a List-Id that nobody vouches for is only a line of text.
fn mailing_list<'s>(case: &Case<'_>, signs: impl Iterator<Item = &'s Sign>) -> Option<Sign> {
    let list_id = case.look.list_id?.trim().trim_matches(['<', '>']);
    if !vouchers(case.look).any(|voucher| is_within(list_id, voucher) || related(list_id, voucher)) {
        return None;
    }
    let collects_answers = case
        .look
        .reply_to
        .is_some_and(|reply_to| related(domain_of(reply_to), list_id));
    let does = |sign: &&Sign| match sign.kind {
        SignKind::Disowned | SignKind::NotVouched | SignKind::OtherEnvelope => true,
        SignKind::ReplyElsewhere => collects_answers,
        SignKind::LookAlikeDomain
        | SignKind::NearDomain
        | SignKind::DomainInDomain
        | SignKind::ForeignLetters
        | SignKind::BorrowedName
        | SignKind::AddressInName
        | SignKind::ClaimsToBeUs
        | SignKind::FirstContact
        | SignKind::Excuse => false,
    };
    let weight = signs
        .filter(does)
        .fold(0_i8, |sum, sign| sum.saturating_sub(sign.weight));
    (weight < 0).then(|| {
        let what = format!("it came through the mailing list {}", shown(list_id));
        sign(SignKind::Excuse, weight, what)
    })
}

#[cfg(test)]
mod tests;
