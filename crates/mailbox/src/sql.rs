//! The tables of mailboxes and every statement over them. Every key begins with `account_id`.
//!
//! `message` is a message in a mailbox: small, so that flags of a hundred thousand are read in one
//! sweep. `email` is its content's description, shared by copies: large, read only when asked for.

use posthorn_store::Component;

/// The tables of this crate.
pub const SCHEMA: Component = Component {
    name: "mailbox",
    migrations: &[
        VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7,
    ],
    blob_references: &["SELECT blob_hash, blob_generation, size_octets FROM email"],
};

const VERSION_1: &[&str] = &[
    "CREATE TABLE account_state (account_id BIGINT NOT NULL, modseq BIGINT NOT NULL, next_id BIGINT NOT NULL,
        next_uid_validity BIGINT NOT NULL, used_octets BIGINT NOT NULL, quota_octets BIGINT NOT NULL,
        PRIMARY KEY (account_id))",
    "CREATE TABLE mailbox (account_id BIGINT NOT NULL, mailbox_id BIGINT NOT NULL, name TEXT NOT NULL,
        special_use TEXT, uid_validity BIGINT NOT NULL, uid_next BIGINT NOT NULL, modseq BIGINT NOT NULL,
        recent_from BIGINT NOT NULL, messages BIGINT NOT NULL, unseen BIGINT NOT NULL, deleted BIGINT NOT NULL,
        size_octets BIGINT NOT NULL, keywords TEXT NOT NULL, created_at BIGINT NOT NULL,
        PRIMARY KEY (account_id, mailbox_id))",
    "CREATE UNIQUE INDEX mailbox_name ON mailbox (account_id, name)",
    "CREATE TABLE subscription (account_id BIGINT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (account_id, name))",
    "CREATE TABLE email (account_id BIGINT NOT NULL, email_id BIGINT NOT NULL, thread_id BIGINT NOT NULL,
        copies BIGINT NOT NULL, blob_hash BYTEA NOT NULL, blob_generation BIGINT NOT NULL,
        size_octets BIGINT NOT NULL, received_at BIGINT NOT NULL, sent_at BIGINT, header_octets BIGINT NOT NULL,
        envelope BYTEA NOT NULL, body_structure BYTEA NOT NULL, body BYTEA NOT NULL, parts BYTEA NOT NULL,
        preview TEXT NOT NULL, PRIMARY KEY (account_id, email_id))",
    "CREATE TABLE message (account_id BIGINT NOT NULL, mailbox_id BIGINT NOT NULL, uid BIGINT NOT NULL,
        email_id BIGINT NOT NULL, thread_id BIGINT NOT NULL, flags BIGINT NOT NULL, keywords TEXT NOT NULL,
        modseq BIGINT NOT NULL, internal_date BIGINT NOT NULL, saved_at BIGINT NOT NULL, size_octets BIGINT NOT NULL,
        PRIMARY KEY (account_id, mailbox_id, uid))",
    "CREATE INDEX message_modseq ON message (account_id, mailbox_id, modseq)",
    "CREATE TABLE expunged (account_id BIGINT NOT NULL, mailbox_id BIGINT NOT NULL, modseq BIGINT NOT NULL,
        uid BIGINT NOT NULL, PRIMARY KEY (account_id, mailbox_id, modseq, uid))",
    "CREATE TABLE thread_key (account_id BIGINT NOT NULL, key BYTEA NOT NULL, thread_id BIGINT NOT NULL,
        PRIMARY KEY (account_id, key))",
];

/// What was found out about the sender when a message arrived. Not a column of `email`: that is read for every
/// line of a list, and this when somebody asks.
const VERSION_2: &[&str] = &[
    "CREATE TABLE evidence (account_id BIGINT NOT NULL, email_id BIGINT NOT NULL,
        evidence BYTEA NOT NULL, PRIMARY KEY (account_id, email_id))",
];

/// The messages that a message answers, for THREAD (RFC 5256); none, no row.
const VERSION_3: &[&str] = &[
    "CREATE TABLE ancestor (account_id BIGINT NOT NULL, email_id BIGINT NOT NULL,
        message_ids BYTEA NOT NULL, PRIMARY KEY (account_id, email_id))",
];

/// Where the copies of a content lie: a search knows contents and answers with UIDs.
const VERSION_4: &[&str] = &["CREATE INDEX message_email ON message (account_id, email_id, mailbox_id, uid)"];

/// Rights of others to a mailbox (`reader_id` 0: of anyone; `rights` in letters), whose lists an account is in,
/// and annotations: `owner_id` and `mailbox_id` say of which mailbox, both 0 of the server. A shared annotation
/// lies with the mailbox, a private one with the reader. `value` NULL: taken away in the change `modseq`.
const VERSION_5: &[&str] = &[
    "CREATE TABLE acl (account_id BIGINT NOT NULL, mailbox_id BIGINT NOT NULL, reader_id BIGINT NOT NULL,
        denies BIGINT NOT NULL, rights TEXT NOT NULL, PRIMARY KEY (account_id, mailbox_id, reader_id, denies))",
    "CREATE TABLE sharer (account_id BIGINT NOT NULL, owner_id BIGINT NOT NULL, PRIMARY KEY (account_id, owner_id))",
    "CREATE TABLE annotation (account_id BIGINT NOT NULL, owner_id BIGINT NOT NULL, mailbox_id BIGINT NOT NULL,
        entry TEXT NOT NULL, value BYTEA, modseq BIGINT NOT NULL,
        PRIMARY KEY (account_id, owner_id, mailbox_id, entry))",
];

/// How many rows of `expunged` a mailbox has, and since which change every message that left has one. `gone`: the
/// UIDs of those that have none any more, a bitmap for each 65,536.
const VERSION_6: &[&str] = &[
    "ALTER TABLE mailbox ADD COLUMN tombstones BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE mailbox ADD COLUMN tombstones_since BIGINT NOT NULL DEFAULT 0",
    "UPDATE mailbox SET tombstones = (SELECT COUNT(*) FROM expunged e
        WHERE e.account_id = mailbox.account_id AND e.mailbox_id = mailbox.mailbox_id)",
    "CREATE TABLE gone (account_id BIGINT NOT NULL, mailbox_id BIGINT NOT NULL, block BIGINT NOT NULL,
        uids BYTEA NOT NULL, PRIMARY KEY (account_id, mailbox_id, block))",
];

/// The Date field, NULL where there is none that can be read: lists are ordered by it (decision 2).
const VERSION_7: &[&str] = &[
    "ALTER TABLE message ADD COLUMN sent_at BIGINT",
    "UPDATE message SET sent_at = (SELECT e.sent_at FROM email e
        WHERE e.account_id = message.account_id AND e.email_id = message.email_id)",
    "ALTER TABLE email DROP COLUMN sent_at",
];

posthorn_store::statements! {
    INSERT_STATE = "INSERT INTO account_state (account_id, modseq, next_id, next_uid_validity, used_octets, quota_octets)
        VALUES ($1, 1, 1000, $2, 0, $3)";
    SELECT_USAGE = "SELECT used_octets, quota_octets FROM account_state WHERE account_id = $1";
    UPDATE_QUOTA = "UPDATE account_state SET quota_octets = $2 WHERE account_id = $1";
    NEXT_MODSEQ = "UPDATE account_state SET modseq = modseq + 1 WHERE account_id = $1 RETURNING modseq";
    NEXT_FOR_DELIVERY = "UPDATE account_state SET modseq = modseq + 1, next_id = next_id + 2,
        used_octets = used_octets + $2 WHERE account_id = $1
        RETURNING modseq, next_id, used_octets, quota_octets";
    NEXT_FOR_COPY = "UPDATE account_state SET modseq = modseq + 1, used_octets = used_octets + $2
        WHERE account_id = $1 RETURNING modseq, used_octets, quota_octets";
    NEXT_FOR_MAILBOX = "UPDATE account_state SET modseq = modseq + 1, next_id = next_id + 1,
        next_uid_validity = CASE WHEN next_uid_validity < $2 THEN $2 ELSE next_uid_validity END + 1
        WHERE account_id = $1 RETURNING modseq, next_id, next_uid_validity";
    FREE_OCTETS = "UPDATE account_state SET used_octets = used_octets - $2 WHERE account_id = $1";

    INSERT_MAILBOX = "INSERT INTO mailbox (account_id, mailbox_id, name, special_use, uid_validity, uid_next, modseq,
        recent_from, messages, unseen, deleted, size_octets, keywords, created_at)
        VALUES ($1, $2, $3, $4, $5, 1, $6, 1, 0, 0, 0, 0, '', $7)";
    SELECT_MAILBOXES = "SELECT m.mailbox_id, m.name, m.special_use,
        CASE WHEN s.name IS NULL THEN 0 ELSE 1 END
        FROM mailbox m LEFT JOIN subscription s ON s.account_id = m.account_id AND s.name = m.name
        WHERE m.account_id = $1 ORDER BY m.name";
    SELECT_MODSEQ = "SELECT modseq FROM account_state WHERE account_id = $1";
    SELECT_CHANGED_MAILBOXES = "SELECT m.mailbox_id, m.name, CASE WHEN s.name IS NULL THEN 0 ELSE 1 END,
        m.uid_validity, m.uid_next, m.modseq, m.messages, m.unseen
        FROM mailbox m LEFT JOIN subscription s ON s.account_id = m.account_id AND s.name = m.name
        WHERE m.account_id = $1 AND m.modseq > $2 ORDER BY m.name";
    SELECT_LOST_SUBSCRIPTIONS = "SELECT name FROM subscription s WHERE account_id = $1 AND NOT EXISTS
        (SELECT 1 FROM mailbox m WHERE m.account_id = $1 AND m.name = s.name) ORDER BY name";
    SELECT_MAILBOX_ID = "SELECT mailbox_id FROM mailbox WHERE account_id = $1 AND name = $2";
    SELECT_MAILBOX_BY_USE = "SELECT mailbox_id FROM mailbox WHERE account_id = $1 AND special_use = $2
        ORDER BY mailbox_id";
    SELECT_STATUS = "SELECT uid_validity, uid_next, modseq, recent_from, messages, unseen, deleted, size_octets,
        keywords FROM mailbox WHERE account_id = $1 AND mailbox_id = $2";
    COUNT_FROM = "SELECT COUNT(*) FROM message WHERE account_id = $1 AND mailbox_id = $2 AND uid >= $3";
    SELECT_DELETED_OCTETS = "SELECT CAST(COALESCE(SUM(size_octets), 0) AS BIGINT) FROM message
        WHERE account_id = $1 AND mailbox_id = $2 AND (flags & 8) <> 0";
    UPDATE_NAME = "UPDATE mailbox SET name = $3, modseq = $4 WHERE account_id = $1 AND mailbox_id = $2";
    UPDATE_RECENT = "UPDATE mailbox SET recent_from = uid_next WHERE account_id = $1 AND mailbox_id = $2";
    UPDATE_KEYWORDS = "UPDATE mailbox SET keywords = $3 WHERE account_id = $1 AND mailbox_id = $2";
    DELETE_MAILBOX = "DELETE FROM mailbox WHERE account_id = $1 AND mailbox_id = $2";
    DELETE_MAILBOX_GONE = "DELETE FROM gone WHERE account_id = $1 AND mailbox_id = $2";
    DELETE_MAILBOX_TOMBSTONES = "DELETE FROM expunged WHERE account_id = $1 AND mailbox_id = $2";
    INSERT_SUBSCRIPTION = "INSERT INTO subscription (account_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    DELETE_SUBSCRIPTION = "DELETE FROM subscription WHERE account_id = $1 AND name = $2";

    TAKE_UIDS = "UPDATE mailbox SET uid_next = uid_next + $4, modseq = $3, messages = messages + $4,
        unseen = unseen + $5, deleted = deleted + $6, size_octets = size_octets + $7
        WHERE account_id = $1 AND mailbox_id = $2 RETURNING uid_next - $4, uid_validity, uid_next - 1";
    ADD_TO_COUNTERS = "UPDATE mailbox SET modseq = $3, messages = messages + $4, unseen = unseen + $5,
        deleted = deleted + $6, size_octets = size_octets + $7, tombstones = tombstones + $8
        WHERE account_id = $1 AND mailbox_id = $2";
    INSERT_EMAIL = "INSERT INTO email (account_id, email_id, thread_id, copies, blob_hash, blob_generation,
        size_octets, received_at, header_octets, envelope, body_structure, body, parts, preview)
        VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    INSERT_EVIDENCE = "INSERT INTO evidence (account_id, email_id, evidence) VALUES ($1, $2, $3)";
    SELECT_EVIDENCE = "SELECT evidence FROM evidence WHERE account_id = $1 AND email_id = $2";
    DELETE_EVIDENCE = "DELETE FROM evidence WHERE account_id = $1 AND email_id = $2";
    REMOVE_EVIDENCE = "DELETE FROM evidence WHERE account_id = $1";
    INSERT_ANCESTORS = "INSERT INTO ancestor (account_id, email_id, message_ids) VALUES ($1, $2, $3)";
    DELETE_ANCESTORS = "DELETE FROM ancestor WHERE account_id = $1 AND email_id = $2";
    REMOVE_ANCESTORS = "DELETE FROM ancestor WHERE account_id = $1";
    SELECT_DESCRIPTIONS = "SELECT m.uid, e.envelope, a.message_ids
        FROM message m LEFT JOIN email e ON e.account_id = m.account_id AND e.email_id = m.email_id
        LEFT JOIN ancestor a ON a.account_id = m.account_id AND a.email_id = m.email_id
        WHERE m.account_id = $1 AND m.mailbox_id = $2 AND m.uid BETWEEN $3 AND $4 ORDER BY m.uid";
    SELECT_ENVELOPES = "SELECT email_id, envelope FROM email WHERE account_id = $1 ORDER BY email_id DESC";
    SELECT_PLACES = "SELECT b.name, m.uid FROM message m JOIN mailbox b
        ON b.account_id = m.account_id AND b.mailbox_id = m.mailbox_id
        WHERE m.account_id = $1 AND m.email_id = $2 ORDER BY b.mailbox_id, m.uid";
    SELECT_COPIES = "SELECT email_id, uid FROM message
        WHERE account_id = $1 AND email_id BETWEEN $2 AND $3 AND mailbox_id + 0 = $4";
    SELECT_EMAILS_AFTER = "SELECT email_id, blob_hash, blob_generation, size_octets FROM email
        WHERE account_id = $1 AND email_id > $2 ORDER BY email_id LIMIT $3";
    SELECT_EMAILS_AMONG = "SELECT email_id FROM email
        WHERE account_id = $1 AND email_id BETWEEN $2 AND $3 ORDER BY email_id";
    SUM_MESSAGES = "SELECT CAST(COALESCE(SUM(messages), 0) AS BIGINT) FROM mailbox WHERE account_id = $1";
    SELECT_ACCOUNTS = "SELECT account_id FROM account_state ORDER BY account_id";
    ADD_COPIES = "UPDATE email SET copies = copies + $3 WHERE account_id = $1 AND email_id = $2 RETURNING copies";
    DELETE_EMAIL = "DELETE FROM email WHERE account_id = $1 AND email_id = $2";
    SELECT_EMAIL = "SELECT thread_id, blob_hash, blob_generation, size_octets, received_at, header_octets,
        envelope, body_structure, body, parts, preview FROM email WHERE account_id = $1 AND email_id = $2";
    INSERT_MESSAGE = "INSERT INTO message (account_id, mailbox_id, uid, email_id, thread_id, flags, keywords, modseq,
        internal_date, saved_at, size_octets, sent_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    SELECT_MESSAGES = "SELECT uid, email_id, thread_id, flags, keywords, modseq, internal_date, saved_at, size_octets,
        sent_at FROM message WHERE account_id = $1 AND mailbox_id = $2 AND uid BETWEEN $3 AND $4 ORDER BY uid";
    SELECT_UIDS = "SELECT uid FROM message WHERE account_id = $1 AND mailbox_id = $2 ORDER BY uid";
    SELECT_FIRST_FLAGS = "SELECT uid, flags FROM message WHERE account_id = $1 AND mailbox_id = $2
        ORDER BY uid LIMIT $3";
    SELECT_LAST_FLAGS = "SELECT uid, flags FROM message WHERE account_id = $1 AND mailbox_id = $2
        ORDER BY uid DESC LIMIT $3";
    SELECT_CHANGED = "SELECT uid, email_id, thread_id, flags, keywords, modseq, internal_date, saved_at, size_octets,
        sent_at FROM message WHERE account_id = $1 AND mailbox_id = $2 AND modseq > $3 ORDER BY uid";
    SELECT_CHANGED_UIDS = "SELECT uid FROM message WHERE account_id = $1 AND mailbox_id = $2 AND modseq > $3";
    UPDATE_FLAGS = "UPDATE message SET flags = (flags & $5) | $6, keywords = $7, modseq = $8
        WHERE account_id = $1 AND mailbox_id = $2 AND uid BETWEEN $3 AND $4";
    DELETE_MESSAGE = "DELETE FROM message WHERE account_id = $1 AND mailbox_id = $2 AND uid = $3";
    INSERT_EXPUNGED = "INSERT INTO expunged (account_id, mailbox_id, modseq, uid) VALUES ($1, $2, $3, $4)";
    SELECT_TOMBSTONES = "SELECT uid FROM expunged WHERE account_id = $1 AND mailbox_id = $2";
    SELECT_TOMBSTONE_STATE = "SELECT tombstones, tombstones_since FROM mailbox
        WHERE account_id = $1 AND mailbox_id = $2";
    SELECT_NTH_TOMBSTONE = "SELECT modseq FROM expunged WHERE account_id = $1 AND mailbox_id = $2
        ORDER BY modseq LIMIT 1 OFFSET $3";
    SELECT_TOMBSTONES_UNTIL = "SELECT uid FROM expunged
        WHERE account_id = $1 AND mailbox_id = $2 AND modseq <= $3";
    DELETE_TOMBSTONES_UNTIL = "DELETE FROM expunged WHERE account_id = $1 AND mailbox_id = $2 AND modseq <= $3";
    TOMBSTONES_TAKEN = "UPDATE mailbox SET tombstones = tombstones - $3, tombstones_since = $4
        WHERE account_id = $1 AND mailbox_id = $2";
    SELECT_GONE = "SELECT uids FROM gone WHERE account_id = $1 AND mailbox_id = $2";
    SELECT_GONE_BLOCK = "SELECT uids FROM gone WHERE account_id = $1 AND mailbox_id = $2 AND block = $3";
    PUT_GONE_BLOCK = "INSERT INTO gone (account_id, mailbox_id, block, uids) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id, mailbox_id, block) DO UPDATE SET uids = $4";
    SELECT_EXPUNGED = "SELECT uid FROM expunged WHERE account_id = $1 AND mailbox_id = $2 AND modseq > $3";
    SELECT_THREAD = "SELECT thread_id FROM thread_key WHERE account_id = $1 AND key = $2";
    INSERT_THREAD = "INSERT INTO thread_key (account_id, key, thread_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    SELECT_ACL = "SELECT reader_id, denies, rights FROM acl WHERE account_id = $1 AND mailbox_id = $2
        ORDER BY reader_id, denies";
    SELECT_ACL_OF_READER = "SELECT reader_id, denies, rights FROM acl
        WHERE account_id = $1 AND mailbox_id = $2 AND reader_id IN (0, $3)";
    COUNT_ACL_OF_READER = "SELECT COUNT(*) FROM acl WHERE account_id = $1 AND reader_id = $2";
    PUT_ACL = "INSERT INTO acl (account_id, mailbox_id, reader_id, denies, rights) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account_id, mailbox_id, reader_id, denies) DO UPDATE SET rights = $5";
    DELETE_ACL = "DELETE FROM acl WHERE account_id = $1 AND mailbox_id = $2 AND reader_id = $3 AND denies = $4";
    DELETE_ACL_OF_READER = "DELETE FROM acl WHERE account_id = $1 AND reader_id = $2";
    DELETE_ACL_OF_MAILBOX = "DELETE FROM acl WHERE account_id = $1 AND mailbox_id = $2";
    INHERIT_ACL = "INSERT INTO acl (account_id, mailbox_id, reader_id, denies, rights)
        SELECT a.account_id, $2, a.reader_id, a.denies, a.rights FROM acl a JOIN mailbox m
        ON m.account_id = a.account_id AND m.mailbox_id = a.mailbox_id WHERE a.account_id = $1 AND m.name = $3";
    INSERT_SHARER = "INSERT INTO sharer (account_id, owner_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    DELETE_SHARER = "DELETE FROM sharer WHERE account_id = $1 AND owner_id = $2";
    SELECT_SHARERS = "SELECT DISTINCT owner_id FROM sharer WHERE account_id IN (0, $1) ORDER BY owner_id";
    SELECT_PARTNERS = "SELECT owner_id FROM sharer WHERE account_id = $1
        UNION SELECT reader_id FROM acl WHERE account_id = $1";
    SELECT_SHARED = "SELECT m.mailbox_id, m.name, a.reader_id, a.denies, a.rights FROM mailbox m
        JOIN acl a ON a.account_id = m.account_id AND a.mailbox_id = m.mailbox_id
        WHERE m.account_id = $1 AND a.reader_id IN (0, $2) ORDER BY m.name";
    SELECT_ANNOTATIONS = "SELECT entry, value FROM annotation
        WHERE account_id = $1 AND owner_id = $2 AND mailbox_id = $3 AND value IS NOT NULL ORDER BY entry";
    SELECT_CHANGED_ANNOTATIONS = "SELECT owner_id, mailbox_id, entry, modseq FROM annotation
        WHERE account_id = $1 AND modseq > $2 ORDER BY modseq, entry";
    COUNT_ANNOTATIONS = "SELECT COUNT(*) FROM annotation
        WHERE account_id = $1 AND owner_id = $2 AND mailbox_id = $3 AND value IS NOT NULL";
    COUNT_ALL_ANNOTATIONS = "SELECT COUNT(*) FROM annotation WHERE account_id = $1";
    PUT_ANNOTATION = "INSERT INTO annotation (account_id, owner_id, mailbox_id, entry, value, modseq)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, owner_id, mailbox_id, entry)
        DO UPDATE SET value = $5, modseq = $6";
    EMPTY_ANNOTATION = "UPDATE annotation SET value = NULL, modseq = $5
        WHERE account_id = $1 AND owner_id = $2 AND mailbox_id = $3 AND entry = $4 AND value IS NOT NULL";
    COPY_ANNOTATIONS = "INSERT INTO annotation (account_id, owner_id, mailbox_id, entry, value, modseq)
        SELECT account_id, owner_id, $3, entry, value, modseq FROM annotation
        WHERE account_id = $1 AND owner_id = $1 AND mailbox_id = $2 AND value IS NOT NULL";
    DELETE_ANNOTATIONS = "DELETE FROM annotation WHERE account_id = $1 AND owner_id = $1 AND mailbox_id = $2";
    DELETE_ANNOTATIONS_OF_OWNER = "DELETE FROM annotation WHERE account_id = $1 AND owner_id = $2";

    REMOVE_ANNOTATIONS = "DELETE FROM annotation WHERE account_id = $1";
    REMOVE_ACL = "DELETE FROM acl WHERE account_id = $1";
    REMOVE_SHARERS = "DELETE FROM sharer WHERE account_id = $1";
    REMOVE_STATE = "DELETE FROM account_state WHERE account_id = $1";
    REMOVE_MAILBOXES = "DELETE FROM mailbox WHERE account_id = $1";
    REMOVE_SUBSCRIPTIONS = "DELETE FROM subscription WHERE account_id = $1";
    REMOVE_EMAILS = "DELETE FROM email WHERE account_id = $1";
    REMOVE_MESSAGES = "DELETE FROM message WHERE account_id = $1";
    REMOVE_GONE = "DELETE FROM gone WHERE account_id = $1";
    REMOVE_EXPUNGED = "DELETE FROM expunged WHERE account_id = $1";
    REMOVE_THREADS = "DELETE FROM thread_key WHERE account_id = $1";

    CHECK_COUNTERS = "SELECT m.account_id, m.name, m.messages, m.unseen, m.deleted, m.size_octets, m.uid_next,
        m.modseq, COUNT(g.uid), COALESCE(SUM(1 - (g.flags & 1)), 0), COALESCE(SUM((g.flags & 8) / 8), 0),
        COALESCE(SUM(g.size_octets), 0), COALESCE(MAX(g.uid), 0), COALESCE(MAX(g.modseq), 0)
        FROM mailbox m LEFT JOIN message g ON g.account_id = m.account_id AND g.mailbox_id = m.mailbox_id
        GROUP BY m.account_id, m.mailbox_id, m.name, m.messages, m.unseen, m.deleted, m.size_octets, m.uid_next, m.modseq";
    CHECK_TOMBSTONES = "SELECT m.account_id, m.mailbox_id, m.name, m.uid_next, m.tombstones, COUNT(e.uid)
        FROM mailbox m LEFT JOIN expunged e ON e.account_id = m.account_id AND e.mailbox_id = m.mailbox_id
        GROUP BY m.account_id, m.mailbox_id, m.name, m.uid_next, m.tombstones";
    CHECK_COPIES = "SELECT e.account_id, e.email_id, e.copies, COUNT(g.uid)
        FROM email e LEFT JOIN message g ON g.account_id = e.account_id AND g.email_id = e.email_id
        GROUP BY e.account_id, e.email_id, e.copies HAVING COUNT(g.uid) <> e.copies";
    CHECK_EMAILS = "SELECT g.account_id, g.mailbox_id, g.uid FROM message g
        WHERE NOT EXISTS (SELECT 1 FROM email e WHERE e.account_id = g.account_id AND e.email_id = g.email_id)";
    CHECK_ACL = "SELECT a.account_id, a.mailbox_id, a.reader_id, a.rights,
        (SELECT COUNT(*) FROM mailbox m WHERE m.account_id = a.account_id AND m.mailbox_id = a.mailbox_id),
        (SELECT COUNT(*) FROM account_state s WHERE s.account_id = a.reader_id),
        (SELECT COUNT(*) FROM sharer h WHERE h.account_id = a.reader_id AND h.owner_id = a.account_id)
        FROM acl a";
    CHECK_USED = "SELECT a.account_id, a.used_octets, a.modseq,
        (SELECT COALESCE(SUM(g.size_octets), 0) FROM message g WHERE g.account_id = a.account_id),
        (SELECT COALESCE(MAX(m.modseq), 0) FROM mailbox m WHERE m.account_id = a.account_id)
        FROM account_state a";
}
