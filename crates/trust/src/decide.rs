//! What follows from the evidence: where a message is put, and why. RFC 9989 asks receivers not to refuse
//! on a published `p=reject` alone, because mailing lists and forwarding break both SPF and DKIM; so Junk is
//! what a failure leads to unless the setting says otherwise. SPF alone never decides anything, ARC is never
//! a reason to accept, and what the DNS could not tell is never held against anybody.

use posthorn_dkim::DkimResult;
use posthorn_dmarc::{DmarcResult, Policy};
use posthorn_impersonation::{Impression, Level};
use posthorn_spf::SpfResult;

use crate::evidence::{Evidence, IprevResult, Origin, Place, Reason, Verdict};

/// What to do with a message whose domain asks to refuse it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnReject {
    /// Put it into Junk.
    Junk,
    /// Refuse it with 550 5.7.1, whatever else speaks for it, unless it came over a mailing list that the
    /// reader knows. Loses mail of mailing lists and forwarders; for those who know that they get none.
    Refuse,
    /// Refuse it when other evidence agrees, else put it into Junk. Others agree when all of this holds:
    ///
    /// - SPF of the reverse path fails hard, and its domain is the one in `From`, or one above or below it;
    /// - the HELO name does not pass SPF either, and the client's address has no name that is confirmed:
    ///   whoever forwards runs a mail server, and those have one;
    /// - nothing hints at a list or a forwarder: no Received field (RFC 5321 section 4.4 makes everyone who
    ///   hands a message on add one), no List-Id, no ARC field, and no signature of the domain in `From`,
    ///   not even one that fails, because changes on the way break signatures;
    /// - nothing of this is unknown because the DNS did not answer.
    #[default]
    RefuseIfOthersAgree,
}

/// What to do with a message whose domain asks for quarantine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnQuarantine {
    /// Put it into Junk.
    #[default]
    Junk,
    /// Deliver it; the explanation still says what was found.
    Inbox,
}

/// What to do with a message that pretends to be from somebody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnImpersonation {
    /// Put it into Junk.
    #[default]
    Junk,
    /// Deliver it; the warning stays.
    Inbox,
}

/// What the settings of a domain say, and one thing its reader knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rules {
    /// DMARC failed, `p=reject`.
    pub on_reject: OnReject,
    /// DMARC failed, `p=quarantine`.
    pub on_quarantine: OnQuarantine,
    /// [`Level::Danger`].
    pub on_impersonation: OnImpersonation,
    /// Does the reader know the mailing list that [`Evidence::list_domain`] names, that is: has written to
    /// it? Then its mail is not held against it. `false` when nobody knows.
    pub knows_list: bool,
}

/// Decides where a message is put. `impression` is what the reader's acquaintance with the sender adds up
/// to; whoever makes it must not count a DMARC result of `temperror` against the sender.
#[must_use]
pub fn decide(evidence: &Evidence, rules: &Rules, impression: Option<&Impression>) -> Verdict {
    match evidence.origin {
        Origin::Ours(_) => return verdict(Place::Inbox, Reason::Ours),
        Origin::Generated | Origin::Placed => return verdict(Place::Inbox, Reason::NotChecked),
        Origin::Outside | Origin::File => {}
    }
    let mut verdict = by_dmarc(evidence, rules);
    if impression.is_some_and(|impression| impression.level == Level::Danger) {
        with_impersonation(&mut verdict, rules.on_impersonation);
    }
    verdict
}

fn verdict(place: Place, reason: Reason) -> Verdict {
    Verdict {
        place,
        reasons: vec![reason],
    }
}

fn by_dmarc(evidence: &Evidence, rules: &Rules) -> Verdict {
    let Some(dmarc) = &evidence.dmarc else {
        return verdict(Place::Inbox, Reason::NotChecked);
    };
    match dmarc.result {
        DmarcResult::Fail => {}
        DmarcResult::Pass | DmarcResult::None | DmarcResult::TempError | DmarcResult::PermError => {
            return verdict(Place::Inbox, Reason::NothingAgainst);
        }
    }
    let is_excused = rules.knows_list && evidence.list_domain().is_some();
    let (place, reason) = match dmarc.policy {
        Policy::None => return verdict(Place::Inbox, Reason::DmarcNone),
        Policy::Quarantine => match rules.on_quarantine {
            OnQuarantine::Junk => (Place::Junk, Reason::DmarcQuarantine),
            OnQuarantine::Inbox => (Place::Inbox, Reason::DmarcQuarantine),
        },
        Policy::Reject => match rules.on_reject {
            OnReject::Junk => (Place::Junk, Reason::DmarcReject),
            OnReject::Refuse => (Place::Refused, Reason::DmarcRefused),
            OnReject::RefuseIfOthersAgree if others_agree(evidence) => (Place::Refused, Reason::DmarcRefused),
            OnReject::RefuseIfOthersAgree => (Place::Junk, Reason::DmarcReject),
        },
    };
    if is_excused && place != Place::Inbox {
        let wish = match dmarc.policy {
            Policy::Reject => Reason::DmarcReject,
            Policy::Quarantine | Policy::None => Reason::DmarcQuarantine,
        };
        return Verdict {
            place: Place::Inbox,
            reasons: vec![Reason::ListExcuse, wish],
        };
    }
    verdict(place, reason)
}

/// Adds the impersonation to a verdict; it decides when it makes things worse.
fn with_impersonation(verdict: &mut Verdict, rule: OnImpersonation) {
    let wanted = match rule {
        OnImpersonation::Junk => Place::Junk,
        OnImpersonation::Inbox => Place::Inbox,
    };
    if verdict.place < wanted {
        verdict.place = wanted;
        verdict.reasons.insert(0, Reason::Impersonation);
    } else {
        verdict.reasons.push(Reason::Impersonation);
    }
    // "Nothing speaks against it" would be no reason beside this one.
    verdict.reasons.retain(|reason| *reason != Reason::NothingAgainst);
}

/// See [`OnReject::RefuseIfOthersAgree`].
fn others_agree(evidence: &Evidence) -> bool {
    let Some(from) = evidence.dmarc.as_ref().map(|dmarc| dmarc.domain.as_str()) else {
        return false;
    };
    let spf_fails = evidence
        .spf
        .as_ref()
        .is_some_and(|spf| spf.result == SpfResult::Fail && is_related(&spf.domain, from))
        && !evidence.reverse_path.is_empty();
    let helo_fails = evidence.spf_helo.as_ref().is_some_and(|spf| match spf.result {
        SpfResult::None
        | SpfResult::Neutral
        | SpfResult::Fail
        | SpfResult::SoftFail
        | SpfResult::PermError => true,
        SpfResult::Pass | SpfResult::TempError => false,
    });
    let iprev = evidence
        .connection
        .as_ref()
        .and_then(|connection| connection.iprev.as_ref());
    let is_nobody = iprev.is_some_and(|iprev| match iprev.result {
        IprevResult::Fail | IprevResult::PermError => true,
        IprevResult::Pass | IprevResult::TempError => false,
    });
    spf_fails && helo_fails && is_nobody && !may_be_handed_on(evidence, from)
}

/// Could the message have come over a mailing list or a forwarder?
fn may_be_handed_on(evidence: &Evidence, from: &str) -> bool {
    let dkim = &evidence.dkim;
    !evidence.path.is_empty()
        || evidence.author.list.is_some()
        || dkim.arc.is_some()
        || dkim.ignored > 0
        || dkim.signatures.iter().any(|signature| is_related(&signature.domain, from))
        // What was left out might have spoken for it.
        || !evidence.left_out.is_empty()
}

/// Is one the other, or a name below it? Both in lower case. Knows no public suffixes: `example` and
/// `bank.example` count as related, which errs towards not refusing where it is asked about signatures, and
/// is harmless where it is asked about a hard failure of SPF, because `example` alone sends no mail.
fn is_related(one: &str, other: &str) -> bool {
    let is_below = |name: &str, parent: &str| {
        name.strip_suffix(parent)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    !one.is_empty() && !other.is_empty() && (is_below(one, other) || is_below(other, one))
}

impl Evidence {
    /// The domain that vouches for the mailing list the message names in List-Id: a signature that holds, or
    /// SPF that passes, of the list's domain or one above it. `None` without a list, or when nobody vouches
    /// for it: everybody can write a List-Id.
    ///
    /// Whether the reader knows that list is for the caller to find out ([`Rules::knows_list`]).
    #[must_use]
    pub fn list_domain(&self) -> Option<&str> {
        let list = self.author.list.as_deref()?.to_lowercase();
        let signed = self
            .dkim
            .signatures
            .iter()
            .filter_map(|signature| match signature.result {
                DkimResult::Pass => Some(signature.domain.as_str()),
                DkimResult::Fail
                | DkimResult::Policy
                | DkimResult::Neutral
                | DkimResult::TempError
                | DkimResult::PermError => None,
            });
        let by_spf = self
            .spf
            .as_ref()
            .filter(|spf| spf.result == SpfResult::Pass)
            .map(|spf| spf.domain.as_str());
        signed.chain(by_spf).find(|domain| {
            // A List-Id is `name.lists.example.org`; a single label vouches for nobody.
            domain.contains('.')
                && list
                    .strip_suffix(domain)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

#[cfg(test)]
mod tests;
