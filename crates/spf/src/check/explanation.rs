//! The words that a domain has for whoever it refuses (`exp=`, RFC 7208 section 6.2). Whatever goes wrong
//! here, there is just no explanation. Costs nothing of the limits: it is asked when the result is known.

use posthorn_base::lookup::{Kind, Lookup};

use super::Check;
use crate::macros::{DomainSpec, Place, expand, need_client_name, pieces};
use crate::published::texts;
use crate::shown;

/// The longest text that is read.
const MAX_TEXT: usize = 4096;
/// What is kept of it when its macros are expanded.
const MAX_EXPLANATION: usize = 400;

impl<L: Lookup> Check<'_, L> {
    /// The explanation that stands at `spec`, a domain of the record of `domain`.
    pub(super) async fn explanation(&mut self, spec: &DomainSpec, domain: &str) -> Option<String> {
        if spec.needs_client_name() {
            self.find_client_names().await;
        }
        let name = expand::name(spec, &self.values(domain))?;
        let answer = self.lookup.ask(&name, Kind::Txt).await.ok()?;
        let mut found = answer.iter().filter_map(texts);
        let (Some(octets), None) = (found.next(), found.next()) else {
            return None;
        };
        if octets.len() > MAX_TEXT {
            return None;
        }
        let pieces = pieces(std::str::from_utf8(octets).ok()?, Place::Explanation).ok()?;
        if need_client_name(&pieces) {
            self.find_client_names().await;
        }
        let text = expand::text(&pieces, &self.values(domain), MAX_EXPLANATION);
        Some(shown::shown(&text, MAX_EXPLANATION))
    }
}
