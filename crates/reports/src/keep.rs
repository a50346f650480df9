//! Keeps received reports: once each, for domains of ours alone, within bounds. Anybody can send mail to the
//! address of reports, so what nobody vouches for is kept apart: listed, never counted.

use posthorn_base::{Domain, Timestamp};
use posthorn_store::{StoreError, Tx, params};
use serde::{Deserialize, Serialize};

use crate::report::{Aggregate, DkimAuth, Failure, Override, Record, Report, SpfAuth, TlsReport};
use crate::sql;

/// Reports older than this are forgotten: a year and a month, so that a year can be compared.
pub const KEPT_DAYS: i64 = 400;
/// Records kept of one report; those with the most messages.
const ROWS_PER_REPORT: usize = 5_000;
/// Records kept per domain; what nobody vouches for may fill a fifth of it.
const ROWS_PER_DOMAIN: i64 = 500_000;
/// Reports kept per domain.
const REPORTS_PER_DOMAIN: i64 = 100_000;
/// The share of both that is for reports that nobody vouches for: one in so many.
const UNVOUCHED_SHARE: i64 = 5;
/// Kinds of failures kept of one policy of a TLS report.
const TLS_DETAILS: usize = 20;
const DAY_SECS: i64 = 86_400;

/// How a report came, which decides whether it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// In mail that passed DMARC for this domain in `From`.
    Mail(Domain),
    /// In a file that the operator gave.
    File,
    /// In mail that nobody vouches for. RFC 9990 section 3.5.2 has reporters authenticate theirs.
    Unvouched,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    New,
    /// It was there already: the same reporter, id and domain.
    Repeated,
    /// It is about no domain of ours.
    Foreign,
    /// It is about a time that is forgotten already.
    TooOld,
    /// The domain has as many as it may have.
    Full,
}

/// What SPF, DKIM and the receiver say of a row, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Results {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) envelope_from: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dkim: Vec<DkimAuth>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) spf: Option<SpfAuth>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) overrides: Vec<Override>,
}

/// A report as its row has it.
struct Header<'a> {
    domain: &'a str,
    kind: &'static str,
    org_name: &'a str,
    report_id: &'a str,
    begin: i64,
    end: i64,
    facts: String,
}

/// Keeps a report under each domain of `ours` that it is about: the one above the name in the report. A TLS
/// report may be about several; then the answer is [`Kept::New`] when it is new for one of them.
///
/// # Errors
/// When the store cannot be written.
pub fn keep(
    tx: &mut Tx<'_>,
    report: &Report,
    carrier: &Carrier,
    ours: &[Domain],
    now: Timestamp,
) -> Result<Kept, StoreError> {
    match report {
        Report::Aggregate(report) => keep_aggregate(tx, report, carrier, ours, now),
        Report::Failure(report) => keep_failure(tx, report, carrier, ours, now),
        Report::Tls(report) => keep_tls(tx, report, carrier, ours, now),
    }
}

/// Forgets reports that ended more than [`KEPT_DAYS`] ago; returns how many reports and rows went.
///
/// # Errors
/// When the store cannot be written.
pub fn tidy_received(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let before = oldest(now);
    let rows = tx.execute(sql::TIDY_ROWS, params![before])?;
    let reports = tx.execute(sql::TIDY_RECEIVED, params![before])?;
    Ok(rows.saturating_add(reports))
}

/// Forgets all reports about a domain, when it is no longer ours.
///
/// # Errors
/// When the store cannot be written.
pub fn forget(tx: &mut Tx<'_>, domain: &Domain) -> Result<(), StoreError> {
    tx.execute(sql::FORGET_ROWS, params![domain.as_str()])?;
    tx.execute(sql::FORGET_RECEIVED, params![domain.as_str()])?;
    Ok(())
}

fn oldest(now: Timestamp) -> i64 {
    now.as_secs().saturating_sub(KEPT_DAYS.saturating_mul(DAY_SECS))
}

/// The domain of ours that a name is or lies below; the nearest when several are.
fn owner<'a>(name: &str, ours: &'a [Domain]) -> Option<&'a Domain> {
    let name = Domain::parse(name).ok()?;
    ours.iter()
        .filter(|domain| name.is_within(domain))
        .max_by_key(|domain| domain.as_str().len())
}

fn keep_aggregate(
    tx: &mut Tx<'_>,
    report: &Aggregate,
    carrier: &Carrier,
    ours: &[Domain],
    now: Timestamp,
) -> Result<Kept, StoreError> {
    let Some(domain) = owner(&report.published.domain, ours) else {
        return Ok(Kept::Foreign);
    };
    let mut rows: Vec<&Record> = report.records.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    let left_out = rows
        .iter()
        .skip(ROWS_PER_REPORT)
        .fold(0_u64, |sum, row| sum.saturating_add(row.count));
    rows.truncate(ROWS_PER_REPORT);
    let header = Header {
        domain: domain.as_str(),
        kind: "aggregate",
        org_name: &report.org_name,
        report_id: &report.report_id,
        begin: report.begin,
        end: report.end,
        facts: to_json(&report.published)?,
    };
    let kept = match insert(tx, &header, carrier, left_out, now)? {
        Ok(inserted) => inserted,
        Err(kept) => return Ok(kept),
    };
    for (row, at) in rows.into_iter().zip(0_i64..) {
        insert_row(tx, domain, &kept, at, row)?;
    }
    Ok(Kept::New)
}

/// The number and end of a report that has its row.
struct Inserted {
    number: i64,
    end: i64,
}

fn insert_row(
    tx: &mut Tx<'_>,
    domain: &Domain,
    of: &Inserted,
    at: i64,
    row: &Record,
) -> Result<(), StoreError> {
    let results = Results {
        envelope_from: row.envelope_from.clone(),
        dkim: row.dkim.clone(),
        spf: row.spf.clone(),
        overrides: row.overrides.clone(),
    };
    let source = row.source.to_string();
    let results = to_json(&results)?;
    let count = i64::try_from(row.count).unwrap_or(i64::MAX);
    let params = params![
        domain.as_str(),
        of.end,
        of.number,
        at,
        &source,
        &row.header_from,
        row.dkim_aligned,
        row.spf_aligned,
        row.disposition.name(),
        count,
        &results,
    ];
    tx.execute(sql::INSERT_ROW, params)?;
    Ok(())
}

fn keep_failure(
    tx: &mut Tx<'_>,
    report: &Failure,
    carrier: &Carrier,
    ours: &[Domain],
    now: Timestamp,
) -> Result<Kept, StoreError> {
    let Some(domain) = owner(&report.domain, ours) else {
        return Ok(Kept::Foreign);
    };
    let header = Header {
        domain: domain.as_str(),
        kind: "failure",
        org_name: &report.reporter,
        report_id: &report.report_id,
        begin: now.as_secs(),
        end: now.as_secs(),
        facts: to_json(report)?,
    };
    Ok(insert(tx, &header, carrier, 0, now)?.map_or_else(|kept| kept, |_| Kept::New))
}

fn keep_tls(
    tx: &mut Tx<'_>,
    report: &TlsReport,
    carrier: &Carrier,
    ours: &[Domain],
    now: Timestamp,
) -> Result<Kept, StoreError> {
    let mut about: Vec<&Domain> = report
        .policies
        .iter()
        .filter_map(|policy| owner(&policy.domain, ours))
        .collect();
    about.sort();
    about.dedup();
    let mut result = Kept::Foreign;
    for domain in about {
        let mut part = report.clone();
        part.policies
            .retain(|policy| owner(&policy.domain, ours) == Some(domain));
        for policy in &mut part.policies {
            policy
                .details
                .sort_by_key(|detail| std::cmp::Reverse(detail.sessions));
            policy.details.truncate(TLS_DETAILS);
        }
        let header = Header {
            domain: domain.as_str(),
            kind: "tls",
            org_name: &report.org_name,
            report_id: &report.report_id,
            begin: report.begin,
            end: report.end,
            facts: to_json(&part)?,
        };
        let kept = insert(tx, &header, carrier, 0, now)?.map_or_else(|kept| kept, |_| Kept::New);
        if result != Kept::New {
            result = kept;
        }
    }
    Ok(result)
}

/// The row of the report, unless it is not to be kept.
fn insert(
    tx: &mut Tx<'_>,
    header: &Header<'_>,
    carrier: &Carrier,
    left_out: u64,
    now: Timestamp,
) -> Result<Result<Inserted, Kept>, StoreError> {
    // A clock that runs ahead, or a lie, must not keep a report longer.
    let end = header.end.min(now.as_secs());
    if end < oldest(now) {
        return Ok(Err(Kept::TooOld));
    }
    let (carrier, reporter) = match carrier {
        Carrier::Mail(domain) => (Some(domain.as_str()), domain.as_str()),
        Carrier::File => (Some(""), header.org_name),
        Carrier::Unvouched => (None, header.org_name),
    };
    // Nobody can take a report's place by sending another one under its id without being vouched for.
    let reporter = if carrier.is_some() {
        reporter.to_owned()
    } else {
        format!("? {reporter}")
    };
    let key = params![header.domain, header.kind, &reporter, header.report_id];
    if tx.execute(sql::COUNT_REPEAT, key)? > 0 {
        return Ok(Err(Kept::Repeated));
    }
    if is_full(tx, header.domain, carrier.is_some())? {
        return Ok(Err(Kept::Full));
    }
    let number = tx
        .query_row(sql::NEXT_NUMBER, &[], |row| row.int(0))?
        .ok_or_else(|| StoreError::Corrupt("the counter of reports is missing".to_owned()))?;
    let params = params![
        header.domain,
        header.kind,
        &reporter,
        header.report_id,
        number,
        carrier,
        header.org_name,
        header.begin.min(end),
        end,
        now,
        i64::try_from(left_out).unwrap_or(i64::MAX),
        &header.facts,
    ];
    tx.execute(sql::INSERT_RECEIVED, params)?;
    Ok(Ok(Inserted { number, end }))
}

fn is_full(tx: &Tx<'_>, domain: &str, is_vouched: bool) -> Result<bool, StoreError> {
    let share = if is_vouched { 1 } else { UNVOUCHED_SHARE };
    let count = |statement| tx.query_row(statement, params![domain], |row| row.int(0));
    let reports = count(sql::COUNT_RECEIVED)?.unwrap_or(0);
    let rows = count(sql::COUNT_ROWS)?.unwrap_or(0);
    Ok(reports >= REPORTS_PER_DOMAIN / share || rows >= ROWS_PER_DOMAIN / share)
}

/// As it is stored; our own types always can be.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Statement(error.to_string()))
}

/// What was stored.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("a stored report: {error}")))
}

#[cfg(test)]
mod tests;
