//! Aliases: addresses that only send on. Targets are addresses of ours or of others.

use posthorn_base::Address;
use posthorn_store::{StoreError, Tx, params};

use crate::entry::{self, AddressHolder, Entry, TargetUse, plain_key, read_address};
use crate::resolve::{CatchAll, MAX_TARGETS, is_known};
use crate::{domain, sql};

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Its address as it was given.
    pub address: Address,
    /// Where its mail goes, in the order of their lookup keys.
    pub targets: Vec<Address>,
}

/// Why an alias was not added or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// Its domain is not ours.
    #[error("the domain of {0} is not one of ours; add the domain first")]
    NotOurDomain(Address),
    /// Adding: somebody has the address, perhaps in other letter case.
    #[error("the address {address} is {holder} already; choose another, or remove that one first")]
    AddressTaken {
        /// The address.
        address: Address,
        /// What it is.
        holder: AddressHolder,
    },
    /// Changing: there is none with this address.
    #[error("there is no alias {0}; `posthorn alias list` shows those there are")]
    NoSuchAlias(Address),
    /// No target was given.
    #[error("the alias {0} needs at least one target")]
    NoTargets(Address),
    /// More than [`MAX_TARGETS`] were given.
    #[error("the alias {0} has too many targets; at most {MAX_TARGETS} are possible")]
    TooManyTargets(Address),
    /// One of its targets is itself.
    #[error("the alias {0} cannot have itself as a target")]
    Itself(Address),
    /// A target is in one of our domains, but nobody has it.
    #[error("nobody has the target {0}; add it as an account or an alias first")]
    UnknownTarget(Address),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an alias was not removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoveAliasError {
    /// There is none with this address.
    #[error("there is no alias {0}; `posthorn alias list` shows those there are")]
    NoSuchAlias(Address),
    /// Mail for something else is sent on to it, and would be lost.
    #[error("{address} still gets the mail of {}; change that first", entry::list(.used_by))]
    StillTarget {
        /// The alias.
        address: Address,
        /// What sends mail on to it.
        used_by: Vec<TargetUse>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an alias. Two targets with the same lookup key count as one.
///
/// # Errors
/// See [`AliasError`].
pub fn add_alias(tx: &mut Tx<'_>, address: &Address, targets: &[Address]) -> Result<(), AliasError> {
    let Some(domain) = domain::ours(tx, address)? else {
        return Err(AliasError::NotOurDomain(address.clone()));
    };
    if let Some(taken) = entry::find(tx, &address.lookup_key())? {
        return Err(AliasError::AddressTaken {
            address: address.clone(),
            holder: taken.holder(),
        });
    }
    check_targets(tx, address, targets)?;
    entry::insert(tx, address, domain, None)?;
    insert_targets(tx, &address.lookup_key(), targets)
}

/// Replaces the targets of an alias.
///
/// # Errors
/// See [`AliasError`].
pub fn change_alias(tx: &mut Tx<'_>, address: &Address, targets: &[Address]) -> Result<(), AliasError> {
    let Some(key) = find_key(tx, address)? else {
        return Err(AliasError::NoSuchAlias(address.clone()));
    };
    check_targets(tx, address, targets)?;
    tx.execute(sql::DELETE_TARGETS, params![&key])?;
    insert_targets(tx, &key, targets)
}

/// Removes an alias and frees its address.
///
/// # Errors
/// See [`RemoveAliasError`].
pub fn remove_alias(tx: &mut Tx<'_>, address: &Address) -> Result<(), RemoveAliasError> {
    let Some(key) = find_key(tx, address)? else {
        return Err(RemoveAliasError::NoSuchAlias(address.clone()));
    };
    let used_by = entry::uses_of(tx, &key)?;
    if !used_by.is_empty() {
        return Err(RemoveAliasError::StillTarget {
            address: address.clone(),
            used_by,
        });
    }
    tx.execute(sql::DELETE_TARGETS, params![&key])?;
    tx.execute(sql::DELETE_ADDRESS, params![&key])?;
    Ok(())
}

/// All aliases, by address.
///
/// # Errors
/// When the store cannot be read.
pub fn list_aliases(tx: &Tx<'_>) -> Result<Vec<Alias>, StoreError> {
    let mut aliases: Vec<Alias> = Vec::new();
    tx.for_each(sql::ALIASES, &[], |row| {
        let address = read_address(row, 0)?;
        let target = row.opt_text(1)?.map(entry::parse_stored).transpose()?;
        match aliases.last_mut() {
            Some(alias) if alias.address == address => alias.targets.extend(target),
            Some(_) | None => aliases.push(Alias {
                address,
                targets: target.into_iter().collect(),
            }),
        }
        Ok(())
    })?;
    Ok(aliases)
}

/// The targets of the alias with this lookup key.
pub(crate) fn targets(tx: &Tx<'_>, key: &str) -> Result<Vec<Address>, StoreError> {
    tx.query(sql::TARGETS, params![key], |row| read_address(row, 0))
}

fn find_key(tx: &Tx<'_>, address: &Address) -> Result<Option<String>, StoreError> {
    Ok(match entry::find(tx, &address.lookup_key())? {
        Some(Entry::Alias { key }) => Some(key),
        Some(Entry::Account { .. }) | None => None,
    })
}

fn check_targets(tx: &Tx<'_>, address: &Address, targets: &[Address]) -> Result<(), AliasError> {
    if targets.is_empty() {
        return Err(AliasError::NoTargets(address.clone()));
    }
    if targets.len() > MAX_TARGETS {
        return Err(AliasError::TooManyTargets(address.clone()));
    }
    let key = address.lookup_key();
    for target in targets {
        if target.lookup_key() == key {
            return Err(AliasError::Itself(address.clone()));
        }
        if !is_known(tx, target, CatchAll::Use)? {
            return Err(AliasError::UnknownTarget(target.clone()));
        }
    }
    Ok(())
}

fn insert_targets(tx: &mut Tx<'_>, key: &str, targets: &[Address]) -> Result<(), AliasError> {
    for target in targets {
        let (full, plain, written) = (target.lookup_key(), plain_key(target), target.to_string());
        tx.execute(sql::INSERT_TARGET, params![key, &full, &plain, &written])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Directory, add, address, alias, domain, targets as resolved_targets};

    fn try_add(tx: &mut Tx<'_>, text: &str, targets: &[&str]) -> Result<(), AliasError> {
        let targets: Vec<Address> = targets.iter().map(|target| address(target)).collect();
        add_alias(tx, &address(text), &targets)
    }

    #[test]
    fn aliases_are_listed_with_their_targets() {
        Directory::ours().run(|tx| {
            add(tx, "anna@ours.test");
            alias(tx, "Sales@ours.test", &["zoe@far.test", "anna@ours.test"]);
            alias(tx, "info@ours.test", &["Anna+info@ours.test"]);
            let listed = list_aliases(tx).unwrap();
            let expected = [
                Alias {
                    address: address("info@ours.test"),
                    targets: vec![address("Anna+info@ours.test")],
                },
                Alias {
                    address: address("Sales@ours.test"),
                    targets: vec![address("anna@ours.test"), address("zoe@far.test")],
                },
            ];
            assert_eq!(listed, expected);
        });
    }

    #[test]
    fn targets_that_differ_only_in_case_are_one() {
        Directory::ours().run(|tx| {
            add(tx, "anna@ours.test");
            alias(tx, "info@ours.test", &["anna@ours.test", "ANNA@ours.test"]);
            assert_eq!(list_aliases(tx).unwrap()[0].targets, [address("anna@ours.test")]);
        });
    }

    #[test]
    fn a_wrong_alias_is_refused_with_the_reason() {
        Directory::ours().run(|tx| {
            add(tx, "anna@ours.test");
            alias(tx, "sales@ours.test", &["anna@ours.test"]);
            let taken = |text: &str, holder| AliasError::AddressTaken {
                address: address(text),
                holder,
            };
            let ok = ["anna@ours.test"];
            let cases = [
                (
                    try_add(tx, "a@far.test", &ok),
                    AliasError::NotOurDomain(address("a@far.test")),
                ),
                (
                    try_add(tx, "ANNA@ours.test", &ok),
                    taken("ANNA@ours.test", AddressHolder::Account),
                ),
                (
                    try_add(tx, "sales@ours.test", &ok),
                    taken("sales@ours.test", AddressHolder::Alias),
                ),
                (
                    try_add(tx, "a@ours.test", &[]),
                    AliasError::NoTargets(address("a@ours.test")),
                ),
                (
                    try_add(tx, "a@ours.test", &["A@ours.test"]),
                    AliasError::Itself(address("a@ours.test")),
                ),
                (
                    try_add(tx, "a@ours.test", &["anna@ours.test", "ghost@ours.test"]),
                    AliasError::UnknownTarget(address("ghost@ours.test")),
                ),
            ];
            for (found, expected) in cases {
                assert_eq!(found, Err(expected));
            }
            let many: Vec<String> = (0..=MAX_TARGETS).map(|n| format!("t{n}@far.test")).collect();
            let many: Vec<&str> = many.iter().map(String::as_str).collect();
            assert_eq!(
                try_add(tx, "a@ours.test", &many),
                Err(AliasError::TooManyTargets(address("a@ours.test")))
            );
            assert_eq!(try_add(tx, "a@ours.test", &many[1..]), Ok(()));
        });
    }

    #[test]
    fn changed_targets_replace_the_old_ones() {
        Directory::ours().run(|tx| {
            add(tx, "anna@ours.test");
            alias(tx, "info@ours.test", &["anna@ours.test", "a@far.test"]);
            change_alias(tx, &address("INFO@ours.test"), &[address("b@far.test")]).unwrap();
            assert_eq!(resolved_targets(tx, "info@ours.test"), ["b@far.test"]);
            let anna = address("anna@ours.test");
            assert_eq!(
                change_alias(tx, &anna, &[address("b@far.test")]),
                Err(AliasError::NoSuchAlias(anna))
            );
        });
    }

    #[test]
    fn a_removed_alias_leaves_nothing() {
        Directory::ours().run(|tx| {
            let info = address("info@ours.test");
            add(tx, "anna@ours.test");
            alias(tx, "info@ours.test", &["anna@ours.test"]);
            remove_alias(tx, &info).unwrap();
            assert_eq!(list_aliases(tx), Ok(vec![]));
            assert_eq!(
                remove_alias(tx, &info),
                Err(RemoveAliasError::NoSuchAlias(info.clone()))
            );
            alias(tx, "info@ours.test", &["b@far.test"]);
            assert_eq!(list_aliases(tx).unwrap()[0].targets, [address("b@far.test")]);
        });
    }

    #[test]
    fn an_alias_that_gets_the_mail_of_others_stays() {
        Directory::ours().run(|tx| {
            let info = address("info@ours.test");
            alias(tx, "info@ours.test", &["a@far.test"]);
            alias(tx, "sales@ours.test", &["info+sales@ours.test"]);
            crate::set_catch_all(tx, &domain("ours.test"), Some(&info)).unwrap();
            let used_by = vec![
                TargetUse::Alias(address("sales@ours.test")),
                TargetUse::CatchAll(domain("ours.test")),
            ];
            assert_eq!(
                remove_alias(tx, &info),
                Err(RemoveAliasError::StillTarget {
                    address: info,
                    used_by
                })
            );
            assert_eq!(list_aliases(tx).unwrap().len(), 2);
        });
    }
}
