//! What the session asks the shell and what it reports. A question and its answer stand under the same
//! name; every question may be answered with [`Answer::Unavailable`], and every question about a selected
//! mailbox with [`Answer::MailboxGone`].

mod mailbox;
mod message;

use posthorn_base::{AclChange, Rights, Timestamp};
use posthorn_sasl::Mechanism;
use roaring::RoaringBitmap;

pub use self::mailbox::{
    MailboxInfo, MailboxStatus, PeekedMailbox, SelectedMailbox, WatchedAnnotation, WatchedMailbox,
    WatchedMailboxes,
};
pub use self::message::{FetchRow, MessageChange, StoredMessage};
use crate::types::metadata::Entry;
use crate::types::{
    ChangedUids, FetchWant, FlagChange, Flags, SearchKey, SortCriterion, SpecialUse, ThreadAlgorithm,
    ThreadNode,
};

/// The shell's number for a mailbox, and for no other one; the session only hands it back and compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxHandle(pub i64);

/// A question. Names of mailboxes are UTF-8 with `/` between levels; INBOX is always in capitals.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// LOGIN and AUTHENTICATE. Answer: [`Answer::Credentials`].
    Credentials(posthorn_sasl::Ask),
    /// All mailboxes and subscriptions. Answer: [`Answer::Mailboxes`].
    Mailboxes,
    /// Numbers of a mailbox. Answer: [`Answer::Status`] or [`Answer::NoSuchMailbox`].
    Status {
        /// The mailbox.
        name: String,
        /// Is [`MailboxStatus::deleted_octets`] asked for, which has to be counted?
        wants_deleted_octets: bool,
    },
    /// What an account uses and may use: the one that is logged in, or the one a mailbox belongs to, if that
    /// may be read. Answer: [`Answer::Quota`], [`Answer::NoSuchMailbox`], [`Answer::NoPermission`].
    Quota {
        /// The mailbox; one of the account that is logged in need not exist.
        of_mailbox: Option<String>,
    },
    /// All annotations of a mailbox or the server: those that are shared and those of the account that is logged
    /// in. Answer: [`Answer::Metadata`], [`Answer::NoSuchMailbox`], [`Answer::NoPermission`].
    Metadata {
        /// The mailbox; `None`: the server.
        name: Option<String>,
    },
    /// A change of annotations, all or none. Answer: [`Answer::Ok`], [`Answer::MetadataTooBig`],
    /// [`Answer::MetadataTooMany`], or as to [`Ask::Metadata`].
    SetMetadata {
        /// The mailbox; `None`: the server.
        name: Option<String>,
        /// Entries in small letters, with the values they get; `None`: none any more.
        entries: Vec<Entry>,
    },
    /// The access control list of a mailbox. Answer: [`Answer::Acl`], or [`Answer::NoSuchMailbox`] and
    /// [`Answer::NoPermission`].
    Acl {
        /// The mailbox.
        name: String,
    },
    /// What the account that is logged in may do. Answer: [`Answer::Rights`] or [`Answer::NoSuchMailbox`].
    MyRights {
        /// The mailbox.
        name: String,
    },
    /// What an identifier may do in any case; all other rights can be granted to it. Answer:
    /// [`Answer::Rights`], or as to [`Ask::Acl`], or [`Answer::Refused`].
    GrantableRights {
        /// The mailbox.
        name: String,
        /// As the client wrote it: an account, `anyone`, or either behind a `-`.
        identifier: String,
    },
    /// A change of an access control list. Answer: [`Answer::Ok`], or as to [`Ask::GrantableRights`].
    ChangeAcl {
        /// The mailbox.
        name: String,
        /// As in [`Ask::GrantableRights`].
        identifier: String,
        /// What becomes of its rights.
        change: AclChange,
    },
    /// SELECT and EXAMINE. Answer: [`Answer::Selected`] or [`Answer::NoSuchMailbox`].
    Select {
        /// The mailbox.
        name: String,
        /// EXAMINE: nothing in the mailbox will change, and `\Recent` stays for the next session.
        read_only: bool,
        /// What the client wants to go on from (RFC 7162 section 3.2.5).
        resync: Option<ResyncFrom>,
    },
    /// A look at a mailbox that is not selected by it. Answer: [`Answer::Peeked`] or
    /// [`Answer::NoSuchMailbox`].
    Peek {
        /// The mailbox.
        name: String,
        /// Are [`PeekedMailbox::uids`] wanted?
        wants_uids: bool,
    },
    /// What of the account's mailboxes is different from what it was. Answer: [`Answer::Watched`].
    Watch {
        /// Mailboxes with a mod-sequence above this.
        since_modseq: i64,
        /// Are all names and subscriptions wanted?
        wants_names: bool,
    },
    /// CREATE, with all missing parents. Answer: [`Answer::Created`], [`Answer::AlreadyExists`] or
    /// [`Answer::Refused`].
    Create {
        /// The mailbox; fit to be created ([`crate::types::mailbox::is_fit_to_create`]).
        name: String,
        /// RFC 6154 section 3.
        special_use: Option<SpecialUse>,
    },
    /// DELETE; children stay. Never INBOX. Answer: [`Answer::Ok`], [`Answer::NoSuchMailbox`] or
    /// [`Answer::Refused`].
    Delete {
        /// The mailbox.
        name: String,
    },
    /// RENAME, with its children; of INBOX only the messages move (RFC 9051 section 6.3.6). Answer:
    /// [`Answer::Ok`], [`Answer::NoSuchMailbox`], [`Answer::AlreadyExists`] or [`Answer::Refused`].
    Rename {
        /// The mailbox.
        from: String,
        /// Its new name; fit to be created, and not below `from`.
        to: String,
    },
    /// SUBSCRIBE and UNSUBSCRIBE; the mailbox need not exist. Answer: [`Answer::Ok`],
    /// [`Answer::NoSuchMailbox`] or [`Answer::Refused`].
    Subscribe {
        /// The mailbox.
        name: String,
        /// Subscribe or unsubscribe.
        subscribed: bool,
    },
    /// May a message of that size be appended? Answer: [`Answer::Ok`], then [`Event::AppendData`] follows
    /// until [`Ask::AppendFinish`] or [`Event::AppendDiscarded`]; or [`Answer::NoSuchMailbox`],
    /// [`Answer::OverQuota`], [`Answer::TooBig`].
    AppendStart {
        /// The mailbox.
        mailbox_name: String,
        /// Octets that will follow; within [`crate::Limits::message_octets`], never 0.
        size_octets: u64,
        /// REPLACE: this message goes when that one comes, and the room is counted so (RFC 8508).
        replaces: Option<Replaced>,
    },
    /// All octets of a message were reported, and another message may follow: of the same command, so
    /// that all are stored or none (RFC 3502). Answers as to [`Ask::AppendStart`]; a refusal is of all
    /// that came so far.
    AppendNext {
        /// The mailbox.
        mailbox_name: String,
        /// The flags the message gets whose octets were reported.
        flags: Flags,
        /// Its INTERNALDATE; `None`: now.
        internal_date: Option<Timestamp>,
        /// Octets that will follow; with those before within [`crate::Limits::message_octets`], never 0.
        size_octets: u64,
    },
    /// All octets were reported. Answer: [`Answer::Appended`], or one of [`Ask::AppendStart`]'s refusals.
    AppendFinish {
        /// The mailbox.
        mailbox_name: String,
        /// The flags the message gets; with several, the last.
        flags: Flags,
        /// The INTERNALDATE; `None`: now.
        internal_date: Option<Timestamp>,
        /// REPLACE: this message goes in the same change, or nothing happens. If it is gone already:
        /// [`Answer::Refused`].
        replaces: Option<Replaced>,
    },
    /// FETCH of a batch. Answer: [`Answer::Fetched`]. A client may name many sections that overlap; a
    /// shell that does not want to hold them all answers [`Answer::Refused`].
    Fetch {
        /// The mailbox.
        mailbox: MailboxHandle,
        /// The messages, ascending; never empty.
        uids: Vec<u32>,
        /// What beyond the fields every row has.
        want: FetchWant,
        /// Set `\Seen` on each; the row then shows the flags after that.
        mark_seen: bool,
        /// Once the sections of the answer's rows have more octets than this, the shell stops after the
        /// current row and names the rest in `not_reached`.
        octets_at_most: u64,
    },
    /// STORE of a batch. Answer: [`Answer::Stored`].
    Store {
        /// The mailbox.
        mailbox: MailboxHandle,
        /// The messages, ascending; never empty.
        uids: Vec<u32>,
        /// The change.
        change: FlagChange,
        /// Messages whose mod-sequence is above this are left alone and named in `modified`.
        unchanged_since: Option<i64>,
    },
    /// COPY and MOVE: all or none. Answer: [`Answer::Copied`], [`Answer::NoSuchMailbox`],
    /// [`Answer::OverQuota`] or [`Answer::Refused`].
    Copy {
        /// The mailbox with the messages.
        mailbox: MailboxHandle,
        /// The messages, ascending; never empty.
        uids: Vec<u32>,
        /// The mailbox that gets them.
        to: String,
        /// Copy or move.
        mode: Transfer,
    },
    /// Remove messages with `\Deleted` for ever. Answer: [`Answer::Expunged`].
    Expunge {
        /// The mailbox.
        mailbox: MailboxHandle,
        /// Only those among these; `None`: all.
        uids: Option<Vec<u32>>,
    },
    /// SEARCH. Answer: [`Answer::Found`].
    Search {
        /// The mailbox.
        mailbox: MailboxHandle,
        /// What to look for. Messages that the session does not know yet may be found; it drops them.
        key: SearchKey<RoaringBitmap>,
    },
    /// SORT. Answer: [`Answer::Sorted`].
    Sort {
        /// The mailbox.
        mailbox: MailboxHandle,
        /// What to look for, as in [`Ask::Search`].
        key: SearchKey<RoaringBitmap>,
        /// The order, the most important criterion first; messages that are equal by all go by their UID.
        criteria: Vec<SortCriterion>,
    },
    /// THREAD. Answer: [`Answer::Threads`].
    Thread {
        /// The mailbox.
        mailbox: MailboxHandle,
        /// What to look for; names only messages the session knows.
        key: SearchKey<RoaringBitmap>,
        /// How.
        algorithm: ThreadAlgorithm,
    },
    /// Which messages are different from what they were. Answer: [`Answer::ChangedUids`].
    ChangedUids {
        /// The mailbox.
        mailbox: MailboxHandle,
        /// Everything with a mod-sequence above this.
        since_modseq: i64,
    },
    /// What happened in the mailbox. Answer: [`Answer::Changes`], with every message whose mod-sequence is
    /// above `since_modseq` in `changed` or `arrived`; or [`Answer::Unavailable`], [`Answer::MailboxGone`].
    /// Anything else ends the session.
    Changes {
        /// The mailbox.
        mailbox: MailboxHandle,
        /// Everything with a mod-sequence above this.
        since_modseq: i64,
    },
}

/// The state of a mailbox that a client remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResyncFrom {
    /// The UIDVALIDITY it had; when it has another by now, nothing else counts.
    pub uid_validity: u32,
    /// The mod-sequence up to which the client knows all changes.
    pub modseq: i64,
}

/// A message that another takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The mailbox with the message.
    pub mailbox: MailboxHandle,
    /// The message.
    pub uid: u32,
}

/// COPY or MOVE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// The originals stay.
    Copy,
    /// The originals are expunged (RFC 6851).
    Move,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Ask::Credentials`].
    Credentials(posthorn_sasl::Answer),
    /// To [`Ask::Mailboxes`], in any order.
    Mailboxes(Vec<MailboxInfo>),
    /// To [`Ask::Status`].
    Status(MailboxStatus),
    /// To [`Ask::Select`].
    Selected(SelectedMailbox),
    /// To [`Ask::Peek`].
    Peeked(PeekedMailbox),
    /// To [`Ask::Watch`], all as of the same moment.
    Watched(WatchedMailboxes),
    /// To [`Ask::Quota`].
    Quota {
        /// The name of the quota root; that of the account that is logged in is empty.
        root: String,
        /// Octets of all messages.
        used_octets: u64,
        /// Octets there may be; `None`: no limit.
        limit_octets: Option<u64>,
    },
    /// To [`Ask::Metadata`], in any order.
    Metadata(Vec<(String, Vec<u8>)>),
    /// To [`Ask::SetMetadata`]: a value is too large.
    MetadataTooBig {
        /// What it may have.
        octets_at_most: u32,
    },
    /// To [`Ask::SetMetadata`]: there are as many as there may be.
    MetadataTooMany,
    /// To [`Ask::Acl`]: identifiers and their rights.
    Acl(Vec<(String, Rights)>),
    /// To [`Ask::MyRights`] and [`Ask::GrantableRights`].
    Rights(Rights),
    /// It is done, or may go on.
    Ok,
    /// To [`Ask::Create`].
    Created {
        /// RFC 8474 MAILBOXID of the new mailbox.
        mailbox_id: String,
    },
    /// To [`Ask::AppendFinish`].
    Appended {
        /// Of the mailbox.
        uid_validity: u32,
        /// Of the messages, in their order; ascending.
        uids: Vec<u32>,
    },
    /// To [`Ask::Fetch`].
    Fetched {
        /// A row per message that still exists, in the order of the question.
        rows: Vec<FetchRow>,
        /// Messages not looked at because `octets_at_most` was reached; the session asks again.
        not_reached: Vec<u32>,
    },
    /// To [`Ask::Store`].
    Stored {
        /// The messages that were changed (or already were so), with the flags after that.
        changed: Vec<StoredMessage>,
        /// Those left alone because of `unchanged_since`.
        modified: Vec<u32>,
    },
    /// To [`Ask::Copy`].
    Copied {
        /// Of the target mailbox.
        uid_validity: u32,
        /// Source and target UID of each message, ascending by source; messages that no longer existed
        /// are missing.
        pairs: Vec<(u32, u32)>,
    },
    /// To [`Ask::Expunge`].
    Expunged {
        /// What was removed.
        uids: Vec<u32>,
        /// After that.
        highest_modseq: i64,
    },
    /// To [`Ask::Search`].
    Found {
        /// The messages, in any order.
        uids: Vec<u32>,
        /// The highest mod-sequence among them; looked at only when the key has one.
        highest_modseq: i64,
    },
    /// To [`Ask::Sort`].
    Sorted {
        /// The messages in their order.
        uids: Vec<u32>,
        /// The highest mod-sequence among them; looked at only when the key has one.
        highest_modseq: i64,
    },
    /// To [`Ask::Thread`]: the trees, one behind the other.
    Threads(Vec<ThreadNode>),
    /// To [`Ask::ChangedUids`].
    ChangedUids(ChangedUids),
    /// To [`Ask::Changes`].
    Changes {
        /// Messages that no longer exist.
        vanished: Vec<u32>,
        /// Messages whose flags changed; new ones may be among them.
        changed: Vec<MessageChange>,
        /// New messages; those that the session was told of before may be among them.
        arrived: Vec<u32>,
        /// After that.
        uid_next: u32,
        /// Up to where these changes go.
        highest_modseq: i64,
        /// What may be done in the mailbox now.
        rights: Rights,
    },
    /// To [`Ask::Fetch`]: a section was wanted [`crate::types::SectionForm::Decoded`] and has an encoding
    /// that is not known.
    UnknownEncoding,
    /// There is no such mailbox, or whoever asks must not know of it.
    NoSuchMailbox,
    /// The right to do that is not granted (RFC 4314).
    NoPermission,
    /// There is one of that name already.
    AlreadyExists,
    /// The account's quota does not allow it.
    OverQuota,
    /// The message is larger than allowed.
    TooBig,
    /// It is not allowed; the reason is shown to the person.
    Refused(String),
    /// There would be more of something than there may be; the reason is shown to the person.
    LimitReached(String),
    /// To [`Ask::Create`]: no mailbox can be made for that use.
    UnfitUse,
    /// An inner failure; the client may try again later.
    Unavailable,
    /// The selected mailbox was deleted, or may no longer be read.
    MailboxGone,
}

/// What the shell should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody logged in.
    LoggedIn {
        /// The canonical account address.
        identity: String,
        /// How; `None`: the LOGIN command.
        mechanism: Option<Mechanism>,
    },
    /// Whoever was logged in is so no longer, and the connection goes on.
    LoggedOut,
    /// A log-in was refused.
    LoginFailed {
        /// The user as written, where it is known.
        user: Option<String>,
    },
    /// This mailbox is looked at from now on: a notice should come when it changes.
    Selected(Option<MailboxHandle>),
    /// From now on, or no longer, a notice should come when anything in the account changes.
    Watching(bool),
    /// Octets of the message being appended.
    AppendData(Vec<u8>),
    /// What came of the message being appended is void, and so are those before it in the same command.
    AppendDiscarded,
}
