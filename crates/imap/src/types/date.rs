//! A day without time and zone, as SEARCH compares (RFC 9051 section 6.4.4).

use posthorn_base::Timestamp;

/// A day. The order is the calendar's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// 0 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31; the month has such a day.
    pub day: u8,
}

impl Date {
    /// The day of that moment in UTC, the zone in which Posthorn shows INTERNALDATE.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let civil = at.civil();
        Self {
            year: u16::try_from(civil.year).unwrap_or(0),
            month: civil.month,
            day: civil.day,
        }
    }
}
