//! The mail storage of an account: its counters and its quota.

use posthorn_base::{AccountId, ModSeq, Timestamp};
use posthorn_store::{Tx, params};

use crate::folders::{SpecialUse, insert_folder};
use crate::{MailboxError, sql};

/// What an account uses and may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Octets of all its messages; copies count.
    pub used_octets: u64,
    /// Octets it may use; `None`: no limit.
    pub quota_octets: Option<u64>,
}

impl Usage {
    /// Would `more` octets exceed the quota?
    #[must_use]
    pub fn is_exceeded_by(&self, more: u64) -> bool {
        self.quota_octets
            .is_some_and(|quota| self.used_octets.saturating_add(more) > quota)
    }
}

/// Makes the storage of a new account, with INBOX and the special-use mailboxes (RFC 6154), all
/// subscribed. `quota_octets` 0: no limit.
///
/// # Errors
/// When the store fails, [`posthorn_store::StoreError::Duplicate`] if the account has a storage.
pub fn create_account(
    tx: &mut Tx<'_>,
    account: AccountId,
    quota_octets: u64,
    now: Timestamp,
) -> Result<(), MailboxError> {
    let quota = i64::try_from(quota_octets).unwrap_or(i64::MAX);
    tx.execute(
        sql::INSERT_STATE,
        params![account, now.as_secs().clamp(1, i64::from(u32::MAX)), quota],
    )?;
    insert_folder(tx, account, "INBOX", None, now)?;
    for (name, special_use) in [
        ("Archive", SpecialUse::Archive),
        ("Drafts", SpecialUse::Drafts),
        ("Junk", SpecialUse::Junk),
        ("Sent", SpecialUse::Sent),
        ("Trash", SpecialUse::Trash),
    ] {
        insert_folder(tx, account, name, Some(special_use), now)?;
    }
    Ok(())
}

/// Removes everything an account has stored. Its blobs are left to the collector, and what its
/// [`crate::partners`] have of it to [`crate::forget_shared`].
///
/// # Errors
/// When the store fails.
pub fn remove_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), MailboxError> {
    for statement in [
        sql::REMOVE_MESSAGES,
        sql::REMOVE_EMAILS,
        sql::REMOVE_EVIDENCE,
        sql::REMOVE_ANCESTORS,
        sql::REMOVE_EXPUNGED,
        sql::REMOVE_GONE,
        sql::REMOVE_THREADS,
        sql::REMOVE_SUBSCRIPTIONS,
        sql::REMOVE_MAILBOXES,
        sql::REMOVE_ACL,
        sql::REMOVE_ANNOTATIONS,
        sql::REMOVE_SHARERS,
        sql::REMOVE_STATE,
    ] {
        tx.execute(statement, params![account])?;
    }
    tx.notice(account);
    Ok(())
}

/// Sets the quota; 0: no limit. What is stored stays, also above it.
///
/// # Errors
/// When the account has no storage or the store fails.
pub fn set_quota(tx: &mut Tx<'_>, account: AccountId, quota_octets: u64) -> Result<(), MailboxError> {
    let quota = i64::try_from(quota_octets).unwrap_or(i64::MAX);
    match tx.execute(sql::UPDATE_QUOTA, params![account, quota])? {
        0 => Err(MailboxError::NoSuchAccount),
        _ => Ok(()),
    }
}

/// What the account uses and may use.
///
/// # Errors
/// When the account has no storage or the store fails.
pub fn usage(tx: &Tx<'_>, account: AccountId) -> Result<Usage, MailboxError> {
    tx.query_row(sql::SELECT_USAGE, params![account], |row| {
        let quota = row.u64(1)?;
        Ok(Usage {
            used_octets: row.u64(0)?,
            quota_octets: (quota > 0).then_some(quota),
        })
    })?
    .ok_or(MailboxError::NoSuchAccount)
}

/// Takes the next value of the account's change counter, and with it the account's row lock.
pub(crate) fn next_modseq(tx: &Tx<'_>, account: AccountId) -> Result<ModSeq, MailboxError> {
    tx.query_row(sql::NEXT_MODSEQ, params![account], |row| row.int(0).map(ModSeq))?
        .ok_or(MailboxError::NoSuchAccount)
}
