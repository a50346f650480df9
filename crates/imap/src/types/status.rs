//! What STATUS tells of a mailbox (RFC 9051 section 6.3.11).

/// `status-att`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusItem {
    /// The number of messages.
    Messages,
    /// The number of messages no session was told of yet (RFC 3501 only).
    Recent,
    /// The UID that the next message will get at least.
    UidNext,
    /// The UIDVALIDITY.
    UidValidity,
    /// The number of messages without `\Seen`.
    Unseen,
    /// The number of messages with `\Deleted` (RFC 9051).
    Deleted,
    /// Octets of all messages (RFC 8438).
    Size,
    /// RFC 7162 section 3.1.2.1.
    HighestModSeq,
    /// What stays when the mailbox is renamed (RFC 8474 section 4.3).
    MailboxId,
    /// The largest message of APPEND (RFC 7889): the same for every mailbox.
    AppendLimit,
    /// Octets of the messages with `\Deleted` (RFC 9208 section 4.1.4).
    DeletedStorage,
}

impl StatusItem {
    /// All items with their names.
    pub const NAMES: [(Self, &'static str); 11] = [
        (Self::Messages, "MESSAGES"),
        (Self::Recent, "RECENT"),
        (Self::UidNext, "UIDNEXT"),
        (Self::UidValidity, "UIDVALIDITY"),
        (Self::Unseen, "UNSEEN"),
        (Self::Deleted, "DELETED"),
        (Self::Size, "SIZE"),
        (Self::HighestModSeq, "HIGHESTMODSEQ"),
        (Self::MailboxId, "MAILBOXID"),
        (Self::AppendLimit, "APPENDLIMIT"),
        (Self::DeletedStorage, "DELETED-STORAGE"),
    ];
}
