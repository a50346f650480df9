//! Messages, mailboxes, flags, UID, UIDVALIDITY, MODSEQ, threads, tombstones, quota: the only owner of
//! these rules, so that IMAP, POP3 and JMAP never repeat them (RFC 9051 section 2.3, RFC 7162, RFC 8474).
//!
//! Everything is a function over an open transaction. A change takes the account's row first, then
//! mailboxes by id: the row lock makes the order of UIDs and MODSEQs the order in which they become
//! visible, on any number of nodes.

mod account;
mod acl;
mod annotation;
mod changed_mailboxes;
mod changes;
mod check;
mod contents;
mod copy;
mod deliver;
mod descriptions;
mod envelope;
mod error;
mod evidence;
mod expunge;
mod fetch;
mod flags;
mod folders;
mod gone;
mod names;
mod select;
pub mod sql;
mod store_flags;
mod threads;

pub use account::{Usage, create_account, remove_account, set_quota, usage};
pub use acl::{
    AclEntry, Effect, Grantee, Identifier, Sharing, acl, change_acl, evaluate, forget_shared, partners,
    require, rights, set_sharing, shared_folders, sharers,
};
pub use annotation::{
    ANNOTATION_OCTETS, Annotation, ChangedAnnotation, Shelf, annotate, annotations, changed_annotations,
};
pub use changed_mailboxes::{ChangedMailbox, ChangedMailboxes, changed_mailboxes};
pub use changes::{ChangedUids, Changes, changed_uids, changes};
pub use check::check;
pub use contents::{accounts, copies_among, emails_after, emails_among, message_count};
pub use copy::{CopyMode, CopyOutcome, CopyRequest, copy};
pub use deliver::{Delivered, NewMessage, Quota, Target, deliver};
pub use descriptions::{Description, descriptions};
pub use envelope::{EnvelopeAddress, StoredEnvelope};
pub use error::MailboxError;
pub use evidence::{Place, evidence, places, with_message_id};
pub use expunge::{Expunged, Which, expunge};
pub use fetch::{EmailRow, MessageRow, email, message, messages};
pub use flags::{FlagChange, FlagMode, Flags, System};
pub use folders::{
    Folder, SpecialUse, Status, Subscription, create, delete, find, find_or_parent, folders, folders_by_use,
    rename, status, subscribe,
};
pub use names::check_name;
pub use select::{Snapshot, claim_recent, count_from, deleted_octets, snapshot};
pub use sql::SCHEMA;
pub use store_flags::{Stored, StoredRow, store_flags};
