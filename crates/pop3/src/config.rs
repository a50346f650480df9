//! What a session is told when it begins.

use std::time::Duration;

use posthorn_base::limits;
use posthorn_sasl::Mechanism;

/// How long messages stay on the server, RFC 2449 section 6.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expire {
    /// The server deletes nothing by itself.
    Never,
    /// At least this many days.
    Days(u32),
}

/// What to do with a message whose header holds UTF-8 when the client did not say `UTF8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Utf8Policy {
    /// Send it as it is. RFC 6856 section 2.1 forbids that, but most clients never say `UTF8`, read
    /// UTF-8 well, and stop fetching mail for good at a message they cannot get.
    SendAsIs,
    /// Refuse `RETR` and `TOP` with `[UTF8]`, RFC 6856 section 5.
    Refuse,
}

/// The settings of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The server's name, for the greeting.
    pub hostname: String,
    /// The session's id; stands in replies to inner failures so that the log can be found.
    pub reference: String,
    /// May a client log in without TLS? Only for tests and tunnels.
    pub allow_plaintext_login: bool,
    /// Is `STLS` offered?
    pub starttls: bool,
    /// The mechanisms for `AUTH`, in the order in which they are listed. SCRAM-SHA-256-PLUS is offered
    /// only where the channel has something to bind to.
    pub mechanisms: Vec<Mechanism>,
    /// How long a client may be silent; at least ten minutes, RFC 1939 section 3.
    pub idle_timeout: Duration,
    /// How long a client may take from the greeting to its log-in.
    pub login_timeout: Duration,
    /// The seconds between two log-ins that are announced (the shell enforces them); `None` is no delay.
    pub login_delay_secs: Option<u32>,
    /// The announced retention.
    pub expire: Expire,
    /// What happens to UTF-8 headers without `UTF8`.
    pub utf8_policy: Utf8Policy,
    /// Refused log-ins before the connection ends.
    pub login_failures: u32,
    /// Faulty commands before the connection ends.
    pub errors: u32,
}

impl Config {
    /// Safe settings: TLS before log-in, all mechanisms, the limits of `base::limits`.
    #[must_use]
    pub fn new(hostname: String, reference: String) -> Self {
        Self {
            hostname,
            reference,
            allow_plaintext_login: false,
            starttls: true,
            mechanisms: Mechanism::ALL.to_vec(),
            idle_timeout: limits::POP3_IDLE_TIMEOUT,
            login_timeout: limits::LOGIN_TIMEOUT,
            login_delay_secs: None,
            expire: Expire::Never,
            utf8_policy: Utf8Policy::SendAsIs,
            login_failures: limits::LOGIN_FAILURES,
            errors: 20,
        }
    }
}
