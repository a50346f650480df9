//! `posthorn check --store`, the part that is about this crate's tables: what the functions beside it can
//! never leave behind, and what has come about since. Reads the columns as text, as a damaged row is what
//! it is looking for.

use std::collections::{HashMap, HashSet};

use posthorn_base::{Address, Domain};
use posthorn_store::{StoreError, Tx};

use crate::entry::AddressHolder;
use crate::password::is_readable;
use crate::resolve::{CatchAll, is_known};
use crate::sql;

/// What is wrong with domains, addresses, aliases and accounts, a sentence each; empty when all is well.
///
/// # Errors
/// When the store cannot be read at all.
pub fn check(tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
    let tables = Tables::read(tx)?;
    let mut findings = Vec::new();
    check_domains(tx, &tables, &mut findings)?;
    check_addresses(&tables, &mut findings);
    check_aliases(tx, &tables, &mut findings)?;
    check_accounts(tx, &tables, &mut findings)?;
    Ok(findings)
}

struct AddressRow {
    key: String,
    written: String,
    domain: String,
    kind: String,
    account: Option<i64>,
}

struct TargetRow {
    alias: String,
    target: String,
    written: String,
}

struct AccountRow {
    id: i64,
    address: String,
    password_hash: String,
    readable_keys: bool,
}

struct Tables {
    domains: Vec<(String, Option<String>)>,
    addresses: Vec<AddressRow>,
    targets: Vec<TargetRow>,
    accounts: Vec<AccountRow>,
}

impl Tables {
    fn read(tx: &Tx<'_>) -> Result<Self, StoreError> {
        let domains = tx.query(sql::DOMAINS, &[], |row| {
            Ok((row.text(0)?.to_owned(), row.opt_text(2)?.map(str::to_owned)))
        })?;
        let addresses = tx.query(sql::ADDRESSES, &[], |row| {
            Ok(AddressRow {
                key: row.text(0)?.to_owned(),
                written: row.text(1)?.to_owned(),
                domain: row.text(2)?.to_owned(),
                kind: row.text(3)?.to_owned(),
                account: row.opt_int(4)?,
            })
        })?;
        let targets = tx.query(sql::ALL_TARGETS, &[], |row| {
            Ok(TargetRow {
                alias: row.text(0)?.to_owned(),
                target: row.text(1)?.to_owned(),
                written: row.text(2)?.to_owned(),
            })
        })?;
        let accounts = tx.query(sql::ACCOUNTS, &[], |row| {
            Ok(AccountRow {
                id: row.int(0)?,
                address: row.text(1)?.to_owned(),
                password_hash: row.text(2)?.to_owned(),
                readable_keys: row.bytes(5)?.len() == 32 && row.bytes(6)?.len() == 32,
            })
        })?;
        Ok(Self {
            domains,
            addresses,
            targets,
            accounts,
        })
    }
}

fn check_domains(tx: &Tx<'_>, tables: &Tables, findings: &mut Vec<String>) -> Result<(), StoreError> {
    for (name, catch_all) in &tables.domains {
        if Domain::parse(name)
            .ok()
            .is_none_or(|domain| domain.as_str() != name)
        {
            findings.push(format!("domain {name}: the name is not a domain name"));
        }
        let Some(text) = catch_all else { continue };
        match Address::parse(text) {
            Err(error) => findings.push(format!("domain {name}: the catch-all {text}: {error}")),
            Ok(address) if !known(tx, &address, CatchAll::Ignore)? => {
                findings.push(format!("domain {name}: nobody has the catch-all {text}"));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

fn check_addresses(tables: &Tables, findings: &mut Vec<String>) {
    let domains: HashSet<&str> = tables.domains.iter().map(|(name, _)| name.as_str()).collect();
    let accounts: HashMap<i64, &AccountRow> = tables.accounts.iter().map(|row| (row.id, row)).collect();
    for row in &tables.addresses {
        let key = &row.key;
        match Address::parse(&row.written) {
            Err(error) => findings.push(format!("address {key}: {} cannot be read: {error}", row.written)),
            Ok(address) if address.lookup_key() != *key => {
                findings.push(format!(
                    "address {key}: written as {}, which is another",
                    row.written
                ));
            }
            Ok(address) if address.domain().map(Domain::as_str) != Some(&row.domain) => {
                findings.push(format!("address {key}: listed under the domain {}", row.domain));
            }
            Ok(_) => {}
        }
        if !domains.contains(row.domain.as_str()) {
            findings.push(format!("address {key}: its domain {} is not ours", row.domain));
        }
        let is_account = row.kind == AddressHolder::Account.as_column();
        match row.account {
            Some(id) if is_account && !accounts.contains_key(&id) => {
                findings.push(format!("address {key}: there is no account {id}"));
            }
            Some(id) if is_account && accounts.get(&id).is_some_and(|row| key_of(&row.address) != *key) => {
                findings.push(format!("address {key}: the account {id} has another address"));
            }
            Some(_) if is_account => {}
            None if row.kind == AddressHolder::Alias.as_column() => {}
            Some(_) | None => {
                findings.push(format!("address {key}: neither an account nor an alias"));
            }
        }
    }
}

fn check_aliases(tx: &Tx<'_>, tables: &Tables, findings: &mut Vec<String>) -> Result<(), StoreError> {
    let aliases: HashSet<&str> = tables
        .addresses
        .iter()
        .filter(|row| row.kind == AddressHolder::Alias.as_column())
        .map(|row| row.key.as_str())
        .collect();
    let mut with_target = HashSet::new();
    for row in &tables.targets {
        let (alias, written) = (&row.alias, &row.written);
        with_target.insert(alias.as_str());
        if !aliases.contains(alias.as_str()) {
            findings.push(format!(
                "alias {alias}: there is none, but it has the target {written}"
            ));
        }
        match Address::parse(written) {
            Err(error) => findings.push(format!("alias {alias}: the target {written}: {error}")),
            Ok(address) if address.lookup_key() != row.target => {
                findings.push(format!(
                    "alias {alias}: the target {written} is listed as another"
                ));
            }
            Ok(address) if !known(tx, &address, CatchAll::Use)? => {
                findings.push(format!("alias {alias}: nobody has the target {written}"));
            }
            Ok(_) => {}
        }
    }
    for row in &tables.addresses {
        let key = row.key.as_str();
        if aliases.contains(key) && !with_target.contains(key) {
            findings.push(format!("alias {key}: it has no target"));
        }
    }
    Ok(())
}

fn check_accounts(tx: &Tx<'_>, tables: &Tables, findings: &mut Vec<String>) -> Result<(), StoreError> {
    let keys: HashSet<(&str, Option<i64>)> = tables
        .addresses
        .iter()
        .map(|row| (row.key.as_str(), row.account))
        .collect();
    for row in &tables.accounts {
        let AccountRow { id, address, .. } = row;
        if !keys.contains(&(key_of(address).as_str(), Some(*id))) {
            findings.push(format!("account {id}: its address {address} does not lead to it"));
        }
        if !is_readable(&row.password_hash) || !row.readable_keys {
            findings.push(format!(
                "account {id} ({address}): the stored password cannot be read; set a new one"
            ));
        }
    }
    let last = tx
        .query_row(sql::LAST_ACCOUNT, &[], |row| row.int(0))?
        .unwrap_or(0);
    if let Some(highest) = tables.accounts.iter().map(|row| row.id).max()
        && highest > last
    {
        findings.push(format!(
            "the counter of accounts says {last}, but there is an account {highest}"
        ));
    }
    Ok(())
}

/// The lookup key, or the text itself when it is no address.
fn key_of(written: &str) -> String {
    Address::parse(written).map_or_else(|_error| written.to_owned(), |address| address.lookup_key())
}

/// As [`is_known`]; a damaged row on the way is told where it stands, not here.
fn known(tx: &Tx<'_>, address: &Address, catch_all: CatchAll) -> Result<bool, StoreError> {
    match is_known(tx, address, catch_all) {
        Err(StoreError::Corrupt(_)) => Ok(true),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Directory, add, address, alias, domain};
    use crate::{remove_account, set_catch_all};

    fn filled(tx: &mut Tx<'_>) {
        add(tx, "Anna@ours.test");
        add(tx, r#""b c"@ours.test"#);
        alias(tx, "info@ours.test", &["anna+i@ours.test", "x@far.test"]);
        set_catch_all(tx, &domain("ours.test"), Some(&address("info@ours.test"))).unwrap();
    }

    /// What is found after one statement of vandalism.
    fn after(vandalism: &'static str) -> Vec<String> {
        Directory::ours().run(move |tx| {
            filled(tx);
            assert_eq!(check(tx), Ok(vec![]));
            assert_eq!(tx.execute(vandalism, &[]), Ok(1), "{vandalism}");
            check(tx).unwrap()
        })
    }

    #[test]
    fn each_damage_is_found() {
        let cases: &[(&'static str, &[&str])] = &[
            (
                "DELETE FROM directory_account WHERE account_id = 1",
                &["address anna@ours.test: there is no account 1"],
            ),
            (
                "DELETE FROM address WHERE account_id = 2",
                &[r#"account 2: its address "b c"@ours.test does not lead to it"#],
            ),
            (
                "DELETE FROM address WHERE address = 'info@ours.test'",
                &[
                    "domain ours.test: nobody has the catch-all info@ours.test",
                    "alias info@ours.test: there is none, but it has the target anna+i@ours.test",
                    "alias info@ours.test: there is none, but it has the target x@far.test",
                ],
            ),
            (
                "UPDATE alias_target SET written = 'no address' WHERE target = 'x@far.test'",
                &["alias info@ours.test: the target no address: the address has no @"],
            ),
            (
                "UPDATE alias_target SET written = 'y@far.test' WHERE target = 'x@far.test'",
                &["alias info@ours.test: the target y@far.test is listed as another"],
            ),
            (
                "UPDATE address SET kind = 'list' WHERE address = 'anna@ours.test'",
                &["address anna@ours.test: neither an account nor an alias"],
            ),
            (
                "UPDATE address SET written = 'bob@ours.test' WHERE address = 'anna@ours.test'",
                &["address anna@ours.test: written as bob@ours.test, which is another"],
            ),
            (
                "UPDATE domain SET catch_all = '@' WHERE domain = 'ours.test'",
                &["domain ours.test: the catch-all @: the part before the @ is not valid"],
            ),
            (
                "UPDATE directory_account SET password_hash = 'x' WHERE account_id = 1",
                &["account 1 (Anna@ours.test): the stored password cannot be read; set a new one"],
            ),
            (
                "UPDATE directory_counter SET last_used = 1",
                &["the counter of accounts says 1, but there is an account 2"],
            ),
        ];
        for (vandalism, expected) in cases {
            assert_eq!(after(vandalism), *expected, "{vandalism}");
        }
    }

    #[test]
    fn an_address_of_a_vanished_domain_is_found() {
        let found = after("DELETE FROM domain WHERE domain = 'ours.test'");
        assert!(
            found.contains(&"address anna@ours.test: its domain ours.test is not ours".to_owned()),
            "{found:?}"
        );
    }

    #[test]
    fn an_alias_without_targets_is_found() {
        Directory::ours().run(|tx| {
            filled(tx);
            tx.execute("DELETE FROM alias_target", &[]).unwrap();
            assert_eq!(check(tx).unwrap(), ["alias info@ours.test: it has no target"]);
        });
    }

    #[test]
    fn a_target_that_came_to_nobody_is_found() {
        Directory::ours().run(|tx| {
            let anna = add(tx, "anna@ours.test");
            alias(tx, "info@ours.test", &["abuse@ours.test"]);
            remove_account(tx, anna).unwrap();
            assert_eq!(
                check(tx).unwrap(),
                ["alias info@ours.test: nobody has the target abuse@ours.test"]
            );
        });
    }
}
