//! DMARC aggregate (RFC 9990, RFC 7489) and failure reports (RFC 9991, RFC 6591) and TLS reports (RFC 8460):
//! read with limits, kept, added up for people; and our own aggregate reports for others.

mod aggregate;
mod clean;
mod coach;
mod compose;
mod day;
mod failure;
mod keep;
mod limits;
mod observe;
mod read;
mod report;
mod schema;
mod source;
mod sql;
mod summary;
mod tls;
mod tls_summary;
mod unpack;

pub use coach::{Coach, Verdict};
pub use compose::{Composed, Reporter, compose};
pub use day::Day;
pub use keep::{Carrier, KEPT_DAYS, Kept, forget, keep, tidy_received};
pub use limits::{Limits, Unreadable};
pub use observe::{
    Observation, Observed, Sending, due, observe, sends, sent, set_sending, tidy_observed, unsent_days,
};
pub use posthorn_base::{DMARC_REPORTS, TLS_REPORTS, receives_reports};
pub use read::{read_file, read_message};
pub use report::{
    Aggregate, AuthResult, Discovery, Disposition, DkimAuth, Failure, Mode, Override, OverrideKind,
    Published, Record, Report, SpfAuth, TlsFailure, TlsPolicy, TlsReport,
};
pub use schema::SCHEMA;
pub use source::{Kind, Source};
pub use sql::STATEMENTS;
pub use summary::{Summary, summary};
pub use tls_summary::{TlsProblem, TlsSummary};

use posthorn_base::Timestamp;
use posthorn_store::{StoreError, Tx};

/// Forgets what is old: received reports after [`KEPT_DAYS`], what was observed after a week. Returns how
/// many rows went. To be called once a day.
///
/// # Errors
/// When the store cannot be written.
pub fn tidy(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    Ok(tidy_received(tx, now)?.saturating_add(tidy_observed(tx, now)?))
}

#[cfg(test)]
mod fixture;
