//! Every statement of this crate, in the SQL that all engines share.

pub(crate) const KEYS: &str = "SELECT domain, selector, algorithm, private_key, public_key, state,
    made_at, activated_at, last_signed_at, keep_until
    FROM dkim_key WHERE domain = $1 ORDER BY selector";
pub(crate) const ALL_KEYS: &str = "SELECT domain, selector, algorithm, private_key, public_key, state,
    made_at, activated_at, last_signed_at, keep_until
    FROM dkim_key ORDER BY domain, selector";
pub(crate) const INSERT_KEY: &str = "INSERT INTO dkim_key
    (domain, selector, algorithm, private_key, public_key, state, made_at)
    VALUES ($1, $2, $3, $4, $5, 'pending', $6)";
pub(crate) const ACTIVATE_KEY: &str = "UPDATE dkim_key SET state = 'active', activated_at = $3
    WHERE domain = $1 AND selector = $2 AND state = 'pending'";
pub(crate) const RETIRE_KEY: &str = "UPDATE dkim_key
    SET state = 'retiring', private_key = NULL, last_signed_at = $3, keep_until = $4
    WHERE domain = $1 AND selector = $2 AND state = 'active'";
pub(crate) const DISCARD_KEY: &str = "UPDATE dkim_key SET state = 'retired', private_key = NULL
    WHERE domain = $1 AND selector = $2 AND state = 'pending'";
pub(crate) const TIDY: &str = "UPDATE dkim_key SET state = 'retired'
    WHERE state = 'retiring' AND keep_until <= $1 RETURNING domain, selector";
pub(crate) const DELETE_KEY: &str = "DELETE FROM dkim_key
    WHERE domain = $1 AND selector = $2 AND state = 'retired'";
pub(crate) const DELETE_DOMAIN: &str = "DELETE FROM dkim_key WHERE domain = $1";

pub(crate) const INSERT_SECRET: &str = "INSERT INTO server_secret (name, secret) VALUES ($1, $2)
    ON CONFLICT (name) DO NOTHING";
pub(crate) const SECRET: &str = "SELECT secret FROM server_secret WHERE name = $1";

/// All of them, for a test that runs each on several engines.
pub const STATEMENTS: &[&str] = &[
    KEYS,
    ALL_KEYS,
    INSERT_SECRET,
    SECRET,
    INSERT_KEY,
    ACTIVATE_KEY,
    RETIRE_KEY,
    DISCARD_KEY,
    TIDY,
    DELETE_KEY,
    DELETE_DOMAIN,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Keys;
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
        Keys::none().write(|tx| {
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
