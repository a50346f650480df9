//! Accounts whose mail is sent on: to other addresses as well, or only there.

use posthorn_base::{AccountId, Address};
use posthorn_store::{StoreError, Tx, params};

use crate::account::account;
use crate::entry::{plain_key, read_address};
use crate::resolve::{CatchAll, MAX_TARGETS, is_known};
use crate::sql;

/// Where the mail of an account goes on to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// The addresses, in the order of their lookup keys; empty: it stays in the mailbox.
    pub targets: Vec<Address>,
    /// Does a copy stay in the mailbox?
    pub keeps_copy: bool,
}

/// Why forwarding was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardingError {
    /// There is none with this id.
    #[error("there is no account {0}; `posthorn account list` shows those there are")]
    NoSuchAccount(AccountId),
    /// More than [`MAX_TARGETS`] were given.
    #[error("mail can be sent on to at most {MAX_TARGETS} addresses")]
    TooManyTargets,
    /// One of the targets is the account itself.
    #[error("the mail of {0} cannot be sent on to itself")]
    Itself(Address),
    /// A target is in one of our domains, but nobody has it.
    #[error("nobody has the address {0}; add it as an account or an alias first")]
    UnknownTarget(Address),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends the mail of an account on; without targets it stays in the mailbox again.
///
/// # Errors
/// See [`ForwardingError`].
pub fn set_forwarding(
    tx: &mut Tx<'_>,
    id: AccountId,
    forwarding: &Forwarding,
) -> Result<(), ForwardingError> {
    let Some(account) = account(tx, id)? else {
        return Err(ForwardingError::NoSuchAccount(id));
    };
    if forwarding.targets.len() > MAX_TARGETS {
        return Err(ForwardingError::TooManyTargets);
    }
    let key = account.address.lookup_key();
    for target in &forwarding.targets {
        if target.lookup_key() == key || plain_key(target) == key {
            return Err(ForwardingError::Itself(target.clone()));
        }
        if !is_known(tx, target, CatchAll::Use)? {
            return Err(ForwardingError::UnknownTarget(target.clone()));
        }
    }
    tx.execute(sql::DELETE_FORWARDING, params![&key])?;
    let owner = account.address.to_string();
    for target in &forwarding.targets {
        let (target_key, plain, written) = (target.lookup_key(), plain_key(target), target.to_string());
        let params = params![&key, &target_key, &plain, &written, forwarding.keeps_copy, &owner];
        tx.execute(sql::INSERT_FORWARDING, params)?;
    }
    Ok(())
}

/// Where the mail of an account goes on to.
///
/// # Errors
/// When the store cannot be read.
pub fn forwarding(tx: &Tx<'_>, address: &Address) -> Result<Forwarding, StoreError> {
    of_key(tx, &address.lookup_key())
}

/// The same by lookup key.
pub(crate) fn of_key(tx: &Tx<'_>, key: &str) -> Result<Forwarding, StoreError> {
    let mut forwarding = Forwarding {
        targets: Vec::new(),
        keeps_copy: true,
    };
    tx.for_each(sql::FORWARDING, params![key], |row| {
        forwarding.targets.push(read_address(row, 0)?);
        forwarding.keeps_copy = row.bool(1)?;
        Ok(())
    })?;
    Ok(forwarding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Directory, add, address, targets};
    use crate::{RemoveAccountError, may_send_as, remove_account};

    fn set(tx: &mut Tx<'_>, id: AccountId, to: &[&str], keeps_copy: bool) -> Result<(), ForwardingError> {
        let targets = to.iter().map(|text| address(text)).collect();
        set_forwarding(tx, id, &Forwarding { targets, keeps_copy })
    }

    #[test]
    fn mail_goes_on_with_and_without_a_copy_here() {
        Directory::ours().run(|tx| {
            let anna = add(tx, "anna@ours.test");
            set(tx, anna, &["a@far.test"], true).unwrap();
            assert_eq!(targets(tx, "anna@ours.test"), ["anna@ours.test", "a@far.test"]);
            assert_eq!(
                targets(tx, "anna+x@ours.test"),
                ["anna@ours.test (x)", "a@far.test"]
            );
            set(tx, anna, &["a@far.test", "b@far.test"], false).unwrap();
            assert_eq!(targets(tx, "Anna@ours.test"), ["a@far.test", "b@far.test"]);
            assert!(may_send_as(tx, anna, &address("anna@ours.test")).unwrap());
            set(tx, anna, &[], false).unwrap();
            assert_eq!(targets(tx, "anna@ours.test"), ["anna@ours.test"]);
        });
    }

    #[test]
    fn two_who_forward_to_one_another_both_get_it_once() {
        Directory::ours().run(|tx| {
            let (anna, bert) = (add(tx, "anna@ours.test"), add(tx, "bert@ours.test"));
            set(tx, anna, &["bert@ours.test"], true).unwrap();
            set(tx, bert, &["anna@ours.test"], true).unwrap();
            assert_eq!(
                targets(tx, "anna@ours.test"),
                ["anna@ours.test", "bert@ours.test"]
            );
        });
    }

    #[test]
    fn what_would_lose_mail_is_refused() {
        Directory::ours().run(|tx| {
            let (anna, bert) = (add(tx, "anna@ours.test"), add(tx, "bert@ours.test"));
            let itself = set(tx, anna, &["anna+x@ours.test"], true);
            assert_eq!(itself, Err(ForwardingError::Itself(address("anna+x@ours.test"))));
            let unknown = set(tx, anna, &["nobody@ours.test"], true);
            assert_eq!(
                unknown,
                Err(ForwardingError::UnknownTarget(address("nobody@ours.test")))
            );
            assert_eq!(
                set(tx, AccountId(99), &[], true),
                Err(ForwardingError::NoSuchAccount(AccountId(99)))
            );
            set(tx, anna, &["bert@ours.test"], false).unwrap();
            let removed = remove_account(tx, bert).unwrap_err();
            assert!(
                matches!(&removed, RemoveAccountError::StillTarget { .. }),
                "{removed}"
            );
            assert!(removed.to_string().contains("anna@ours.test"), "{removed}");
            remove_account(tx, anna).unwrap();
            remove_account(tx, bert).unwrap();
        });
    }
}
