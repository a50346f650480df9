//! Messages as answers tell of them.

use posthorn_base::Timestamp;

use crate::types::Flags;

/// A message whose flags changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageChange {
    /// Which.
    pub uid: u32,
    /// Its flags now.
    pub flags: Flags,
    /// Its mod-sequence now.
    pub modseq: i64,
}

/// A message as [`super::Ask::Store`] left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// What it is like now.
    pub now: MessageChange,
    /// Its mod-sequence before; the same when nothing was changed.
    pub modseq_before: i64,
}

/// A message as [`super::Ask::Fetch`] wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRow {
    /// Which message.
    pub uid: u32,
    /// Its flags, after `mark_seen`.
    pub flags: Flags,
    /// Its mod-sequence, after `mark_seen`.
    pub modseq: i64,
    /// When it came.
    pub internal_date: Timestamp,
    /// When it came into this mailbox (RFC 8514).
    pub saved_at: Timestamp,
    /// Its octets.
    pub size_octets: u64,
    /// RFC 8474 EMAILID; looked at only when it was asked for.
    pub email_id: String,
    /// RFC 8474 THREADID; looked at only when it was asked for.
    pub thread_id: String,
    /// The `envelope` of RFC 3501 section 9, ready to send, with its parentheses.
    pub envelope: Option<Vec<u8>>,
    /// The `body` with extension data, ready to send, with its parentheses.
    pub body_structure: Option<Vec<u8>>,
    /// The `body` without extension data, ready to send, with its parentheses.
    pub body: Option<Vec<u8>>,
    /// The preview (RFC 8970), empty when there is nothing to show.
    pub preview: Option<String>,
    /// The sections in the order asked, cut to `partial`; `None`: the message has no such section.
    pub sections: Vec<Option<Vec<u8>>>,
    /// Did this question set `\Seen`? Then the client is told the flags.
    pub newly_seen: bool,
}
