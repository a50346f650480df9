//! The domains we receive mail for, and their catch-all addresses.

use posthorn_base::{Address, Domain, Timestamp};
use posthorn_store::{StoreError, Tx, params};

use crate::entry::{AddressHolder, parse_stored as parse_stored_address};
use crate::resolve::{CatchAll, is_known};
use crate::sql;

/// A domain of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainEntry {
    /// Its name.
    pub domain: Domain,
    /// When it was added.
    pub created_at: Timestamp,
    /// Where mail for unknown addresses of it goes; `None`: it is refused.
    pub catch_all: Option<Address>,
    /// What it does with mail that nobody vouches for, in the words of whoever judges mail; `None`: as the
    /// defaults say.
    pub rules: Option<String>,
}

/// Why a domain was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddDomainError {
    /// It is there already.
    #[error("the domain {0} is there already")]
    Exists(Domain),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a domain was not removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoveDomainError {
    /// We do not have it.
    #[error("the domain {0} is not one of ours; `posthorn domain list` shows those that are")]
    NotOurDomain(Domain),
    /// It still has addresses.
    #[error(
        "the domain {domain} is still in use (accounts: {accounts}, aliases: {aliases}); remove those first"
    )]
    InUse {
        /// The domain.
        domain: Domain,
        /// Accounts in it.
        accounts: u64,
        /// Aliases in it.
        aliases: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a catch-all address was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatchAllError {
    /// We do not have the domain.
    #[error("the domain {0} is not one of ours; add it first")]
    NotOurDomain(Domain),
    /// The address is in one of our domains, but nobody has it.
    #[error("nobody has the address {0}; add it as an account or an alias first")]
    UnknownTarget(Address),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a domain one of ours.
///
/// # Errors
/// See [`AddDomainError`].
pub fn add_domain(tx: &mut Tx<'_>, domain: &Domain, now: Timestamp) -> Result<(), AddDomainError> {
    match tx.execute(sql::INSERT_DOMAIN, params![domain.as_str(), now])? {
        0 => Err(AddDomainError::Exists(domain.clone())),
        _ => Ok(()),
    }
}

/// Removes a domain that has no accounts and no aliases. Aliases elsewhere that name an address in it
/// go on: it is then somebody else's domain.
///
/// # Errors
/// See [`RemoveDomainError`].
pub fn remove_domain(tx: &mut Tx<'_>, domain: &Domain) -> Result<(), RemoveDomainError> {
    let count = |holder: AddressHolder| {
        let params = params![domain.as_str(), holder.as_column()];
        tx.query_row(sql::COUNT_IN_DOMAIN, params, |row| row.u64(0))
    };
    let accounts = count(AddressHolder::Account)?.unwrap_or(0);
    let aliases = count(AddressHolder::Alias)?.unwrap_or(0);
    if accounts > 0 || aliases > 0 {
        return Err(RemoveDomainError::InUse {
            domain: domain.clone(),
            accounts,
            aliases,
        });
    }
    match tx.execute(sql::DELETE_DOMAIN, params![domain.as_str()])? {
        0 => Err(RemoveDomainError::NotOurDomain(domain.clone())),
        _ => Ok(()),
    }
}

/// All our domains, by name.
///
/// # Errors
/// When the store cannot be read.
pub fn domains(tx: &Tx<'_>) -> Result<Vec<DomainEntry>, StoreError> {
    tx.query(sql::DOMAINS, &[], |row| {
        Ok(DomainEntry {
            domain: parse_stored(row.text(0)?)?,
            created_at: row.timestamp(1)?,
            catch_all: row.opt_text(2)?.map(parse_stored_address).transpose()?,
            rules: row.opt_text(3)?.map(str::to_owned),
        })
    })
}

/// Do we receive mail for this domain?
///
/// # Errors
/// When the store cannot be read.
pub fn is_local_domain(tx: &Tx<'_>, domain: &Domain) -> Result<bool, StoreError> {
    Ok(find(tx, domain)?.is_some())
}

/// Sends mail for unknown addresses of a domain to `target`, or refuses it again (`None`).
///
/// # Errors
/// See [`CatchAllError`].
pub fn set_catch_all(
    tx: &mut Tx<'_>,
    domain: &Domain,
    target: Option<&Address>,
) -> Result<(), CatchAllError> {
    if let Some(target) = target
        && !is_known(tx, target, CatchAll::Ignore)?
    {
        return Err(CatchAllError::UnknownTarget(target.clone()));
    }
    let written = target.map(ToString::to_string);
    match tx.execute(sql::SET_CATCH_ALL, params![domain.as_str(), written.as_ref()])? {
        0 => Err(CatchAllError::NotOurDomain(domain.clone())),
        _ => Ok(()),
    }
}

/// Changes what a domain does with mail that nobody vouches for; `None`: as the defaults say. Tells whether
/// the domain is one of ours.
///
/// # Errors
/// When the store fails.
pub fn set_rules(tx: &mut Tx<'_>, domain: &Domain, rules: Option<&str>) -> Result<bool, StoreError> {
    Ok(tx.execute(sql::SET_RULES, params![domain.as_str(), rules])? > 0)
}

/// What a domain does with mail that nobody vouches for; `None`: as the defaults say, or it is not ours.
///
/// # Errors
/// When the store cannot be read.
pub fn rules(tx: &Tx<'_>, domain: &Domain) -> Result<Option<String>, StoreError> {
    let found = tx.query_row(sql::DOMAIN, params![domain.as_str()], |row| {
        Ok(row.opt_text(2)?.map(str::to_owned))
    })?;
    Ok(found.flatten())
}

/// A domain of ours, as mail is sorted by it.
pub(crate) struct Local {
    pub(crate) catch_all: Option<Address>,
}

/// `None` when it is not ours.
pub(crate) fn find(tx: &Tx<'_>, domain: &Domain) -> Result<Option<Local>, StoreError> {
    tx.query_row(sql::DOMAIN, params![domain.as_str()], |row| {
        let catch_all = row.opt_text(1)?.map(parse_stored_address).transpose()?;
        Ok(Local { catch_all })
    })
}

/// The domain of an address when it is one of ours.
pub(crate) fn ours<'a>(tx: &Tx<'_>, address: &'a Address) -> Result<Option<&'a Domain>, StoreError> {
    match address.domain() {
        Some(domain) if is_local_domain(tx, domain)? => Ok(Some(domain)),
        Some(_) | None => Ok(None),
    }
}

pub(crate) fn parse_stored(text: &str) -> Result<Domain, StoreError> {
    Domain::parse(text).map_err(|error| StoreError::Corrupt(format!("the stored domain {text}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Directory, add, address, alias, domain, now};

    #[test]
    fn a_domain_is_ours_from_adding_to_removing() {
        Directory::empty().run(|tx| {
            let ours = domain("ours.test");
            assert!(!is_local_domain(tx, &ours).unwrap());
            add_domain(tx, &ours, now()).unwrap();
            assert!(is_local_domain(tx, &domain("OURS.test.")).unwrap());
            assert!(!is_local_domain(tx, &domain("sub.ours.test")).unwrap());
            assert_eq!(
                add_domain(tx, &ours, now()),
                Err(AddDomainError::Exists(ours.clone()))
            );
            let entry = DomainEntry {
                domain: ours.clone(),
                created_at: now(),
                catch_all: None,
                rules: None,
            };
            assert_eq!(domains(tx).unwrap(), [entry]);
            remove_domain(tx, &ours).unwrap();
            assert_eq!(
                remove_domain(tx, &ours),
                Err(RemoveDomainError::NotOurDomain(ours.clone()))
            );
            assert_eq!(domains(tx).unwrap(), []);
        });
    }

    #[test]
    fn a_domain_keeps_its_rules() {
        Directory::ours().run(|tx| {
            let ours = domain("ours.test");
            assert_eq!(rules(tx, &ours).unwrap(), None);
            assert!(set_rules(tx, &ours, Some("strict")).unwrap());
            assert_eq!(rules(tx, &ours).unwrap().as_deref(), Some("strict"));
            assert_eq!(domains(tx).unwrap()[0].rules.as_deref(), Some("strict"));
            assert!(!set_rules(tx, &domain("theirs.test"), Some("strict")).unwrap());
        });
    }

    #[test]
    fn a_domain_with_addresses_stays() {
        Directory::ours().run(|tx| {
            let ours = domain("ours.test");
            add(tx, "anna@ours.test");
            alias(tx, "sales@ours.test", &["anna@ours.test"]);
            alias(tx, "info@ours.test", &["anna@ours.test"]);
            let refused = remove_domain(tx, &ours).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "the domain ours.test is still in use (accounts: 1, aliases: 2); remove those first"
            );
            assert!(is_local_domain(tx, &ours).unwrap());
        });
    }

    #[test]
    fn a_catch_all_is_set_and_unset() {
        Directory::ours().run(|tx| {
            let ours = domain("ours.test");
            let anna = address("anna@ours.test");
            assert_eq!(
                set_catch_all(tx, &ours, Some(&anna)),
                Err(CatchAllError::UnknownTarget(anna.clone()))
            );
            add(tx, "anna@ours.test");
            set_catch_all(tx, &ours, Some(&anna)).unwrap();
            assert_eq!(domains(tx).unwrap()[0].catch_all, Some(anna.clone()));
            set_catch_all(tx, &ours, None).unwrap();
            assert_eq!(domains(tx).unwrap()[0].catch_all, None);
            let other = domain("other.test");
            assert_eq!(
                set_catch_all(tx, &other, Some(&anna)),
                Err(CatchAllError::NotOurDomain(other))
            );
        });
    }

    #[test]
    fn a_catch_all_does_not_make_its_own_target_known() {
        Directory::ours().run(|tx| {
            let ours = domain("ours.test");
            add(tx, "anna@ours.test");
            set_catch_all(tx, &ours, Some(&address("anna@ours.test"))).unwrap();
            let ghost = address("ghost@ours.test");
            assert_eq!(
                set_catch_all(tx, &ours, Some(&ghost)),
                Err(CatchAllError::UnknownTarget(ghost))
            );
        });
    }
}
