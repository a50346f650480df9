//! The resolver: questions with a bounded time and clear answers. Caches as long as the records allow.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RData};
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use posthorn_base::Domain;
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record, reverse_name};
use tokio::time::Instant;

use crate::cache::Cache;
use crate::records::{self, record_type};
use crate::{direct, error};

/// Attempts per name server within the time of one look-up.
const ATTEMPTS: u32 = 3;

/// How long names of loopback addresses are believed: their answers come without the records' own time.
const LOOPBACK_BELIEVED: Duration = Duration::from_secs(60);

/// Asks name servers. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    /// The name servers given by the caller; empty when the system's are used.
    servers: Vec<SocketAddr>,
    timeout: Duration,
    cache: Arc<Cache>,
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
        // The answers are kept here, as values of ours.
        options.cache_size = 0;
        options.timeout = timeout / ATTEMPTS;
        options.attempts = usize::try_from(ATTEMPTS - 1).unwrap_or(1);
        let inner = builder.build().map_err(ResolverError::Build)?;
        Ok(Self {
            inner,
            servers: servers.to_vec(),
            timeout,
            cache: Arc::default(),
        })
    }

    /// The same questions, which all end when `deadline` has come: what is not known by then is a temporary
    /// failure. For everything that is asked for one message.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Bounded<'_> {
        Bounded {
            resolver: self,
            deadline,
        }
    }

    /// All addresses of a host: IPv6 before IPv4 (RFC 6724 section 10.3), each family in the order of the
    /// answer. When one family cannot be looked up, the other is enough.
    ///
    /// # Errors
    /// See [`NoRecords`]; temporary when one family has none and the other could not be looked up.
    pub async fn lookup_addresses(&self, host: &Domain) -> Result<Vec<IpAddr>, NoRecords> {
        let (v6, v4) = tokio::join!(
            self.ask(host.as_str(), Kind::Aaaa),
            self.ask(host.as_str(), Kind::A),
        );
        match (v6, v4) {
            (Ok(v6), Ok(v4)) => Ok(addresses(&v6).chain(addresses(&v4)).collect()),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(addresses(&found).collect()),
            (Err(temporary @ NoRecords::Temporary(_)), Err(_))
            | (Err(_), Err(temporary @ NoRecords::Temporary(_))) => Err(temporary),
            (Err(NoRecords::NoSuchName), Err(NoRecords::NoSuchName)) => Err(NoRecords::NoSuchName),
            // A server that says NXDOMAIN for one type and not for the other is wrong about the first.
            (Err(NoRecords::NoneOfKind), Err(_)) | (Err(_), Err(NoRecords::NoneOfKind)) => {
                Err(NoRecords::NoneOfKind)
            }
        }
    }

    /// The answer of the name servers, whatever is known already.
    pub(crate) async fn ask_anew(&self, name: &str, kind: Kind) -> Answer {
        self.ask_servers(name, kind).await.0
    }

    /// Asks the name servers, and tells how long the answer may be believed.
    async fn ask_servers(&self, name: &str, kind: Kind) -> (Answer, Duration) {
        // With the final dot, so that no search list is applied. What cannot be a name does not exist.
        let Ok(name) = Name::from_ascii(format!("{name}.")) else {
            return (Err(NoRecords::NoSuchName), Duration::ZERO);
        };
        let now = Instant::now();
        // The library answers for loopback itself; a private internet on loopback has names of its own.
        if is_loopback_name(&name) && !self.servers.is_empty() {
            let asking = direct::ask(&self.servers, name, record_type(kind));
            let asked = tokio::time::timeout(self.timeout, asking).await;
            let asked = asked.unwrap_or_else(|_elapsed| Err(error::timeout(self.timeout)));
            let answer = asked.and_then(|records| some(records.iter(), kind));
            return (answer, LOOPBACK_BELIEVED);
        }
        let asking = self.inner.lookup(name, record_type(kind));
        match tokio::time::timeout(self.timeout, asking).await {
            Err(_elapsed) => (Err(error::timeout(self.timeout)), Duration::ZERO),
            Ok(Err(cause)) => (Err(error::from_net(&cause)), error::believed_for(&cause)),
            Ok(Ok(lookup)) => {
                let data = lookup.answers().iter().map(|record| &record.data);
                let until = Instant::from_std(lookup.valid_until());
                (some(data, kind), until.saturating_duration_since(now))
            }
        }
    }
}

impl Resolver {
    /// What is known already. `name` is in lower case.
    fn known(&self, name: &str, kind: Kind) -> Option<Answer> {
        self.cache.get(name, kind, Instant::now())
    }

    /// Asks, and remembers. On the heap: what waits for name servers is large, and most questions of a
    /// message are answered without.
    fn ask_and_keep<'a>(
        &'a self,
        name: &'a str,
        kind: Kind,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        Box::pin(async move {
            let (answer, time) = self.ask_servers(name, kind).await;
            self.cache.put(name, kind, &answer, time, Instant::now());
            answer
        })
    }
}

impl Lookup for Resolver {
    async fn ask(&self, name: &str, kind: Kind) -> Answer {
        let name = name.to_ascii_lowercase();
        match self.known(&name, kind) {
            Some(known) => known,
            None => self.ask_and_keep(&name, kind).await,
        }
    }
}

/// A resolver with a deadline.
#[derive(Clone, Copy, Debug)]
pub struct Bounded<'a> {
    resolver: &'a Resolver,
    deadline: Instant,
}

impl Lookup for Bounded<'_> {
    async fn ask(&self, name: &str, kind: Kind) -> Answer {
        let name = name.to_ascii_lowercase();
        if let Some(known) = self.resolver.known(&name, kind) {
            return known;
        }
        let asking = self.resolver.ask_and_keep(&name, kind);
        let asked = tokio::time::timeout_at(self.deadline, asking).await;
        asked.unwrap_or_else(|_elapsed| Err(NoRecords::Temporary("no time was left to ask".to_owned())))
    }
}

fn addresses(records: &[Record]) -> impl Iterator<Item = IpAddr> {
    records.iter().filter_map(Record::address)
}

/// An answer without a record of the kind (only CNAMEs, say) is none.
fn some<'a>(data: impl Iterator<Item = &'a RData>, kind: Kind) -> Answer {
    let found: Arc<[Record]> = data.filter_map(|data| records::record(data, kind)).collect();
    if found.is_empty() {
        Err(NoRecords::NoneOfKind)
    } else {
        Ok(found)
    }
}

/// `….127.in-addr.arpa`, and that of `::1`.
fn is_loopback_name(name: &Name) -> bool {
    let text = name.to_ascii();
    text.ends_with(".127.in-addr.arpa.") || text == format!("{}.", reverse_name(Ipv6Addr::LOCALHOST.into()))
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
