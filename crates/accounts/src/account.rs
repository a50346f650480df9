//! Accounts: one person's address, password and state. The mailboxes behind it belong to `mailbox`.

use posthorn_base::{AccountId, Address, Timestamp};
use posthorn_sasl::ScramKeys;
use posthorn_store::{Row, StoreError, Tx, params};

use crate::entry::{self, AddressHolder, TargetUse, read_address};
use crate::password::PasswordRecord;
use crate::{domain, sql};

/// What is needed for a new account.
#[derive(Clone, Copy, Debug)]
pub struct NewAccount<'a> {
    /// Its address, which is also its user name.
    pub address: &'a Address,
    /// Its password.
    pub password: &'a PasswordRecord,
    /// The present moment.
    pub now: Timestamp,
}

/// May the person log in? Mail is received either way: whether to refuse it is decided by removing
/// the account, not by locking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// Yes.
    Active,
    /// No, with whatever password.
    Disabled,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The partition key of everything that belongs to it; never used again.
    pub id: AccountId,
    /// Its address as it was given; also its user name.
    pub address: Address,
    /// What log-ins are checked against.
    pub password: PasswordRecord,
    /// May it log in?
    pub state: AccountState,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its password was last set.
    pub password_changed_at: Timestamp,
}

/// Why an account was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddAccountError {
    /// Its domain is not ours.
    #[error("the domain of {0} is not one of ours; add the domain first")]
    NotOurDomain(Address),
    /// Somebody has the address, perhaps in other letter case.
    #[error("the address {address} is {holder} already; choose another, or remove that one first")]
    AddressTaken {
        /// The address.
        address: Address,
        /// What it is.
        holder: AddressHolder,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account was not removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoveAccountError {
    /// There is none with this id.
    #[error("there is no account {0}; `posthorn account list` shows those there are")]
    NoSuchAccount(AccountId),
    /// Mail for something else is sent on to it, and would be lost or go to the next owner of the address.
    #[error("{address} still gets the mail of {}; change that first", entry::list(.used_by))]
    StillTarget {
        /// The account's address.
        address: Address,
        /// What sends mail on to it.
        used_by: Vec<TargetUse>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeAccountError {
    /// There is none with this id.
    #[error("there is no account {0}; `posthorn account list` shows those there are")]
    NoSuchAccount(AccountId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an account and gives it an id that no account ever had.
///
/// # Errors
/// See [`AddAccountError`].
pub fn add_account(tx: &mut Tx<'_>, new: &NewAccount<'_>) -> Result<AccountId, AddAccountError> {
    let Some(domain) = domain::ours(tx, new.address)? else {
        return Err(AddAccountError::NotOurDomain(new.address.clone()));
    };
    if let Some(taken) = entry::find(tx, &new.address.lookup_key())? {
        return Err(AddAccountError::AddressTaken {
            address: new.address.clone(),
            holder: taken.holder(),
        });
    }
    let id = tx
        .query_row(sql::NEXT_ACCOUNT, &[], |row| row.int(0).map(AccountId))?
        .ok_or_else(|| StoreError::Corrupt("the counter of accounts is missing".to_owned()))?;
    entry::insert(tx, new.address, domain, Some(id))?;
    let written = new.address.to_string();
    let scram = &new.password.scram;
    let params = params![
        id,
        &written,
        &new.password.password_hash,
        &scram.salt,
        scram.iterations,
        &scram.stored_key,
        &scram.server_key,
        new.now,
    ];
    tx.execute(sql::INSERT_ACCOUNT, params)?;
    Ok(id)
}

/// Removes an account and frees its address. What else belongs to it is the caller's to remove, in the
/// same transaction or after it.
///
/// # Errors
/// See [`RemoveAccountError`].
pub fn remove_account(tx: &mut Tx<'_>, id: AccountId) -> Result<(), RemoveAccountError> {
    let Some(account) = account(tx, id)? else {
        return Err(RemoveAccountError::NoSuchAccount(id));
    };
    let key = account.address.lookup_key();
    let used_by = entry::uses_of(tx, &key)?;
    if !used_by.is_empty() {
        return Err(RemoveAccountError::StillTarget {
            address: account.address,
            used_by,
        });
    }
    tx.execute(sql::DELETE_FORWARDING, params![&key])?;
    tx.execute(sql::DELETE_ADDRESS, params![&key])?;
    tx.execute(sql::DELETE_ACCOUNT, params![id])?;
    Ok(())
}

/// Gives an account another password.
///
/// # Errors
/// See [`ChangeAccountError`].
pub fn set_password(
    tx: &mut Tx<'_>,
    id: AccountId,
    password: &PasswordRecord,
    now: Timestamp,
) -> Result<(), ChangeAccountError> {
    let scram = &password.scram;
    let params = params![
        id,
        &password.password_hash,
        &scram.salt,
        scram.iterations,
        &scram.stored_key,
        &scram.server_key,
        now,
    ];
    changed(tx.execute(sql::SET_PASSWORD, params)?, id)
}

/// Lets an account log in, or not.
///
/// # Errors
/// See [`ChangeAccountError`].
pub fn set_account_state(
    tx: &mut Tx<'_>,
    id: AccountId,
    state: AccountState,
) -> Result<(), ChangeAccountError> {
    let disabled = state == AccountState::Disabled;
    changed(tx.execute(sql::SET_DISABLED, params![id, disabled])?, id)
}

fn changed(rows: usize, id: AccountId) -> Result<(), ChangeAccountError> {
    match rows {
        0 => Err(ChangeAccountError::NoSuchAccount(id)),
        _ => Ok(()),
    }
}

/// The account with an id; `None` when there is none.
///
/// # Errors
/// When the store cannot be read.
pub fn account(tx: &Tx<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    tx.query_row(sql::ACCOUNT, params![id], read)
}

/// The account whose own address this is, in any letter case; `None` when nobody's or an alias. A
/// `+detail` is not looked through: this is how a user name is looked up.
///
/// # Errors
/// When the store cannot be read.
pub fn find_account(tx: &Tx<'_>, address: &Address) -> Result<Option<Account>, StoreError> {
    match entry::find(tx, &address.lookup_key())? {
        Some(entry::Entry::Account { account: id, .. }) => account(tx, id),
        Some(entry::Entry::Alias { .. }) | None => Ok(None),
    }
}

/// All accounts, oldest first.
///
/// # Errors
/// When the store cannot be read.
pub fn list_accounts(tx: &Tx<'_>) -> Result<Vec<Account>, StoreError> {
    tx.query(sql::ACCOUNTS, &[], read)
}

fn read(row: &Row<'_>) -> Result<Account, StoreError> {
    let scram = ScramKeys {
        salt: row.bytes(3)?.to_vec(),
        iterations: row.u32(4)?,
        stored_key: key(row, 5)?,
        server_key: key(row, 6)?,
    };
    Ok(Account {
        id: AccountId(row.int(0)?),
        address: read_address(row, 1)?,
        password: PasswordRecord {
            password_hash: row.text(2)?.to_owned(),
            scram,
        },
        created_at: row.timestamp(7)?,
        state: if row.bool(8)? {
            AccountState::Disabled
        } else {
            AccountState::Active
        },
        password_changed_at: row.timestamp(9)?,
    })
}

fn key(row: &Row<'_>, column: usize) -> Result<[u8; 32], StoreError> {
    let octets = row.bytes(column)?;
    <[u8; 32]>::try_from(octets)
        .map_err(|_length| StoreError::Corrupt(format!("a SCRAM key of {} octets", octets.len())))
}

#[cfg(test)]
mod tests;
