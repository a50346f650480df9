//! One node: a store, its services, and the listeners that serve them. Built from settings, wired here,
//! decided elsewhere.

mod care;
mod domains;
mod handles;
mod indexing;
mod keys;
mod listen;
mod ready;
mod reporting;
mod returns;
mod services;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use posthorn_config::{ConfigError, LogFormat, Settings};
use posthorn_dns::ResolverError;
use posthorn_net::tls::TlsError;
use posthorn_net::{BindError, ServerTls};
use posthorn_runtime::logging::{self, Format, LogSettings};
use posthorn_runtime::{Shutdown, Signal, Signals};
use posthorn_sessions::Services;
use posthorn_store::{OpenError, StoreError};
use tokio::task::JoinSet;

pub(crate) use ready::Addresses;

use crate::admin::{self, Admin};
use domains::Domains;

/// A node cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    /// A port cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store fails.
    #[error(transparent)]
    Stored(#[from] StoreError),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A setting cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The name servers cannot be used.
    #[error(transparent)]
    Resolver(#[from] ResolverError),
    /// The operating system refuses something.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// A running node.
pub(crate) struct Node {
    /// Where it listens.
    pub(crate) addresses: Addresses,
    /// Its parts, for whoever runs in the same process.
    pub(crate) services: Services,
    /// Its administration, likewise.
    pub(crate) admin: Admin,
    tls: ServerTls,
    shutdown: Shutdown,
    tasks: JoinSet<()>,
}

impl Node {
    /// Opens the store, binds every port and starts serving.
    ///
    /// # Errors
    /// See [`NodeError`]; nothing is left running.
    pub(crate) async fn start(settings: &Settings) -> Result<Self, NodeError> {
        handles::make_room(settings);
        // Ports first: a second start by mistake should say so before it touches anything.
        let ports = listen::bind_all(&settings.listen)?;
        let store = services::open_store(settings)?;
        let tls = certificate(settings)?;
        let shutdown = Shutdown::new();
        let mut tasks = JoinSet::new();
        let (built, domains, waker) = services::build(settings, store, &shutdown, &mut tasks)?;
        let addresses = ports.addresses();
        let refreshed = domains.clone();
        let admin = Admin::new(built.store.clone(), Arc::new(move || waker.wake_all()))
            .when_domains_change(Arc::new(move || refresh(&refreshed)));
        let socket = admin::socket_path(&settings.data);
        let listening = admin::bind(&socket).map_err(|cause| NodeError::System {
            what: format!("the socket {} for administration", socket.display()),
            cause,
        })?;
        let (admins, stop) = (admin.clone(), shutdown.clone());
        tasks.spawn(async move { admin::listen(admins, listening, &stop).await });
        let (care, stop) = (
            care::Care::new(built.clone(), domains, settings),
            shutdown.clone(),
        );
        tasks.spawn(async move { care.run(&stop).await });
        listen::serve_all(ports, settings, &built, &tls, &shutdown, &mut tasks);
        Ok(Self {
            addresses,
            services: built,
            admin,
            tls,
            shutdown,
            tasks,
        })
    }

    /// Reads certificate and key anew.
    pub(crate) fn reload(&self) {
        match self.tls.reload() {
            Ok(()) => tracing::info!("certificate read anew"),
            Err(reason) => tracing::warn!(%reason, "the certificate in use stays"),
        }
    }

    /// Tells every session, waits for them, and closes the store.
    pub(crate) async fn stop(mut self) {
        self.shutdown.trigger();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What changed is in the store; that the node goes on with the old is no reason to stop.
fn refresh(domains: &Domains) {
    if let Err(cause) = domains.refresh() {
        tracing::error!(%cause, "keys and switches of the domains could not be read anew");
    }
}

/// The certificate of the settings, or one of our own in the data folder.
fn certificate(settings: &Settings) -> Result<ServerTls, NodeError> {
    if let (Some(certificate), Some(key)) = (&settings.tls.certificate, &settings.tls.key) {
        return Ok(ServerTls::from_files(certificate, key)?);
    }
    let mut addresses: Vec<IpAddr> = listen::all(&settings.listen)
        .map(SocketAddr::ip)
        .filter(|ip| !ip.is_unspecified())
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(ServerTls::self_signed(
        &settings.data,
        std::slice::from_ref(&settings.hostname),
        &addresses,
    )?)
}

/// `posthorn serve`: runs a node until it is told to stop.
///
/// # Errors
/// When the node cannot start.
pub(crate) async fn serve(settings: Settings, ready_file: Option<PathBuf>) -> Result<(), NodeError> {
    let filter = settings.log.level.word().to_owned();
    let format = match settings.log.format {
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    };
    if let Err(reason) = logging::init(&LogSettings {
        filter,
        format,
        ..LogSettings::default()
    }) {
        tracing::warn!(%reason, "the log stays as it is");
    }
    let system = |what: &str| {
        let what = what.to_owned();
        move |cause| NodeError::System { what, cause }
    };
    let mut signals = Signals::install().map_err(system("signals"))?;
    let node = Node::start(&settings).await?;
    tracing::info!(hostname = %settings.hostname, data = %settings.data.display(), "posthorn serves {}", node.addresses);
    if let Some(path) = &ready_file {
        write_atomically(path, &node.addresses.to_json()).map_err(system("the ready file"))?;
    }
    while signals.next().await == Signal::Reload {
        node.reload();
    }
    tracing::info!("stopping");
    tokio::select! {
        () = node.stop() => {}
        _ = signals.next() => tracing::warn!("stopped without waiting for open sessions"),
    }
    Ok(())
}

/// Whoever waits for the file never sees half of it.
pub(crate) fn write_atomically(path: &Path, text: &str) -> std::io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, text)?;
    std::fs::rename(&partial, path)
}
