//! Every statement of this crate, in the SQL that all engines share.

posthorn_store::statements! {
    // Asking.
    CORRESPONDENT = "SELECT address, domain, name, first_at, last_at, received, sent, vouched
        FROM correspondent WHERE account_id = $1 AND address = $2";
    NAMESAKES = "SELECT name, address, sent, received, vouched, first_at
        FROM correspondent WHERE account_id = $1 AND name_key = $2 AND standing > 0 AND address <> $3
        ORDER BY standing DESC LIMIT 64";
    DOMAIN = "SELECT standing, first_day, vouched_days, last_day FROM correspondent_domain
        WHERE account_id = $1 AND domain = $2";
    SAME_SKELETON = "SELECT standing, first_day, vouched_days, domain
        FROM correspondent_domain WHERE account_id = $1 AND skeleton = $2 AND domain <> $3
        ORDER BY standing DESC LIMIT 64";
    BEST_DOMAINS = "SELECT standing, first_day, vouched_days, domain
        FROM correspondent_domain WHERE account_id = $1 AND domain <> $2
        ORDER BY standing DESC, vouched_days DESC LIMIT 500";

    // Learning. The usual message changes no name and no standing: TOUCH_RECEIVED then leaves the indexes alone.
    TOUCH_RECEIVED = "UPDATE correspondent
        SET last_at = $3, received = received + 1, vouched = vouched + $4
        WHERE account_id = $1 AND address = $2 AND standing >= $4
          AND ($5 = '' OR name = $5 OR ($4 = 0 AND standing > 0 AND name <> ''))";
    UPSERT_RECEIVED = "INSERT INTO correspondent
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
    UPSERT_SENT = "INSERT INTO correspondent
        (account_id, address, domain, name_key, name, standing, first_at, last_at, received, sent, vouched)
        VALUES ($1, $2, $3, $4, $5, 2, $6, $6, 0, 1, 0)
        ON CONFLICT (account_id, address) DO UPDATE SET
          last_at = $6, sent = correspondent.sent + 1, standing = 2,
          name_key = CASE WHEN $5 <> '' AND (correspondent.standing = 0 OR correspondent.name = '')
            THEN $4 ELSE correspondent.name_key END,
          name = CASE WHEN $5 <> '' AND (correspondent.standing = 0 OR correspondent.name = '')
            THEN $5 ELSE correspondent.name END
        RETURNING received + sent";
    INSERT_DOMAIN = "INSERT INTO correspondent_domain
        (account_id, domain, skeleton, standing, first_day, last_day, vouched_days)
        VALUES ($1, $2, $3, $4, $5, $5, $6)";
    UPDATE_DOMAIN = "UPDATE correspondent_domain
        SET skeleton = $3, standing = $4, last_day = $5, vouched_days = vouched_days + $6
        WHERE account_id = $1 AND domain = $2";

    // Forgetting.
    ONE_PERSON_MORE = "INSERT INTO correspondent_total (account_id, people, domains)
        VALUES ($1, 1, 0) ON CONFLICT (account_id) DO UPDATE SET people = correspondent_total.people + 1
        RETURNING people";
    ONE_DOMAIN_MORE = "INSERT INTO correspondent_total (account_id, people, domains)
        VALUES ($1, 0, 1) ON CONFLICT (account_id) DO UPDATE SET domains = correspondent_total.domains + 1
        RETURNING domains";
    COUNT_PEOPLE = "UPDATE correspondent_total
        SET people = (SELECT COUNT(*) FROM correspondent WHERE account_id = $1) WHERE account_id = $1
        RETURNING people";
    COUNT_DOMAINS = "UPDATE correspondent_total
        SET domains = (SELECT COUNT(*) FROM correspondent_domain WHERE account_id = $1) WHERE account_id = $1
        RETURNING domains";
    PRUNE_PEOPLE = "DELETE FROM correspondent WHERE account_id = $1 AND address IN
        (SELECT address FROM correspondent WHERE account_id = $1 ORDER BY standing, last_at LIMIT $2)";
    PRUNE_DOMAINS = "DELETE FROM correspondent_domain WHERE account_id = $1 AND domain IN
        (SELECT domain FROM correspondent_domain WHERE account_id = $1 ORDER BY standing, last_day LIMIT $2)";
    FORGET_PEOPLE = "DELETE FROM correspondent WHERE account_id = $1";
    FORGET_DOMAINS = "DELETE FROM correspondent_domain WHERE account_id = $1";
    FORGET_TOTAL = "DELETE FROM correspondent_total WHERE account_id = $1";

    // What our own people call themselves.
    OWN_NAME = "SELECT name FROM own_name WHERE address = $1 AND name_key = $2";
    LAST_OWN_NAME = "SELECT COALESCE(MAX(serial), 0) FROM own_name WHERE address = $1";
    UPSERT_OWN_NAME = "INSERT INTO own_name (address, name_key, name, serial)
        VALUES ($1, $2, $3, $4) ON CONFLICT (address, name_key) DO UPDATE SET name = $3, serial = $4";
    PRUNE_OWN_NAMES = "DELETE FROM own_name WHERE address = $1 AND serial <= $2";
    OWN_NAMESAKES = "SELECT name, address FROM own_name WHERE name_key = $1
        ORDER BY address LIMIT 8";
    FORGET_OWN_NAMES = "DELETE FROM own_name WHERE address = $1";
}

#[cfg(test)]
mod tests {
    use super::STATEMENTS;
    use crate::fixture::Book;

    #[test]
    fn the_engine_takes_every_statement() {
        Book::empty().run(|tx| assert_eq!(tx.refused(STATEMENTS), [] as [&str; 0]));
    }
}
