//! What we saw of other domains' mail, counted per day, until it has been reported to them: RFC 9990. Off
//! until a domain of ours switches it on.
//!
//! **Never about reports.** The caller observes no message to an address of [`crate::receives_reports`] and
//! none that we sent as a report ourselves; else two servers report each other's reports for ever.

use posthorn_base::{Domain, Timestamp};
use posthorn_dmarc::Policy;
use posthorn_store::{StoreError, Tx, params};

use crate::clean;
use crate::day::Day;
use crate::keep::{from_json, to_json};
use crate::report::{AuthResult, Disposition, Published, Record};
use crate::sql;

/// Policy domains observed in one day.
const DOMAINS_PER_DAY: i64 = 20_000;
/// Distinct sets of facts kept of one policy domain and day; messages beyond are counted, not described.
const FACTS_PER_DOMAIN: i64 = 5_000;
/// Destinations kept of one record.
const DESTINATIONS: usize = 10;
/// Days after which what was not sent is given up: the domain could not be reached.
const UNSENT_DAYS: i64 = 7;

/// Does a domain of ours send reports on the mail it gets?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// It does.
    On,
    /// It does not, as at first.
    Off,
}

/// Switches sending on or off for a domain of ours.
///
/// # Errors
/// When the store cannot be written.
pub fn set_sending(tx: &mut Tx<'_>, domain: &Domain, sending: Sending) -> Result<(), StoreError> {
    let statement = match sending {
        Sending::On => sql::SEND_ON,
        Sending::Off => sql::SEND_OFF,
    };
    tx.execute(statement, params![domain.as_str()])?;
    Ok(())
}

/// The domains of ours that send reports, by name.
///
/// # Errors
/// When the store cannot be read.
pub fn sends(tx: &Tx<'_>) -> Result<Vec<Domain>, StoreError> {
    tx.query(sql::SENDS, &[], |row| stored_domain(row.text(0)?))
}

/// One message whose DMARC record asks for aggregate reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When it came.
    pub at: Timestamp,
    /// The policy that was found; `domain` is where the record stands.
    pub published: Published,
    /// The URIs of `rua`, as published. Whether a foreign one agrees is asked when a report is sent.
    pub report_to: Vec<String>,
    /// Source, results and what was done; its `count` does not matter.
    pub record: Record,
}

/// What became of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// It is counted.
    Counted,
    /// The domain asks for no reports.
    NotAsked,
    /// The report of that day has gone already.
    TooLate,
    /// There are too many different ones that day; the report will say how many are missing.
    LeftOut,
}

/// Counts a message. To be called for mail that was accepted or refused after DMARC was evaluated, when the
/// recipient's domain is among [`sends`], and never for reports (see the top of this file).
///
/// # Errors
/// When the store cannot be written.
pub fn observe(tx: &mut Tx<'_>, observation: &Observation) -> Result<Observed, StoreError> {
    if observation.report_to.is_empty() {
        return Ok(Observed::NotAsked);
    }
    let Ok(policy_domain) = Domain::parse(&observation.published.domain) else {
        return Ok(Observed::NotAsked);
    };
    let day = Day::of(observation.at).0;
    let key = params![day, policy_domain.as_str()];
    let state = tx.query_row(sql::DAY, key, |row| {
        Ok((row.int(2)?, row.bool(4)?, row.text(0)?.to_owned()))
    })?;
    let facts = to_json(&normal(&observation.record, observation.published.p))?;
    let published = to_json(&observation.published)?;
    match &state {
        Some((_, true, _)) => return Ok(Observed::TooLate),
        None => {
            let domains = tx.query_row(sql::COUNT_DAY, params![day], |row| row.int(0))?;
            if domains.unwrap_or(0) >= DOMAINS_PER_DAY {
                return Ok(Observed::LeftOut);
            }
        }
        Some(_) => {}
    }
    // The report shows the last policy of the day, RFC 9990 section 3.1.
    if state.as_ref().is_none_or(|(_, _, known)| *known != published) {
        let report_to: Vec<&String> = observation.report_to.iter().take(DESTINATIONS).collect();
        let report_to = to_json(&report_to)?;
        let params = params![day, policy_domain.as_str(), &published, &report_to];
        tx.execute(sql::PUT_DAY, params)?;
    }
    if tx.execute(sql::COUNT_MESSAGE, params![day, policy_domain.as_str(), &facts])? > 0 {
        return Ok(Observed::Counted);
    }
    if state.is_some_and(|(fact_count, _, _)| fact_count >= FACTS_PER_DOMAIN) {
        tx.execute(sql::COUNT_LEFT_OUT, key)?;
        return Ok(Observed::LeftOut);
    }
    tx.execute(sql::INSERT_OBSERVED, params![day, policy_domain.as_str(), &facts])?;
    tx.execute(sql::COUNT_FACT, key)?;
    Ok(Observed::Counted)
}

/// The record in the form it is compared in: clean, without a number, passing signatures first. What was
/// delivered because it passes under a policy that would have stopped it is `pass`, RFC 9990 section 3.1.
fn normal(record: &Record, policy: Option<Policy>) -> Record {
    let mut record = record.clone();
    record.count = 0;
    let may_stop = matches!(policy, Some(Policy::Quarantine | Policy::Reject));
    if record.disposition == Disposition::None && may_stop && record.passes() {
        record.disposition = Disposition::Pass;
    }
    record
        .dkim
        .sort_by_key(|signature| signature.result != AuthResult::Pass);
    record.source = record.source.to_canonical();
    record.header_from = clean::domain(&record.header_from);
    record.envelope_from = record.envelope_from.map(|from| clean::domain_of(&from));
    record.envelope_to = record.envelope_to.map(|to| clean::domain_of(&to));
    record.dkim.truncate(10);
    for signature in &mut record.dkim {
        signature.domain = clean::domain(&signature.domain);
        signature.selector = clean::domain(&signature.selector);
    }
    if let Some(spf) = &mut record.spf {
        spf.domain = clean::domain(&spf.domain);
    }
    for reason in &mut record.overrides {
        reason.comment = reason
            .comment
            .take()
            .map(|text| clean::line(&text, clean::LINE_CHARACTERS));
    }
    record
}

/// Days before `today` that still have something to send, the oldest first: after a stop there are several.
///
/// # Errors
/// When the store cannot be read.
pub fn unsent_days(tx: &Tx<'_>, today: Day) -> Result<Vec<Day>, StoreError> {
    tx.query(sql::UNSENT_DAYS, params![today.0], |row| Ok(Day(row.int(0)?)))
}

/// The policy domains that a day's report has not gone to yet, by name.
///
/// # Errors
/// When the store cannot be read.
pub fn due(tx: &Tx<'_>, day: Day) -> Result<Vec<Domain>, StoreError> {
    tx.query(sql::DUE, params![day.0], |row| stored_domain(row.text(0)?))
}

/// Notes that a day's report for a policy domain is in the queue, or that there is nowhere to send it, and
/// forgets what was counted. `false`: somebody did so before, and the report must not be sent again; so this
/// belongs into the same group of transactions as putting the mail into the queue.
///
/// # Errors
/// When the store cannot be written.
pub fn sent(tx: &mut Tx<'_>, policy_domain: &Domain, day: Day) -> Result<bool, StoreError> {
    let key = params![day.0, policy_domain.as_str()];
    if tx.execute(sql::SENT, key)? == 0 {
        return Ok(false);
    }
    tx.execute(sql::DELETE_OBSERVED, key)?;
    Ok(true)
}

/// Forgets days that are a week old, sent or not; returns how many rows went.
///
/// # Errors
/// When the store cannot be written.
pub fn tidy_observed(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let before = Day::of(now).0.saturating_sub(UNSENT_DAYS);
    let days = tx.execute(sql::TIDY_DAYS, params![before])?;
    let facts = tx.execute(sql::TIDY_OBSERVED, params![before])?;
    Ok(days.saturating_add(facts))
}

/// What was counted of a policy domain on a day that has not been reported.
pub(crate) struct Counted {
    pub(crate) published: Published,
    pub(crate) report_to: Vec<String>,
    pub(crate) left_out: i64,
    pub(crate) records: Vec<Record>,
}

/// `None` when there is nothing, or it was sent.
pub(crate) fn counted(tx: &Tx<'_>, policy_domain: &Domain, day: Day) -> Result<Option<Counted>, StoreError> {
    let key = params![day.0, policy_domain.as_str()];
    let state = tx.query_row(sql::DAY, key, |row| {
        let published: Published = from_json(row.text(0)?)?;
        let report_to: Vec<String> = from_json(row.text(1)?)?;
        Ok((published, report_to, row.int(3)?, row.bool(4)?))
    })?;
    let Some((published, report_to, left_out, false)) = state else {
        return Ok(None);
    };
    let records = tx.query(sql::OBSERVED, key, |row| {
        let mut record: Record = from_json(row.text(0)?)?;
        record.count = row.u64(1)?;
        Ok(record)
    })?;
    Ok(Some(Counted {
        published,
        report_to,
        left_out,
        records,
    }))
}

fn stored_domain(text: &str) -> Result<Domain, StoreError> {
    Domain::parse(text).map_err(|error| StoreError::Corrupt(format!("the stored domain {text}: {error}")))
}

#[cfg(test)]
mod tests;
