//! All statements of the queue. Each is about one bucket; none uses what only one engine has. An engine
//! that locks rows replaces the comment `/*skip_locked*/`.

use posthorn_store::Component;

/// The tables of the queue.
pub const COMPONENT: Component = Component {
    name: "queue",
    migrations: &[&[
        "CREATE TABLE queue_message (
            bucket BIGINT NOT NULL, queue_id BIGINT NOT NULL,
            hash BYTEA NOT NULL, generation BIGINT NOT NULL, size BIGINT NOT NULL,
            reverse_path TEXT NOT NULL, ret BIGINT, envelope_id TEXT,
            body_type BIGINT NOT NULL, smtputf8 BIGINT NOT NULL, identity TEXT,
            created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
            PRIMARY KEY (bucket, queue_id))",
        "CREATE TABLE queue_recipient (
            bucket BIGINT NOT NULL, queue_id BIGINT NOT NULL, recipient BIGINT NOT NULL,
            address TEXT NOT NULL, domain TEXT NOT NULL,
            state BIGINT NOT NULL, due BIGINT NOT NULL, attempts BIGINT NOT NULL,
            lease_until BIGINT, token BIGINT NOT NULL,
            notify BIGINT, original_recipient TEXT, delay_noticed BIGINT NOT NULL,
            last_code BIGINT, last_status TEXT, last_text TEXT, last_host TEXT,
            finished_at BIGINT,
            PRIMARY KEY (bucket, queue_id, recipient))",
        "CREATE INDEX queue_recipient_waiting ON queue_recipient (bucket, domain, due) WHERE state = 0",
        "CREATE INDEX queue_recipient_finished ON queue_recipient (bucket, finished_at) WHERE finished_at IS NOT NULL",
        "CREATE TABLE queue_attempt (
            bucket BIGINT NOT NULL, queue_id BIGINT NOT NULL, recipient BIGINT NOT NULL,
            number BIGINT NOT NULL, step BIGINT NOT NULL,
            at BIGINT NOT NULL, duration BIGINT NOT NULL, host TEXT, ip TEXT,
            tls_version TEXT, tls_cipher TEXT, lines TEXT NOT NULL, class BIGINT NOT NULL,
            PRIMARY KEY (bucket, queue_id, recipient, number, step))",
    ]],
    // What is final needs its content no more.
    blob_references: &[MESSAGES_WITH_WORK],
};

posthorn_store::statements! {
    MESSAGES_WITH_WORK = "SELECT m.hash, m.generation, m.size FROM queue_message m WHERE EXISTS (
        SELECT 1 FROM queue_recipient r
        WHERE r.bucket = m.bucket AND r.queue_id = m.queue_id AND r.state IN (0, 1))";

    INSERT_MESSAGE = "INSERT INTO queue_message (bucket, queue_id, hash, generation, size,
            reverse_path, ret, envelope_id, body_type, smtputf8, identity, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    INSERT_RECIPIENT = "INSERT INTO queue_recipient (bucket, queue_id, recipient, address,
            domain, state, due, attempts, lease_until, token, notify, original_recipient, delay_noticed)
        VALUES ($1, $2, $3, $4, $5, 0, $6, 0, NULL, 0, $7, $8, 0)";

    SELECT_MESSAGE = "SELECT queue_id, hash, generation, size, reverse_path, ret, envelope_id,
            body_type, smtputf8, identity, created_at, expires_at
        FROM queue_message WHERE bucket = $1 AND queue_id = $2";

    DUE_DOMAINS = "SELECT domain, COUNT(*) FROM queue_recipient
        WHERE bucket = $1 AND state = 0 AND due <= $2 AND (lease_until IS NULL OR lease_until <= $2)
        GROUP BY domain ORDER BY MIN(due), domain";

    NEXT_DUE = "SELECT MIN(CASE WHEN lease_until IS NOT NULL AND lease_until > due THEN lease_until ELSE due END)
        FROM queue_recipient WHERE bucket = $1 AND state = 0";

    NEXT_DUE_AFTER = "SELECT MIN(CASE WHEN lease_until IS NOT NULL AND lease_until > due THEN lease_until ELSE due END)
        FROM queue_recipient
        WHERE bucket = $1 AND state = 0 AND (due > $2 OR (lease_until IS NOT NULL AND lease_until > $2))";

    LEASE = "UPDATE queue_recipient SET lease_until = $4, token = token + 1
        WHERE bucket = $1 AND (queue_id, recipient) IN (
            SELECT queue_id, recipient FROM queue_recipient
            WHERE bucket = $1 AND domain = $2 AND state = 0 AND due <= $3
                AND (lease_until IS NULL OR lease_until <= $3)
            ORDER BY due, queue_id, recipient LIMIT $5 /*skip_locked*/)
        RETURNING queue_id, recipient, token, address, attempts, notify, original_recipient, delay_noticed";

    RENEW = "UPDATE queue_recipient SET lease_until = $5
        WHERE bucket = $1 AND queue_id = $2 AND recipient = $3 AND token = $4
            AND lease_until IS NOT NULL AND state IN (0, 1)";

    RELEASE = "UPDATE queue_recipient SET lease_until = NULL
        WHERE bucket = $1 AND queue_id = $2 AND recipient = $3 AND token = $4
            AND lease_until IS NOT NULL AND state IN (0, 1)";

    BREAK_LEASES = "UPDATE queue_recipient SET lease_until = NULL, token = token + 1
        WHERE bucket = $1 AND lease_until IS NOT NULL AND state IN (0, 1)";

    FINISH_FINAL = "UPDATE queue_recipient SET state = $5, finished_at = $6, lease_until = NULL,
            attempts = attempts + 1, last_code = $7, last_status = $8, last_text = $9, last_host = $10
        WHERE bucket = $1 AND queue_id = $2 AND recipient = $3 AND token = $4
            AND lease_until IS NOT NULL AND state IN (0, 1)
        RETURNING attempts";

    FINISH_RETRY = "UPDATE queue_recipient SET due = $5, delay_noticed = $6, lease_until = NULL,
            attempts = attempts + 1, last_code = $7, last_status = $8, last_text = $9, last_host = $10
        WHERE bucket = $1 AND queue_id = $2 AND recipient = $3 AND token = $4
            AND lease_until IS NOT NULL AND state IN (0, 1)
        RETURNING attempts";

    INSERT_ATTEMPT = "INSERT INTO queue_attempt (bucket, queue_id, recipient, number, step,
            at, duration, host, ip, tls_version, tls_cipher, lines, class)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    HOLD = "UPDATE queue_recipient SET state = 1
        WHERE bucket = $1 AND queue_id = $2 AND state = 0";
    HOLD_ONE = "UPDATE queue_recipient SET state = 1
        WHERE bucket = $1 AND queue_id = $2 AND recipient = $3 AND state = 0";
    RETRY_NOW = "UPDATE queue_recipient SET state = 0, due = $3
        WHERE bucket = $1 AND queue_id = $2 AND state IN (0, 1)";
    RETRY_NOW_ONE = "UPDATE queue_recipient SET state = 0, due = $4
        WHERE bucket = $1 AND queue_id = $2 AND recipient = $3 AND state IN (0, 1)";
    DROP = "UPDATE queue_recipient SET state = 4, finished_at = $3, lease_until = NULL
        WHERE bucket = $1 AND queue_id = $2 AND state IN (0, 1)";
    DROP_ONE = "UPDATE queue_recipient SET state = 4, finished_at = $4, lease_until = NULL
        WHERE bucket = $1 AND queue_id = $2 AND recipient = $3 AND state IN (0, 1)";

    LIST_OPEN = "SELECT r.queue_id, r.recipient, r.address, r.state, r.due, r.attempts, r.lease_until,
            r.last_text, r.last_host, m.reverse_path, m.identity, m.size, m.created_at, m.expires_at
        FROM queue_recipient r JOIN queue_message m ON m.bucket = r.bucket AND m.queue_id = r.queue_id
        WHERE r.bucket = $1 AND r.state IN (0, 1)
        ORDER BY m.created_at, r.queue_id, r.recipient LIMIT $2";

    RECIPIENTS = "SELECT recipient, address, state, due, attempts, lease_until, notify,
            original_recipient, delay_noticed, last_code, last_status, last_text, last_host, finished_at
        FROM queue_recipient WHERE bucket = $1 AND queue_id = $2 ORDER BY recipient";

    ATTEMPTS = "SELECT recipient, number, at, duration, host, ip, tls_version, tls_cipher, lines, class
        FROM queue_attempt WHERE bucket = $1 AND queue_id = $2 ORDER BY recipient, number, step";

    COUNTS = "SELECT state, COUNT(*), SUM(CASE WHEN lease_until > $2 THEN 1 ELSE 0 END), MIN(due)
        FROM queue_recipient WHERE bucket = $1 GROUP BY state";

    DELETE_OLD_ATTEMPTS = "DELETE FROM queue_attempt
        WHERE bucket = $1 AND (queue_id, recipient) IN (
            SELECT queue_id, recipient FROM queue_recipient WHERE bucket = $1 AND finished_at < $2)";
    DELETE_OLD_MESSAGES = "DELETE FROM queue_message
        WHERE bucket = $1 AND queue_id IN (
                SELECT queue_id FROM queue_recipient WHERE bucket = $1 AND finished_at < $2)
            AND NOT EXISTS (SELECT 1 FROM queue_recipient r WHERE r.bucket = $1
                AND r.queue_id = queue_message.queue_id AND (r.finished_at IS NULL OR r.finished_at >= $2))";
    DELETE_OLD_RECIPIENTS = "DELETE FROM queue_recipient WHERE bucket = $1 AND finished_at < $2";
}
