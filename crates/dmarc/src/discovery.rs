//! Finding the record that applies to the domain in `From` (RFC 9989 sections 5.3.1, 5.3.2 and 4.10.1). Needs
//! nothing but that domain, so it can run while SPF and DKIM are still at work. Judges nothing.

use posthorn_base::Domain;
use posthorn_base::lookup::Lookup;

use crate::evaluation::Asked;
use crate::record::Record;
use crate::walk::{Organization, Step, Walk};

/// What the tree walk from the domain in `From` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// `None`: there was no domain that could be asked; the text is what stood in its place.
    walked: Option<Walked>,
    given: String,
}

/// A walk and where it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walked {
    pub(crate) domain: String,
    pub(crate) walk: Walk,
}

/// Walks the tree from the domain in `From`: at most 8 questions, asked at the same time. The domain may have
/// U-labels and any letter case; give an empty text when `From` names none. Of several, discover and evaluate
/// each, and take the [`crate::Evaluation::strictest`].
pub async fn discover<L: Lookup>(lookup: &L, from_domain: &str) -> Discovery {
    let walked = match Domain::parse(from_domain) {
        Ok(domain) => Some(Walked {
            walk: Walk::from(lookup, domain.as_str(), &[]).await,
            domain: domain.as_str().to_owned(),
        }),
        Err(_) => None,
    };
    Discovery {
        walked,
        given: from_domain.to_owned(),
    }
}

impl Discovery {
    /// The domain in `From`, in lower case and A-labels; empty when it is no name.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.walked.as_ref().map_or("", |walked| &walked.domain)
    }

    /// Every question of the walk, in order.
    #[must_use]
    pub fn walk(&self) -> Vec<Asked> {
        self.walked
            .iter()
            .flat_map(|walked| walked.walk.steps())
            .map(Step::asked)
            .collect()
    }

    /// The domain whose record applies, and the record; `None` when there is none or nobody could tell.
    #[must_use]
    pub fn policy(&self) -> Option<(&str, &Record)> {
        match self.walked.as_ref()?.source() {
            Source::Own(domain, record) | Source::Above(domain, record) => Some((domain, record)),
            Source::Nothing | Source::Unknown => None,
        }
    }

    /// The organizational domain; `None` when no record was found or nobody could tell.
    #[must_use]
    pub fn organizational_domain(&self) -> Option<String> {
        self.walked.as_ref()?.organizational_domain()
    }

    pub(crate) fn walked(&self) -> Option<&Walked> {
        self.walked.as_ref()
    }

    /// What was given instead of a domain.
    pub(crate) fn given(&self) -> &str {
        &self.given
    }
}

/// Where the policy comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// The domain itself.
    Own(&'a str, &'a Record),
    /// Its organizational domain, or the public suffix above it.
    Above(&'a str, &'a Record),
    /// Nowhere.
    Nothing,
    /// The DNS could not tell.
    Unknown,
}

impl Walked {
    /// RFC 9989 section 4.10.1: the domain, its organizational domain, its public suffix.
    pub(crate) fn source(&self) -> Source<'_> {
        let own = self.walk.records().find(|(domain, _)| *domain == self.domain);
        if let Some((domain, record)) = own {
            return Source::Own(domain, record);
        }
        let Organization::Known(organization) = self.walk.organization() else {
            return Source::Unknown;
        };
        let of_organization = self.walk.records().find(|(domain, _)| *domain == organization);
        // Without one there, the walk ended at the record of the public suffix (`psd=y`).
        match of_organization.or_else(|| self.walk.records().last()) {
            Some((domain, record)) => Source::Above(domain, record),
            None => Source::Nothing,
        }
    }

    fn organizational_domain(&self) -> Option<String> {
        self.walk.records().next()?;
        match self.walk.organization() {
            Organization::Known(organization) => Some(organization),
            Organization::Unknown => None,
        }
    }
}
