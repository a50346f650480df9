//! The checks, each with what was asked, what was found and what follows.

mod dkim;
mod dmarc;
mod forwarding;
mod impersonation;
mod server_name;
mod spf;

use crate::explanation::Check;
use crate::facts::Facts;

/// The checks that were made, in the order in which they build on one another.
pub(crate) fn checks(facts: &Facts<'_>) -> Vec<Check> {
    if !facts.is_from_outside() {
        return Vec::new();
    }
    let mut checks = vec![spf::check(facts), dkim::check(facts)];
    checks.extend(dmarc::check(facts));
    checks.extend(forwarding::check(facts));
    checks.extend(server_name::check(facts));
    checks.extend(impersonation::check(facts));
    checks
}
