//! APPEND up to each message itself (RFC 9051 section 6.3.12, RFC 3502).

use posthorn_base::Timestamp;

use super::flags::Flags;
use super::sequence_set::SequenceNumber;

/// What stands before the literal of the first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendHead {
    /// The message that goes (REPLACE, RFC 8508), by number or UID as the command has it.
    pub replaces: Option<SequenceNumber>,
    /// The mailbox.
    pub mailbox_name: String,
    /// Of the first message.
    pub options: AppendOptions,
}

/// What stands before the literal of each message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendOptions {
    /// The flags the message gets.
    pub flags: Flags,
    /// The INTERNALDATE the message gets; `None`: now.
    pub internal_date: Option<Timestamp>,
    /// Does it come as a `literal8` (RFC 3516), in which NUL may stand?
    pub is_binary: bool,
    /// Does it come as `UTF8 (…)` (RFC 6855 section 4)? Then a parenthesis follows it.
    pub is_utf8: bool,
}
