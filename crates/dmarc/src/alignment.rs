//! Identifier alignment (RFC 9989 sections 4.4 and 4.10.2): do the domains that SPF and DKIM vouch for belong
//! to the organization of the domain in `From`? Walks the tree only where the answer can matter.

use futures_util::future::join_all;

use posthorn_base::Domain;
use posthorn_base::lookup::Lookup;

use crate::discovery::Walked;
use crate::evaluation::{Alignment, Authenticated};
use crate::printable::excerpt;
use crate::record::Mode;
use crate::walk::{Organization, Walk};

/// As many signing domains are compared.
pub const MAX_DKIM_ALIGNMENTS: usize = 8;

/// A domain is at most so long.
const MAX_DOMAIN_CHARS: usize = 253;

/// What the domain in `From` demands of others.
pub(crate) struct Yardstick<'a> {
    walked: &'a Walked,
    organization: Organization,
}

/// What became of one domain.
enum Belonging {
    /// To the organization; its organizational domain when it was looked for.
    Inside(Option<String>),
    Outside(Option<String>),
    Unknown,
}

impl<'a> Yardstick<'a> {
    pub(crate) fn new(walked: &'a Walked) -> Self {
        Self {
            walked,
            organization: walked.walk.organization(),
        }
    }

    /// Compares one domain; `None` for one that would not count even if the DNS had answered.
    pub(crate) async fn compare<L: Lookup>(
        &self,
        lookup: &L,
        candidate: &Authenticated,
        mode: Mode,
    ) -> Option<Alignment> {
        let domain = Domain::parse(&candidate.domain).ok();
        let belonging = match &domain {
            Some(domain) => self.belonging(lookup, domain.as_str(), mode).await,
            None => Belonging::Outside(None),
        };
        let (aligned, unclear, organizational_domain) = match belonging {
            Belonging::Inside(organization) => (true, false, organization),
            Belonging::Outside(organization) => (false, false, organization),
            Belonging::Unknown => (false, true, None),
        };
        let counts = aligned || unclear || candidate.certain;
        counts.then(|| Alignment {
            domain: match domain {
                Some(domain) => domain.as_str().to_owned(),
                None => excerpt(&candidate.domain, MAX_DOMAIN_CHARS),
            },
            strict: mode == Mode::Strict,
            aligned,
            uncertain: unclear || !candidate.certain,
            organizational_domain,
        })
    }

    /// Compares the domains of signatures: each domain once, the likeliest first, at most eight.
    pub(crate) async fn compare_all<L: Lookup>(
        &self,
        lookup: &L,
        candidates: &[Authenticated],
        mode: Mode,
    ) -> Vec<Alignment> {
        let chosen = self.choose(candidates);
        let compared = join_all(chosen.iter().map(|one| self.compare(lookup, one, mode))).await;
        compared.into_iter().flatten().collect()
    }

    /// A stranger's signatures must not push out the one that counts: those that can be aligned come first.
    fn choose(&self, candidates: &[Authenticated]) -> Vec<Authenticated> {
        let mut chosen: Vec<Authenticated> = Vec::new();
        let (near, far): (Vec<_>, Vec<_>) = candidates.iter().partition(|one| self.is_near(&one.domain));
        for candidate in near.into_iter().chain(far) {
            let same = |one: &Authenticated| one.domain.eq_ignore_ascii_case(&candidate.domain);
            if let Some(known) = chosen.iter_mut().find(|one| same(one)) {
                known.certain |= candidate.certain;
            } else if chosen.len() < MAX_DKIM_ALIGNMENTS {
                chosen.push(candidate.clone());
            }
        }
        chosen
    }

    fn is_near(&self, domain: &str) -> bool {
        let Ok(domain) = Domain::parse(domain) else {
            return false;
        };
        match &self.organization {
            Organization::Known(organization) => is_within(domain.as_str(), organization),
            Organization::Unknown => shares_more_than_a_label(domain.as_str(), &self.walked.domain),
        }
    }

    async fn belonging<L: Lookup>(&self, lookup: &L, domain: &str, mode: Mode) -> Belonging {
        if domain == self.walked.domain {
            return Belonging::Inside(None);
        }
        if mode == Mode::Strict {
            return Belonging::Outside(None);
        }
        let Organization::Known(organization) = &self.organization else {
            return if shares_more_than_a_label(domain, &self.walked.domain) {
                Belonging::Unknown
            } else {
                Belonging::Outside(None)
            };
        };
        if !is_within(domain, organization) {
            return Belonging::Outside(None);
        }
        let walk = Walk::from(lookup, domain, self.walked.walk.all()).await;
        match walk.organization() {
            Organization::Known(other) if other == *organization => Belonging::Inside(Some(other)),
            Organization::Known(other) => Belonging::Outside(Some(other)),
            Organization::Unknown => Belonging::Unknown,
        }
    }
}

/// Is it `parent` or a name below it?
pub(crate) fn is_within(domain: &str, parent: &str) -> bool {
    domain
        .strip_suffix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Can two domains be of one organization at all? A top-level domain is nobody's, so that when the DNS fails
/// `com` alone in common leaves nothing open.
pub(crate) fn shares_more_than_a_label(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.rsplit('.'), other.rsplit('.'));
    one.next() == other.next() && matches!((one.next(), other.next()), (Some(a), Some(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::{is_within, shares_more_than_a_label};

    #[test]
    fn within_respects_label_borders() {
        assert!(is_within("a.example.org", "example.org"));
        assert!(is_within("example.org", "example.org"));
        assert!(!is_within("badexample.org", "example.org"));
    }

    #[test]
    fn a_top_level_domain_in_common_is_not_enough() {
        assert!(shares_more_than_a_label("a.example.org", "b.example.org"));
        assert!(!shares_more_than_a_label("a.example.org", "example2.org"));
        assert!(!shares_more_than_a_label("org", "org"));
    }
}
