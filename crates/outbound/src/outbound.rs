//! What the server holds of the delivery.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use posthorn_dns::Resolver;
use posthorn_net::ClientTls;
use posthorn_runtime::Shutdown;
use posthorn_store::Store;
use tokio::sync::Semaphore;

use crate::config::{Clock, Config};
use crate::dispatch::Dispatcher;
use crate::domain::Transfers;
use crate::live::LiveLeases;
use crate::pool::Pool;
use crate::returns::Returns;
use crate::wake::Waker;

/// What delivery stands on.
pub struct Parts {
    /// Where the queue is.
    pub store: Store,
    /// Finds servers.
    pub resolver: Resolver,
    /// TLS towards servers found by MX; see [`ClientTls::opportunistic`].
    pub tls: ClientTls,
    /// Takes reports.
    pub returns: Arc<dyn Returns>,
    /// The calendar.
    pub clock: Clock,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("resolver", &self.resolver)
            .finish_non_exhaustive()
    }
}

/// Delivery to other servers; clones are the same.
#[derive(Clone)]
pub struct Outbound {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

/// What all tasks of the delivery share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) resolver: Resolver,
    pub(crate) tls: ClientTls,
    pub(crate) returns: Arc<dyn Returns>,
    pub(crate) clock: Clock,
    pub(crate) waker: Waker,
    pub(crate) pool: Pool,
    pub(crate) leases: LiveLeases,
    pub(crate) transfers: Transfers,
    /// The connections each route may have; a route nobody uses is forgotten.
    routes: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// The route of the smarthost; no domain is empty.
const SMARTHOST_ROUTE: &str = "";

impl Shared {
    /// The name of a domain's route, and its places.
    pub(crate) fn route(&self, domain: &str) -> (String, Arc<Semaphore>) {
        let name = match &self.config.smarthost {
            Some(_) => SMARTHOST_ROUTE,
            None => domain,
        };
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.retain(|_, places| places.strong_count() > 0);
        let places = routes.get(name).and_then(Weak::upgrade).unwrap_or_else(|| {
            let count = self
                .config
                .connections_per_domain
                .clamp(1, Semaphore::MAX_PERMITS);
            let places = Arc::new(Semaphore::new(count));
            routes.insert(name.to_owned(), Arc::downgrade(&places));
            places
        });
        (name.to_owned(), places)
    }
}

impl Outbound {
    /// Sets the delivery up; nothing is sent before [`Self::run`].
    #[must_use]
    pub fn new(config: Config, parts: Parts) -> Self {
        let pool = Pool::new(config.connections_total, config.messages_per_connection);
        let transfers = Transfers::new(config.connections_total);
        let shared = Shared {
            config,
            store: parts.store,
            resolver: parts.resolver,
            tls: parts.tls,
            returns: parts.returns,
            clock: parts.clock,
            waker: Waker::default(),
            pool,
            leases: LiveLeases::default(),
            transfers,
            routes: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Tells the delivery that something became due; to be called after each `enqueue` is durable.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.shared.waker.clone()
    }

    /// Delivers until `shutdown`; then lets running transfers end for a while and gives back what did not
    /// start. Only one process may run it on a store: leases found at the start are taken for those of a
    /// dead one.
    pub async fn run(&self, shutdown: &Shutdown) {
        let dispatcher = Dispatcher::new(Arc::clone(&self.shared), shutdown.clone());
        Box::pin(dispatcher.run()).await;
    }
}
