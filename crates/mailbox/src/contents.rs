//! Contents as an index over them sees them: which there are, where their octets lie, and where copies are.

use posthorn_base::{AccountId, EmailId, MailboxId, Uid};
use posthorn_store::{BlobRef, Tx, params};

use crate::{MailboxError, sql};

/// The first `limit` contents after `after`, in the order of their ids, which is the order in which they came.
///
/// # Errors
/// When the store fails.
pub fn emails_after(
    tx: &Tx<'_>,
    account: AccountId,
    after: EmailId,
    limit: u32,
) -> Result<Vec<(EmailId, BlobRef)>, MailboxError> {
    Ok(
        tx.query(sql::SELECT_EMAILS_AFTER, params![account, after, limit], |row| {
            let blob = BlobRef::from_columns(row.bytes(1)?, row.int(2)?, row.u64(3)?)?;
            Ok((EmailId(row.int(0)?), blob))
        })?,
    )
}

/// The contents from `first` to `last` that are there, in order.
///
/// # Errors
/// When the store fails.
pub fn emails_among(
    tx: &Tx<'_>,
    account: AccountId,
    first: EmailId,
    last: EmailId,
) -> Result<Vec<EmailId>, MailboxError> {
    Ok(
        tx.query(sql::SELECT_EMAILS_AMONG, params![account, first, last], |row| {
            row.int(0).map(EmailId)
        })?,
    )
}

/// Hands over each copy that the mailbox has of the contents from `first` to `last`.
///
/// # Errors
/// When the store fails.
pub fn copies_among(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    (first, last): (EmailId, EmailId),
    mut take: impl FnMut(EmailId, Uid),
) -> Result<(), MailboxError> {
    Ok(tx.for_each(
        sql::SELECT_COPIES,
        params![account, first, last, mailbox],
        |row| {
            take(EmailId(row.int(0)?), Uid(row.u32(1)?));
            Ok(())
        },
    )?)
}

/// How many messages all mailboxes hold: at least as many as there are contents. Looks at counters alone.
///
/// # Errors
/// When the store fails.
pub fn message_count(tx: &Tx<'_>, account: AccountId) -> Result<u64, MailboxError> {
    let counted = tx.query_row(sql::SUM_MESSAGES, params![account], |row| row.u64(0))?;
    Ok(counted.unwrap_or(0))
}

/// Every account that stores mail.
///
/// # Errors
/// When the store fails.
pub fn accounts(tx: &Tx<'_>) -> Result<Vec<AccountId>, MailboxError> {
    Ok(tx.query(sql::SELECT_ACCOUNTS, &[], |row| row.int(0).map(AccountId))?)
}
