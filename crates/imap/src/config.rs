//! Settings and limits of a session. The values that hold by default are `base::limits`'.

use std::time::Duration;

use posthorn_base::limits;
use posthorn_sasl::Mechanism;

/// Settings of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The name in the greeting.
    pub hostname: String,
    /// May passwords travel without TLS? For tests and trusted networks only.
    pub allow_plaintext_login: bool,
    /// Is STARTTLS offered while there is no TLS?
    pub starttls: bool,
    /// The SASL mechanisms, in the order in which they are offered. Those that send the password are
    /// offered only where it may travel, SCRAM-SHA-256-PLUS only where there is something to bind to.
    pub mechanisms: Vec<Mechanism>,
    /// The session's id, shown in replies to inner failures so that the log can be found.
    pub reference: String,
    /// Limits.
    pub limits: Limits,
}

/// Limits of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of one command with all its literals but the message of APPEND.
    pub command_octets: usize,
    /// Octets of a line of a SASL exchange.
    pub sasl_line_octets: usize,
    /// Octets of a message of APPEND, and of all messages of one APPEND together: they are stored in one
    /// go, for which they must be at hand.
    pub message_octets: u64,
    /// Messages of one APPEND.
    pub append_messages: usize,
    /// Octets of input held before the peer feels back-pressure.
    pub held_octets: usize,
    /// Messages per [`crate::Ask::Fetch`], [`crate::Ask::Store`]; ten times as many when the rows need
    /// nothing but flags, date and size.
    pub batch_messages: usize,
    /// Octets of sections per [`crate::Ask::Fetch`]; one message may exceed it.
    pub batch_octets: u64,
    /// Mailboxes of which NOTIFY tells.
    pub watched_mailboxes: usize,
    /// Silence after which a session that has logged in ends.
    pub idle_timeout: Duration,
    /// Time within which a client must log in.
    pub login_timeout: Duration,
    /// Failed log-ins before the connection ends.
    pub login_failures: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_octets: limits::IMAP_COMMAND_OCTETS,
            sasl_line_octets: limits::SASL_LINE_OCTETS,
            message_octets: limits::MESSAGE_OCTETS,
            append_messages: 1_000,
            held_octets: limits::HELD_INPUT_OCTETS,
            batch_messages: 200,
            batch_octets: 1024 * 1024,
            watched_mailboxes: 2_000,
            idle_timeout: limits::IMAP_IDLE_TIMEOUT,
            login_timeout: limits::LOGIN_TIMEOUT,
            login_failures: limits::LOGIN_FAILURES,
        }
    }
}
