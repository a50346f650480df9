//! The tables, as versions that are only added to.

use posthorn_store::Component;

/// The tables of this crate, for [`posthorn_store::Store::open`].
pub const SCHEMA: Component = Component {
    name: "correspondents",
    migrations: &[VERSION_1],
    blob_references: &[],
};

/// `address` is a lookup key. `standing` is 0 for a stranger, 1 when DMARC passed once, 2 when the account
/// wrote to it. No index has a column that changes with every message: a delivery then touches one page.
///
/// `correspondent_domain` has a row for each domain of standing 1 or 2, instead of one per address of it.
/// `first_day` and `last_day` are in days since 1970, `vouched_days` counts the days on which mail came for
/// which DMARC passed; so a row changes once a day. `correspondent_total` counts the rows of both tables, so
/// that nobody has to before adding one.
const VERSION_1: &[&str] = &[
    "CREATE TABLE correspondent (
        account_id BIGINT NOT NULL, address TEXT NOT NULL, domain TEXT NOT NULL,
        name_key TEXT NOT NULL, name TEXT NOT NULL, standing BIGINT NOT NULL,
        first_at BIGINT NOT NULL, last_at BIGINT NOT NULL,
        received BIGINT NOT NULL, sent BIGINT NOT NULL, vouched BIGINT NOT NULL,
        PRIMARY KEY (account_id, address))",
    "CREATE INDEX correspondent_by_name ON correspondent (account_id, name_key, standing)",
    "CREATE TABLE correspondent_domain (
        account_id BIGINT NOT NULL, domain TEXT NOT NULL, skeleton TEXT NOT NULL,
        standing BIGINT NOT NULL, first_day BIGINT NOT NULL, last_day BIGINT NOT NULL,
        vouched_days BIGINT NOT NULL,
        PRIMARY KEY (account_id, domain))",
    "CREATE INDEX correspondent_domain_by_skeleton ON correspondent_domain (account_id, skeleton, standing)",
    "CREATE INDEX correspondent_domain_best_first
        ON correspondent_domain (account_id, standing, vouched_days, first_day, domain)",
    "CREATE TABLE correspondent_total (
        account_id BIGINT NOT NULL, people BIGINT NOT NULL, domains BIGINT NOT NULL,
        PRIMARY KEY (account_id))",
    "CREATE TABLE own_name (
        address TEXT NOT NULL, name_key TEXT NOT NULL, name TEXT NOT NULL, serial BIGINT NOT NULL,
        PRIMARY KEY (address, name_key))",
    "CREATE INDEX own_name_by_key ON own_name (name_key, address)",
];
