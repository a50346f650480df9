//! How commands ask the DNS: the name servers of the domain itself, or the one that was named.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use posthorn_base::lookup::{Answer, Kind, Lookup};
use posthorn_dns::{Authoritative, Resolver};

use super::failure::Failure;
use super::settings;

/// How long one question may take when there are no settings.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Whoever is asked.
#[derive(Debug)]
pub(super) enum Asking {
    /// The name server that was named, or those of the settings and of the system.
    Resolver(Resolver),
    /// Those of each domain.
    Authoritative(Authoritative),
}

impl Lookup for Asking {
    async fn ask(&self, name: &str, kind: Kind) -> Answer {
        match self {
            Self::Resolver(resolver) => resolver.ask(name, kind).await,
            Self::Authoritative(authoritative) => authoritative.ask(name, kind).await,
        }
    }
}

/// Runs `work` with the name servers of each domain, or with the one named.
pub(super) fn with<T>(
    config: Option<&Path>,
    named: Option<SocketAddr>,
    work: impl AsyncFnOnce(&Asking) -> T,
) -> Result<T, Failure> {
    run(async {
        let asking = match named {
            Some(_) => Asking::Resolver(resolver(config, named)?),
            None => Asking::Authoritative(Authoritative::new(resolver(config, None)?, TIMEOUT)),
        };
        Ok(work(&asking).await)
    })
}

/// The same with an ordinary resolver, as the server has it.
pub(super) fn with_resolver<T>(
    config: Option<&Path>,
    named: Option<SocketAddr>,
    work: impl AsyncFnOnce(&Asking) -> T,
) -> Result<T, Failure> {
    run(async {
        let asking = Asking::Resolver(resolver(config, named)?);
        Ok(work(&asking).await)
    })
}

fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::Runtime)?.block_on(work)
}

/// Settings are not needed to look at somebody else's domain.
fn resolver(config: Option<&Path>, named: Option<SocketAddr>) -> Result<Resolver, Failure> {
    let (servers, timeout) = match (named, settings::load(config)) {
        (Some(named), _) => (vec![named], TIMEOUT),
        (None, Ok(settings)) => (settings.dns.resolvers, settings.dns.timeout),
        (None, Err(Failure::NoSettings)) => (Vec::new(), TIMEOUT),
        (None, Err(other)) => return Err(other),
    };
    Ok(Resolver::new(&servers, timeout)?)
}
