//! The tables of the index and every statement over them. Every key begins with `account_id`.
//!
//! Terms and postings lie in tables of their own: a search reads all terms of a place, but only the postings
//! of the chunks in which it found some.

use posthorn_store::Component;

/// The tables of this crate.
pub const SCHEMA: Component = Component {
    name: "search",
    migrations: &[VERSION_1],
    blob_references: &[],
};

const VERSION_1: &[&str] = &[
    "CREATE TABLE search_account (account_id BIGINT NOT NULL, indexed_to BIGINT NOT NULL,
        next_segment BIGINT NOT NULL, PRIMARY KEY (account_id))",
    "CREATE TABLE search_segment (account_id BIGINT NOT NULL, segment_id BIGINT NOT NULL, state BIGINT NOT NULL,
        first_email BIGINT NOT NULL, last_email BIGINT NOT NULL, emails BIGINT NOT NULL, created_at BIGINT NOT NULL,
        unsure BYTEA NOT NULL, PRIMARY KEY (account_id, segment_id))",
    "CREATE TABLE search_terms (account_id BIGINT NOT NULL, segment_id BIGINT NOT NULL, chunk BIGINT NOT NULL,
        first_place BIGINT NOT NULL, last_place BIGINT NOT NULL, terms BYTEA NOT NULL,
        PRIMARY KEY (account_id, segment_id, chunk))",
    "CREATE TABLE search_postings (account_id BIGINT NOT NULL, segment_id BIGINT NOT NULL, chunk BIGINT NOT NULL,
        postings BYTEA NOT NULL, PRIMARY KEY (account_id, segment_id, chunk))",
];

posthorn_store::statements! {
    INSERT_ACCOUNT = "INSERT INTO search_account (account_id, indexed_to, next_segment) VALUES ($1, 0, 1)
        ON CONFLICT DO NOTHING";
    SELECT_ACCOUNT = "SELECT indexed_to FROM search_account WHERE account_id = $1";
    ADVANCE = "UPDATE search_account SET indexed_to = $3, next_segment = next_segment + 1
        WHERE account_id = $1 AND indexed_to = $2 RETURNING next_segment - 1";
    TAKE_SEGMENT = "UPDATE search_account SET next_segment = next_segment + 1 WHERE account_id = $1
        RETURNING next_segment - 1";
    FORGET = "UPDATE search_account SET indexed_to = 0 WHERE account_id = $1";
    RETIRE_SEGMENTS = "UPDATE search_segment SET state = 2 WHERE account_id = $1 AND state = 1";
    INSERT_SEGMENT = "INSERT INTO search_segment (account_id, segment_id, state, first_email, last_email, emails,
        created_at, unsure) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
    FINISH_SEGMENT = "UPDATE search_segment SET state = $3, emails = $4, unsure = $5
        WHERE account_id = $1 AND segment_id = $2";
    SELECT_STATE = "SELECT state FROM search_segment WHERE account_id = $1 AND segment_id = $2";
    UPDATE_STATE = "UPDATE search_segment SET state = $3 WHERE account_id = $1 AND segment_id = $2";
    SELECT_LEFT_BEHIND = "SELECT segment_id FROM search_segment
        WHERE account_id = $1 AND (state = 2 OR (state = 0 AND created_at < $2)) ORDER BY segment_id LIMIT 1";
    SELECT_FIRST_CHUNK = "SELECT chunk FROM search_terms WHERE account_id = $1 AND segment_id = $2
        ORDER BY chunk LIMIT 1";
    DELETE_TERMS = "DELETE FROM search_terms WHERE account_id = $1 AND segment_id = $2
        AND chunk BETWEEN $3 AND $4";
    DELETE_POSTINGS = "DELETE FROM search_postings WHERE account_id = $1 AND segment_id = $2
        AND chunk BETWEEN $3 AND $4";
    DELETE_SEGMENT = "DELETE FROM search_segment WHERE account_id = $1 AND segment_id = $2";
    SELECT_CHUNK = "SELECT t.terms, p.postings FROM search_terms t LEFT JOIN search_postings p
        ON p.account_id = t.account_id AND p.segment_id = t.segment_id AND p.chunk = t.chunk
        WHERE t.account_id = $1 AND t.segment_id = $2 AND t.chunk = $3";
    SELECT_SEGMENTS = "SELECT segment_id, first_email, last_email, emails, unsure FROM search_segment
        WHERE account_id = $1 AND state = 1 ORDER BY first_email";
    INSERT_TERMS = "INSERT INTO search_terms (account_id, segment_id, chunk, first_place, last_place, terms)
        VALUES ($1, $2, $3, $4, $5, $6)";
    INSERT_POSTINGS = "INSERT INTO search_postings (account_id, segment_id, chunk, postings)
        VALUES ($1, $2, $3, $4)";
    SELECT_ACCOUNTS = "SELECT account_id FROM search_account ORDER BY account_id";
    SELECT_CHUNKS = "SELECT t.terms, p.postings FROM search_terms t LEFT JOIN search_postings p
        ON p.account_id = t.account_id AND p.segment_id = t.segment_id AND p.chunk = t.chunk
        WHERE t.account_id = $1 AND t.segment_id = $2 ORDER BY t.chunk";
    SELECT_TERMS = "SELECT chunk, terms FROM search_terms WHERE account_id = $1 AND segment_id = $2
        AND first_place <= $4 AND last_place >= $3 ORDER BY chunk";
    SELECT_POSTINGS = "SELECT postings FROM search_postings
        WHERE account_id = $1 AND segment_id = $2 AND chunk = $3";

    REMOVE_ACCOUNT = "DELETE FROM search_account WHERE account_id = $1";
    REMOVE_SEGMENTS = "DELETE FROM search_segment WHERE account_id = $1";
    REMOVE_TERMS = "DELETE FROM search_terms WHERE account_id = $1";
    REMOVE_POSTINGS = "DELETE FROM search_postings WHERE account_id = $1";
}
