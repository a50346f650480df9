//! What NOTIFY asks for (RFC 5465).

use super::fetch::FetchItem;
use super::filter::MailboxFilter;

/// NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotifyCommand {
    /// `NONE`.
    None,
    /// `SET`.
    Set(NotifySet),
    /// `SET` with an event that does not exist here.
    UnknownEvent,
}

/// `notify-set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotifySet {
    /// Are the numbers of each mailbox wanted at the beginning?
    pub(crate) status: bool,
    /// At most one is of the selected mailbox.
    pub(crate) groups: Vec<EventGroup>,
}

/// `event-group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventGroup {
    pub(crate) filter: MailboxFilter,
    pub(crate) events: Events,
}

/// The events of a group; none: `NONE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Events {
    /// MessageNew and MessageExpunge, which are asked for together.
    pub(crate) messages: bool,
    /// What is shown of new messages; of the selected mailbox alone.
    pub(crate) fetch: Vec<FetchItem>,
    /// FlagChange; only beside `messages`.
    pub(crate) flags: bool,
    /// MailboxName; never of the selected mailbox alone.
    pub(crate) names: bool,
    /// SubscriptionChange; never of the selected mailbox alone.
    pub(crate) subscriptions: bool,
    /// MailboxMetadataChange; never of the selected mailbox alone.
    pub(crate) metadata: bool,
    /// ServerMetadataChange, whatever the mailboxes of the group.
    pub(crate) server_metadata: bool,
}
