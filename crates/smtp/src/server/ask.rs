//! What a server session asks, is told and reports.

use posthorn_sasl as sasl;

use crate::{Envelope, Recipient, Refusal, Reply, Sender};

/// A question; exactly one is outstanding at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A SASL exchange asks; answered with [`Answer::Credentials`].
    Credentials(sasl::Ask),
    /// May this sender begin a transaction? Answered with [`Answer::Ok`] or [`Answer::Refuse`].
    Sender(Sender),
    /// Is this a recipient for us, from this sender? Answered with [`Answer::Ok`] or [`Answer::Refuse`].
    Recipient(Recipient),
    /// The body has been reported in full: take the message. Answered, once it is on stable storage, with
    /// [`Answer::Accepted`]; or with [`Answer::Refuse`]; in LMTP also with [`Answer::PerRecipient`].
    Message(Envelope),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Ask::Credentials`].
    Credentials(sasl::Answer),
    /// Yes.
    Ok,
    /// No, and why.
    Refuse(Refusal),
    /// The message is ours now, under this id.
    Accepted {
        /// The id under which the log has it; goes into the reply.
        queue_id: String,
    },
    /// LMTP alone (RFC 2033 section 4.2): one result per accepted recipient, in their order.
    PerRecipient(Vec<Result<String, Refusal>>),
}

/// Something the shell should know; no answer is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next octets of the message's content: dots removed, lines ended with CRLF.
    Body(Vec<u8>),
    /// What came of the body so far is void; more of it will not be reported.
    BodyDiscarded,
    /// The client has proven who it is.
    LoggedIn {
        /// The canonical account address.
        identity: String,
        /// How it was proven.
        mechanism: sasl::Mechanism,
    },
    /// A log-in failed.
    LoginFailed {
        /// The user as the client wrote it; `None` when it did not come to that.
        user: Option<String>,
    },
    /// The session itself (not the shell) refused a command. For the log.
    CommandRefused {
        /// The verb; empty when the line held none that we know.
        verb: &'static str,
        /// What the client was told.
        reply: Reply,
    },
    /// The session ends the connection, and not because the client said QUIT. For the log.
    Ended {
        /// What the client was told.
        reply: Reply,
    },
}
