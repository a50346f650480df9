//! The servers to try for a domain, in order: those of its MX records, an address literal, or the smarthost.

use std::net::IpAddr;

use posthorn_base::lookup::NoRecords;
use posthorn_base::{Address, Domain};
use posthorn_dns::{MailHosts, MailHostsError};
use posthorn_queue::{Diagnosis, Outcome};
use posthorn_runtime::random;
use posthorn_smtp::client::ClientTls;

use crate::config::{Smarthost, SmarthostTls};
use crate::connection::Endpoint;
use crate::outbound::Shared;

/// One address to try.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    pub(crate) tls: ClientTls,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Targets {
    /// Never empty.
    pub(crate) all: Vec<Target>,
    /// Servers that could not be found, for the story.
    pub(crate) notes: Vec<String>,
}

/// Why there is none.
#[derive(Debug)]
pub(crate) struct NoTarget {
    pub(crate) outcome: Outcome,
    pub(crate) diagnosis: Diagnosis,
}

/// Finds the servers that take mail for an address.
pub(crate) async fn find(shared: &Shared, address: &Address) -> Result<Targets, NoTarget> {
    if let Some(smarthost) = &shared.config.smarthost {
        return find_smarthost(shared, smarthost).await;
    }
    let hosts = match (address.domain(), address.literal()) {
        (Some(domain), _) => {
            let own = &shared.config.hostname;
            let found = shared.resolver.mail_hosts(domain, own, random::u64()).await;
            found.map_err(|cause| from_lookup(&cause))?
        }
        (None, Some(ip)) => MailHosts::literal(ip),
        (None, None) => return Err(unknown("5.1.2", "the address has no domain", Outcome::Permanent)),
    };
    let notes = hosts.skipped.iter().map(|(name, why)| format!("{name}: {why}"));
    let notes = notes.collect();
    let addresses = hosts.hosts.into_iter().flat_map(|host| {
        let name = host.name;
        host.addresses.into_iter().map(move |ip| (name.clone(), ip))
    });
    let all = addresses.map(|(host, ip)| Target {
        endpoint: Endpoint {
            host,
            ip,
            port: shared.config.port,
            local_ip: shared.config.local_ip,
            is_implicit_tls: false,
            tls: shared.tls.clone(),
        },
        tls: ClientTls::Opportunistic,
    });
    Ok(Targets {
        all: all.collect(),
        notes,
    })
}

async fn find_smarthost(shared: &Shared, smarthost: &Smarthost) -> Result<Targets, NoTarget> {
    let name = smarthost.host.trim_matches(['[', ']']);
    let addresses = match (name.parse::<IpAddr>(), Domain::parse(name)) {
        (Ok(ip), _) => Ok(vec![ip]),
        (Err(_), Ok(domain)) => shared.resolver.lookup_addresses(&domain).await,
        (Err(_), Err(_)) => Err(NoRecords::NoSuchName),
    };
    // Our own setting is wrong, or DNS is away: no fault of the message.
    let addresses = addresses.map_err(|cause| {
        let text = format!("the smarthost {} cannot be found: {cause}", smarthost.host);
        unknown("4.4.3", &text, Outcome::Temporary)
    })?;
    let all = addresses.into_iter().map(|ip| Target {
        endpoint: Endpoint {
            host: name.to_owned(),
            ip,
            port: smarthost.port,
            local_ip: shared.config.local_ip,
            is_implicit_tls: smarthost.tls == SmarthostTls::Implicit,
            tls: smarthost.client_tls.clone(),
        },
        tls: match smarthost.tls {
            SmarthostTls::Implicit => ClientTls::AlreadyTls,
            SmarthostTls::StartTls => ClientTls::Required,
            SmarthostTls::None => ClientTls::Never,
        },
    });
    Ok(Targets {
        all: all.collect(),
        notes: Vec::new(),
    })
}

fn from_lookup(cause: &MailHostsError) -> NoTarget {
    let outcome = if cause.is_permanent() {
        Outcome::Permanent
    } else {
        Outcome::Temporary
    };
    unknown(cause.enhanced_status(), &cause.to_string(), outcome)
}

fn unknown(status: &str, text: &str, outcome: Outcome) -> NoTarget {
    NoTarget {
        outcome,
        diagnosis: Diagnosis {
            code: None,
            status: status.to_owned(),
            text: text.to_owned(),
            host: None,
        },
    }
}
