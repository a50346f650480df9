//! The table `address`: who has an address, and what points to it.

use std::fmt;

use posthorn_base::{AccountId, Address, Domain};
use posthorn_store::{Row, StoreError, Tx, params};

use crate::sql;

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressHolder {
    /// The address of an account.
    Account,
    /// An alias.
    Alias,
}

impl AddressHolder {
    /// As the column `kind` has it.
    pub(crate) const fn as_column(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Alias => "alias",
        }
    }
}

impl fmt::Display for AddressHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "an account",
            Self::Alias => "an alias",
        })
    }
}

/// What sends mail on to an address, so that the address cannot be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetUse {
    /// This alias has it as a target.
    Alias(Address),
    /// The mail of this account is sent on to it.
    Forwarding(Address),
    /// It is the catch-all address of this domain.
    CatchAll(Domain),
}

impl fmt::Display for TargetUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alias(address) => write!(f, "the alias {address}"),
            Self::Forwarding(address) => write!(f, "the account {address}"),
            Self::CatchAll(domain) => write!(f, "the catch-all of {domain}"),
        }
    }
}

/// For error messages: `the alias a@b.test, the catch-all of b.test`.
pub(crate) fn list(uses: &[TargetUse]) -> String {
    let texts: Vec<String> = uses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// A row of the table.
pub(crate) enum Entry {
    Account { account: AccountId, address: Address },
    Alias { key: String },
}

impl Entry {
    pub(crate) const fn holder(&self) -> AddressHolder {
        match self {
            Self::Account { .. } => AddressHolder::Account,
            Self::Alias { .. } => AddressHolder::Alias,
        }
    }
}

/// Who has the address with this lookup key.
pub(crate) fn find(tx: &Tx<'_>, key: &str) -> Result<Option<Entry>, StoreError> {
    tx.query_row(sql::ADDRESS, params![key], |row| {
        Ok(match row.opt_int(0)? {
            Some(account) => Entry::Account {
                account: AccountId(account),
                address: read_address(row, 1)?,
            },
            None => Entry::Alias { key: key.to_owned() },
        })
    })
}

/// Takes an address, for an account or (`None`) for an alias.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    address: &Address,
    domain: &Domain,
    account: Option<AccountId>,
) -> Result<(), StoreError> {
    let holder = account.map_or(AddressHolder::Alias, |_id| AddressHolder::Account);
    let (key, written) = (address.lookup_key(), address.to_string());
    let params = params![&key, &written, domain.as_str(), holder.as_column(), account];
    tx.execute(sql::INSERT_ADDRESS, params).map(drop)
}

/// A column that holds an address as it was written.
pub(crate) fn read_address(row: &Row<'_>, column: usize) -> Result<Address, StoreError> {
    parse_stored(row.text(column)?)
}

pub(crate) fn parse_stored(text: &str) -> Result<Address, StoreError> {
    Address::parse(text).map_err(|error| StoreError::Corrupt(format!("the stored address {text}: {error}")))
}

/// The lookup key without the `+detail`, or the whole of it when there is none.
pub(crate) fn plain_key(address: &Address) -> String {
    address
        .without_detail()
        .map_or_else(|| address.lookup_key(), |(plain, _detail)| plain.lookup_key())
}

/// What sends mail on to the address with this lookup key, with or without a `+detail`.
pub(crate) fn uses_of(tx: &Tx<'_>, key: &str) -> Result<Vec<TargetUse>, StoreError> {
    let mut uses = tx.query(sql::ALIASES_OF_TARGET, params![key], |row| {
        read_address(row, 0).map(TargetUse::Alias)
    })?;
    uses.extend(tx.query(sql::FORWARDERS_TO, params![key], |row| {
        read_address(row, 0).map(TargetUse::Forwarding)
    })?);
    tx.for_each(sql::CATCH_ALLS, &[], |row| {
        let target = read_address(row, 1)?;
        if target.lookup_key() == key || plain_key(&target) == key {
            uses.push(TargetUse::CatchAll(crate::domain::parse_stored(row.text(0)?)?));
        }
        Ok(())
    })?;
    Ok(uses)
}
