//! The MTA-STS policy of a domain of ours (RFC 8461 section 3.2), for other mail servers: which host takes the
//! domain's mail, over TLS with a certificate that holds. In testing mode: whoever cannot keep to it delivers all
//! the same, and reports. Served to others through a proxy that speaks TLS as `mta-sts.DOMAIN`.

use std::time::Duration;

use hyper::StatusCode;
use posthorn_accounts::is_local_domain;
use posthorn_base::Domain;

use crate::facts::Facts;
use crate::reply::{Content, Reply};
use crate::routes::{Site, not_found};
use crate::visit::Visit;

const PATIENCE: Duration = Duration::from_secs(5);
/// How long others keep it, in seconds: a week.
const MAX_AGE: u32 = 604_800;

/// The policy of the domain whose host `mta-sts` was asked.
pub(crate) async fn reply(site: &Site, visit: &Visit) -> Reply {
    let Some(domain) = domain(visit) else {
        return not_found();
    };
    let read = site.store.read(move |tx| is_local_domain(tx, &domain));
    match tokio::time::timeout(PATIENCE, read.into_future()).await {
        Ok(Ok(true)) => Reply::ok(Content::Text, policy(&site.facts)),
        Ok(Ok(false)) => not_found(),
        Ok(Err(_)) | Err(_) => Reply::problem(StatusCode::SERVICE_UNAVAILABLE, "Try again later.\n"),
    }
}

fn domain(visit: &Visit) -> Option<Domain> {
    Domain::parse(visit.host.as_deref()?.strip_prefix("mta-sts.")?).ok()
}

fn policy(facts: &Facts) -> String {
    format!(
        "version: STSv1\r\nmode: testing\r\nmx: {}\r\nmax_age: {MAX_AGE}\r\n",
        facts.hostname
    )
}
