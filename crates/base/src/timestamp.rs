//! Moments on the wall clock, as every table and header has them. Asks no clock.

use std::fmt;
use std::time::Duration;

use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::{OffsetDateTime, UtcOffset};

/// Microseconds since 1970-01-01 00:00:00 UTC, between the years 0 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// 9999-12-31 23:59:59 UTC in microseconds.
const LATEST_MICROS: i64 = 253_402_300_799_000_000;
/// 0000-01-01 00:00:00 UTC in microseconds.
const EARLIEST_MICROS: i64 = -62_167_219_200_000_000;

/// A moment taken apart, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// 0 to 9999.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl Timestamp {
    /// From microseconds since 1970; what lies outside the years 0 to 9999 is moved to the border.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(EARLIEST_MICROS, LATEST_MICROS))
    }

    /// From seconds since 1970, with the same borders.
    #[must_use]
    pub fn from_secs(secs: i64) -> Self {
        Self::from_micros(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment and `later` after it.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self::from_micros(
            self.0
                .saturating_add(i64::try_from(later.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment and `earlier` before it.
    #[must_use]
    pub fn minus(self, earlier: Duration) -> Self {
        Self::from_micros(
            self.0
                .saturating_sub(i64::try_from(earlier.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero when it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Year, month, day, hour, minute, second in UTC.
    #[must_use]
    pub fn civil(self) -> Civil {
        let at = self.to_date_time();
        Civil {
            year: at.year(),
            month: u8::from(at.month()),
            day: at.day(),
            hour: at.hour(),
            minute: at.minute(),
            second: at.second(),
        }
    }

    /// From a date, a time of day and the offset of its zone from UTC in minutes; `None` when there is
    /// no such date.
    #[must_use]
    pub fn from_civil(civil: Civil, offset_minutes: i32) -> Option<Self> {
        let month = time::Month::try_from(civil.month).ok()?;
        let date = time::Date::from_calendar_date(civil.year, month, civil.day).ok()?;
        let time = time::Time::from_hms(civil.hour, civil.minute, civil.second).ok()?;
        let utc = time::PrimitiveDateTime::new(date, time)
            .assume_utc()
            .unix_timestamp();
        Some(Self::from_secs(
            utc.checked_sub(i64::from(offset_minutes).checked_mul(60)?)?,
        ))
    }

    /// The form of the `Date` and `Received` fields (RFC 5322 section 3.3), in UTC.
    #[must_use]
    pub fn to_rfc5322(self) -> String {
        self.to_date_time().format(&Rfc2822).unwrap_or_default()
    }

    /// The form `2026-11-23T20:15:00Z` (RFC 3339), to the second.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        Self::from_secs(self.as_secs())
            .to_date_time()
            .format(&Rfc3339)
            .unwrap_or_default()
    }

    fn to_date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            .to_offset(UtcOffset::UTC)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_as_the_header_fields_want_it() {
        let at = Timestamp::from_secs(1_795_465_000);
        assert_eq!(at.to_rfc5322(), "Mon, 23 Nov 2026 20:16:40 +0000");
        assert_eq!(at.to_rfc3339(), "2026-11-23T20:16:40Z");
    }

    #[test]
    fn a_date_with_a_zone_is_the_moment_it_names() {
        let civil = Civil {
            year: 1996,
            month: 7,
            day: 17,
            hour: 2,
            minute: 44,
            second: 25,
        };
        let at = Timestamp::from_civil(civil, -420).unwrap();
        assert_eq!(at.to_rfc3339(), "1996-07-17T09:44:25Z");
        assert_eq!(
            Timestamp::from_civil(
                Civil {
                    month: 2,
                    day: 30,
                    ..civil
                },
                0
            ),
            None
        );
    }

    #[test]
    fn the_ends_of_time_hold() {
        assert_eq!(
            Timestamp::from_micros(i64::MAX).to_rfc3339(),
            "9999-12-31T23:59:59Z"
        );
        assert_eq!(Timestamp::from_micros(i64::MIN).civil().year, 0);
        let late = Timestamp::from_micros(i64::MAX).plus(Duration::MAX);
        assert_eq!(late, Timestamp::from_micros(i64::MAX));
    }
}
