//! Where mail for an address goes, and who may send as it. The order in which an address is looked up:
//!
//! 1. an account or an alias with exactly this address (in any letter case);
//! 2. the same without its `+detail` (RFC 5233 section 4), which is passed on with the mail;
//! 3. `dmarc-reports` and `tls-reports` ([`receives_reports`]), to which the records we publish send
//!    reports: the server reads these itself;
//! 4. the catch-all address of the domain;
//! 5. `postmaster` (RFC 5321 section 4.5.1) and `abuse` (RFC 2142 section 2) when nobody has them: the
//!    domain's first account, which is the one with the lowest id. They are unknown only in a domain
//!    without any account.
//!
//! An alias is followed to its targets, each looked up by the same rules. A loop adds no recipient and is
//! cut. A target of ours that nobody has is passed over as long as another one gets the mail: no account
//! or alias is removed while something leads to it, so this comes about only in side ways (a domain
//! became ours later, a catch-all was unset) and [`crate::check`] reports it. What would lose mail
//! instead (no target left, too many, too deep) is not cut short but told as [`Resolution::Broken`].

use std::collections::{HashSet, VecDeque};

use posthorn_base::{AccountId, Address, Domain, receives_reports};
use posthorn_store::{StoreError, Tx, params};

use crate::entry::{self, Entry, read_address};
use crate::{alias, domain, forwarding, sql};

/// Recipients one address can stand for.
pub const MAX_TARGETS: usize = 1_000;

/// Aliases that can follow one another.
pub const MAX_ALIAS_DEPTH: usize = 10;

/// Addresses looked at for one recipient: all targets, and as many aliases on the way.
const MAX_LOOKED_AT: usize = 2 * MAX_TARGETS;

/// Is a `+` in the local part the start of a detail?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetailSeparator {
    /// `anna+news@…` is Anna's.
    On,
    /// A `+` is a character like any other.
    Off,
}

/// What an address stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Its domain is not ours (or it is an address literal).
    NotLocal,
    /// Its domain is ours, but nobody has it.
    Unknown,
    /// Mail for it goes to these; at least one and at most [`MAX_TARGETS`], none twice.
    Targets(Vec<Target>),
    /// It is an alias whose mail would be lost. A fault of our own settings, so a temporary failure.
    Broken(AliasFault),
}

/// Somebody who gets the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An account of ours.
    Local {
        /// The account.
        account: AccountId,
        /// The account's address.
        address: Address,
        /// What stood behind the `+`.
        detail: Option<String>,
    },
    /// An address elsewhere.
    Remote(Address),
    /// Nobody: reports about mail that claims to be from this domain of ours, which we read ourselves.
    Reports(Domain),
}

/// Why an alias leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AliasFault {
    /// All its targets are unknown, or lead back to it.
    #[error("the alias leads to nobody")]
    NoTargets,
    /// More than [`MAX_TARGETS`].
    #[error("the alias leads to more than {MAX_TARGETS} addresses")]
    TooManyTargets,
    /// More than [`MAX_ALIAS_DEPTH`] aliases follow one another.
    #[error("more than {MAX_ALIAS_DEPTH} aliases follow one another")]
    TooDeep,
}

/// Finds where mail for an address goes; the rules stand at the top of this file.
///
/// # Errors
/// When the store cannot be read.
pub fn resolve(tx: &Tx<'_>, address: &Address, separator: DetailSeparator) -> Result<Resolution, StoreError> {
    let rules = Rules {
        separator,
        catch_all: CatchAll::Use,
        sends_on: true,
    };
    rules.resolve(tx, address)
}

/// May an account send as an address? Yes as its own, with any `+detail`, and as an alias (also the
/// implied `postmaster` and `abuse`) that leads to it and to no other account of ours. A catch-all
/// address gives no such right: it would be the right to every unused name.
///
/// # Errors
/// When the store cannot be read.
pub fn may_send_as(tx: &Tx<'_>, account: AccountId, address: &Address) -> Result<bool, StoreError> {
    let rules = Rules {
        separator: DetailSeparator::On,
        catch_all: CatchAll::Ignore,
        sends_on: false,
    };
    let Resolution::Targets(targets) = rules.resolve(tx, address)? else {
        return Ok(false);
    };
    let mut locals = targets.iter().filter_map(|target| match target {
        Target::Local { account, .. } => Some(*account),
        Target::Remote(_) | Target::Reports(_) => None,
    });
    // One account is in the list once at most.
    Ok(locals.next() == Some(account) && locals.next().is_none())
}

/// Would mail for this address be taken? Addresses elsewhere are, as far as we know.
pub(crate) fn is_known(tx: &Tx<'_>, address: &Address, catch_all: CatchAll) -> Result<bool, StoreError> {
    let rules = Rules {
        separator: DetailSeparator::On,
        catch_all,
        sends_on: false,
    };
    Ok(match rules.look_up(tx, address)? {
        Found::NotLocal | Found::Account { .. } | Found::Forward { .. } | Found::Reports(_) => true,
        Found::Unknown => false,
    })
}

/// Does an unknown address go to the domain's catch-all address?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CatchAll {
    Use,
    Ignore,
}

/// How addresses are looked up.
#[derive(Clone, Copy)]
struct Rules {
    separator: DetailSeparator,
    catch_all: CatchAll,
    /// Does the mail of an account go on to where the account sends it?
    sends_on: bool,
}

/// What one address is, before aliases are followed.
enum Found {
    NotLocal,
    Unknown,
    Account {
        account: AccountId,
        address: Address,
        detail: Option<String>,
    },
    Forward {
        /// The account that keeps a copy.
        keeper: Option<(AccountId, Address)>,
        targets: Vec<Address>,
        detail: Option<String>,
    },
    Reports(Domain),
}

impl Rules {
    fn resolve(self, tx: &Tx<'_>, address: &Address) -> Result<Resolution, StoreError> {
        let found = self.look_up(tx, address)?;
        match found {
            Found::NotLocal => return Ok(Resolution::NotLocal),
            Found::Unknown => return Ok(Resolution::Unknown),
            Found::Account { .. } | Found::Forward { .. } | Found::Reports(_) => {}
        }
        // What an alias names goes where mail for it would go.
        let onward = Self {
            catch_all: CatchAll::Use,
            ..self
        };
        let mut walk = Walk::default();
        walk.seen.insert(address.lookup_key());
        let walked = match walk.take(found, None, 0) {
            Ok(()) => walk.follow(tx, onward)?,
            Err(fault) => Err(fault),
        };
        Ok(match walked {
            Ok(()) if walk.targets.is_empty() => Resolution::Broken(AliasFault::NoTargets),
            Ok(()) => Resolution::Targets(walk.targets),
            Err(fault) => Resolution::Broken(fault),
        })
    }

    fn look_up(self, tx: &Tx<'_>, address: &Address) -> Result<Found, StoreError> {
        let Some(domain) = address.domain() else {
            return Ok(Found::NotLocal);
        };
        let Some(local) = domain::find(tx, domain)? else {
            return Ok(Found::NotLocal);
        };
        if let Some(found) = self.exact(tx, address, None)? {
            return Ok(found);
        }
        let plain = match self.separator {
            DetailSeparator::On => address.without_detail(),
            DetailSeparator::Off => None,
        };
        if let Some((plain, detail)) = &plain
            && let Some(found) = self.exact(tx, plain, Some(detail.clone()))?
        {
            return Ok(found);
        }
        if receives_reports(address.local().as_str()) {
            return Ok(Found::Reports(domain.clone()));
        }
        if self.catch_all == CatchAll::Use
            && let Some(target) = local.catch_all
        {
            return Ok(Found::Forward {
                keeper: None,
                targets: vec![target],
                detail: None,
            });
        }
        let (name, detail) = match plain {
            Some((plain, detail)) => (plain, Some(detail)),
            None => (address.clone(), None),
        };
        implied(tx, &name, domain, detail)
    }

    /// The account or alias with exactly this address.
    fn exact(
        self,
        tx: &Tx<'_>,
        address: &Address,
        detail: Option<String>,
    ) -> Result<Option<Found>, StoreError> {
        let key = address.lookup_key();
        Ok(match entry::find(tx, &key)? {
            Some(Entry::Account { account, address }) => {
                Some(self.account(tx, &key, account, address, detail)?)
            }
            Some(Entry::Alias { key }) => Some(Found::Forward {
                keeper: None,
                targets: alias::targets(tx, &key)?,
                detail,
            }),
            None => None,
        })
    }

    /// An account, or where it sends its mail on to.
    fn account(
        self,
        tx: &Tx<'_>,
        key: &str,
        account: AccountId,
        address: Address,
        detail: Option<String>,
    ) -> Result<Found, StoreError> {
        if self.sends_on {
            let forwarding = forwarding::of_key(tx, key)?;
            if !forwarding.targets.is_empty() {
                return Ok(Found::Forward {
                    keeper: forwarding.keeps_copy.then_some((account, address)),
                    targets: forwarding.targets,
                    detail,
                });
            }
        }
        Ok(Found::Account {
            account,
            address,
            detail,
        })
    }
}

/// The names every domain has.
fn implied(
    tx: &Tx<'_>,
    address: &Address,
    domain: &Domain,
    detail: Option<String>,
) -> Result<Found, StoreError> {
    let name = address.local().as_str();
    if !["postmaster", "abuse"]
        .iter()
        .any(|implied| implied.eq_ignore_ascii_case(name))
    {
        return Ok(Found::Unknown);
    }
    let first = tx.query_row(sql::FIRST_ACCOUNT, params![domain.as_str()], |row| {
        Ok(Found::Account {
            account: AccountId(row.int(0)?),
            address: read_address(row, 1)?,
            detail: detail.clone(),
        })
    })?;
    Ok(first.unwrap_or(Found::Unknown))
}

/// Following aliases, the nearest targets first.
#[derive(Default)]
struct Walk {
    /// Lookup keys of all addresses met.
    seen: HashSet<String>,
    waiting: VecDeque<Step>,
    targets: Vec<Target>,
    /// The accounts among `targets`: one may be reached by several addresses.
    accounts: HashSet<AccountId>,
}

/// An address met on the way.
struct Step {
    address: Address,
    /// The detail of the alias that led here.
    detail: Option<String>,
    /// How many aliases led here.
    depth: usize,
}

impl Walk {
    fn follow(&mut self, tx: &Tx<'_>, rules: Rules) -> Result<Result<(), AliasFault>, StoreError> {
        while let Some(step) = self.waiting.pop_front() {
            let taken = match rules.look_up(tx, &step.address)? {
                Found::NotLocal => self.push(Target::Remote(step.address)),
                Found::Unknown => Ok(()),
                found @ (Found::Account { .. } | Found::Forward { .. } | Found::Reports(_)) => {
                    self.take(found, step.detail, step.depth)
                }
            };
            if let Err(fault) = taken {
                return Ok(Err(fault));
            }
        }
        Ok(Ok(()))
    }

    /// Takes what was found at an address; `inherited` is the detail it was reached with, which a
    /// detail of its own replaces.
    fn take(&mut self, found: Found, inherited: Option<String>, depth: usize) -> Result<(), AliasFault> {
        match found {
            Found::NotLocal | Found::Unknown => Ok(()),
            Found::Reports(domain) => self.push(Target::Reports(domain)),
            Found::Account {
                account,
                address,
                detail,
            } => {
                if !self.accounts.insert(account) {
                    return Ok(());
                }
                self.push(Target::Local {
                    account,
                    address,
                    detail: detail.or(inherited),
                })
            }
            Found::Forward {
                keeper,
                targets,
                detail,
            } => {
                let detail = detail.or(inherited);
                if let Some((account, address)) = keeper
                    && self.accounts.insert(account)
                {
                    self.push(Target::Local {
                        account,
                        address,
                        detail: detail.clone(),
                    })?;
                }
                for target in targets {
                    self.wait(target, detail.clone(), depth.saturating_add(1))?;
                }
                Ok(())
            }
        }
    }

    fn push(&mut self, target: Target) -> Result<(), AliasFault> {
        if self.targets.len() >= MAX_TARGETS {
            return Err(AliasFault::TooManyTargets);
        }
        self.targets.push(target);
        Ok(())
    }

    fn wait(&mut self, address: Address, detail: Option<String>, depth: usize) -> Result<(), AliasFault> {
        if !self.seen.insert(address.lookup_key()) {
            return Ok(());
        }
        if depth > MAX_ALIAS_DEPTH {
            return Err(AliasFault::TooDeep);
        }
        if self.seen.len() > MAX_LOOKED_AT {
            return Err(AliasFault::TooManyTargets);
        }
        self.waiting.push_back(Step {
            address,
            detail,
            depth,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
