//! What a server session is told at its birth.

use std::time::Duration;

use posthorn_base::limits;
use posthorn_sasl::Mechanism;

/// What the listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Mail from anybody for our domains (port 25). No AUTH.
    Mx,
    /// Mail from our users for anybody (RFC 6409). AUTH before MAIL.
    Submission,
    /// Mail from a front server for our mailboxes, one reply per recipient (RFC 2033).
    Lmtp,
}

/// The settings of one session.
#[derive(Clone, Debug)]
pub struct Config {
    /// Our name: in the greeting, and the domain of `<Postmaster>`.
    pub hostname: String,
    /// What the listener is for.
    pub mode: Mode,
    /// Is there a certificate for STARTTLS?
    pub starttls_offered: bool,
    /// May passwords come without TLS? For tests and closed networks.
    pub allow_plaintext_login: bool,
    /// The mechanisms for AUTH, strongest first; used in [`Mode::Submission`] alone.
    pub mechanisms: Vec<Mechanism>,
    /// The limits.
    pub limits: Limits,
    /// The session's id: in replies to failures of our own.
    pub reference: String,
    /// What follows the hostname and `ESMTP` in the greeting; may be empty.
    pub greeting_text: String,
}

impl Config {
    /// The usual settings: no STARTTLS, the default limits, all mechanisms for submission and none else.
    #[must_use]
    pub fn new(hostname: &str, mode: Mode, reference: &str) -> Self {
        let mechanisms = match mode {
            Mode::Submission => Mechanism::ALL.to_vec(),
            Mode::Mx | Mode::Lmtp => Vec::new(),
        };
        Self {
            hostname: hostname.to_owned(),
            mode,
            starttls_offered: false,
            allow_plaintext_login: false,
            mechanisms,
            limits: Limits::default(),
            reference: reference.to_owned(),
            greeting_text: "Posthorn".to_owned(),
        }
    }
}

/// What one session may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A command line with its CRLF.
    pub command_line_octets: usize,
    /// The AUTH command and the lines of its exchange.
    pub sasl_line_octets: usize,
    /// A line of a message with its CRLF.
    pub text_line_octets: usize,
    /// Accepted recipients of one transaction.
    pub recipients: usize,
    /// The content of one message; offered with SIZE.
    pub message_octets: u64,
    /// Permanently refused commands before the session ends; a message that is accepted starts the count
    /// anew.
    pub errors: u32,
    /// Failed log-ins before the session ends.
    pub login_failures: u32,
    /// How long the client may take for its next command, or between two pieces of a body.
    pub command_timeout: Duration,
    /// How long the whole session may last.
    pub session_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_line_octets: limits::SMTP_COMMAND_LINE_OCTETS,
            sasl_line_octets: limits::SASL_LINE_OCTETS,
            text_line_octets: limits::SMTP_TEXT_LINE_OCTETS,
            recipients: limits::SMTP_RECIPIENTS,
            message_octets: limits::MESSAGE_OCTETS,
            errors: limits::SMTP_ERRORS,
            login_failures: limits::LOGIN_FAILURES,
            command_timeout: limits::SMTP_COMMAND_TIMEOUT,
            session_timeout: Duration::from_secs(2 * 60 * 60),
        }
    }
}
