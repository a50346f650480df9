//! Every statement of this crate, in the SQL that all engines share.

posthorn_store::statements! {
    // Domains.
    INSERT_DOMAIN = "INSERT INTO domain (domain, created_at) VALUES ($1, $2)
        ON CONFLICT (domain) DO NOTHING";
    DELETE_DOMAIN = "DELETE FROM domain WHERE domain = $1";
    DOMAIN = "SELECT created_at, catch_all, rules FROM domain WHERE domain = $1";
    DOMAINS = "SELECT domain, created_at, catch_all, rules FROM domain ORDER BY domain";
    CATCH_ALLS = "SELECT domain, catch_all FROM domain WHERE catch_all IS NOT NULL";
    SET_CATCH_ALL = "UPDATE domain SET catch_all = $2 WHERE domain = $1";
    SET_RULES = "UPDATE domain SET rules = $2 WHERE domain = $1";
    COUNT_IN_DOMAIN = "SELECT COUNT(*) FROM address WHERE domain = $1 AND kind = $2";
    FIRST_ACCOUNT = "SELECT account_id, written FROM address
        WHERE domain = $1 AND kind = 'account' ORDER BY account_id LIMIT 1";

    // Addresses.
    INSERT_ADDRESS = "INSERT INTO address (address, written, domain, kind, account_id) VALUES ($1, $2, $3, $4, $5)";
    DELETE_ADDRESS = "DELETE FROM address WHERE address = $1";
    ADDRESS = "SELECT account_id, written FROM address WHERE address = $1";
    ADDRESSES = "SELECT address, written, domain, kind, account_id FROM address ORDER BY address";

    // Aliases.
    INSERT_TARGET = "INSERT INTO alias_target (address, target, plain_target, written)
        VALUES ($1, $2, $3, $4) ON CONFLICT (address, target) DO NOTHING";
    DELETE_TARGETS = "DELETE FROM alias_target WHERE address = $1";
    TARGETS = "SELECT written FROM alias_target WHERE address = $1 ORDER BY target";
    ALL_TARGETS = "SELECT address, target, written FROM alias_target ORDER BY address, target";
    ALIASES_OF_TARGET = "SELECT DISTINCT a.written
        FROM alias_target t JOIN address a ON a.address = t.address
        WHERE t.target = $1 OR t.plain_target = $1 ORDER BY a.written";
    ALIASES = "SELECT a.written, t.written
        FROM address a LEFT JOIN alias_target t ON t.address = a.address
        WHERE a.kind = 'alias' ORDER BY a.address, t.target";

    // Forwarding.
    FORWARDING = "SELECT written, keeps_copy FROM forwarding WHERE address = $1 ORDER BY target";
    DELETE_FORWARDING = "DELETE FROM forwarding WHERE address = $1";
    INSERT_FORWARDING = "INSERT INTO forwarding
        (address, target, plain_target, written, keeps_copy, owner)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (address, target) DO NOTHING";
    FORWARDERS_TO = "SELECT DISTINCT owner FROM forwarding
        WHERE target = $1 OR plain_target = $1 ORDER BY owner";

    // Accounts.
    NEXT_ACCOUNT = "UPDATE directory_counter SET last_used = last_used + 1 WHERE name = 'account' RETURNING last_used";
    LAST_ACCOUNT = "SELECT last_used FROM directory_counter WHERE name = 'account'";
    INSERT_ACCOUNT = "INSERT INTO directory_account
        (account_id, address, password_hash, scram_salt, scram_iterations, scram_stored_key, scram_server_key,
         created_at, disabled, password_changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $8)";
    DELETE_ACCOUNT = "DELETE FROM directory_account WHERE account_id = $1";
    ACCOUNT = "SELECT account_id, address, password_hash, scram_salt, scram_iterations,
        scram_stored_key, scram_server_key, created_at, disabled, password_changed_at
        FROM directory_account WHERE account_id = $1";
    ACCOUNTS = "SELECT account_id, address, password_hash, scram_salt, scram_iterations,
        scram_stored_key, scram_server_key, created_at, disabled, password_changed_at
        FROM directory_account ORDER BY account_id";
    SET_PASSWORD = "UPDATE directory_account SET password_hash = $2, scram_salt = $3,
        scram_iterations = $4, scram_stored_key = $5, scram_server_key = $6, password_changed_at = $7
        WHERE account_id = $1";
    SET_DISABLED = "UPDATE directory_account SET disabled = $2 WHERE account_id = $1";
}

#[cfg(test)]
mod tests {
    use super::STATEMENTS;
    use crate::fixture::Directory;

    #[test]
    fn the_engine_takes_every_statement() {
        Directory::empty().run(|tx| assert_eq!(tx.refused(STATEMENTS), [] as [&str; 0]));
    }
}
