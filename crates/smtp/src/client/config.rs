//! What a client session is told at its birth.

use std::time::Duration;

use posthorn_base::Secret;

/// Which protocol the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// RFC 5321.
    Smtp,
    /// RFC 2033: one reply per recipient.
    Lmtp,
}

/// What is wanted of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientTls {
    /// STARTTLS where offered; in the clear otherwise.
    Opportunistic,
    /// No transaction without TLS.
    Required,
    /// No STARTTLS, even where offered: after a handshake that failed.
    Never,
    /// The connection began with TLS.
    AlreadyTls,
}

/// How to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password. Sent itself (PLAIN, LOGIN) inside TLS alone.
    pub password: Secret<String>,
    /// Fresh randomness for SCRAM: printable ASCII without comma, at least 18 characters.
    pub client_nonce: String,
}

/// The settings of one session.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Our name, for EHLO.
    pub hostname: String,
    /// Which protocol the server speaks.
    pub mode: Mode,
    /// What is wanted of TLS.
    pub tls: ClientTls,
    /// How to log in; `None`: not at all.
    pub credentials: Option<Credentials>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

impl ClientConfig {
    /// The settings for a server found by MX: opportunistic TLS, no log-in.
    #[must_use]
    pub fn new(hostname: &str) -> Self {
        Self {
            hostname: hostname.to_owned(),
            mode: Mode::Smtp,
            tls: ClientTls::Opportunistic,
            credentials: None,
            timeouts: Timeouts::default(),
        }
    }
}

/// How long to wait for replies: RFC 5321 section 4.5.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The greeting.
    pub greeting: Duration,
    /// EHLO, STARTTLS with its handshake, AUTH, RSET; the RFC is silent.
    pub hello: Duration,
    /// MAIL.
    pub mail: Duration,
    /// RCPT.
    pub rcpt: Duration,
    /// DATA, before the content.
    pub data: Duration,
    /// The reply to the content. A second for every [`OCTETS_PER_SEC`] of it is added, as the session does
    /// not see when the last octet leaves.
    pub message: Duration,
    /// QUIT: nothing depends on it.
    pub quit: Duration,
}

/// The slowest line we have patience with.
pub const OCTETS_PER_SEC: u64 = 16_384;

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            greeting: Duration::from_secs(300),
            hello: Duration::from_secs(300),
            mail: Duration::from_secs(300),
            rcpt: Duration::from_secs(300),
            data: Duration::from_secs(120),
            message: Duration::from_secs(600),
            quit: Duration::from_secs(10),
        }
    }
}
