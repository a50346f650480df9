//! A message comes into a mailbox: by delivery, by APPEND.

use std::sync::Arc;

use posthorn_base::{AccountId, EmailId, MailboxId, ModSeq, ThreadId, Timestamp, Uid, UidValidity};
use posthorn_message::Rendered;
use posthorn_store::{Blob, Tx, params};

use crate::account::Usage;
use crate::descriptions::join_ids;
use crate::flags::Flags;
use crate::folders::{INBOX, SpecialUse, folders_by_use};
use crate::select::note_keywords;
use crate::store_flags::Delta;
use crate::{MailboxError, folders, sql, threads};

/// A message ready to be stored.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its octets, staged.
    pub blob: Blob,
    /// What was rendered of it.
    pub rendered: Arc<Rendered>,
    /// When it came, or what APPEND says (RFC 9051 section 2.3.3).
    pub internal_date: Timestamp,
    /// Flags from the start.
    pub flags: Flags,
    /// What was found out about its sender when it arrived, as `posthorn_trust::Evidence` stores it.
    pub evidence: Option<Arc<[u8]>>,
}

/// Which mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// INBOX.
    Inbox,
    /// The mailbox with that use; INBOX when the account has none.
    Use(SpecialUse),
    /// By name.
    Name(String),
}

/// Whether the quota stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Refuse what would exceed the quota.
    Enforce,
    /// It was asked before (at RCPT); a message on its way is not lost for a few octets.
    Checked,
}

/// Where a message came to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Its UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// The message's UID.
    pub uid: Uid,
    /// The change.
    pub modseq: ModSeq,
    /// The content's id.
    pub email: EmailId,
    /// The conversation.
    pub thread: ThreadId,
}

/// Stores a message: its octets, its description and its place in a mailbox.
///
/// # Errors
/// When the mailbox does not exist, or the quota is enforced and would be exceeded.
pub fn deliver(
    tx: &mut Tx<'_>,
    account: AccountId,
    target: &Target,
    message: &NewMessage,
    quota: Quota,
    now: Timestamp,
) -> Result<Delivered, MailboxError> {
    let size = i64::try_from(message.blob.reference().size_octets).unwrap_or(i64::MAX);
    let (modseq, next_id, usage) = tx
        .query_row(sql::NEXT_FOR_DELIVERY, params![account, size], |row| {
            let limit = row.u64(3)?;
            let usage = Usage {
                used_octets: row.u64(2)?,
                quota_octets: (limit > 0).then_some(limit),
            };
            Ok((ModSeq(row.int(0)?), row.int(1)?, usage))
        })?
        .ok_or(MailboxError::NoSuchAccount)?;
    if quota == Quota::Enforce && usage.is_exceeded_by(0) {
        return Err(MailboxError::OverQuota);
    }
    let mailbox = place(tx, account, target)?;
    let thread = threads::join(tx, account, &message.rendered.thread, ThreadId(next_id - 1))?;
    let email = EmailId(next_id);
    insert_email(tx, account, email, thread, message, now)?;
    let row = NewRow {
        email,
        thread,
        flags: &message.flags,
        modseq,
        internal_date: message.internal_date,
        sent_at: message.rendered.sent,
        size,
    };
    let added = Delta::of_new(&message.flags, size);
    let (uid, uid_validity) = take_uids(tx, account, mailbox, modseq, added)?;
    insert_message(tx, account, mailbox, uid, &row, now)?;
    note_keywords(tx, account, mailbox, message.flags.keywords())?;
    tx.notice(account);
    Ok(Delivered {
        mailbox,
        uid_validity,
        uid,
        modseq,
        email,
        thread,
    })
}

fn place(tx: &Tx<'_>, account: AccountId, target: &Target) -> Result<MailboxId, MailboxError> {
    match target {
        Target::Inbox => Ok(INBOX),
        Target::Use(special_use) => Ok(folders_by_use(tx, account, *special_use)?.unwrap_or(INBOX)),
        Target::Name(name) => folders::find(tx, account, name),
    }
}

fn insert_email(
    tx: &mut Tx<'_>,
    account: AccountId,
    email: EmailId,
    thread: ThreadId,
    message: &NewMessage,
    now: Timestamp,
) -> Result<(), MailboxError> {
    tx.put_blob(&message.blob)?;
    let (blob, rendered) = (message.blob.reference(), &message.rendered);
    let size = i64::try_from(blob.size_octets).unwrap_or(i64::MAX);
    tx.execute(
        sql::INSERT_EMAIL,
        params![
            account,
            email,
            thread,
            &blob.hash,
            blob.generation,
            size,
            now,
            rendered.header_octets,
            &rendered.envelope,
            &rendered.body_structure,
            &rendered.body,
            &rendered.parts.to_bytes(),
            &rendered.preview,
        ],
    )?;
    if let Some(evidence) = &message.evidence {
        tx.execute(sql::INSERT_EVIDENCE, params![account, email, &**evidence])?;
    }
    let ancestors = &rendered.thread.ancestors;
    if !ancestors.is_empty() {
        let ids = join_ids(ancestors);
        tx.execute(sql::INSERT_ANCESTORS, params![account, email, &ids])?;
    }
    Ok(())
}

/// A row of `message` before it has a UID.
pub(crate) struct NewRow<'a> {
    pub(crate) email: EmailId,
    pub(crate) thread: ThreadId,
    pub(crate) flags: &'a Flags,
    pub(crate) modseq: ModSeq,
    pub(crate) internal_date: Timestamp,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) size: i64,
}

/// Takes UIDs in a row for as many new messages as `added` counts; the first of them.
pub(crate) fn take_uids(
    tx: &mut Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    modseq: ModSeq,
    added: Delta,
) -> Result<(Uid, UidValidity), MailboxError> {
    let Delta {
        messages,
        unseen,
        deleted,
        size,
        tombstones: _,
    } = added;
    tx.query_row(
        sql::TAKE_UIDS,
        params![account, mailbox, modseq, messages, unseen, deleted, size],
        |row| {
            let _last = row.u32(2)?;
            Ok((Uid(row.u32(0)?), UidValidity(row.u32(1)?)))
        },
    )?
    .ok_or(MailboxError::NoSuchMailbox)
}

/// Puts a message into the mailbox under a UID that was taken for it.
pub(crate) fn insert_message(
    tx: &mut Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    uid: Uid,
    row: &NewRow<'_>,
    now: Timestamp,
) -> Result<(), MailboxError> {
    tx.execute(
        sql::INSERT_MESSAGE,
        params![
            account,
            mailbox,
            uid,
            row.email,
            row.thread,
            row.flags.system.0,
            &row.flags.keywords_column(),
            row.modseq,
            row.internal_date,
            now,
            row.size,
            row.sent_at,
        ],
    )?;
    Ok(())
}
