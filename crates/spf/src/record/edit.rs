//! Adding to a record that is there already. Nothing that stands there is removed or moved, so whoever
//! was allowed stays allowed.

use std::net::IpAddr;

use super::{DomainSpec, Hosts, Meaning, Mechanism, Qualifier, Record, Term, is_in_network};

/// What became of a mechanism that was to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addition {
    /// It was not there, and now is.
    Added,
    /// The record has it, or something that covers it: the term.
    Present(String),
    /// The record says something else of the same clients: the term. It was left as it is, as only the
    /// domain's owner knows which of the two is meant.
    Contradicted(String),
}

impl Record {
    /// Lets the mechanism's clients send, unless the record does so already. The new term comes before
    /// `all`, or before `redirect` when there is no `all`, or at the end. `own_domain` is the domain whose
    /// record this is: there `mx` and `mx:own_domain` are the same.
    pub fn add(&mut self, mechanism: Mechanism, own_domain: &str) -> Addition {
        let there = self
            .directives()
            .find(|(_, there)| covers(&there.mechanism, &mechanism, own_domain));
        if let Some((term, directive)) = there {
            let term = term.as_str().to_owned();
            return match directive.qualifier {
                Qualifier::Pass => Addition::Present(term),
                Qualifier::Fail | Qualifier::SoftFail | Qualifier::Neutral => Addition::Contradicted(term),
            };
        }
        let at = self.place_for_more();
        self.terms.insert(at, Term::allowing(mechanism));
        Addition::Added
    }

    fn place_for_more(&self) -> usize {
        let is_all = |term: &Term| matches!(term.directive(), Some(it) if it.mechanism == Mechanism::All);
        let is_redirect = |term: &Term| matches!(term.meaning, Meaning::Redirect(_));
        let all = self.terms.iter().position(is_all);
        all.or_else(|| self.terms.iter().position(is_redirect))
            .unwrap_or(self.terms.len())
    }
}

/// Does `there` match whoever `wanted` matches, as far as can be seen without asking the DNS? `-all` at the
/// end says nothing of anybody in particular and covers nothing.
fn covers(there: &Mechanism, wanted: &Mechanism, own: &str) -> bool {
    let same = |a: Option<&DomainSpec>, b: Option<&DomainSpec>| name_of(a, own) == name_of(b, own);
    let hosts = |a: &Hosts, b: &Hosts| {
        same(a.domain.as_ref(), b.domain.as_ref()) && a.prefix4 <= b.prefix4 && a.prefix6 <= b.prefix6
    };
    match (there, wanted) {
        (Mechanism::Include(a), Mechanism::Include(b)) | (Mechanism::Exists(a), Mechanism::Exists(b)) => {
            same(Some(a), Some(b))
        }
        (Mechanism::A(a), Mechanism::A(b)) | (Mechanism::Mx(a), Mechanism::Mx(b)) => hosts(a, b),
        (Mechanism::Ptr(a), Mechanism::Ptr(b)) => same(a.as_ref(), b.as_ref()),
        (
            Mechanism::Ip4 { network, prefix },
            Mechanism::Ip4 {
                network: ip,
                prefix: wanted,
            },
        ) => prefix <= wanted && is_in_network(IpAddr::V4(*ip), IpAddr::V4(*network), *prefix),
        (
            Mechanism::Ip6 { network, prefix },
            Mechanism::Ip6 {
                network: ip,
                prefix: wanted,
            },
        ) => prefix <= wanted && is_in_network(IpAddr::V6(*ip), IpAddr::V6(*network), *prefix),
        (
            Mechanism::All
            | Mechanism::Include(_)
            | Mechanism::A(_)
            | Mechanism::Mx(_)
            | Mechanism::Ptr(_)
            | Mechanism::Ip4 { .. }
            | Mechanism::Ip6 { .. }
            | Mechanism::Exists(_),
            _,
        ) => false,
    }
}

/// The name in comparable form.
fn name_of(domain: Option<&DomainSpec>, own: &str) -> String {
    let name = domain.map_or(own, DomainSpec::as_str).to_ascii_lowercase();
    name.strip_suffix('.').unwrap_or(&name).to_owned()
}
