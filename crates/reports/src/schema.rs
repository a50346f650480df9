//! The tables, as versions that are only added to.

use posthorn_store::Component;

/// The tables of this crate, for [`posthorn_store::Store::open`]. All are of
/// [`posthorn_store::Partition::Directory`].
pub const SCHEMA: Component = Component {
    name: "reports",
    migrations: &[VERSION_1],
    blob_references: &[],
};

/// Received: `report_received` has a row per report and domain of ours; `kind` is `aggregate`, `tls` or
/// `failure`; `carrier` is the domain that vouches for the mail it came in, empty for a file, NULL when
/// nobody vouches; `facts` is JSON: the published policy of an aggregate report, the others as a whole.
/// `begin_at` and `end_at` are seconds since 1970. `report_row` has the records of aggregate reports;
/// `results` is JSON of what SPF, DKIM and the receiver say.
///
/// Observed: `report_day` has a row per day (since 1970) and policy domain; `report_observed` one per
/// distinct set of facts, in JSON, with the number of messages.
const VERSION_1: &[&str] = &[
    "CREATE TABLE report_received (
        domain TEXT NOT NULL, kind TEXT NOT NULL, reporter TEXT NOT NULL, report_id TEXT NOT NULL,
        number BIGINT NOT NULL, carrier TEXT, org_name TEXT NOT NULL, begin_at BIGINT NOT NULL, end_at BIGINT NOT NULL,
        received_at BIGINT NOT NULL, repeats BIGINT NOT NULL, left_out BIGINT NOT NULL, facts TEXT NOT NULL,
        PRIMARY KEY (domain, kind, reporter, report_id))",
    "CREATE UNIQUE INDEX report_received_by_number ON report_received (number)",
    "CREATE INDEX report_received_by_end ON report_received (end_at)",
    "CREATE TABLE report_row (
        domain TEXT NOT NULL, end_at BIGINT NOT NULL, number BIGINT NOT NULL, row_number BIGINT NOT NULL,
        source TEXT NOT NULL, header_from TEXT NOT NULL, dkim_aligned BIGINT NOT NULL, spf_aligned BIGINT NOT NULL,
        disposition TEXT NOT NULL, messages BIGINT NOT NULL, results TEXT NOT NULL,
        PRIMARY KEY (domain, end_at, number, row_number))",
    "CREATE INDEX report_row_by_end ON report_row (end_at)",
    "CREATE TABLE report_counter (name TEXT NOT NULL, last_used BIGINT NOT NULL, PRIMARY KEY (name))",
    "INSERT INTO report_counter (name, last_used) VALUES ('report', 0)",
    "CREATE TABLE report_sending (domain TEXT NOT NULL, PRIMARY KEY (domain))",
    "CREATE TABLE report_day (
        day BIGINT NOT NULL, policy_domain TEXT NOT NULL, published TEXT NOT NULL, report_to TEXT NOT NULL,
        fact_count BIGINT NOT NULL, left_out BIGINT NOT NULL, sent BIGINT NOT NULL,
        PRIMARY KEY (day, policy_domain))",
    "CREATE TABLE report_observed (
        day BIGINT NOT NULL, policy_domain TEXT NOT NULL, facts TEXT NOT NULL, messages BIGINT NOT NULL,
        PRIMARY KEY (day, policy_domain, facts))",
];
