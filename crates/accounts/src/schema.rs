//! The tables, as versions that are only added to. `directory_account` has its long name because
//! `account` is the word of every crate; this one holds who may log in, not what is in the mailboxes.

use posthorn_store::Component;

/// The tables of this crate, for [`posthorn_store::Store::open`].
pub const SCHEMA: Component = Component {
    name: "accounts",
    migrations: &[VERSION_1, VERSION_2],
    blob_references: &[],
};

/// `address.address`, `alias_target.address` and `alias_target.target` are lookup keys; `written` is
/// the same address as it was given, which can be parsed again. `plain_target` is `target` without its
/// `+detail`. `kind` is `account` or `alias`; `account_id` is NULL for an alias.
const VERSION_1: &[&str] = &[
    "CREATE TABLE domain (
        domain TEXT NOT NULL, created_at BIGINT NOT NULL, catch_all TEXT,
        PRIMARY KEY (domain))",
    "CREATE TABLE address (
        address TEXT NOT NULL, written TEXT NOT NULL, domain TEXT NOT NULL, kind TEXT NOT NULL,
        account_id BIGINT,
        PRIMARY KEY (address))",
    "CREATE INDEX address_by_domain ON address (domain, kind, account_id)",
    "CREATE TABLE alias_target (
        address TEXT NOT NULL, target TEXT NOT NULL, plain_target TEXT NOT NULL, written TEXT NOT NULL,
        PRIMARY KEY (address, target))",
    "CREATE TABLE directory_account (
        account_id BIGINT NOT NULL, address TEXT NOT NULL, password_hash TEXT NOT NULL,
        scram_salt BYTEA NOT NULL, scram_iterations BIGINT NOT NULL,
        scram_stored_key BYTEA NOT NULL, scram_server_key BYTEA NOT NULL,
        created_at BIGINT NOT NULL, disabled BIGINT NOT NULL, password_changed_at BIGINT NOT NULL,
        PRIMARY KEY (account_id))",
    "CREATE TABLE directory_counter (
        name TEXT NOT NULL, last_used BIGINT NOT NULL,
        PRIMARY KEY (name))",
    "INSERT INTO directory_counter (name, last_used) VALUES ('account', 0)",
];

/// `rules` is what the domain does with mail that nobody vouches for, in the words of whoever judges mail;
/// NULL: as the defaults say.
///
/// `forwarding` has the columns of `alias_target`, and beside them whether a copy stays and whose mail it is.
const VERSION_2: &[&str] = &[
    "ALTER TABLE domain ADD COLUMN rules TEXT",
    "CREATE TABLE forwarding (
        address TEXT NOT NULL, target TEXT NOT NULL, plain_target TEXT NOT NULL, written TEXT NOT NULL,
        keeps_copy BIGINT NOT NULL, owner TEXT NOT NULL,
        PRIMARY KEY (address, target))",
];
