//! Every statement of this crate, in the SQL that all engines share.

posthorn_store::statements! {
    KEYS = "SELECT domain, selector, algorithm, private_key, public_key, state,
        made_at, activated_at, last_signed_at, keep_until
        FROM dkim_key WHERE domain = $1 ORDER BY selector";
    ALL_KEYS = "SELECT domain, selector, algorithm, private_key, public_key, state,
        made_at, activated_at, last_signed_at, keep_until
        FROM dkim_key ORDER BY domain, selector";
    INSERT_KEY = "INSERT INTO dkim_key
        (domain, selector, algorithm, private_key, public_key, state, made_at)
        VALUES ($1, $2, $3, $4, $5, 'pending', $6)";
    ACTIVATE_KEY = "UPDATE dkim_key SET state = 'active', activated_at = $3
        WHERE domain = $1 AND selector = $2 AND state = 'pending'";
    RETIRE_KEY = "UPDATE dkim_key
        SET state = 'retiring', private_key = NULL, last_signed_at = $3, keep_until = $4
        WHERE domain = $1 AND selector = $2 AND state = 'active'";
    DISCARD_KEY = "UPDATE dkim_key SET state = 'retired', private_key = NULL
        WHERE domain = $1 AND selector = $2 AND state = 'pending'";
    TIDY = "UPDATE dkim_key SET state = 'retired'
        WHERE state = 'retiring' AND keep_until <= $1 RETURNING domain, selector";
    DELETE_KEY = "DELETE FROM dkim_key
        WHERE domain = $1 AND selector = $2 AND state = 'retired'";
    DELETE_DOMAIN = "DELETE FROM dkim_key WHERE domain = $1";

    INSERT_SECRET = "INSERT INTO server_secret (name, secret) VALUES ($1, $2)
        ON CONFLICT (name) DO NOTHING";
    SECRET = "SELECT secret FROM server_secret WHERE name = $1";
}

#[cfg(test)]
mod tests {
    use super::STATEMENTS;
    use crate::fixture::Keys;

    #[test]
    fn the_engine_takes_every_statement() {
        Keys::none().run(|tx| assert_eq!(tx.refused(STATEMENTS), [] as [&str; 0]));
    }
}
