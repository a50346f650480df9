//! How mail goes out, as the settings have it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use posthorn_base::{Address, Domain, Secret, Timestamp};
use posthorn_net::ClientTls;
use posthorn_queue::Schedule;

/// The calendar clock: for retries, reports and the story of a message. Whoever turns it by hand wakes
/// the delivery afterwards ([`crate::Waker::wake_all`]).
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How mail goes out.
#[derive(Clone, Debug)]
pub struct Config {
    /// Our name, for EHLO and reports.
    pub hostname: Domain,
    /// Who stands in `From` of reports.
    pub report_from: Address,
    /// The port of other servers.
    pub port: u16,
    /// The address to connect from; `None`: the system chooses.
    pub local_ip: Option<IpAddr>,
    /// When to try again and when to stop.
    pub schedule: Schedule,
    /// Connections at the same time to the servers of one domain, or to the smarthost.
    pub connections_per_domain: usize,
    /// Connections at the same time in all.
    pub connections_total: usize,
    /// Messages over one connection.
    pub messages_per_connection: u32,
    /// A server that takes everything; `None`: the recipients' own servers.
    pub smarthost: Option<Smarthost>,
    /// How long the story of a finished recipient is kept.
    pub history: Duration,
    /// Up to this size a report returns a message whole when the author asked for it.
    pub return_full_octets: usize,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

impl Config {
    /// The usual settings.
    #[must_use]
    pub fn new(hostname: Domain, report_from: Address) -> Self {
        Self {
            hostname,
            report_from,
            port: 25,
            local_ip: None,
            schedule: Schedule::default(),
            connections_per_domain: 4,
            connections_total: 200,
            messages_per_connection: 100,
            smarthost: None,
            history: Duration::from_hours(30 * 24),
            return_full_octets: 1024 * 1024,
            timeouts: Timeouts::default(),
        }
    }
}

/// A server that takes all mail that leaves. Its MX records are not looked at.
#[derive(Clone, Debug)]
pub struct Smarthost {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmarthostTls,
    /// What its certificate must be; see [`ClientTls::verified`].
    pub client_tls: ClientTls,
    /// User and password; `None`: no log-in.
    pub login: Option<(String, Secret<String>)>,
}

/// How the connection to the smarthost is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmarthostTls {
    /// TLS from the first octet.
    Implicit,
    /// STARTTLS, which must succeed.
    StartTls,
    /// Not at all.
    None,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// A TCP connection to one address.
    pub connect: Duration,
    /// Replies of the other server.
    pub replies: posthorn_smtp::client::Timeouts,
    /// How long a connection without work is kept for the next message.
    pub idle: Duration,
    /// How long a lease lasts; it is renewed at a third of that.
    pub lease: Duration,
    /// How long running transfers may take to end when the program stops.
    pub grace: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            replies: posthorn_smtp::client::Timeouts::default(),
            idle: Duration::from_secs(5),
            lease: Duration::from_mins(10),
            grace: Duration::from_secs(20),
        }
    }
}
