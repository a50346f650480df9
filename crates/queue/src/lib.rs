//! The queue of mail to other servers: rows and their states, leases, the retry schedule, and the reports
//! that tell an author what became of a message. `docs/queue.md` has the whole of it. Opens no connection,
//! asks no clock and draws no random number: `outbound` brings these.

#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        reason = "tests"
    )
)]

mod admin;
mod bucket;
mod columns;
pub mod dsn;
mod explain;
mod finish;
mod lease;
mod rows;
mod schedule;
mod sql;

pub use admin::{
    AttemptRow, Counts, Listed, Story, StoryRecipient, clean_up, drop_recipients, hold, list, retry_now,
    show, statistics,
};
pub use bucket::{BUCKETS, bucket_of, by_bucket, domain_key};
pub use explain::explain_status;
pub use finish::{AttemptRecord, Finish, Settlement, Step, finish};
pub use lease::{DueDomain, Lease, Leased, break_leases, due_domains, lease, load, next_due, release, renew};
pub use rows::{Message, NewRecipient, State, enqueue};
pub use schedule::{Diagnosis, Disposition, Notice, Outcome, Schedule, decide, is_delay_notice_due, wants};
pub use sql::{COMPONENT, STATEMENTS};

#[cfg(test)]
mod tests;
