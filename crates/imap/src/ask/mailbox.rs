//! Mailboxes as answers tell of them.

use posthorn_base::Rights;
use roaring::RoaringBitmap;

use super::MailboxHandle;
use crate::types::{ChangedUids, SpecialUse};

/// A mailbox or a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxInfo {
    /// The full name.
    pub name: String,
    /// What it is for.
    pub special_use: Option<SpecialUse>,
    /// Is it subscribed?
    pub subscribed: bool,
    /// Can it be selected? `false`: only a subscription, or only a parent.
    pub exists: bool,
    /// What may be done with it.
    pub rights: Rights,
}

/// The numbers of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxStatus {
    /// Messages.
    pub messages: u32,
    /// Messages no session was told of yet.
    pub recent: u32,
    /// Messages without `\Seen`.
    pub unseen: u32,
    /// Messages with `\Deleted`.
    pub deleted: u32,
    /// Octets of the messages with `\Deleted`; looked at only when they were asked for.
    pub deleted_octets: u64,
    /// Octets of all messages.
    pub size_octets: u64,
    /// The next UID.
    pub uid_next: u32,
    /// The UIDVALIDITY.
    pub uid_validity: u32,
    /// The highest mod-sequence.
    pub highest_modseq: i64,
    /// RFC 8474 MAILBOXID.
    pub mailbox_id: String,
}

/// A mailbox as it was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectedMailbox {
    /// For later questions.
    pub mailbox: MailboxHandle,
    /// The UIDVALIDITY.
    pub uid_validity: u32,
    /// The next UID.
    pub uid_next: u32,
    /// The highest mod-sequence.
    pub highest_modseq: i64,
    /// The UIDs of all messages.
    pub uids: RoaringBitmap,
    /// The first UID that is `\Recent` for this session; `uid_next` when none is.
    pub first_recent_uid: u32,
    /// The first message without `\Seen`.
    pub first_unseen_uid: Option<u32>,
    /// The keywords in use.
    pub keywords: Vec<String>,
    /// RFC 8474 MAILBOXID.
    pub mailbox_id: String,
    /// What may be done in it.
    pub rights: Rights,
    /// What changed since [`super::Ask::Select`]'s `resync`, as of the same moment as all else here; `None` when
    /// that was not asked or the UIDVALIDITY is another.
    pub missed: Option<ChangedUids>,
}

/// What happened to the mailboxes of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchedMailboxes {
    /// Those that are different from what they were.
    pub changed: Vec<WatchedMailbox>,
    /// All mailboxes and subscriptions, with the handles of those that exist; `None` when that was not asked.
    pub names: Option<Vec<(Option<MailboxHandle>, MailboxInfo)>>,
    /// The annotations that others changed since the session asked last; none when it asks for the first time.
    pub annotations: Vec<WatchedAnnotation>,
    /// The account's mod-sequence: everything up to it is in this answer.
    pub modseq: i64,
}

/// An annotation as NOTIFY looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedAnnotation {
    /// The mailbox and whether it is subscribed; `None`: the server.
    pub mailbox: Option<(String, bool)>,
    /// The name of the entry.
    pub entry: String,
}

/// A mailbox as NOTIFY looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedMailbox {
    /// The same as long as it exists, whatever its name.
    pub mailbox: MailboxHandle,
    /// Its name.
    pub name: String,
    /// Is it subscribed?
    pub subscribed: bool,
    /// The UIDVALIDITY.
    pub uid_validity: u32,
    /// The next UID.
    pub uid_next: u32,
    /// Messages.
    pub messages: u32,
    /// Messages without `\Seen`.
    pub unseen: u32,
    /// The highest mod-sequence.
    pub highest_modseq: i64,
}

/// A mailbox that is looked at without being selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeekedMailbox {
    /// For [`super::Ask::Search`] and [`super::Ask::Fetch`].
    pub mailbox: MailboxHandle,
    /// The UIDVALIDITY.
    pub uid_validity: u32,
    /// Messages from this UID on are recent.
    pub first_recent_uid: u32,
    /// The UIDs of all messages; empty when they were not asked for.
    pub uids: RoaringBitmap,
}
