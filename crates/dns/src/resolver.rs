//! The resolver: questions with a bounded time and clear answers. Caches as long as the records allow.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::ProtoError;
use hickory_proto::rr::{Name, RData, RecordType};
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use posthorn_base::Domain;

use crate::direct;
use crate::error::LookupError;
use crate::records::{self, Mx};

/// Attempts per name server within the time of one look-up.
const ATTEMPTS: u32 = 3;

/// Asks name servers. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    /// The name servers given by the caller; empty when the system's are used.
    servers: Vec<SocketAddr>,
    timeout: Duration,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver")
            .field("servers", &self.servers)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Why there is no resolver.
#[derive(Debug, thiserror::Error)]
pub enum ResolverError {
    /// The system's own settings (`/etc/resolv.conf`) cannot be used.
    #[error("the name servers of this system cannot be read: {0}")]
    System(NetError),
    /// The resolver cannot be built.
    #[error("the resolver cannot be built: {0}")]
    Build(NetError),
}

impl Resolver {
    /// Asks these name servers, over UDP and where needed TCP on the given port; with an empty list those of
    /// the system. `timeout` bounds every look-up with all its repetitions. `/etc/hosts` is honoured only
    /// together with the system's name servers.
    ///
    /// # Errors
    /// When the system's settings are needed and cannot be read.
    pub fn new(servers: &[SocketAddr], timeout: Duration) -> Result<Self, ResolverError> {
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(ResolverError::System)?
        } else {
            with_servers(servers)
        };
        let options = builder.options_mut();
        options.timeout = timeout / ATTEMPTS;
        options.attempts = usize::try_from(ATTEMPTS - 1).unwrap_or(1);
        let inner = builder.build().map_err(ResolverError::Build)?;
        Ok(Self {
            inner,
            servers: servers.to_vec(),
            timeout,
        })
    }

    /// The MX records in the order of the answer.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub async fn lookup_mx(&self, domain: &Domain) -> Result<Vec<Mx>, LookupError> {
        self.ask(domain_name(domain)?, RecordType::MX, records::mx).await
    }

    /// All addresses of a host: IPv6 before IPv4 (RFC 6724 section 10.3), each family in the order of the
    /// answer. When one family cannot be looked up, the other is enough.
    ///
    /// # Errors
    /// See [`LookupError`]; temporary when one family has none and the other could not be looked up.
    pub async fn lookup_addresses(&self, host: &Domain) -> Result<Vec<IpAddr>, LookupError> {
        let name = domain_name(host)?;
        let (v6, v4) = tokio::join!(
            self.ask(name.clone(), RecordType::AAAA, records::address),
            self.ask(name, RecordType::A, records::address),
        );
        match (v6, v4) {
            (Ok(mut v6), Ok(v4)) => {
                v6.extend(v4);
                Ok(v6)
            }
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            (Err(temporary @ LookupError::Temporary(_)), Err(_))
            | (Err(_), Err(temporary @ LookupError::Temporary(_))) => Err(temporary),
            (Err(LookupError::NoSuchDomain), Err(LookupError::NoSuchDomain)) => {
                Err(LookupError::NoSuchDomain)
            }
            // A server that says NXDOMAIN for one type and not for the other is wrong about the first.
            (Err(LookupError::NoRecords), Err(_)) | (Err(_), Err(LookupError::NoRecords)) => {
                Err(LookupError::NoRecords)
            }
        }
    }

    /// The names of an address (RFC 1035 section 3.5), in lower case without the final dot. They are the
    /// claims of whoever owns the address: check them with [`Self::lookup_addresses`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub async fn lookup_ptr(&self, ip: IpAddr) -> Result<Vec<String>, LookupError> {
        let name = Name::from(ip);
        // The library answers for loopback itself; a private internet on loopback has names of its own.
        if ip.is_loopback() && !self.servers.is_empty() {
            let asking = direct::ask(&self.servers, name, RecordType::PTR);
            let asked = tokio::time::timeout(self.timeout, asking).await;
            let records = asked.map_err(|_elapsed| LookupError::timeout(self.timeout))??;
            return some(records.iter().filter_map(records::ptr).collect());
        }
        self.ask(name, RecordType::PTR, records::ptr).await
    }

    /// The TXT records; the strings of one record are joined (RFC 7208 section 3.3). Octets beyond UTF-8
    /// become U+FFFD.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub async fn lookup_txt(&self, domain: &Domain) -> Result<Vec<String>, LookupError> {
        self.ask(domain_name(domain)?, RecordType::TXT, records::txt)
            .await
    }

    async fn ask<T>(
        &self,
        name: Name,
        record_type: RecordType,
        pick: impl Fn(&RData) -> Option<T>,
    ) -> Result<Vec<T>, LookupError> {
        let asking = self.inner.lookup(name, record_type);
        let asked = tokio::time::timeout(self.timeout, asking).await;
        let lookup = asked
            .map_err(|_elapsed| LookupError::timeout(self.timeout))?
            .map_err(|error| LookupError::from_net(&error))?;
        some(
            lookup
                .answers()
                .iter()
                .filter_map(|record| pick(&record.data))
                .collect(),
        )
    }
}

/// An answer without a record of the type (only CNAMEs, say) is none.
fn some<T>(found: Vec<T>) -> Result<Vec<T>, LookupError> {
    if found.is_empty() {
        Err(LookupError::NoRecords)
    } else {
        Ok(found)
    }
}

fn with_servers(servers: &[SocketAddr]) -> ResolverBuilder<TokioRuntimeProvider> {
    let servers = servers.iter().map(|server| {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        for connection in &mut connections {
            connection.port = server.port();
        }
        NameServerConfig::new(server.ip(), true, connections)
    });
    let config = ResolverConfig::from_name_servers(servers.collect());
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let mut options = ResolverOpts::default();
    options.use_hosts_file = ResolveHosts::Never;
    builder = builder.with_options(options);
    builder
}

/// With the final dot, so that no search list is applied.
fn domain_name(domain: &Domain) -> Result<Name, LookupError> {
    Name::from_ascii(format!("{domain}.")).map_err(|error| unspeakable(&error))
}

/// Every `Domain` fits into the DNS; should one not, nothing is known about it.
fn unspeakable(error: &ProtoError) -> LookupError {
    LookupError::Temporary(error.to_string())
}
