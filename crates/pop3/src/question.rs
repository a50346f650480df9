//! What a session asks, is told, and reports.

use std::sync::Arc;

use posthorn_sasl::Mechanism;

/// What a session asks the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Who is this? Answered by [`Answer::Credentials`].
    Credentials(posthorn_sasl::Ask),
    /// Take the exclusive lock on the maildrop and list it. Answered by [`Answer::Opened`],
    /// [`Answer::InUse`], [`Answer::LoginDelay`] or [`Answer::Unavailable`]. The lock is the shell's to
    /// release after [`Ask::Commit`] and when the connection ends in any other way.
    Open {
        /// The canonical account address.
        identity: String,
    },
    /// A message, by its place in the list of [`Answer::Opened`], from 0. Answered by
    /// [`Answer::Message`], [`Answer::Gone`] or [`Answer::Unavailable`].
    Retrieve {
        /// The place in the list.
        index: usize,
    },
    /// `QUIT`: delete these messages and release the lock; asked with an empty list too. Answered by
    /// [`Answer::Committed`] or [`Answer::CommitFailed`].
    Commit {
        /// Places in the list, ascending.
        delete: Vec<usize>,
    },
}

/// What the shell answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Ask::Credentials`].
    Credentials(posthorn_sasl::Answer),
    /// The maildrop is locked; its messages, oldest first.
    Opened(Vec<Entry>),
    /// Another session holds the lock.
    InUse,
    /// This user logged in too recently.
    LoginDelay,
    /// The message, whole. Its lines may end in bare LF; they are mended on the way out.
    Message(Arc<[u8]>),
    /// The message was removed by another program since the maildrop was opened.
    Gone,
    /// The messages are deleted, the lock is released.
    Committed,
    /// Some messages could not be deleted; the lock is released.
    CommitFailed,
    /// An internal failure: temporary. The reply names [`crate::Config::reference`].
    Unavailable,
}

/// One message of a maildrop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What `UIDL` says: 1 to 70 printable ASCII characters without space, never reused in the maildrop
    /// (RFC 1939 section 7).
    pub unique_id: String,
    /// The size with CRLF line ends.
    pub size_octets: u64,
}

/// What the log should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Name and password were right. The maildrop is not open yet.
    LoggedIn {
        /// The canonical account address.
        identity: String,
        /// How.
        mechanism: LoginMethod,
    },
    /// A log-in was refused.
    LoginFailed {
        /// The user as the client wrote it; `None` when it got no further than the mechanism.
        user: Option<String>,
    },
}

/// How somebody logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginMethod {
    /// `USER` and `PASS`.
    UserPass,
    /// `AUTH`.
    Sasl(Mechanism),
}

impl LoginMethod {
    /// The name for a log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserPass => "USER/PASS",
            Self::Sasl(mechanism) => mechanism.name(),
        }
    }
}
