//! The end of an attempt: its rows, and the state that follows from it.

use std::net::IpAddr;
use std::time::Duration;

use posthorn_base::Timestamp;
use posthorn_store::{StoreError, Tx, params};

use crate::columns::{int_of_id, outcome_to_int};
use crate::{Diagnosis, Disposition, Lease, Outcome, State, sql};

/// One server that was tried, or one thing that stood in the way before any could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The server's name; `None` when none was known yet.
    pub host: Option<String>,
    /// Its address.
    pub ip: Option<IpAddr>,
    /// `TLSv1.3`; `None` in the clear.
    pub tls_version: Option<String>,
    /// The cipher suite.
    pub tls_cipher: Option<String>,
    /// What was said, each line with its direction, and what else happened.
    pub lines: Vec<String>,
    /// How it ended for this recipient.
    pub outcome: Outcome,
}

/// One attempt for one recipient: the servers tried in their order, and the outcome of the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Every server tried.
    pub steps: Vec<Step>,
    /// What came of it.
    pub diagnosis: Diagnosis,
}

/// What [`finish`] is to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// From [`crate::decide`].
    pub disposition: Disposition,
    /// Has the author been told of the delay, now or before?
    pub delay_noticed: bool,
}

/// What became of [`finish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It stands once the transaction is durable.
    Done,
    /// The lease is lost: nothing was changed, and whatever else would follow must not.
    LeaseLost,
}

/// Ends an attempt. The report the author gets, if any, belongs into the same transaction.
///
/// # Errors
/// When the engine refuses.
pub fn finish(
    tx: &mut Tx<'_>,
    lease: &Lease,
    attempt: &AttemptRecord,
    settlement: Settlement,
    now: Timestamp,
) -> Result<Finish, StoreError> {
    let id = int_of_id(lease.queue_id);
    let diagnosis = &attempt.diagnosis;
    let code = diagnosis.code.map(i64::from);
    let (sql, fifth, sixth) = match settlement.disposition {
        Disposition::Retry(due) => (
            sql::FINISH_RETRY,
            due.as_micros(),
            i64::from(settlement.delay_noticed),
        ),
        Disposition::Delivered => (sql::FINISH_FINAL, State::Delivered.to_int(), now.as_micros()),
        Disposition::Refused | Disposition::Expired => {
            (sql::FINISH_FINAL, State::Failed.to_int(), now.as_micros())
        }
    };
    let number = tx.query_row(
        sql,
        params![
            lease.bucket,
            id,
            lease.recipient,
            lease.token,
            fifth,
            sixth,
            code,
            &diagnosis.status,
            &diagnosis.text,
            diagnosis.host.as_deref(),
        ],
        |row| row.int(0),
    )?;
    let Some(number) = number else {
        return Ok(Finish::LeaseLost);
    };
    for (index, step) in (0_i64..).zip(&attempt.steps) {
        insert_step(tx, lease, number, index, step)?;
    }
    Ok(Finish::Done)
}

fn insert_step(
    tx: &mut Tx<'_>,
    lease: &Lease,
    number: i64,
    index: i64,
    step: &Step,
) -> Result<(), StoreError> {
    let duration = i64::try_from(step.duration.as_micros()).unwrap_or(i64::MAX);
    let ip = step.ip.map(|ip| ip.to_string());
    let lines = step.lines.join("\n");
    tx.execute(
        sql::INSERT_ATTEMPT,
        params![
            lease.bucket,
            int_of_id(lease.queue_id),
            lease.recipient,
            number,
            index,
            step.at,
            duration,
            step.host.as_deref(),
            ip.as_deref(),
            step.tls_version.as_deref(),
            step.tls_cipher.as_deref(),
            &lines,
            outcome_to_int(step.outcome),
        ],
    )?;
    Ok(())
}
