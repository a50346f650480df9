//! Asking the name servers of a domain themselves, past every cache: what they say holds now, and the rest
//! of the world will see it when its caches run out.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use posthorn_base::Domain;
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record};

use crate::resolver::Resolver;

/// The port of name servers.
const PORT: u16 = 53;
/// Name servers that are asked at most for one zone.
const MAX_SERVERS: usize = 4;

/// Finds the zone of each name, asks its servers, and keeps no answer. Where the servers of a zone cannot
/// be found, the ordinary resolver answers.
pub struct Authoritative {
    resolver: Resolver,
    timeout: Duration,
    /// By zone; `None` when its servers cannot be reached.
    zones: Mutex<HashMap<String, Option<Resolver>>>,
}

impl std::fmt::Debug for Authoritative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authoritative")
            .field("resolver", &self.resolver)
            .finish_non_exhaustive()
    }
}

impl Authoritative {
    /// Finds zones and their servers through `resolver`; `timeout` bounds each question to a server.
    #[must_use]
    pub fn new(resolver: Resolver, timeout: Duration) -> Self {
        Self {
            resolver,
            timeout,
            zones: Mutex::default(),
        }
    }

    /// The resolver of the zone that holds `name`.
    async fn zone_of(&self, name: &str) -> Option<Resolver> {
        let mut zone = name;
        // A name below itself: the longest zone wins. A top-level domain is nobody's mail domain.
        while zone.contains('.') {
            let kept = self
                .zones
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(zone)
                .cloned();
            if let Some(known) = kept {
                return known;
            }
            if let Ok(servers) = self.resolver.ask(zone, Kind::Ns).await {
                let found = self.servers(&servers).await;
                let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
                zones.insert(zone.to_owned(), found.clone());
                return found;
            }
            zone = zone.split_once('.').map_or("", |(_, parent)| parent);
        }
        None
    }

    async fn servers(&self, servers: &[Record]) -> Option<Resolver> {
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for name in servers.iter().filter_map(Record::name).take(MAX_SERVERS) {
            let Ok(host) = Domain::parse(name) else { continue };
            let Ok(found) = self.resolver.lookup_addresses(&host).await else {
                continue;
            };
            // Not every machine reaches IPv6; with IPv4 every name server is reached.
            let v4 = found.iter().find(|ip| ip.is_ipv4()).or(found.first()).copied();
            addresses.extend(v4.map(|ip: IpAddr| SocketAddr::new(ip, PORT)));
        }
        if addresses.is_empty() {
            return None;
        }
        Resolver::new(&addresses, self.timeout).ok()
    }
}

impl Lookup for Authoritative {
    async fn ask(&self, name: &str, kind: Kind) -> Answer {
        let name = name.to_ascii_lowercase();
        let Some(zone) = self.zone_of(&name).await else {
            return self.resolver.ask(&name, kind).await;
        };
        match zone.ask_anew(&name, kind).await {
            // An alias into another zone, or a server that does not answer strangers.
            Err(NoRecords::Temporary(_)) => self.resolver.ask(&name, kind).await,
            told => told,
        }
    }
}
