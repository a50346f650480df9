//! A day of reports: from midnight to midnight, UTC (RFC 9990 section 3.3 asks for periods that others have too).

use std::fmt;

use posthorn_base::Timestamp;

const DAY_SECS: i64 = 86_400;

/// Days since 1970-01-01, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_secs().div_euclid(DAY_SECS))
    }

    /// The day before, whose report is due once this one has begun.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Its first second, since 1970.
    #[must_use]
    pub fn begin(self) -> i64 {
        self.0.saturating_mul(DAY_SECS)
    }

    /// Its last second.
    #[must_use]
    pub fn end(self) -> i64 {
        self.begin().saturating_add(DAY_SECS - 1)
    }
}

impl fmt::Display for Day {
    /// `2026-11-23`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = Timestamp::from_secs(self.begin()).civil();
        write!(f, "{:04}-{:02}-{:02}", civil.year, civil.month, civil.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_from_midnight_to_midnight() {
        let day = Day::of(Timestamp::from_secs(1_795_465_000));
        assert_eq!(day.to_string(), "2026-11-23");
        assert_eq!(
            Timestamp::from_secs(day.begin()).to_rfc3339(),
            "2026-11-23T00:00:00Z"
        );
        assert_eq!(
            Timestamp::from_secs(day.end()).to_rfc3339(),
            "2026-11-23T23:59:59Z"
        );
        assert_eq!(day.previous().to_string(), "2026-11-22");
        assert_eq!(Day::of(Timestamp::from_secs(-1)), Day(-1));
    }
}
