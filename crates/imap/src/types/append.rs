//! APPEND up to the message itself (RFC 9051 section 6.3.12).

use posthorn_base::Timestamp;

use super::flags::Flags;

/// What stands before the literal of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendHead {
    /// The mailbox.
    pub mailbox_name: String,
    /// The flags the message gets.
    pub flags: Flags,
    /// The INTERNALDATE the message gets; `None`: now.
    pub internal_date: Option<Timestamp>,
}
