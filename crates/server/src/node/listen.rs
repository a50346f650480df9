//! Ports, and the session that each connection to them gets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use posthorn_base::session::Session;
use posthorn_base::{Domain, SessionId};
use posthorn_config::{Listen, Settings};
use posthorn_http::{Facts, Host, HttpServer, MailKind, MailService, MailTls};
use posthorn_imap as imap;
use posthorn_net::{
    Accepted, BindError, ConnectionLimits, Connections, Handler, Listener, Refuse, ServerTls, Serving,
    TlsSide, bind, drive, serve,
};
use posthorn_pop3 as pop3;
use posthorn_runtime::{Shutdown, clock};
use posthorn_sasl::Mechanism;
use posthorn_sessions::Services;
use posthorn_sessions::imap::ImapHandler;
use posthorn_sessions::pop3::Pop3Handler;
use posthorn_sessions::smtp::SmtpHandler;
use posthorn_smtp as smtp;
use posthorn_smtp::server::Mode;
use tokio::task::JoinSet;

use super::ready::Addresses;

/// How long open sessions may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Smtp(Mode),
    Imap,
    Pop3,
    Http,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// In plain text, with STARTTLS offered.
    Plain,
    /// With the first octet.
    Tls,
}

/// All listeners of the settings: name, addresses, protocol.
fn table(listen: &Listen) -> [(&'static str, &[SocketAddr], Protocol, Start); 9] {
    [
        ("smtp", &listen.smtp, Protocol::Smtp(Mode::Mx), Start::Plain),
        (
            "submission",
            &listen.submission,
            Protocol::Smtp(Mode::Submission),
            Start::Plain,
        ),
        (
            "submissions",
            &listen.submissions,
            Protocol::Smtp(Mode::Submission),
            Start::Tls,
        ),
        ("imap", &listen.imap, Protocol::Imap, Start::Plain),
        ("imaps", &listen.imaps, Protocol::Imap, Start::Tls),
        ("pop3", &listen.pop3, Protocol::Pop3, Start::Plain),
        ("pop3s", &listen.pop3s, Protocol::Pop3, Start::Tls),
        ("lmtp", &listen.lmtp, Protocol::Smtp(Mode::Lmtp), Start::Plain),
        ("http", &listen.http, Protocol::Http, Start::Plain),
    ]
}

/// Every address that is listened on.
pub(super) fn all(listen: &Listen) -> impl Iterator<Item = &SocketAddr> {
    table(listen)
        .into_iter()
        .flat_map(|(_, addresses, _, _)| addresses)
}

/// Ports that are bound and not served yet.
pub(super) struct Ports {
    ports: Vec<(&'static str, Protocol, Start, Vec<Listener>)>,
}

/// Binds everything or nothing.
pub(super) fn bind_all(listen: &Listen) -> Result<Ports, BindError> {
    let mut ports = Vec::new();
    for (name, addresses, protocol, start) in table(listen) {
        let listeners = addresses
            .iter()
            .map(|&address| bind(address))
            .collect::<Result<Vec<_>, _>>()?;
        ports.push((name, protocol, start, listeners));
    }
    Ok(Ports { ports })
}

impl Ports {
    /// Where they are, with the ports that the system chose.
    pub(super) fn addresses(&self) -> Addresses {
        let mut addresses = Addresses::default();
        for (name, _, _, listeners) in &self.ports {
            addresses.add(name, listeners.iter().map(Listener::local_addr).collect());
        }
        addresses
    }

    /// What mail programs can connect to.
    fn mail(&self, hostname: &Domain) -> Vec<MailService> {
        let mut services = Vec::new();
        for (_, protocol, start, listeners) in &self.ports {
            let kind = match protocol {
                Protocol::Imap => MailKind::Imap,
                Protocol::Pop3 => MailKind::Pop3,
                Protocol::Smtp(Mode::Submission) => MailKind::Submission,
                Protocol::Smtp(Mode::Mx | Mode::Lmtp) | Protocol::Http => continue,
            };
            let tls = match start {
                Start::Plain => MailTls::StartTls,
                Start::Tls => MailTls::Implicit,
            };
            services.extend(listeners.iter().map(|listener| {
                let local = listener.local_addr();
                // No name leads to loopback; a certificate of our own names the address too.
                let host = match local.ip() {
                    ip if ip.is_loopback() => Host::Ip(ip),
                    _ => Host::Name(hostname.clone()),
                };
                MailService {
                    kind,
                    tls,
                    host,
                    port: local.port(),
                }
            }));
        }
        services
    }
}

/// Serves every port in a task of its own.
pub(super) fn serve_all(
    ports: Ports,
    settings: &Settings,
    services: &Services,
    tls: &ServerTls,
    shutdown: &Shutdown,
    tasks: &mut JoinSet<()>,
) {
    let connections = Connections::new(ConnectionLimits {
        total: usize::try_from(settings.limits.sessions_total).unwrap_or(usize::MAX),
        per_address: usize::try_from(settings.limits.sessions_per_address).unwrap_or(usize::MAX),
    });
    let facts = Facts {
        hostname: settings.hostname.clone(),
        mail: ports.mail(&settings.hostname),
        version: env!("CARGO_PKG_VERSION"),
        started: clock::wall(),
    };
    let pages = HttpServer::new(facts, services.store.clone(), connections.clone());
    let maker = Arc::new(Maker {
        settings: settings.clone(),
        services: Arc::new(services.clone()),
        tls: tls.clone(),
        shutdown: shutdown.clone(),
        pages,
    });
    for (_, protocol, start, listeners) in ports.ports {
        for listener in listeners {
            let serving = Serving {
                connections: connections.clone(),
                implicit_tls: (start == Start::Tls).then(|| tls.clone()),
                grace: GRACE,
                refuse: refusal(protocol),
            };
            let (maker, stop) = (Arc::clone(&maker), shutdown.clone());
            tasks.spawn(async move {
                serve(listener, serving, &stop, move |accepted| {
                    Arc::clone(&maker).run(protocol, accepted)
                })
                .await;
            });
        }
    }
}

/// What a peer hears when there are too many connections.
fn refusal(protocol: Protocol) -> Refuse {
    let line: &'static [u8] = match protocol {
        Protocol::Smtp(_) => b"421 4.7.0 Too many connections; try again later\r\n",
        Protocol::Imap => b"* BYE Too many connections; try again later\r\n",
        Protocol::Pop3 => b"-ERR [SYS/TEMP] Too many connections; try again later\r\n",
        Protocol::Http => HttpServer::REFUSAL,
    };
    Arc::new(move |_which| line.to_vec())
}

/// Makes sessions and runs them.
struct Maker {
    settings: Settings,
    services: Arc<Services>,
    tls: ServerTls,
    shutdown: Shutdown,
    pages: HttpServer,
}

impl Maker {
    async fn run(self: Arc<Self>, protocol: Protocol, accepted: Accepted) {
        let (session, peer) = (accepted.session_id, accepted.peer.ip());
        let services = Arc::clone(&self.services);
        match protocol {
            Protocol::Smtp(mode) => {
                let made = smtp::server::ServerSession::new(self.smtp(mode, session), clock::now());
                self.drive(accepted, made, SmtpHandler::new(services, mode, session, peer))
                    .await;
            }
            Protocol::Imap => {
                let made = imap::ImapSession::new(self.imap(session), clock::now());
                self.drive(accepted, made, ImapHandler::new(services, session, peer))
                    .await;
            }
            Protocol::Pop3 => {
                let made = pop3::ServerSession::new(self.pop3(session), clock::now());
                self.drive(accepted, made, Pop3Handler::new(services, session, peer))
                    .await;
            }
            Protocol::Http => Box::pin(self.pages.connection(accepted, &self.shutdown)).await,
        }
    }

    /// Not `async` itself: such a function keeps room for its arguments beside what becomes of them. In a box of
    /// its own, which is as large as this protocol needs and not as the largest does.
    fn drive<'a, S, H>(
        &'a self,
        accepted: Accepted,
        session: S,
        handler: H,
    ) -> impl Future<Output = ()> + Send + 'a
    where
        S: Session<Ask: Send, Answer: Send, Event: Send> + Send + 'a,
        H: Handler<S> + 'a,
    {
        let side = TlsSide::Server(self.tls.clone());
        let (id, peer) = (accepted.session_id, accepted.peer);
        let driven = Box::pin(drive(accepted.stream, session, handler, &self.shutdown, side));
        async move {
            let ended = driven.await;
            tracing::debug!(session = %id, %peer, ?ended, "connection ended");
        }
    }

    fn smtp(&self, mode: Mode, session: SessionId) -> smtp::server::Config {
        let limits = &self.settings.limits;
        let mut config =
            smtp::server::Config::new(self.settings.hostname.as_str(), mode, &session.to_string());
        config.starttls_offered = true;
        config.allow_plaintext_login = self.settings.login.allow_plaintext;
        config.limits.command_line_octets = limits.command_line_size.as_len();
        config.limits.text_line_octets = limits.text_line_size.as_len();
        config.limits.recipients = usize::try_from(limits.recipients).unwrap_or(usize::MAX);
        config.limits.message_octets = limits.message_size.octets();
        config.limits.errors = limits.errors_per_session;
        config.limits.login_failures = self.settings.login.failures;
        config.limits.command_timeout = limits.command_timeout;
        config
    }

    fn imap(&self, session: SessionId) -> imap::Config {
        imap::Config {
            hostname: self.settings.hostname.to_string(),
            allow_plaintext_login: self.settings.login.allow_plaintext,
            starttls: true,
            mechanisms: Mechanism::ALL.to_vec(),
            reference: session.to_string(),
            limits: imap::Limits {
                message_octets: self.settings.limits.message_size.octets(),
                idle_timeout: self.settings.limits.imap_idle_timeout,
                login_timeout: self.settings.login.timeout,
                login_failures: self.settings.login.failures,
                ..imap::Limits::default()
            },
        }
    }

    fn pop3(&self, session: SessionId) -> pop3::Config {
        let mut config = pop3::Config::new(self.settings.hostname.to_string(), session.to_string());
        config.allow_plaintext_login = self.settings.login.allow_plaintext;
        config.starttls = true;
        config.mechanisms = Mechanism::ALL.to_vec();
        config.idle_timeout = self.settings.limits.pop3_idle_timeout;
        config.login_delay_secs = login_delay_secs(&self.settings);
        config.login_timeout = self.settings.login.timeout;
        config.login_failures = self.settings.login.failures;
        config
    }
}

/// What CAPA announces; `None` when there is no delay.
fn login_delay_secs(settings: &Settings) -> Option<u32> {
    let delay = settings.limits.pop3_login_delay;
    (!delay.is_zero()).then(|| u32::try_from(delay.as_secs().max(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_future<F>(_made: fn(Arc<Maker>, Protocol, Accepted) -> F) -> usize {
        size_of::<F>()
    }

    fn size_of_driven<'a, S, H, F>(
        _driven: fn(posthorn_net::Stream, S, H, &'a Shutdown, TlsSide) -> F,
    ) -> usize {
        size_of::<F>()
    }

    /// What an idle connection keeps, beside what `net` keeps for any.
    #[test]
    fn the_future_of_a_connection_is_small() {
        let run = size_of_future(Maker::run);
        assert!(run <= 400, "{run}");
        let imap = size_of_driven(drive::<imap::ImapSession, ImapHandler>);
        assert!(imap <= 2_500, "{imap}");
        let smtp = size_of_driven(drive::<smtp::server::ServerSession, SmtpHandler>);
        assert!(smtp <= 2_900, "{smtp}");
        let pop3 = size_of_driven(drive::<pop3::ServerSession, Pop3Handler>);
        assert!(pop3 <= 2_000, "{pop3}");
    }
}
