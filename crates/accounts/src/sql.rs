//! Every statement of this crate, in the SQL that all engines share.

// Domains.
pub(crate) const INSERT_DOMAIN: &str = "INSERT INTO domain (domain, created_at) VALUES ($1, $2)
    ON CONFLICT (domain) DO NOTHING";
pub(crate) const DELETE_DOMAIN: &str = "DELETE FROM domain WHERE domain = $1";
pub(crate) const DOMAIN: &str = "SELECT created_at, catch_all, rules FROM domain WHERE domain = $1";
pub(crate) const DOMAINS: &str = "SELECT domain, created_at, catch_all, rules FROM domain ORDER BY domain";
pub(crate) const CATCH_ALLS: &str = "SELECT domain, catch_all FROM domain WHERE catch_all IS NOT NULL";
pub(crate) const SET_CATCH_ALL: &str = "UPDATE domain SET catch_all = $2 WHERE domain = $1";
pub(crate) const SET_RULES: &str = "UPDATE domain SET rules = $2 WHERE domain = $1";
pub(crate) const COUNT_IN_DOMAIN: &str = "SELECT COUNT(*) FROM address WHERE domain = $1 AND kind = $2";
pub(crate) const FIRST_ACCOUNT: &str = "SELECT account_id, written FROM address
    WHERE domain = $1 AND kind = 'account' ORDER BY account_id LIMIT 1";

// Addresses.
pub(crate) const INSERT_ADDRESS: &str =
    "INSERT INTO address (address, written, domain, kind, account_id) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const DELETE_ADDRESS: &str = "DELETE FROM address WHERE address = $1";
pub(crate) const ADDRESS: &str = "SELECT account_id, written FROM address WHERE address = $1";
pub(crate) const ADDRESSES: &str =
    "SELECT address, written, domain, kind, account_id FROM address ORDER BY address";

// Aliases.
pub(crate) const INSERT_TARGET: &str = "INSERT INTO alias_target (address, target, plain_target, written)
    VALUES ($1, $2, $3, $4) ON CONFLICT (address, target) DO NOTHING";
pub(crate) const DELETE_TARGETS: &str = "DELETE FROM alias_target WHERE address = $1";
pub(crate) const TARGETS: &str = "SELECT written FROM alias_target WHERE address = $1 ORDER BY target";
pub(crate) const ALL_TARGETS: &str =
    "SELECT address, target, written FROM alias_target ORDER BY address, target";
pub(crate) const ALIASES_OF_TARGET: &str = "SELECT DISTINCT a.written
    FROM alias_target t JOIN address a ON a.address = t.address
    WHERE t.target = $1 OR t.plain_target = $1 ORDER BY a.written";
pub(crate) const ALIASES: &str = "SELECT a.written, t.written
    FROM address a LEFT JOIN alias_target t ON t.address = a.address
    WHERE a.kind = 'alias' ORDER BY a.address, t.target";

// Forwarding.
pub(crate) const FORWARDING: &str =
    "SELECT written, keeps_copy FROM forwarding WHERE address = $1 ORDER BY target";
pub(crate) const DELETE_FORWARDING: &str = "DELETE FROM forwarding WHERE address = $1";
pub(crate) const INSERT_FORWARDING: &str = "INSERT INTO forwarding
    (address, target, plain_target, written, keeps_copy, owner)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (address, target) DO NOTHING";
pub(crate) const FORWARDERS_TO: &str = "SELECT DISTINCT owner FROM forwarding
    WHERE target = $1 OR plain_target = $1 ORDER BY owner";

// Accounts.
pub(crate) const NEXT_ACCOUNT: &str =
    "UPDATE directory_counter SET last_used = last_used + 1 WHERE name = 'account' RETURNING last_used";
pub(crate) const LAST_ACCOUNT: &str = "SELECT last_used FROM directory_counter WHERE name = 'account'";
pub(crate) const INSERT_ACCOUNT: &str = "INSERT INTO directory_account
    (account_id, address, password_hash, scram_salt, scram_iterations, scram_stored_key, scram_server_key,
     created_at, disabled, password_changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $8)";
pub(crate) const DELETE_ACCOUNT: &str = "DELETE FROM directory_account WHERE account_id = $1";
pub(crate) const ACCOUNT: &str = "SELECT account_id, address, password_hash, scram_salt, scram_iterations,
    scram_stored_key, scram_server_key, created_at, disabled, password_changed_at
    FROM directory_account WHERE account_id = $1";
pub(crate) const ACCOUNTS: &str = "SELECT account_id, address, password_hash, scram_salt, scram_iterations,
    scram_stored_key, scram_server_key, created_at, disabled, password_changed_at
    FROM directory_account ORDER BY account_id";
pub(crate) const SET_PASSWORD: &str = "UPDATE directory_account SET password_hash = $2, scram_salt = $3,
    scram_iterations = $4, scram_stored_key = $5, scram_server_key = $6, password_changed_at = $7
    WHERE account_id = $1";
pub(crate) const SET_DISABLED: &str = "UPDATE directory_account SET disabled = $2 WHERE account_id = $1";

/// All of them, for a test that runs each on several engines.
pub const STATEMENTS: &[&str] = &[
    INSERT_DOMAIN,
    DELETE_DOMAIN,
    SET_RULES,
    FORWARDING,
    DELETE_FORWARDING,
    INSERT_FORWARDING,
    FORWARDERS_TO,
    DOMAIN,
    DOMAINS,
    CATCH_ALLS,
    SET_CATCH_ALL,
    COUNT_IN_DOMAIN,
    FIRST_ACCOUNT,
    INSERT_ADDRESS,
    DELETE_ADDRESS,
    ADDRESS,
    ADDRESSES,
    INSERT_TARGET,
    DELETE_TARGETS,
    TARGETS,
    ALL_TARGETS,
    ALIASES_OF_TARGET,
    ALIASES,
    NEXT_ACCOUNT,
    LAST_ACCOUNT,
    INSERT_ACCOUNT,
    DELETE_ACCOUNT,
    ACCOUNT,
    ACCOUNTS,
    SET_PASSWORD,
    SET_DISABLED,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Directory;
    use posthorn_store::{StoreError, Value};

    /// Highest `$n`.
    fn parameters(sql: &str) -> usize {
        sql.split('$')
            .skip(1)
            .map(|rest| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse::<usize>().unwrap()
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn the_engine_takes_every_statement() {
        let directory = Directory::empty();
        directory.write(|tx| {
            for &sql in STATEMENTS {
                let params = vec![Value::Text("1"); parameters(sql)];
                tx.for_each(sql, &params, |_row| Ok(()))
                    .unwrap_or_else(|error| panic!("{error}: {sql}"));
            }
            Ok::<_, StoreError>(())
        });
    }

    #[test]
    fn no_statement_is_missing_from_the_list() {
        let declared = include_str!("sql.rs")
            .lines()
            .filter(|line| line.starts_with("pub(crate) const "))
            .count();
        assert_eq!(declared, STATEMENTS.len());
        let distinct: std::collections::HashSet<_> = STATEMENTS.iter().collect();
        assert_eq!(distinct.len(), STATEMENTS.len());
    }
}
