//! Putting it together (RFC 9989 section 5.3): the record, the alignments, the policy, the result. A question
//! that nobody could answer matters only when its answer could have changed the result; then the result is
//! `temperror` and no policy applies (section 5.3.6).

use futures_util::future::join3;

use posthorn_base::lookup::{Kind, Lookup, NoRecords};

use crate::alignment::Yardstick;
use crate::discovery::{Discovery, Source, Walked};
use crate::evaluation::{Alignment, Authenticated, DmarcResult, Evaluation, Policy, PolicyTag};
use crate::reason;
use crate::record::{Policies, Record};

/// Says whether anybody vouches for the domain in `From`, and what it asks receivers to do if not.
///
/// `spf` is the domain of the reverse path for which SPF said pass or temperror (RFC 9989 section 4.4.2: that
/// of HELO only if the reverse path is null), `dkim` the `d=` of every signature that passed or could not be
/// checked now. The walks for those, if any are needed, are asked at the same time.
pub async fn evaluate<L: Lookup>(
    lookup: &L,
    discovery: &Discovery,
    spf: Option<&Authenticated>,
    dkim: &[Authenticated],
) -> Evaluation {
    let mut found = Evaluation {
        domain: discovery.domain().to_owned(),
        result: DmarcResult::None,
        reason: String::new(),
        organizational_domain: discovery.organizational_domain(),
        walk: discovery.walk(),
        policy_domain: None,
        published: None,
        tag: None,
        testing: false,
        policy: Policy::None,
        spf: None,
        dkim: Vec::new(),
        report_to: Vec::new(),
    };
    let Some(walked) = discovery.walked() else {
        found.reason = reason::no_domain(discovery.given());
        return found;
    };
    let (is_own, record) = match walked.source() {
        Source::Own(_, record) => (true, record),
        Source::Above(domain, record) => {
            found.policy_domain = Some(domain.to_owned());
            (false, record)
        }
        Source::Nothing => {
            found.reason = reason::no_record(walked);
            return found;
        }
        Source::Unknown => {
            found.result = DmarcResult::TempError;
            found.reason = reason::walk_failed(walked);
            return found;
        }
    };
    let policy_domain = found.policy_domain.get_or_insert_with(|| walked.domain.clone());
    let Some(policies) = record.policies() else {
        found.result = DmarcResult::PermError;
        found.reason = reason::unusable(policy_domain);
        return found;
    };
    found.testing = record.t;
    found.report_to.clone_from(&record.rua);
    let yardstick = Yardstick::new(walked);
    let (spf, dkim, stated) = join3(
        compare_spf(lookup, &yardstick, spf, record),
        yardstick.compare_all(lookup, dkim, record.adkim),
        stated(lookup, walked, is_own, record, policies),
    )
    .await;
    (found.spf, found.dkim) = (spf, dkim);
    conclude(&mut found, stated, walked);
    found
}

async fn compare_spf<L: Lookup>(
    lookup: &L,
    yardstick: &Yardstick<'_>,
    spf: Option<&Authenticated>,
    record: &Record,
) -> Option<Alignment> {
    yardstick.compare(lookup, spf?, record.aspf).await
}

/// What the record states for the domain.
pub(crate) struct Stated {
    policy: Policy,
    tag: PolicyTag,
    /// Why it is not known whether the domain exists, when that makes a difference.
    pub(crate) unknown: Option<String>,
}

/// `p` for the domain itself, `sp` below it, `np` for a name that does not exist (NXDOMAIN, RFC 8020).
async fn stated<L: Lookup>(
    lookup: &L,
    walked: &Walked,
    is_own: bool,
    record: &Record,
    policies: Policies,
) -> Stated {
    let state = |policy, tag| Stated {
        policy,
        tag,
        unknown: None,
    };
    if is_own {
        return state(policies.p, PolicyTag::P);
    }
    let existing = state(policies.sp, record.subdomain_tag());
    if record.np.is_none() {
        return existing;
    }
    match lookup.ask(&walked.domain, Kind::A).await {
        Ok(_) | Err(NoRecords::NoneOfKind) => existing,
        Err(NoRecords::NoSuchName) => state(policies.np, PolicyTag::Np),
        Err(NoRecords::Temporary(_)) if policies.np == policies.sp => existing,
        Err(NoRecords::Temporary(why)) => Stated {
            unknown: Some(why),
            ..existing
        },
    }
}

/// Result, policy and reason from what was found.
fn conclude(found: &mut Evaluation, stated: Stated, walked: &Walked) {
    let vouches = found.spf.iter().chain(&found.dkim).any(Alignment::vouches);
    let is_open = found.spf.iter().chain(&found.dkim).any(|one| one.uncertain);
    if stated.unknown.is_none() {
        found.published = Some(stated.policy);
        found.tag = Some(stated.tag);
        found.policy = if found.testing {
            lowered(stated.policy)
        } else {
            stated.policy
        };
    }
    if vouches {
        found.result = DmarcResult::Pass;
        found.reason = reason::pass(found);
    } else if is_open {
        found.result = DmarcResult::TempError;
        found.policy = Policy::None;
        found.reason = reason::open(found, walked);
    } else if let Some(why) = stated.unknown {
        found.result = DmarcResult::TempError;
        found.reason = reason::existence_unknown(&found.domain, &why);
    } else {
        found.result = DmarcResult::Fail;
        found.reason = reason::fail(found);
    }
}

/// `t=y`: one level below (RFC 9989 section 4.7).
fn lowered(policy: Policy) -> Policy {
    match policy {
        Policy::Reject => Policy::Quarantine,
        Policy::Quarantine | Policy::None => Policy::None,
    }
}

#[cfg(test)]
mod tests;
