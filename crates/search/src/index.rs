//! The index of an account.

use posthorn_base::{AccountId, EmailId};
use posthorn_store::{StoreError, Tx, params};

use crate::segment::{self, Segment};
use crate::sql;

/// The index of an account as it is in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub(crate) account: AccountId,
    pub(crate) segments: Vec<Segment>,
    indexed_to: EmailId,
}

impl Index {
    /// Reads what there is; no message is indexed when there is nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn open(tx: &Tx<'_>, account: AccountId) -> Result<Self, StoreError> {
        Ok(Self {
            account,
            segments: segment::live(tx, account)?,
            indexed_to: indexed_to(tx, account)?,
        })
    }

    /// The index knows of contents up to this one, and of none above.
    #[must_use]
    pub fn indexed_to(&self) -> EmailId {
        self.indexed_to
    }
}

/// The content up to which the account is indexed.
pub(crate) fn indexed_to(tx: &Tx<'_>, account: AccountId) -> Result<EmailId, StoreError> {
    let found = tx.query_row(sql::SELECT_ACCOUNT, params![account], |row| row.int(0))?;
    Ok(EmailId(found.unwrap_or(0)))
}

/// Begins the index of an account anew, for it is damaged: nothing counts as indexed, and what there was waits to
/// be removed. Searches look at every message until the [`Indexer`](crate::Indexer) has made it again.
///
/// # Errors
/// When the store fails.
pub fn start_over(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    tx.execute(sql::FORGET, params![account])?;
    tx.execute(sql::RETIRE_SEGMENTS, params![account])?;
    // Who indexes is woken by changes.
    tx.notice(account);
    Ok(())
}

/// Removes everything that is indexed of an account.
///
/// # Errors
/// When the store fails.
pub fn remove_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    for statement in [
        sql::REMOVE_POSTINGS,
        sql::REMOVE_TERMS,
        sql::REMOVE_SEGMENTS,
        sql::REMOVE_ACCOUNT,
    ] {
        tx.execute(statement, params![account])?;
    }
    Ok(())
}
