//! How a key goes from one state to the next. Every function is one transaction's work, and refuses rather
//! than leave a domain without a signature or mail under way without a record.

use std::time::Duration;

use posthorn_base::{Domain, Timestamp};
use posthorn_dkim::KeyAlgorithm;
use posthorn_store::{StoreError, Tx, params};

use crate::key::{Key, KeyState, find, list};
use crate::make::{NewKey, NewKeys};
use crate::records::{PublishedKey, records};
use crate::sql;

/// The selectors of an algorithm, which take turns.
fn selectors(algorithm: KeyAlgorithm) -> [&'static str; 2] {
    match algorithm {
        KeyAlgorithm::Rsa => ["rsa-a", "rsa-b"],
        KeyAlgorithm::Ed25519 => ["ed-a", "ed-b"],
    }
}

/// Why no keys were added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddKeysError {
    /// The last keys that were made do not sign yet.
    #[error(
        "{domain} has a new key {selector} already, which does not sign yet; publish its record and activate it, \
         or retire it"
    )]
    Pending {
        /// The domain.
        domain: Domain,
        /// The key that waits.
        selector: String,
    },
    /// Both selectors of an algorithm are in use.
    #[error(
        "mail signed with the old key {selector} of {domain} is still under way; its record must stay until \
         {until}, and then there is room for a new key"
    )]
    Retiring {
        /// The domain.
        domain: Domain,
        /// The key that retires.
        selector: String,
        /// When its record may go.
        until: Timestamp,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a key was not activated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActivateError {
    /// There is no such key.
    #[error("{domain} has no key {selector}; `posthorn dkim list {domain}` shows those it has")]
    NoSuchKey {
        /// The domain.
        domain: Domain,
        /// The name asked for.
        selector: String,
    },
    /// It signs already, or has ceased to: a key signs once in its life.
    #[error("the key {selector} of {domain} is {state}; only a pending key can be activated")]
    NotPending {
        /// The domain.
        domain: Domain,
        /// The key.
        selector: String,
        /// Its state.
        state: KeyState,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// May the last key that signs for a domain retire?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastKey {
    /// No: mail would leave without a signature.
    Refuse,
    /// Yes; for a key that became known to others.
    Allow,
}

/// Why a key was not retired.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetireError {
    /// There is no such key.
    #[error("{domain} has no key {selector}; `posthorn dkim list {domain}` shows those it has")]
    NoSuchKey {
        /// The domain.
        domain: Domain,
        /// The name asked for.
        selector: String,
    },
    /// It does not sign any more.
    #[error("the key {selector} of {domain} is {state} already")]
    Already {
        /// The domain.
        domain: Domain,
        /// The key.
        selector: String,
        /// Its state.
        state: KeyState,
    },
    /// Without it mail would leave unsigned.
    #[error(
        "{selector} is the only key that signs for {domain}; without it mail would leave unsigned. Rotate \
         instead, or retire it with force"
    )]
    LastKey {
        /// The domain.
        domain: Domain,
        /// The key.
        selector: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a key was not removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoveKeyError {
    /// There is no such key.
    #[error("{domain} has no key {selector}; `posthorn dkim list {domain}` shows those it has")]
    NoSuchKey {
        /// The domain.
        domain: Domain,
        /// The name asked for.
        selector: String,
    },
    /// It has not retired yet.
    #[error("the key {selector} of {domain} is {state}; only a retired key can be removed")]
    NotRetired {
        /// The domain.
        domain: Domain,
        /// The key.
        selector: String,
        /// Its state.
        state: KeyState,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores new keys under the selectors whose turn it is, after [`tidy`]. They do not sign yet. Returns all records
/// that must be in the DNS now, the new ones among them; under a selector that was used before, the new record
/// replaces the old one.
///
/// # Errors
/// See [`AddKeysError`]; then neither key is stored.
pub fn add_pending(
    tx: &mut Tx<'_>,
    domain: &Domain,
    new: &NewKeys,
    now: Timestamp,
) -> Result<Vec<PublishedKey>, AddKeysError> {
    tidy(tx, now)?;
    let keys = list(tx, domain)?;
    let ed25519 = free_selector(&keys, domain, KeyAlgorithm::Ed25519)?;
    let rsa = free_selector(&keys, domain, KeyAlgorithm::Rsa)?;
    insert(tx, (domain, ed25519, KeyAlgorithm::Ed25519), &new.ed25519, now)?;
    insert(tx, (domain, rsa, KeyAlgorithm::Rsa), &new.rsa, now)?;
    Ok(records(tx, domain)?)
}

/// The selector for the next key: one that was never used before one whose key has retired, which then gives way.
fn free_selector(
    keys: &[Key],
    domain: &Domain,
    algorithm: KeyAlgorithm,
) -> Result<&'static str, AddKeysError> {
    let of_it = || keys.iter().filter(|key| key.algorithm == algorithm);
    if let Some(key) = of_it().find(|key| key.state == KeyState::Pending) {
        return Err(AddKeysError::Pending {
            domain: domain.clone(),
            selector: key.selector.clone(),
        });
    }
    let holder = |selector: &str| of_it().find(|key| key.selector == selector);
    let free = selectors(algorithm)
        .into_iter()
        .filter(|selector| holder(selector).is_none_or(|key| key.state == KeyState::Retired))
        .min_by_key(|selector| holder(selector).map(|key| key.made_at));
    free.ok_or_else(|| {
        // Both are taken, at most one signs and none waits: another one retires.
        let retiring = of_it()
            .filter(|key| key.state == KeyState::Retiring)
            .min_by_key(|key| key.keep_until);
        retiring.map_or_else(
            || StoreError::Corrupt(format!("two keys of one kind sign for {domain}")).into(),
            |key| AddKeysError::Retiring {
                domain: domain.clone(),
                selector: key.selector.clone(),
                until: key.keep_until.unwrap_or(key.made_at),
            },
        )
    })
}

fn insert(
    tx: &mut Tx<'_>,
    (domain, selector, algorithm): (&Domain, &str, KeyAlgorithm),
    new: &NewKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(sql::DELETE_KEY, params![domain.as_str(), selector])?;
    let params = params![
        domain.as_str(),
        selector,
        algorithm.name(),
        new.private.declassify(),
        &new.public,
        now
    ];
    tx.execute(sql::INSERT_KEY, params)?;
    Ok(())
}

/// Lets a pending key sign from now on. The key of the same algorithm that signed until now retires: its record
/// must stay for `keep_for`, which is as long as a signature of it is valid. Whoever calls this has seen the
/// record in the DNS: [`crate::is_published`].
///
/// # Errors
/// See [`ActivateError`]; then nothing has changed.
pub fn activate(
    tx: &mut Tx<'_>,
    domain: &Domain,
    selector: &str,
    now: Timestamp,
    keep_for: Duration,
) -> Result<(), ActivateError> {
    let keys = list(tx, domain)?;
    let Some(key) = keys.iter().find(|key| key.selector == selector) else {
        return Err(ActivateError::NoSuchKey {
            domain: domain.clone(),
            selector: selector.to_owned(),
        });
    };
    if key.state != KeyState::Pending {
        return Err(ActivateError::NotPending {
            domain: domain.clone(),
            selector: selector.to_owned(),
            state: key.state,
        });
    }
    let former = keys
        .iter()
        .filter(|other| other.algorithm == key.algorithm && other.state == KeyState::Active);
    for other in former {
        let params = params![domain.as_str(), &other.selector, now, now.plus(keep_for)];
        tx.execute(sql::RETIRE_KEY, params)?;
    }
    tx.execute(sql::ACTIVATE_KEY, params![domain.as_str(), selector, now])?;
    Ok(())
}

/// Takes a key out of use by hand. An active one ceases to sign, and its record must stay for `keep_for`; zero
/// for a key that became known to others, whose signatures are worth nothing. A pending one has retired at once.
///
/// # Errors
/// See [`RetireError`]; then nothing has changed.
pub fn retire(
    tx: &mut Tx<'_>,
    domain: &Domain,
    selector: &str,
    last: LastKey,
    now: Timestamp,
    keep_for: Duration,
) -> Result<(), RetireError> {
    let keys = list(tx, domain)?;
    let Some(key) = keys.iter().find(|key| key.selector == selector) else {
        return Err(RetireError::NoSuchKey {
            domain: domain.clone(),
            selector: selector.to_owned(),
        });
    };
    match key.state {
        KeyState::Pending => {
            tx.execute(sql::DISCARD_KEY, params![domain.as_str(), selector])?;
        }
        KeyState::Active => {
            let signing = keys.iter().filter(|key| key.state == KeyState::Active).count();
            if signing == 1 && last == LastKey::Refuse {
                return Err(RetireError::LastKey {
                    domain: domain.clone(),
                    selector: selector.to_owned(),
                });
            }
            let params = params![domain.as_str(), selector, now, now.plus(keep_for)];
            tx.execute(sql::RETIRE_KEY, params)?;
        }
        KeyState::Retiring | KeyState::Retired => {
            return Err(RetireError::Already {
                domain: domain.clone(),
                selector: selector.to_owned(),
                state: key.state,
            });
        }
    }
    Ok(())
}

/// The keys whose record had to stay until now have retired. Returns them, as domain and selector.
///
/// # Errors
/// When the store refuses.
pub fn tidy(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<(Domain, String)>, StoreError> {
    let retired = tx.query(sql::TIDY, params![now], |row| {
        let domain = Domain::parse(row.text(0)?).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok((domain, row.text(1)?.to_owned()))
    })?;
    Ok(retired)
}

/// Forgets a key that has retired, when its record is gone from the DNS.
///
/// # Errors
/// See [`RemoveKeyError`].
pub fn remove(tx: &mut Tx<'_>, domain: &Domain, selector: &str) -> Result<(), RemoveKeyError> {
    let Some(key) = find(tx, domain, selector)? else {
        return Err(RemoveKeyError::NoSuchKey {
            domain: domain.clone(),
            selector: selector.to_owned(),
        });
    };
    if key.state != KeyState::Retired {
        return Err(RemoveKeyError::NotRetired {
            domain: domain.clone(),
            selector: selector.to_owned(),
            state: key.state,
        });
    }
    tx.execute(sql::DELETE_KEY, params![domain.as_str(), selector])?;
    Ok(())
}

/// Forgets all keys of a domain, in whatever state; for when the domain is removed. Mail of it that is under way
/// verifies as long as the records stay in the DNS.
///
/// # Errors
/// When the store refuses.
pub fn remove_domain(tx: &mut Tx<'_>, domain: &Domain) -> Result<(), StoreError> {
    tx.execute(sql::DELETE_DOMAIN, params![domain.as_str()])?;
    Ok(())
}

#[cfg(test)]
mod tests;
