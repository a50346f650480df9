//! Every statement of this crate, in the SQL that all engines share.

// Asking.
pub(crate) const CORRESPONDENT: &str =
    "SELECT address, domain, name, first_at, last_at, received, sent, vouched
    FROM correspondent WHERE account_id = $1 AND address = $2";
pub(crate) const NAMESAKES: &str = "SELECT name, address, sent, received, vouched, first_at
    FROM correspondent WHERE account_id = $1 AND name_key = $2 AND standing > 0 AND address <> $3
    ORDER BY standing DESC LIMIT 64";
pub(crate) const DOMAIN: &str = "SELECT standing, first_day, vouched_days, last_day FROM correspondent_domain
    WHERE account_id = $1 AND domain = $2";
pub(crate) const SAME_SKELETON: &str = "SELECT standing, first_day, vouched_days, domain
    FROM correspondent_domain WHERE account_id = $1 AND skeleton = $2 AND domain <> $3
    ORDER BY standing DESC LIMIT 64";
pub(crate) const BEST_DOMAINS: &str = "SELECT standing, first_day, vouched_days, domain
    FROM correspondent_domain WHERE account_id = $1 AND domain <> $2
    ORDER BY standing DESC, vouched_days DESC LIMIT 500";

// Learning. The usual message changes no name and no standing: TOUCH_RECEIVED then leaves the indexes alone.
pub(crate) const TOUCH_RECEIVED: &str = "UPDATE correspondent
    SET last_at = $3, received = received + 1, vouched = vouched + $4
    WHERE account_id = $1 AND address = $2 AND standing >= $4
      AND ($5 = '' OR name = $5 OR ($4 = 0 AND standing > 0 AND name <> ''))";
pub(crate) const UPSERT_RECEIVED: &str = "INSERT INTO correspondent
    (account_id, address, domain, name_key, name, standing, first_at, last_at, received, sent, vouched)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1, 0, $6)
    ON CONFLICT (account_id, address) DO UPDATE SET
      last_at = $7, received = correspondent.received + 1, vouched = correspondent.vouched + $6,
      standing = CASE WHEN correspondent.standing < $6 THEN $6 ELSE correspondent.standing END,
      name_key = CASE WHEN $5 <> '' AND ($6 = 1 OR correspondent.standing = 0 OR correspondent.name = '')
        THEN $4 ELSE correspondent.name_key END,
      name = CASE WHEN $5 <> '' AND ($6 = 1 OR correspondent.standing = 0 OR correspondent.name = '')
        THEN $5 ELSE correspondent.name END
    RETURNING received + sent";
pub(crate) const UPSERT_SENT: &str = "INSERT INTO correspondent
    (account_id, address, domain, name_key, name, standing, first_at, last_at, received, sent, vouched)
    VALUES ($1, $2, $3, $4, $5, 2, $6, $6, 0, 1, 0)
    ON CONFLICT (account_id, address) DO UPDATE SET
      last_at = $6, sent = correspondent.sent + 1, standing = 2,
      name_key = CASE WHEN $5 <> '' AND (correspondent.standing = 0 OR correspondent.name = '')
        THEN $4 ELSE correspondent.name_key END,
      name = CASE WHEN $5 <> '' AND (correspondent.standing = 0 OR correspondent.name = '')
        THEN $5 ELSE correspondent.name END
    RETURNING received + sent";
pub(crate) const INSERT_DOMAIN: &str = "INSERT INTO correspondent_domain
    (account_id, domain, skeleton, standing, first_day, last_day, vouched_days)
    VALUES ($1, $2, $3, $4, $5, $5, $6)";
pub(crate) const UPDATE_DOMAIN: &str = "UPDATE correspondent_domain
    SET skeleton = $3, standing = $4, last_day = $5, vouched_days = vouched_days + $6
    WHERE account_id = $1 AND domain = $2";

// Forgetting.
pub(crate) const ONE_PERSON_MORE: &str = "INSERT INTO correspondent_total (account_id, people, domains)
    VALUES ($1, 1, 0) ON CONFLICT (account_id) DO UPDATE SET people = correspondent_total.people + 1
    RETURNING people";
pub(crate) const ONE_DOMAIN_MORE: &str = "INSERT INTO correspondent_total (account_id, people, domains)
    VALUES ($1, 0, 1) ON CONFLICT (account_id) DO UPDATE SET domains = correspondent_total.domains + 1
    RETURNING domains";
pub(crate) const COUNT_PEOPLE: &str = "UPDATE correspondent_total
    SET people = (SELECT COUNT(*) FROM correspondent WHERE account_id = $1) WHERE account_id = $1
    RETURNING people";
pub(crate) const COUNT_DOMAINS: &str = "UPDATE correspondent_total
    SET domains = (SELECT COUNT(*) FROM correspondent_domain WHERE account_id = $1) WHERE account_id = $1
    RETURNING domains";
pub(crate) const PRUNE_PEOPLE: &str = "DELETE FROM correspondent WHERE account_id = $1 AND address IN
    (SELECT address FROM correspondent WHERE account_id = $1 ORDER BY standing, last_at LIMIT $2)";
pub(crate) const PRUNE_DOMAINS: &str = "DELETE FROM correspondent_domain WHERE account_id = $1 AND domain IN
    (SELECT domain FROM correspondent_domain WHERE account_id = $1 ORDER BY standing, last_day LIMIT $2)";
pub(crate) const FORGET_PEOPLE: &str = "DELETE FROM correspondent WHERE account_id = $1";
pub(crate) const FORGET_DOMAINS: &str = "DELETE FROM correspondent_domain WHERE account_id = $1";
pub(crate) const FORGET_TOTAL: &str = "DELETE FROM correspondent_total WHERE account_id = $1";

// What our own people call themselves.
pub(crate) const OWN_NAME: &str = "SELECT name FROM own_name WHERE address = $1 AND name_key = $2";
pub(crate) const LAST_OWN_NAME: &str = "SELECT COALESCE(MAX(serial), 0) FROM own_name WHERE address = $1";
pub(crate) const UPSERT_OWN_NAME: &str = "INSERT INTO own_name (address, name_key, name, serial)
    VALUES ($1, $2, $3, $4) ON CONFLICT (address, name_key) DO UPDATE SET name = $3, serial = $4";
pub(crate) const PRUNE_OWN_NAMES: &str = "DELETE FROM own_name WHERE address = $1 AND serial <= $2";
pub(crate) const OWN_NAMESAKES: &str = "SELECT name, address FROM own_name WHERE name_key = $1
    ORDER BY address LIMIT 8";
pub(crate) const FORGET_OWN_NAMES: &str = "DELETE FROM own_name WHERE address = $1";

/// All of them, for a test that runs each on several engines.
pub const STATEMENTS: &[&str] = &[
    CORRESPONDENT,
    NAMESAKES,
    DOMAIN,
    SAME_SKELETON,
    BEST_DOMAINS,
    TOUCH_RECEIVED,
    UPSERT_RECEIVED,
    UPSERT_SENT,
    INSERT_DOMAIN,
    UPDATE_DOMAIN,
    ONE_PERSON_MORE,
    ONE_DOMAIN_MORE,
    COUNT_PEOPLE,
    COUNT_DOMAINS,
    PRUNE_PEOPLE,
    PRUNE_DOMAINS,
    FORGET_PEOPLE,
    FORGET_DOMAINS,
    FORGET_TOTAL,
    OWN_NAME,
    LAST_OWN_NAME,
    UPSERT_OWN_NAME,
    PRUNE_OWN_NAMES,
    OWN_NAMESAKES,
    FORGET_OWN_NAMES,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Book;
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
        Book::empty().write(|tx| {
            for &sql in STATEMENTS {
                let params = vec![Value::Int(1); parameters(sql)];
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
