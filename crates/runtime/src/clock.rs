//! The two clocks: one that only goes forward, for deadlines, and the calendar, for what people read.
//! Nothing else in the workspace asks for the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use posthorn_base::Timestamp;

/// The moment as deadlines are measured. It is tokio's clock, so that in a test with paused time the
/// sessions and the timers agree; outside of tests it is the system's.
#[must_use]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The moment in the calendar.
#[must_use]
pub fn wall() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the calendar clock"
    )]
    let now = SystemTime::now();
    // A clock that stands before 1970 or after the year 294,000 is broken; mail goes on with the edge.
    let micros = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    Timestamp::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_calendar_says_a_year_after_this_was_written() {
        assert!(wall().civil().year >= 2025);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_follows_the_timers() {
        let before = now();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(now() - before >= Duration::from_secs(3600));
    }
}
