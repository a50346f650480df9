//! The parts of a node, built from settings.

use std::sync::Arc;

use posthorn_accounts::{DetailSeparator, ProofCache, REMEMBERED_PROOFS};
use posthorn_base::{Address, Secret};
use posthorn_config::{self as config, Settings};
use posthorn_dns::Resolver;
use posthorn_inbound::{self as inbound, Inbound, Keys, Reports};
use posthorn_net::ClientTls;
use posthorn_net::tls::Roots;
use posthorn_outbound::{self as outbound, Outbound, Parts, Waker};
use posthorn_queue::Schedule;
use posthorn_runtime::{Shutdown, clock, random};
use posthorn_sessions::{Credentials, MaildropLocks, OverQuota, Services, Watch};
use posthorn_store::{Options, Store};
use tokio::task::JoinSet;

use super::NodeError;
use super::domains::{self, Domains};
use super::indexing::{self, Changes};
use super::returns::ReturnsHere;
use crate::components::components;

/// Opens the store of the data folder.
pub(super) fn open_store(settings: &Settings) -> Result<Store, NodeError> {
    Ok(Store::open(&Options::new(&settings.data), &components())?)
}

/// Wires the parts together and starts the delivery to other servers.
pub(super) fn build(
    settings: &Settings,
    store: Store,
    shutdown: &Shutdown,
    tasks: &mut JoinSet<()>,
) -> Result<(Services, Domains, Waker), NodeError> {
    let report_from = report_from(settings)?;
    let domains = Domains::read(store.clone())?;
    let keys = Keys {
        keyring: domains.keyring.clone(),
        srs: Arc::new(domains::srs(&store)?),
    };
    let inbound = Inbound::new(
        store.clone(),
        inbound_settings(settings, report_from.clone()),
        keys,
    );
    let watch = Watch::default();
    let changes = Changes::default();
    let (announces, notes) = (watch.clone(), changes.clone());
    store.on_change(move |accounts| {
        announces.announce(accounts);
        notes.note(accounts);
    });
    let (indexed, stop) = (store.clone(), shutdown.clone());
    tasks.spawn(async move { indexing::run(indexed, changes, &stop).await });
    let mut key = [0; 32];
    random::fill(&mut key);
    let proofs = ProofCache::new(Secret::new(key), settings.login.remember_proof, REMEMBERED_PROOFS);
    let details = match settings.mailbox.detail_separator {
        config::DetailSeparator::Plus => DetailSeparator::On,
        config::DetailSeparator::Off => DetailSeparator::Off,
    };
    let reports = Reports::new(store.clone(), inbound.clone(), details);
    let resolver = Resolver::new(&settings.dns.resolvers, settings.dns.timeout)?;
    let outbound = Outbound::new(
        outbound_config(settings, report_from)?,
        Parts {
            store: store.clone(),
            resolver: resolver.clone(),
            tls: ClientTls::opportunistic()?,
            returns: Arc::new(ReturnsHere {
                reports: reports.clone(),
            }),
            clock: Arc::new(clock::wall),
        },
    );
    let (waker, stop) = (outbound.waker(), shutdown.clone());
    tasks.spawn(async move { outbound.run(&stop).await });
    let wakes = waker.clone();
    let services = Services {
        credentials: Credentials::new(store.clone(), proofs),
        store,
        inbound,
        reports,
        watch,
        maildrops: MaildropLocks::new(settings.limits.pop3_login_delay),
        wake: Arc::new(move |buckets| wakes.wake(buckets)),
        over_quota: match settings.mailbox.over_quota {
            config::OverQuota::Retry => OverQuota::Retry,
            config::OverQuota::Refuse => OverQuota::Refuse,
        },
        details,
        resolver,
        hostname: settings.hostname.clone(),
        reporting: domains.reporting.clone(),
    };
    Ok((services, domains, waker))
}

/// Who answers for this server.
fn report_from(settings: &Settings) -> Result<Address, NodeError> {
    let parsed = Address::parse(&format!("postmaster@{}", settings.hostname));
    parsed.map_err(|cause| NodeError::System {
        what: format!("the address of reports, postmaster@{}", settings.hostname),
        cause: std::io::Error::other(cause),
    })
}

fn inbound_settings(settings: &Settings, report_from: Address) -> inbound::Settings {
    inbound::Settings {
        hostname: settings.hostname.clone(),
        report_from,
        received_fields: usize::try_from(settings.limits.received_fields).unwrap_or(usize::MAX),
        header_octets: settings.limits.header_size.as_len(),
        max_age: settings.queue.max_age,
    }
}

fn outbound_config(settings: &Settings, report_from: Address) -> Result<outbound::Config, NodeError> {
    let queue = &settings.queue;
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let mut config = outbound::Config::new(settings.hostname.clone(), report_from);
    config.port = queue.port;
    config.local_ip = queue.source_address;
    config.schedule = Schedule {
        retry_after: queue.retry_after.clone(),
        max_age: queue.max_age,
        delay_notice_after: queue.delay_notice_after,
    };
    config.connections_per_domain = count(queue.connections_per_domain);
    config.connections_total = count(queue.connections_total);
    config.messages_per_connection = queue.messages_per_connection;
    config.history = queue.history;
    config.smarthost = queue.smarthost.as_ref().map(smarthost).transpose()?;
    Ok(config)
}

fn smarthost(smarthost: &config::Smarthost) -> Result<outbound::Smarthost, NodeError> {
    let tls = match smarthost.tls {
        config::SmarthostTls::Implicit => outbound::SmarthostTls::Implicit,
        config::SmarthostTls::StartTls => outbound::SmarthostTls::StartTls,
        config::SmarthostTls::None => outbound::SmarthostTls::None,
    };
    let password = smarthost.read_password()?;
    Ok(outbound::Smarthost {
        host: smarthost.host.to_string(),
        port: smarthost.port,
        tls,
        // A password is handed over there: the certificate must be the smarthost's own.
        client_tls: match tls {
            outbound::SmarthostTls::None => ClientTls::opportunistic()?,
            outbound::SmarthostTls::Implicit | outbound::SmarthostTls::StartTls => {
                ClientTls::verified(&Roots::System)?
            }
        },
        login: smarthost.user.clone().zip(password),
    })
}
