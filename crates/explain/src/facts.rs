//! The evidence seen from the question "does anybody stand behind the domain in From, and who?", with the
//! names that every sentence needs.

use posthorn_base::Domain;
use posthorn_dkim::{DkimResult, Signature};
use posthorn_dmarc::{DmarcResult, Policy};
use posthorn_impersonation::{Level, Sign, SignKind};
use posthorn_spf::SpfResult;
use posthorn_trust::{Evidence, IprevResult, Origin, Reason};

use crate::explanation::Context;
use crate::words::{name, quoted};

/// The evidence of one message, and the names in it.
pub(crate) struct Facts<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) context: &'a Context,
    /// The domain in From as the evidence has it, of several the one that weighed most; empty when none can
    /// be read.
    pub(crate) from_domain: &'a str,
    /// The same, fit for a sentence.
    pub(crate) domain: String,
    /// The address in From, fit for a sentence.
    pub(crate) address: String,
}

/// Who stands behind the domain in From.
pub(crate) enum Stand<'a> {
    /// A signature that holds.
    Signed(&'a Signature),
    /// The sending server is one of those the domain lists.
    Listed,
    /// DMARC passed, and the evidence has no room for how.
    Passed,
    /// The DNS could not tell.
    Open,
    /// Nobody, and the domain has said how its mail is to be known.
    Disowned,
    /// Nobody, and the domain says nothing about it.
    Unclaimed,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(evidence: &'a Evidence, context: &'a Context) -> Self {
        let judged = evidence.dmarc.as_ref().map(|dmarc| dmarc.domain.as_str());
        let written = evidence.author.address.rsplit_once('@').map(|(_, domain)| domain);
        let from_domain = judged
            .filter(|domain| !domain.is_empty())
            .or(written)
            .unwrap_or_default();
        Self {
            evidence,
            context,
            from_domain,
            domain: name(from_domain),
            address: name(&evidence.author.address),
        }
    }

    /// The domain that DMARC judged; `None` when it judged none.
    pub(crate) fn judged(&self) -> Option<&'a str> {
        let judged = self.evidence.dmarc.as_ref().map(|dmarc| dmarc.domain.as_str());
        judged.filter(|domain| !domain.is_empty())
    }

    /// Does From name more than one domain?
    pub(crate) fn has_several_domains(&self) -> bool {
        let domain = |address: &str| {
            let (_, domain) = address.rsplit_once('@')?;
            Some(domain.to_ascii_lowercase())
        };
        let author = &self.evidence.author;
        let first = domain(&author.address);
        author.others.iter().any(|other| domain(other) != first) || self.has_too_many_domains()
    }

    /// More than DMARC asks about, which it counts as a failure of nobody in particular?
    pub(crate) fn has_too_many_domains(&self) -> bool {
        self.dmarc_result() == Some(DmarcResult::Fail) && self.judged().is_none()
    }

    /// What [`Self::domain`] is.
    pub(crate) fn place_in_from(&self) -> &'static str {
        if self.has_several_domains() {
            "one of the domains in From"
        } else {
            "the domain in From"
        }
    }

    /// Did it come from another server, so that something could be checked?
    pub(crate) fn is_from_outside(&self) -> bool {
        match self.evidence.origin {
            Origin::Outside | Origin::File => true,
            Origin::Ours(_) | Origin::Generated | Origin::Placed => false,
        }
    }

    /// Who it says it is from: `"Anna Miller" <anna@bank.example>`.
    pub(crate) fn claimed(&self) -> String {
        let shown = &self.evidence.author.name;
        if shown.trim().is_empty() || shown.eq_ignore_ascii_case(&self.evidence.author.address) {
            return self.address.clone();
        }
        format!("{} <{}>", quoted(shown), self.address)
    }

    /// The server that handed the message over: `mail.bank.example (192.0.2.7)`, or its address alone when
    /// the name is not confirmed.
    pub(crate) fn host(&self) -> Option<String> {
        let connection = self.evidence.connection.as_ref()?;
        let confirmed = connection
            .iprev
            .as_ref()
            .filter(|iprev| iprev.result == IprevResult::Pass);
        Some(match confirmed.and_then(|iprev| iprev.name.as_deref()) {
            Some(host) => format!("{} ({})", name(host), connection.ip),
            None => connection.ip.to_string(),
        })
    }

    /// [`Self::host`], or words for not knowing it.
    pub(crate) fn host_or_unknown(&self) -> String {
        self.host().unwrap_or_else(|| "an unknown address".to_owned())
    }

    pub(crate) fn dmarc_result(&self) -> Option<DmarcResult> {
        self.evidence.dmarc.as_ref().map(|dmarc| dmarc.result)
    }

    /// Does the domain ask not to trust what nobody vouches for, and mean it?
    pub(crate) fn asks_for_strictness(&self) -> bool {
        let policy = self
            .evidence
            .dmarc
            .as_ref()
            .map_or(Policy::None, |dmarc| dmarc.policy);
        policy > Policy::None
    }

    pub(crate) fn stand(&self) -> Stand<'a> {
        let found = self.vouching_signature().map(Stand::Signed);
        let found = found.or_else(|| self.is_listed().then_some(Stand::Listed));
        match self.dmarc_result() {
            Some(DmarcResult::Pass) => found.unwrap_or(Stand::Passed),
            Some(DmarcResult::Fail) => Stand::Disowned,
            Some(DmarcResult::TempError) => found.unwrap_or(Stand::Open),
            Some(DmarcResult::None | DmarcResult::PermError) | None => found.unwrap_or(if self.is_open() {
                Stand::Open
            } else {
                Stand::Unclaimed
            }),
        }
    }

    /// Without a DMARC record: would SPF or a signature vouch, had the DNS answered?
    fn is_open(&self) -> bool {
        let spf = self.evidence.spf.as_ref();
        spf.is_some_and(|spf| spf.result == SpfResult::TempError && self.belongs(&spf.domain))
            || self.own_signature(DkimResult::TempError).is_some()
    }

    /// A signature that holds, of a domain that may speak for the one in From.
    fn vouching_signature(&self) -> Option<&'a Signature> {
        self.own_signature(DkimResult::Pass)
    }

    /// A signature with this result of a domain that may speak for the one in From; first of that domain
    /// itself.
    pub(crate) fn own_signature(&self, result: DkimResult) -> Option<&'a Signature> {
        let signatures = &self.evidence.dkim.signatures;
        let of_result = |signature: &&Signature| signature.result == result;
        let mut own = signatures.iter().filter(of_result);
        own.find(|signature| signature.domain == self.from_domain)
            .or_else(|| {
                let mut own = signatures.iter().filter(of_result);
                own.find(|signature| self.belongs(&signature.domain))
            })
    }

    fn is_listed(&self) -> bool {
        let spf = self.evidence.spf.as_ref();
        spf.is_some_and(|spf| spf.result == SpfResult::Pass && self.belongs(&spf.domain))
    }

    /// May `other` speak for the domain in From? As DMARC found it; where it did not look, only that domain
    /// itself and those above it, as without a record nobody says which names below it are strangers'.
    pub(crate) fn belongs(&self, other: &str) -> bool {
        let alignments = self
            .evidence
            .dmarc
            .iter()
            .flat_map(|dmarc| dmarc.spf.iter().chain(&dmarc.dkim));
        let mut of_other = alignments
            .filter(|alignment| alignment.domain == other)
            .peekable();
        if of_other.peek().is_some() {
            return of_other.any(|alignment| alignment.aligned);
        }
        match (Domain::parse(self.from_domain), Domain::parse(other)) {
            (Ok(from), Ok(other)) => {
                from == other || (other.as_str().contains('.') && from.is_within(&other))
            }
            _ => false,
        }
    }

    /// Is `other` the domain in From, or one below the other?
    pub(crate) fn is_kin(&self, other: &str) -> bool {
        let (Ok(from), Ok(other)) = (Domain::parse(self.from_domain), Domain::parse(other)) else {
            return false;
        };
        let is_below =
            |name: &Domain, parent: &Domain| parent.as_str().contains('.') && name.is_within(parent);
        from == other || is_below(&from, &other) || is_below(&other, &from)
    }

    /// How loudly the reader was warned.
    pub(crate) fn warning(&self) -> Level {
        self.evidence
            .impression
            .as_ref()
            .map(|impression| impression.level)
            .unwrap_or_default()
    }

    /// The facts about the sender, heaviest first.
    pub(crate) fn signs(&self) -> &'a [Sign] {
        self.evidence
            .impression
            .as_ref()
            .map_or(&[], |impression| impression.signs.as_slice())
    }

    pub(crate) fn has_sign(&self, kind: SignKind) -> bool {
        self.signs().iter().any(|sign| sign.kind == kind)
    }

    pub(crate) fn has_reason(&self, reason: Reason) -> bool {
        self.evidence
            .verdict
            .as_ref()
            .is_some_and(|verdict| verdict.reasons.contains(&reason))
    }

    /// The mailing list it came through: one that shows itself to be one, by a signature or SPF.
    pub(crate) fn list(&self) -> Option<String> {
        self.evidence.list_domain()?;
        self.evidence.author.list.as_deref().map(name)
    }

    /// The domain of a forwarder that rewrote the reverse path (SRS).
    pub(crate) fn forwarder(&self) -> Option<String> {
        let (local, domain) = self.evidence.reverse_path.rsplit_once('@')?;
        let tag = local.get(..5)?.to_ascii_uppercase();
        let is_srs = matches!(
            tag.as_str(),
            "SRS0=" | "SRS0+" | "SRS0-" | "SRS1=" | "SRS1+" | "SRS1-"
        );
        is_srs.then(|| name(domain))
    }
}
