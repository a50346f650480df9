//! Once, for our domains, within bounds.

use posthorn_base::Timestamp;
use posthorn_dmarc::Policy;

use super::*;
use crate::fixture::{self, DAY_SECS, MIDNIGHT, domain, good, google, now};
use crate::report::{TlsFailure, TlsPolicy};

fn aggregate(days_ago: i64) -> Report {
    Report::Aggregate(fixture::report(
        days_ago,
        Policy::None,
        vec![good("192.0.2.1", 3)],
    ))
}

#[test]
fn a_report_counts_once() {
    fixture::Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        assert_eq!(keep(tx, &aggregate(1), &google(), &ours, now()), Ok(Kept::New));
        assert_eq!(
            keep(tx, &aggregate(1), &google(), &ours, now()),
            Ok(Kept::Repeated)
        );
        assert_eq!(keep(tx, &aggregate(2), &google(), &ours, now()), Ok(Kept::New));
        let rows = tx.query_row(sql::COUNT_ROWS, params!["ours.test"], |row| row.int(0));
        assert_eq!(rows, Ok(Some(2)));
    });
}

#[test]
fn nobody_takes_a_reports_place_without_being_vouched_for() {
    fixture::Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        let first = keep(tx, &aggregate(1), &Carrier::Unvouched, &ours, now());
        assert_eq!(first, Ok(Kept::New));
        assert_eq!(keep(tx, &aggregate(1), &google(), &ours, now()), Ok(Kept::New));
    });
}

#[test]
fn reports_about_others_are_not_kept() {
    fixture::Kept::empty().run(|tx| {
        let ours = [domain("other.test")];
        assert_eq!(
            keep(tx, &aggregate(1), &google(), &ours, now()),
            Ok(Kept::Foreign)
        );
        let ours = [domain("test"), domain("ours.test")];
        assert_eq!(keep(tx, &aggregate(1), &google(), &ours, now()), Ok(Kept::New));
        let rows = |tx: &Tx<'_>, of: &str| tx.query_row(sql::COUNT_ROWS, params![of], |row| row.int(0));
        assert_eq!(rows(tx, "ours.test"), Ok(Some(1)), "under the nearest domain");
        assert_eq!(rows(tx, "test"), Ok(Some(0)));
    });
}

#[test]
fn old_reports_are_forgotten_and_do_not_come_back() {
    fixture::Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        assert_eq!(keep(tx, &aggregate(399), &google(), &ours, now()), Ok(Kept::New));
        assert_eq!(
            keep(tx, &aggregate(402), &google(), &ours, now()),
            Ok(Kept::TooOld)
        );
        assert_eq!(tidy_received(tx, now()), Ok(0));
        let later = Timestamp::from_secs(MIDNIGHT + 3 * DAY_SECS);
        assert_eq!(tidy_received(tx, later), Ok(2), "the report and its row");
    });
}

#[test]
fn a_report_from_the_future_is_not_kept_for_ever() {
    fixture::Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        assert_eq!(
            keep(tx, &aggregate(-300_000), &google(), &ours, now()),
            Ok(Kept::New)
        );
        let later = Timestamp::from_secs(MIDNIGHT + 401 * DAY_SECS);
        assert_eq!(tidy_received(tx, later), Ok(2));
    });
}

#[test]
fn a_large_report_keeps_its_largest_rows_and_says_what_is_left_out() {
    fixture::Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        let mut records = vec![good("192.0.2.1", 1); ROWS_PER_REPORT + 7];
        records[ROWS_PER_REPORT + 3].count = 100;
        let report = Report::Aggregate(fixture::report(1, Policy::None, records));
        assert_eq!(keep(tx, &report, &google(), &ours, now()), Ok(Kept::New));
        let mut largest = 0;
        tx.for_each(sql::ROWS, params!["ours.test", 0_i64], |row| {
            largest = largest.max(row.int(5)?);
            Ok(())
        })
        .unwrap();
        assert_eq!(largest, 100);
        let left_out = tx.query_row(sql::RECEIVED, params!["ours.test", 0_i64], |row| row.int(7));
        assert_eq!(left_out, Ok(Some(7)));
    });
}

#[test]
fn a_tls_report_goes_to_each_domain_it_is_about() {
    fixture::Kept::empty().run(|tx| {
        let policy = |domain: &str| TlsPolicy {
            kind: "sts".to_owned(),
            domain: domain.to_owned(),
            successes: 5,
            failures: 1,
            details: vec![TlsFailure {
                kind: "certificate-expired".to_owned(),
                sessions: 1,
                receiving_host: None,
                sending_ip: None,
                reason: None,
            }],
        };
        let report = Report::Tls(TlsReport {
            org_name: "Google Inc.".to_owned(),
            contact: String::new(),
            report_id: "1".to_owned(),
            begin: MIDNIGHT - DAY_SECS,
            end: MIDNIGHT - 1,
            policies: vec![policy("a.test"), policy("foreign.example"), policy("b.test")],
        });
        let ours = [domain("a.test"), domain("b.test")];
        assert_eq!(keep(tx, &report, &google(), &ours, now()), Ok(Kept::New));
        assert_eq!(keep(tx, &report, &google(), &ours, now()), Ok(Kept::Repeated));
        let facts = tx
            .query_row(sql::RECEIVED, params!["b.test", 0_i64], |row| {
                Ok(row.text(8)?.to_owned())
            })
            .unwrap()
            .unwrap();
        let kept: TlsReport = from_json(&facts).unwrap();
        assert_eq!(kept.policies, [policy("b.test")]);
    });
}

#[test]
fn a_domain_that_leaves_takes_its_reports_along() {
    fixture::Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        assert_eq!(keep(tx, &aggregate(1), &google(), &ours, now()), Ok(Kept::New));
        forget(tx, &ours[0]).unwrap();
        assert_eq!(keep(tx, &aggregate(1), &google(), &ours, now()), Ok(Kept::New));
    });
}

/// Makes a domain as full as reports that nobody vouches for may make it.
const FILL: &str =
    "WITH RECURSIVE filled (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM filled WHERE at < $1)
    INSERT INTO report_row SELECT 'ours.test', 1, 0, at, '192.0.2.1', '', 0, 0, 'none', 1, '{}' FROM filled";

#[test]
fn a_flood_of_reports_does_not_keep_vouched_ones_out() {
    fixture::Kept::empty().run(|tx| {
        let ours = [domain("ours.test")];
        tx.execute(FILL, params![ROWS_PER_DOMAIN / UNVOUCHED_SHARE])
            .unwrap();
        let lie = keep(tx, &aggregate(1), &Carrier::Unvouched, &ours, now());
        assert_eq!(lie, Ok(Kept::Full));
        assert_eq!(keep(tx, &aggregate(1), &google(), &ours, now()), Ok(Kept::New));
    });
}
