//! What all reports about a domain say together: sources, passing mail, TLS, failures, and whether the policy
//! may be tightened. Reports that nobody vouches for are told of, and not counted.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use posthorn_base::{Domain, Timestamp};
use posthorn_store::{Row as Stored, StoreError, Tx, params};
use serde::Serialize;

use crate::clean;
use crate::coach::{Coach, Current, advise};
use crate::day::Day;
use crate::keep::{Results, from_json};
use crate::report::{Disposition, Failure, Published, TlsReport};
use crate::source::{Row, Source, Tally, group};
use crate::sql;
use crate::tls_summary::{TlsSummary, TlsTally};

/// Sources that are shown; the others are added up.
const SOURCES: usize = 100;
/// Sources that are told apart while adding up.
const GROUPS: usize = 5_000;
/// The name of what is beyond.
const OTHERS: &str = "all others";
/// Failure reports that are shown, the newest.
const FAILURES: usize = 10;
/// Days without a report after which something may be wrong; receivers send them daily.
const SILENT_DAYS: i64 = 7;
/// Addresses whose names are worth looking up.
const ADDRESSES: i64 = 200;
/// Days of one report that are believed; honest ones cover one.
const DAYS_PER_REPORT: i64 = 31;

/// A domain's reports, added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The domain.
    pub domain: String,
    /// First day that is looked at, `2026-11-23`.
    pub since: String,
    /// The day it was added up.
    pub until: String,
    /// The last day that an aggregate report covers; `None` without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_report: Option<String>,
    /// Aggregate reports counted.
    pub reports: u64,
    /// Reports that came more than once; counted once.
    pub repeated: u64,
    /// Reports in mail that nobody vouches for; not counted.
    pub unvouched: u64,
    /// Who reported; at most 50.
    pub reporters: Vec<String>,
    /// Messages in the domain's name.
    pub messages: u64,
    /// Of these, DMARC passes.
    pub passed: u64,
    /// Messages that very large reports told of and that are in no source below.
    pub left_out: u64,
    /// Who sends, the most messages first; at most 100.
    pub sources: Vec<Source>,
    /// How many more sources there are.
    pub more_sources: u64,
    /// Advice on the policy.
    pub coach: Coach,
    /// TLS reports; `None` when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSummary>,
    /// How many messages failure reports stand for.
    pub failed_messages: u64,
    /// The newest failure reports; at most 10.
    pub failures: Vec<Failure>,
    #[serde(skip)]
    addresses: Vec<IpAddr>,
}

impl Summary {
    /// The addresses that mail came from, those with most first, at most 200: those whose names are worth
    /// looking up for a second [`summary`].
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.addresses.clone()
    }
}

/// Adds up the reports about a domain that ended at `since` or later. `names`: the host names of addresses,
/// best those that lead back to the address; addresses without one are grouped by network.
/// [`Summary::addresses`] of a summary without names tells which to ask for.
///
/// # Errors
/// When the store cannot be read.
pub fn summary(
    tx: &Tx<'_>,
    domain: &Domain,
    since: Timestamp,
    now: Timestamp,
    names: &BTreeMap<IpAddr, String>,
) -> Result<Summary, StoreError> {
    let mut received = Received::default();
    let key = params![domain.as_str(), since.as_secs()];
    tx.for_each(sql::RECEIVED, key, |row| received.add(row, domain))?;
    let mut groups: BTreeMap<String, Tally> = BTreeMap::new();
    tx.for_each(sql::ROWS, key, |row| add_row(&mut groups, row, domain, names))?;
    let mut sources: Vec<Source> = groups
        .into_iter()
        .map(|(name, tally)| tally.into_source(name, domain.as_str(), received.current.policy))
        .collect();
    sources.sort_by_key(|source| (std::cmp::Reverse(source.messages), source.name.clone()));
    let total = |of: fn(&Source) -> u64| {
        sources
            .iter()
            .fold(0_u64, |sum, source| sum.saturating_add(of(source)))
    };
    let (messages, passed) = (total(|source| source.messages), total(|source| source.passed));
    let days = u64::try_from(received.days.len()).unwrap_or(u64::MAX);
    let last_report = received.days.last().copied();
    let mut coach = advise(&sources, received.current, days, received.reports);
    if let Some(last) = last_report.filter(|last| last.saturating_add(SILENT_DAYS) < Day::of(now).0) {
        coach.sentences.push(format!(
            "The last report is about {}: look whether the DMARC record still has rua= with the right address.",
            Day(last)
        ));
    }
    let addresses = tx.query(
        sql::SOURCES,
        params![domain.as_str(), since.as_secs(), ADDRESSES],
        |row| stored_ip(row.text(0)?),
    )?;
    let more = sources.len().saturating_sub(SOURCES);
    sources.truncate(SOURCES);
    received.failures.reverse();
    received.failures.truncate(FAILURES);
    Ok(Summary {
        domain: domain.to_string(),
        since: Day::of(since).to_string(),
        until: Day::of(now).to_string(),
        last_report: last_report.map(|day| Day(day).to_string()),
        reports: received.reports,
        repeated: received.repeated,
        unvouched: received.unvouched,
        reporters: received.reporters.into_iter().collect(),
        messages,
        passed,
        left_out: received.left_out,
        sources,
        more_sources: u64::try_from(more).unwrap_or(u64::MAX),
        coach,
        tls: received.tls.finish(),
        failed_messages: received.failed_messages,
        failures: received.failures,
        addresses,
    })
}

/// What is taken from the reports as such.
#[derive(Default)]
struct Received {
    reports: u64,
    repeated: u64,
    unvouched: u64,
    left_out: u64,
    reporters: BTreeSet<String>,
    days: BTreeSet<i64>,
    current: Current,
    tls: TlsTally,
    failed_messages: u64,
    failures: Vec<Failure>,
}

impl Received {
    fn add(&mut self, row: &Stored<'_>, domain: &Domain) -> Result<(), StoreError> {
        self.repeated = self.repeated.saturating_add(row.u64(6)?);
        let Some(carrier) = row.opt_text(2)? else {
            self.unvouched = self.unvouched.saturating_add(1);
            return Ok(());
        };
        let reporter = reporter_name(row.text(3)?, carrier);
        let facts = row.text(8)?;
        match row.text(0)? {
            "tls" => self.tls.add(&from_json::<TlsReport>(facts)?, &reporter),
            "failure" => self.add_failure(from_json(facts)?),
            _ => {
                self.add_days(row.int(4)?, row.int(5)?);
                self.left_out = self.left_out.saturating_add(row.u64(7)?);
                self.add_aggregate(&from_json(facts)?, domain, reporter);
            }
        }
        Ok(())
    }

    /// Reports come in the order of their ends, so the last one has the newest policy.
    fn add_aggregate(&mut self, published: &Published, domain: &Domain, reporter: String) {
        self.reports = self.reports.saturating_add(1);
        if self.reporters.len() < 50 {
            self.reporters.insert(reporter);
        }
        if published.domain == domain.as_str() && published.p.is_some() {
            self.current = Current {
                policy: published.p,
                testing: published.testing.unwrap_or(false),
            };
        }
    }

    /// A report that ends at midnight ends with the day before.
    fn add_days(&mut self, begin: i64, end: i64) {
        let last = end.saturating_sub(1).max(begin).div_euclid(86_400);
        let first = begin.div_euclid(86_400).max(last.saturating_sub(DAYS_PER_REPORT));
        self.days.extend(first..=last);
    }

    fn add_failure(&mut self, failure: Failure) {
        self.failed_messages = self.failed_messages.saturating_add(failure.incidents);
        self.failures.push(failure);
        if self.failures.len() > FAILURES {
            self.failures.remove(0);
        }
    }
}

/// Who reports: the name they give, and the domain that vouches for it when it is another.
fn reporter_name(org_name: &str, carrier: &str) -> String {
    let said = clean::line(org_name, 60);
    let label = crate::source::organisation(carrier);
    let label = label.split('.').next().unwrap_or_default();
    if carrier.is_empty() || (!label.is_empty() && said.to_lowercase().contains(label)) {
        return said;
    }
    if said.is_empty() {
        return carrier.to_owned();
    }
    format!("{said} (from {carrier})")
}

fn add_row(
    groups: &mut BTreeMap<String, Tally>,
    row: &Stored<'_>,
    domain: &Domain,
    names: &BTreeMap<IpAddr, String>,
) -> Result<(), StoreError> {
    let source = stored_ip(row.text(0)?)?;
    let results: Results = from_json(row.text(6)?)?;
    let reporter = reporter_name(row.text(9)?, row.text(10)?);
    let (begin, end) = (row.int(7)?, row.int(8)?);
    let found = Row {
        source,
        messages: row.u64(5)?,
        dkim_aligned: row.bool(2)?,
        spf_aligned: row.bool(3)?,
        disposition: stored_disposition(row.text(4)?),
        results: &results,
        begin,
        end: end.saturating_sub(1).max(begin),
        reporter: &reporter,
    };
    let mut name = group(source, names.get(&source).map(String::as_str));
    if groups.len() >= GROUPS && !groups.contains_key(&name) {
        OTHERS.clone_into(&mut name);
    }
    groups.entry(name).or_default().add(&found, domain.as_str());
    Ok(())
}

fn stored_ip(text: &str) -> Result<IpAddr, StoreError> {
    text.parse()
        .map_err(|error| StoreError::Corrupt(format!("the stored address {text}: {error}")))
}

fn stored_disposition(text: &str) -> Disposition {
    match text {
        "reject" => Disposition::Reject,
        "quarantine" => Disposition::Quarantine,
        "pass" => Disposition::Pass,
        _ => Disposition::None,
    }
}

#[cfg(test)]
mod tests;
