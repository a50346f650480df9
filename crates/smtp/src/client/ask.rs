//! What a client session asks, is told and reports.

use std::sync::Arc;

use posthorn_base::ReversePath;

use crate::{Body, Class, Recipient, Reply, Ret};

/// The one question there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The session is ready: what is the next transaction?
    Next,
}

/// The answer to [`Ask::Next`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Send this.
    Send(Transaction),
    /// Nothing more: say QUIT and close.
    Quit,
}

/// One message for some recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Where bounces go.
    pub reverse_path: ReversePath,
    /// The recipients, in the order of the outcome.
    pub recipients: Vec<Recipient>,
    /// The content, with CRLF line ends. Shared, never copied as a whole.
    pub body: Arc<[u8]>,
    /// What the content needs. 8-bit content goes even to a server that does not offer 8BITMIME:
    /// re-encoding it would break signatures, and such servers pass it on in practice.
    pub body_type: Body,
    /// Does it need SMTPUTF8? Then it goes to no server that does not offer that.
    pub smtputf8: bool,
    /// `RET=`, sent where DSN is offered.
    pub ret: Option<Ret>,
    /// `ENVID=`, not encoded; sent where DSN is offered.
    pub envelope_id: Option<String>,
}

/// Which way a line went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From us.
    Sent,
    /// From the server.
    Received,
}

/// What a reply answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The connection.
    Greeting,
    /// EHLO, HELO, LHLO.
    Hello,
    /// STARTTLS, and the handshake.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA, before the content.
    Data,
    /// The content.
    Message,
}

/// Something the shell should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A line of the dialogue, without its end; content is left out, and what AUTH carries is a `…`.
    Line {
        /// Which way it went.
        direction: Direction,
        /// The line.
        text: String,
    },
    /// The session can do no transaction; it closes.
    Refused {
        /// At which point.
        stage: Stage,
        /// What the server said, or what went wrong on our side in the same form.
        reply: Reply,
        /// Is another attempt worth while? Never `Delivered`.
        class: Class,
    },
    /// A transaction is over.
    Outcome(Outcome),
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// One for each recipient, in the transaction's order.
    pub recipients: Vec<RecipientOutcome>,
    /// The server offers DSN: reporting success is now its duty (RFC 3461 section 5.2.7).
    pub dsn_relayed: bool,
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientOutcome {
    /// What the server said, or what went wrong on our side in the same form.
    pub reply: Reply,
    /// What it answered.
    pub stage: Stage,
    /// What it means; `Delivered` after the content alone.
    pub class: Class,
}
