//! Counting, within bounds, once.

use super::*;
use crate::fixture::{DAY_SECS, Kept, MIDNIGHT, domain, forged, good, now, published};

fn observation(record: Record) -> Observation {
    Observation {
        at: now(),
        published: Published {
            domain: "theirs.test".to_owned(),
            ..published(Policy::Reject)
        },
        report_to: vec!["mailto:dmarc@theirs.test".to_owned()],
        record,
    }
}

#[test]
fn sending_is_off_until_switched_on() {
    Kept::empty().run(|tx| {
        let ours = domain("ours.test");
        assert_eq!(sends(tx), Ok(vec![]));
        set_sending(tx, &ours, Sending::On).unwrap();
        set_sending(tx, &ours, Sending::On).unwrap();
        assert_eq!(sends(tx), Ok(vec![ours.clone()]));
        set_sending(tx, &ours, Sending::Off).unwrap();
        assert_eq!(sends(tx), Ok(vec![]));
    });
}

#[test]
fn equal_messages_are_one_row_with_a_number() {
    Kept::empty().run(|tx| {
        let mut shouting = good("192.0.2.1", 7);
        shouting.header_from = "OURS.test.".to_owned();
        for record in [
            good("192.0.2.1", 1),
            shouting,
            forged("192.0.2.9", 1, Disposition::Reject),
        ] {
            assert_eq!(observe(tx, &observation(record)), Ok(Observed::Counted));
        }
        let found = counted(tx, &domain("theirs.test"), Day::of(now()))
            .unwrap()
            .unwrap();
        let mut counts: Vec<u64> = found.records.iter().map(|record| record.count).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 2]);
        assert_eq!(found.report_to, ["mailto:dmarc@theirs.test"]);
    });
}

#[test]
fn who_asks_for_nothing_gets_nothing() {
    Kept::empty().run(|tx| {
        let mut silent = observation(good("192.0.2.1", 1));
        silent.report_to.clear();
        assert_eq!(observe(tx, &silent), Ok(Observed::NotAsked));
        assert_eq!(due(tx, Day::of(now())), Ok(vec![]));
    });
}

#[test]
fn the_report_shows_the_last_policy_of_the_day() {
    Kept::empty().run(|tx| {
        observe(tx, &observation(good("192.0.2.1", 1))).unwrap();
        let mut later = observation(good("192.0.2.1", 1));
        later.published.p = Some(Policy::Quarantine);
        later.report_to = vec!["mailto:new@theirs.test".to_owned()];
        observe(tx, &later).unwrap();
        let found = counted(tx, &domain("theirs.test"), Day::of(now()))
            .unwrap()
            .unwrap();
        assert_eq!(found.published.p, Some(Policy::Quarantine));
        assert_eq!(found.report_to, ["mailto:new@theirs.test"]);
        assert_eq!(found.records[0].count, 2);
    });
}

#[test]
fn a_report_is_sent_once() {
    Kept::empty().run(|tx| {
        let (theirs, day) = (domain("theirs.test"), Day::of(now()));
        observe(tx, &observation(good("192.0.2.1", 1))).unwrap();
        assert_eq!(due(tx, day), Ok(vec![theirs.clone()]));
        assert_eq!(unsent_days(tx, Day(day.0 + 1)), Ok(vec![day]));
        assert_eq!(unsent_days(tx, day), Ok(vec![]), "today is not over");
        assert_eq!(sent(tx, &theirs, day), Ok(true));
        assert_eq!(sent(tx, &theirs, day), Ok(false));
        assert_eq!(due(tx, day), Ok(vec![]));
        assert!(counted(tx, &theirs, day).unwrap().is_none());
        assert_eq!(
            observe(tx, &observation(good("192.0.2.1", 1))),
            Ok(Observed::TooLate)
        );
    });
}

#[test]
fn a_flood_of_different_messages_is_counted_but_not_described() {
    Kept::empty().run(|tx| {
        let limit = u32::try_from(FACTS_PER_DOMAIN).unwrap();
        for number in 0..limit + 3 {
            let source = std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string();
            let expected = if number < limit {
                Observed::Counted
            } else {
                Observed::LeftOut
            };
            assert_eq!(observe(tx, &observation(good(&source, 1))), Ok(expected));
        }
        // What is known already goes on being counted.
        assert_eq!(
            observe(tx, &observation(good("10.0.0.0", 1))),
            Ok(Observed::Counted)
        );
        let found = counted(tx, &domain("theirs.test"), Day::of(now()))
            .unwrap()
            .unwrap();
        assert_eq!(found.left_out, 3);
    });
}

#[test]
fn a_week_later_all_is_forgotten() {
    Kept::empty().run(|tx| {
        observe(tx, &observation(good("192.0.2.1", 1))).unwrap();
        let after = |days: i64| Timestamp::from_secs(MIDNIGHT + days * DAY_SECS);
        assert_eq!(tidy_observed(tx, after(7)), Ok(0));
        assert_eq!(tidy_observed(tx, after(8)), Ok(2));
    });
}

#[test]
fn what_passes_a_policy_that_would_have_stopped_it_is_reported_as_pass() {
    Kept::empty().run(|tx| {
        let failing = forged("192.0.2.9", 1, Disposition::None);
        for record in [good("192.0.2.1", 1), failing] {
            observe(tx, &observation(record)).unwrap();
        }
        let found = counted(tx, &domain("theirs.test"), Day::of(now()))
            .unwrap()
            .unwrap();
        for record in found.records {
            let expected = if record.passes() {
                Disposition::Pass
            } else {
                Disposition::None
            };
            assert_eq!(record.disposition, expected);
        }
    });
}
