//! A whole command, as read; all but APPEND, whose message is streamed (`server/append.rs`). Which state allows it is the table's in `server/table.rs`.

use posthorn_base::{AclChange, Secret};
use posthorn_sasl::Mechanism;

use super::acl::AclQuestion;
use super::esearch::EsearchCommand;
use super::fetch::FetchCommand;
use super::list::ListCommand;
use super::mailbox::SpecialUse;
use super::metadata::{Entry, GetMetadata};
use super::notify::NotifyCommand;
use super::resync::Resync;
use super::search::SearchCommand;
use super::sequence_set::{MessageSet, Numbering};
use super::sort::SortCommand;
use super::status::StatusItem;
use super::store::StoreCommand;
use super::thread::ThreadCommand;
use crate::ask::Transfer;

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Capability,
    Noop,
    Check,
    Logout,
    Unauthenticate,
    Id,
    StartTls,
    Login {
        user: String,
        password: Secret<String>,
    },
    Authenticate {
        /// `None`: not one of ours.
        mechanism: Option<Mechanism>,
        /// Base64, not decoded yet.
        initial: Option<Secret<Vec<u8>>>,
    },
    Compress,
    Enable {
        /// In capitals.
        capabilities: Vec<String>,
    },
    Select(SelectCommand),
    Create {
        name: String,
        special_use: Option<SpecialUse>,
    },
    Delete {
        name: String,
    },
    Rename {
        from: String,
        to: String,
    },
    Subscribe {
        name: String,
        subscribed: bool,
    },
    Language {
        /// Language ranges (RFC 4647), the preferred one first.
        ranges: Vec<String>,
    },
    List(ListCommand),
    Namespace,
    GetMetadata(GetMetadata),
    SetMetadata {
        /// `None`: the server.
        name: Option<String>,
        entries: Vec<Entry>,
    },
    /// SETACL and DELETEACL.
    SetAcl {
        name: String,
        identifier: String,
        change: AclChange,
    },
    /// GETACL, LISTRIGHTS and MYRIGHTS.
    Acl {
        name: String,
        question: AclQuestion,
    },
    GetQuota {
        /// The name of a quota root.
        root: Vec<u8>,
    },
    GetQuotaRoot {
        /// The mailbox.
        name: String,
    },
    Status {
        name: String,
        items: Vec<StatusItem>,
    },
    Idle,
    Close,
    Unselect,
    Expunge {
        /// `Some`: UID EXPUNGE.
        uids: Option<MessageSet>,
    },
    Notify(NotifyCommand),
    Search(SearchCommand),
    Esearch(EsearchCommand),
    Sort(SortCommand),
    Thread(ThreadCommand),
    /// A SEARCH, ESEARCH, SORT or THREAD whose texts cannot be read (RFC 3501 section 6.4.4).
    UnknownCharset {
        /// It would have saved its result (RFC 5182).
        saves: bool,
    },
    Fetch(FetchCommand),
    Store(StoreCommand),
    Copy(CopyCommand),
}

/// SELECT and EXAMINE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SelectCommand {
    pub(crate) name: String,
    pub(crate) access: Access,
    pub(crate) condstore: bool,
    pub(crate) resync: Option<Resync>,
}

/// How a mailbox is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadWrite,
    ReadOnly,
}

/// COPY, MOVE and their UID forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CopyCommand {
    pub(crate) numbering: Numbering,
    pub(crate) set: MessageSet,
    pub(crate) to: String,
    pub(crate) transfer: Transfer,
}
