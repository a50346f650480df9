//! TLS reports (RFC 8460 section 4.4): JSON. Lists are bounded while they are read, so that a file of ten
//! million empty policies costs nothing.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

use posthorn_base::{Civil, Timestamp};
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

use crate::clean;
use crate::limits::Unreadable;
use crate::report::{TlsFailure, TlsPolicy, TlsReport};

/// Policies of one report; a domain has one.
const POLICIES: usize = 100;
/// Kinds of failures of one policy.
const FAILURES: usize = 1_000;
/// Sessions that are believed.
const MAX_SESSIONS: u64 = 1_000_000_000_000;

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    organization_name: Option<String>,
    date_range: DateRange,
    #[serde(default)]
    contact_info: Option<String>,
    report_id: String,
    policies: Bounded<Policy, POLICIES>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct DateRange {
    start_datetime: String,
    end_datetime: String,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Policy {
    policy: PolicyName,
    summary: Summary,
    #[serde(default)]
    failure_details: Bounded<Failure, FAILURES>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PolicyName {
    policy_type: String,
    policy_domain: String,
}

/// RFC 8460 names them `total-…-session-count` in its text and so in its example.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    #[serde(default)]
    total_successful_session_count: u64,
    #[serde(default)]
    total_failure_session_count: u64,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Failure {
    result_type: String,
    #[serde(default)]
    sending_mta_ip: Option<String>,
    #[serde(default)]
    receiving_mx_hostname: Option<String>,
    #[serde(default)]
    failed_session_count: u64,
    #[serde(default)]
    failure_reason_code: Option<String>,
}

/// A list with a limit.
struct Bounded<T, const N: usize>(Vec<T>);

impl<T, const N: usize> Default for Bounded<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// What the visitor says when a list is too long; serde's errors carry text alone.
const TOO_LONG: &str = "a list is too long";

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Bounded<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T, const N: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for Items<T, N> {
            type Value = Bounded<T, N>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Bounded::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    if items.len() >= N {
                        return Err(A::Error::custom(TOO_LONG));
                    }
                    items.push(item);
                }
                Ok(Bounded(items))
            }
        }
        deserializer.deserialize_any(Items(PhantomData))
    }
}

/// Reads a report from JSON. JSON that is no TLS report is [`Unreadable::NoReport`].
pub(crate) fn read_json(octets: &[u8]) -> Result<TlsReport, Unreadable> {
    let file: File = serde_json::from_slice(octets).map_err(|error| why(&error, octets))?;
    let policies: Vec<TlsPolicy> = file.policies.0.into_iter().map(read_policy).collect();
    if policies.is_empty() {
        return Err(Unreadable::Incomplete("which domain it is about"));
    }
    let begin = moment(&file.date_range.start_datetime);
    let end = moment(&file.date_range.end_datetime);
    let (Some(begin), Some(end)) = (begin, end) else {
        return Err(Unreadable::Incomplete("which days it is about"));
    };
    let contact = line(&file.contact_info.unwrap_or_default());
    let org_name = line(&file.organization_name.unwrap_or_default());
    Ok(TlsReport {
        org_name: if org_name.is_empty() {
            clean::domain_of(&contact)
        } else {
            org_name
        },
        contact,
        report_id: line(&file.report_id),
        begin,
        end: end.max(begin),
        policies,
    })
}

fn why(error: &serde_json::Error, octets: &[u8]) -> Unreadable {
    let text = error.to_string();
    if text.starts_with(TOO_LONG) {
        return Unreadable::TooManyRecords { limit: FAILURES };
    }
    let is_ours = memchr::memmem::find(octets, b"\"policies\"").is_some();
    if is_ours {
        Unreadable::Json(line(&text))
    } else {
        Unreadable::NoReport
    }
}

fn read_policy(policy: Policy) -> TlsPolicy {
    TlsPolicy {
        kind: line(&policy.policy.policy_type).to_lowercase(),
        domain: clean::domain(&policy.policy.policy_domain),
        successes: policy.summary.total_successful_session_count.min(MAX_SESSIONS),
        failures: policy.summary.total_failure_session_count.min(MAX_SESSIONS),
        details: policy.failure_details.0.into_iter().map(read_failure).collect(),
    }
}

fn read_failure(failure: Failure) -> TlsFailure {
    let ip = failure
        .sending_mta_ip
        .and_then(|ip| ip.trim().parse::<IpAddr>().ok());
    let optional = |text: Option<String>| text.map(|text| line(&text)).filter(|text| !text.is_empty());
    TlsFailure {
        kind: line(&failure.result_type).to_lowercase(),
        sessions: failure.failed_session_count.min(MAX_SESSIONS),
        receiving_host: failure
            .receiving_mx_hostname
            .map(|host| clean::domain(&host))
            .filter(|host| !host.is_empty()),
        sending_ip: ip.map(|ip| ip.to_canonical()),
        reason: optional(failure.failure_reason_code),
    }
}

fn line(text: &str) -> String {
    clean::line(text, clean::LINE_CHARACTERS)
}

/// Seconds since 1970 of `2016-04-01T00:00:00Z` (RFC 3339); the offset may be another one, or missing.
fn moment(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u8>().ok();
    let civil = Civil {
        year: text.get(..4)?.parse().ok()?,
        month: number(5, 7)?,
        day: number(8, 10)?,
        hour: number(11, 13).unwrap_or(0),
        minute: number(14, 16).unwrap_or(0),
        second: number(17, 19).unwrap_or(0).min(59),
    };
    let at = Timestamp::from_civil(civil, offset_minutes(text.get(19..).unwrap_or_default()))?;
    Some(at.as_secs().max(0))
}

/// The offset at the end of a moment, `+02:00`, behind a fraction of a second.
fn offset_minutes(rest: &str) -> i32 {
    let Some(at) = rest.find(['+', '-']) else { return 0 };
    let number = |from: usize| {
        let from = at.saturating_add(from);
        let digits = rest.get(from..from.saturating_add(2))?;
        digits
            .parse::<i32>()
            .ok()
            .filter(|number| (0..60).contains(number))
    };
    let minutes = number(1)
        .unwrap_or(0)
        .saturating_mul(60)
        .saturating_add(number(4).unwrap_or(0));
    if rest.get(at..).is_some_and(|sign| sign.starts_with('-')) {
        minutes.saturating_neg()
    } else {
        minutes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_any_offset() {
        assert_eq!(moment("2016-04-01T23:59:59Z"), Some(1_459_555_199));
        assert_eq!(moment("2016-04-02T01:59:59.5+02:00"), Some(1_459_555_199));
        assert_eq!(moment("2016-04-01T18:29:59-05:30"), Some(1_459_555_199));
        assert_eq!(moment("2016-04-01"), Some(1_459_468_800));
        assert_eq!(moment("yesterday"), None);
        assert_eq!(moment("2016-13-01T00:00:00Z"), None);
    }

    #[test]
    fn a_million_policies_end_at_the_limit() {
        let policy = r#"{"policy":{"policy-type":"sts","policy-domain":"a.test"},"summary":{}}"#;
        let json = format!(
            r#"{{"report-id":"1","date-range":{{"start-datetime":"2024-01-01","end-datetime":"2024-01-02"}},"policies":[{}]}}"#,
            vec![policy; 100_000].join(",")
        );
        assert!(matches!(
            read_json(json.as_bytes()),
            Err(Unreadable::TooManyRecords { .. })
        ));
    }

    #[test]
    fn deep_and_foreign_json_is_refused() {
        assert_eq!(
            read_json(&b"{\"a\":".repeat(1_000_000)),
            Err(Unreadable::NoReport)
        );
        assert_eq!(read_json(b"{}"), Err(Unreadable::NoReport));
        assert!(matches!(
            read_json(br#"{"policies":[]}"#),
            Err(Unreadable::Json(_))
        ));
    }
}
