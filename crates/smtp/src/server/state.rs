//! The states of a server session. What exists in one state alone lives in its variant.

use posthorn_sasl::{Mechanism, ServerExchange};

use super::fault::Fault;
use crate::framing::body::BodyReader;
use crate::{Recipient, Sender};

/// What the session waits for: the client's next command or octets, or the shell's answer.
#[derive(Debug)]
pub(super) enum State {
    /// EHLO, HELO or LHLO.
    AwaitHello,
    /// MAIL.
    AwaitMail,
    /// RCPT, DATA or the first BDAT.
    AwaitRcpt(Box<Transaction>),
    /// The next BDAT.
    AwaitChunk(Box<Transfer>),
    /// The lines of DATA.
    Data(Box<Transfer>),
    /// The octets of one BDAT.
    Chunk(Box<Chunk>),
    /// The octets of a BDAT that is refused.
    Swallow(Box<Swallow>),
    /// A line of a SASL exchange.
    AwaitResponse(Box<Exchange>),
    /// The TLS handshake.
    AwaitTls,
    /// The answer to `Ask::Credentials`.
    AskedCredentials(Box<Exchange>),
    /// The answer to `Ask::Sender`.
    AskedSender(Box<Sender>),
    /// The answer to `Ask::Recipient`.
    AskedRecipient(Box<(Transaction, Recipient)>),
    /// The answer to `Ask::Message`, which has so many recipients.
    AskedMessage(usize),
    /// Nothing more.
    Closed,
}

/// A transaction after MAIL.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) sender: Sender,
    /// The accepted ones.
    pub(super) recipients: Vec<Recipient>,
}

/// A transaction whose body is coming.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) transaction: Transaction,
    pub(super) body: BodyReader,
}

/// One BDAT whose octets are coming.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) transfer: Transfer,
    pub(super) remaining: u64,
    pub(super) is_last: bool,
}

/// A BDAT whose octets nobody wants.
#[derive(Debug)]
pub(super) struct Swallow {
    pub(super) remaining: u64,
    pub(super) fault: Fault,
    pub(super) then: State,
}

/// A log-in on its way.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) sasl: ServerExchange,
    pub(super) mechanism: Mechanism,
    pub(super) user: Option<String>,
}

/// Where in the order of commands a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Before EHLO.
    Hello,
    /// No transaction.
    Mail,
    /// After MAIL.
    Rcpt,
    /// After the first BDAT.
    Chunk,
    /// No command is expected at all.
    Busy,
}

impl State {
    pub(super) fn phase(&self) -> Phase {
        match self {
            Self::AwaitHello => Phase::Hello,
            Self::AwaitMail => Phase::Mail,
            Self::AwaitRcpt(_) => Phase::Rcpt,
            Self::AwaitChunk(_) => Phase::Chunk,
            Self::Data(_)
            | Self::Chunk(_)
            | Self::Swallow(_)
            | Self::AwaitResponse(_)
            | Self::AwaitTls
            | Self::AskedCredentials(_)
            | Self::AskedSender(_)
            | Self::AskedRecipient(_)
            | Self::AskedMessage(_)
            | Self::Closed => Phase::Busy,
        }
    }

    /// Is an answer of the shell outstanding?
    pub(super) fn is_asking(&self) -> bool {
        match self {
            Self::AskedCredentials(_)
            | Self::AskedSender(_)
            | Self::AskedRecipient(_)
            | Self::AskedMessage(_) => true,
            Self::AwaitHello
            | Self::AwaitMail
            | Self::AwaitRcpt(_)
            | Self::AwaitChunk(_)
            | Self::Data(_)
            | Self::Chunk(_)
            | Self::Swallow(_)
            | Self::AwaitResponse(_)
            | Self::AwaitTls
            | Self::Closed => false,
        }
    }

    /// Are octets of a body expected, so that any of them is a sign of life?
    pub(super) fn is_in_body(&self) -> bool {
        match self {
            Self::Data(_) | Self::Chunk(_) | Self::Swallow(_) => true,
            Self::AwaitHello
            | Self::AwaitMail
            | Self::AwaitRcpt(_)
            | Self::AwaitChunk(_)
            | Self::AwaitResponse(_)
            | Self::AwaitTls
            | Self::AskedCredentials(_)
            | Self::AskedSender(_)
            | Self::AskedRecipient(_)
            | Self::AskedMessage(_)
            | Self::Closed => false,
        }
    }
}
