//! The limits that hold unless a setting says otherwise. Each is a number somebody can look up; no
//! buffer, list or loop that a peer can feed is without one.

use std::time::Duration;

/// SMTP command line with its CRLF: RFC 5321 section 4.5.3.1.4 asks for 512, extensions add to it
/// (AUTH: 12,288 by RFC 4954 section 4; SMTPUTF8, DSN).
pub const SMTP_COMMAND_LINE_OCTETS: usize = 2_048;
/// A base64 line of a SASL exchange, RFC 4954 section 4.
pub const SASL_LINE_OCTETS: usize = 12_288;
/// A line of a message with its CRLF; RFC 5321 section 4.5.3.1.6 says 1,000, real mail exceeds it.
pub const SMTP_TEXT_LINE_OCTETS: usize = 1_048_576;
/// Recipients of one transaction; RFC 5321 section 4.5.3.1.8 asks for at least 100.
pub const SMTP_RECIPIENTS: usize = 1_000;
/// Faulty or refused commands before the session ends.
pub const SMTP_ERRORS: u32 = 20;
/// Octets of one message.
pub const MESSAGE_OCTETS: u64 = 50 * 1024 * 1024;
/// Octets of the header section of one message.
pub const HEADER_OCTETS: usize = 1024 * 1024;
/// Received fields at which a message is a loop; RFC 5321 section 6.3 asks for at least 100, other
/// servers use 50.
pub const RECEIVED_FIELDS: usize = 50;
/// MIME parts that are looked at; what lies beyond belongs to the last one.
pub const MIME_PARTS: usize = 1_000;
/// Nesting of MIME parts that is looked at.
pub const MIME_DEPTH: usize = 50;
/// Time a peer may take between SMTP commands, RFC 5321 section 4.5.3.2.7.
pub const SMTP_COMMAND_TIMEOUT: Duration = Duration::from_secs(300);
/// Time a client may be silent, RFC 1939 section 3: at least ten minutes.
pub const POP3_IDLE_TIMEOUT: Duration = Duration::from_secs(600);
/// Time a client may be silent, RFC 9051 section 5.4: at least thirty minutes.
pub const IMAP_IDLE_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Time a client may take to log in.
pub const LOGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// IMAP command without its literals.
pub const IMAP_COMMAND_OCTETS: usize = 65_536;
/// Failed log-ins before the connection ends.
pub const LOGIN_FAILURES: u32 = 3;
/// Octets of input a session holds while a question is outstanding.
pub const HELD_INPUT_OCTETS: usize = 65_536;
