//! When to try again, when to give up, and whom to tell: RFC 5321 section 4.5.4.1, RFC 3461 section 4.1.
//! Pure functions; the numbers come from the settings.

use std::time::Duration;

use posthorn_base::{ReversePath, Timestamp};
use posthorn_smtp::Notify;

/// How an attempt ended for one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The other server has taken it.
    Delivered,
    /// Not now: 4xx, no connection, no answer from DNS.
    Temporary,
    /// Never: 5xx, no such domain.
    Permanent,
}

/// The waits between attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// After the first, second, … attempt; the last one repeats. Empty is taken for one hour.
    pub retry_after: Vec<Duration>,
    /// How long to try.
    pub max_age: Duration,
    /// When the author is told that it still waits; zero is never.
    pub delay_notice_after: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        let minutes = [5, 10, 20, 40, 60, 120, 240, 480];
        Self {
            retry_after: minutes.into_iter().map(Duration::from_mins).collect(),
            max_age: Duration::from_hours(5 * 24),
            delay_notice_after: Duration::from_hours(4),
        }
    }
}

impl Schedule {
    /// The wait after `attempts` attempts, 10 % longer or shorter as `jitter` has it.
    fn wait(&self, attempts: u32, jitter: u64) -> Duration {
        let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let listed = self.retry_after.get(index).or_else(|| self.retry_after.last());
        let base = listed.copied().unwrap_or(Duration::from_hours(1));
        let thousandths = jitter.checked_rem(201).unwrap_or(0).saturating_add(900);
        let micros = u64::try_from(base.as_micros()).unwrap_or(u64::MAX / 2_000);
        Duration::from_micros(micros.saturating_mul(thousandths) / 1_000)
    }
}

/// What becomes of a recipient after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Final: it is with the other server.
    Delivered,
    /// Tried again then.
    Retry(Timestamp),
    /// Final: the other server does not want it.
    Refused,
    /// Final: the time is over. Status 4.4.7.
    Expired,
}

/// Decides after an attempt. `attempts` counts it; `jitter` is any random number.
///
/// The last attempt is made when the message expires, so `Retry` is never later than that.
#[must_use]
pub fn decide(
    now: Timestamp,
    expires_at: Timestamp,
    attempts: u32,
    schedule: &Schedule,
    outcome: Outcome,
    jitter: u64,
) -> Disposition {
    match outcome {
        Outcome::Delivered => Disposition::Delivered,
        Outcome::Permanent => Disposition::Refused,
        Outcome::Temporary if now >= expires_at => Disposition::Expired,
        Outcome::Temporary => {
            let next = now.plus(schedule.wait(attempts, jitter));
            Disposition::Retry(next.min(expires_at))
        }
    }
}

/// A fate the author may be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It arrived.
    Success,
    /// It never will.
    Failure,
    /// It still waits.
    Delay,
}

/// Is the author to be told? Never for the null reverse path (RFC 5321 section 4.5.5); `NOTIFY` decides
/// else, and without it failures and delays are reported (RFC 3461 section 4.1).
#[must_use]
pub fn wants(reverse_path: &ReversePath, notify: Option<Notify>, notice: Notice) -> bool {
    match (reverse_path, notify) {
        (ReversePath::Null, _) | (_, Some(Notify::Never)) => false,
        (ReversePath::Address(_), None) => notice != Notice::Success,
        (ReversePath::Address(_), Some(Notify::On(on))) => match notice {
            Notice::Success => on.success,
            Notice::Failure => on.failure,
            Notice::Delay => on.delay,
        },
    }
}

/// Has a message waited so long that the author is to be told? Whether it was done already and whether it
/// is wanted ([`wants`]) are asked apart.
#[must_use]
pub fn is_delay_notice_due(now: Timestamp, created_at: Timestamp, schedule: &Schedule) -> bool {
    !schedule.delay_notice_after.is_zero() && now.since(created_at) >= schedule.delay_notice_after
}

/// What the other server said at last, or what stood in the way of asking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The reply code; `None` when no server said it.
    pub code: Option<u16>,
    /// The enhanced status code (RFC 3463), `5.1.1`; ours when the server gave none.
    pub status: String,
    /// The text without codes, in one line.
    pub text: String,
    /// Which server; `None` when none was reached.
    pub host: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthorn_base::Address;
    use posthorn_smtp::NotifyOn;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn start() -> Timestamp {
        Timestamp::from_secs(1_795_465_000)
    }

    /// Without jitter: 900 + 100 thousandths.
    const NO_JITTER: u64 = 100;

    #[test]
    fn the_whole_schedule_runs_to_its_end_and_expires() {
        let schedule = Schedule::default();
        let expires = start().plus(schedule.max_age);
        let mut now = start();
        let mut waits = Vec::new();
        let mut attempts = 0;
        let end = loop {
            attempts += 1;
            match decide(now, expires, attempts, &schedule, Outcome::Temporary, NO_JITTER) {
                Disposition::Retry(at) => {
                    waits.push(at.since(now).as_secs() / 60);
                    now = at;
                }
                end @ (Disposition::Delivered | Disposition::Refused | Disposition::Expired) => break end,
            }
        };
        assert_eq!(end, Disposition::Expired);
        assert_eq!(waits[..9], [5, 10, 20, 40, 60, 120, 240, 480, 480]);
        assert_eq!(now, expires, "the last attempt is made at the very end");
        assert_eq!(attempts, 22);
    }

    #[test]
    fn a_permanent_refusal_ends_it_at_once_and_a_delivery_even_after_the_end() {
        let schedule = Schedule::default();
        let late = start().plus(100 * 24 * HOUR);
        let decide = |outcome| decide(late, start(), 1, &schedule, outcome, 0);
        assert_eq!(decide(Outcome::Permanent), Disposition::Refused);
        assert_eq!(decide(Outcome::Delivered), Disposition::Delivered);
        assert_eq!(decide(Outcome::Temporary), Disposition::Expired);
    }

    #[test]
    fn nobody_is_told_for_the_null_path_or_never() {
        let anna = ReversePath::Address(Address::parse("anna@a.test").unwrap());
        for notice in [Notice::Success, Notice::Failure, Notice::Delay] {
            let all = Notify::On(NotifyOn {
                success: true,
                failure: true,
                delay: true,
            });
            assert!(!wants(&ReversePath::Null, Some(all), notice));
            assert!(!wants(&anna, Some(Notify::Never), notice));
            assert!(wants(&anna, Some(all), notice));
            assert_eq!(wants(&anna, None, notice), notice != Notice::Success);
        }
        let failure = Notify::On(NotifyOn {
            failure: true,
            ..NotifyOn::default()
        });
        assert!(!wants(&anna, Some(failure), Notice::Delay));
    }

    #[test]
    fn the_delay_notice_comes_after_its_time_and_zero_is_never() {
        let mut schedule = Schedule::default();
        assert!(!is_delay_notice_due(start().plus(3 * HOUR), start(), &schedule));
        assert!(is_delay_notice_due(start().plus(4 * HOUR), start(), &schedule));
        schedule.delay_notice_after = Duration::ZERO;
        assert!(!is_delay_notice_due(start().plus(40 * HOUR), start(), &schedule));
    }

    proptest! {
        #[test]
        fn the_wait_is_within_a_tenth_of_what_the_settings_say(attempts in 0u32..40, jitter: u64, base in 1u64..10_000_000) {
            let schedule = Schedule { retry_after: vec![Duration::from_secs(base)], ..Schedule::default() };
            let wait = schedule.wait(attempts, jitter).as_micros();
            let base = u128::from(base) * 1_000_000;
            prop_assert!(wait * 10 >= base * 9 && wait * 10 <= base * 11);
        }

        #[test]
        fn no_setting_makes_it_panic(attempts: u32, jitter: u64, base: u64, now: i64, expires: i64) {
            let schedule = Schedule { retry_after: vec![Duration::from_secs(base)], ..Schedule::default() };
            let (now, expires) = (Timestamp::from_micros(now), Timestamp::from_micros(expires));
            if let Disposition::Retry(at) = decide(now, expires, attempts, &schedule, Outcome::Temporary, jitter) {
                prop_assert!(at <= expires && at >= now);
            }
        }
    }
}
