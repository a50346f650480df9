//! Times and sizes as people write them: `5m`, `1h30m`, `50MB`, `16MiB`. Whole numbers only, so that what
//! is read is exactly what was meant. Knows no months, years or fractions.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Size(u64);

/// Why a text is no time or size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUnit {
    /// A number without a unit, or a unit that is not known.
    #[error("`{0}` is not a unit known here ({1})")]
    Unknown(String, &'static str),
    /// A unit without a number before it, or nothing at all.
    #[error("a whole number must stand before each unit")]
    NoNumber,
    /// `30m1h`, or the same unit twice.
    #[error("the units must go from the largest to the smallest, each once")]
    Order,
    /// More than 64 bits can hold.
    #[error("the number is too large")]
    TooLarge,
}

const TIME_UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
const TIME_NAMES: &str = "d, h, m, s, ms";

/// Both families: powers of 1,000 as on a disk's label, powers of 1,024 with the `i`.
const SIZE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];
const SIZE_NAMES: &str = "B, KB, MB, GB, TB of 1,000; KiB, MiB, GiB, TiB of 1,024";

/// Splits `12ab…` into 12, `ab` and the rest, which begins with the next digit.
fn take_part(text: &str) -> Result<(u64, &str, &str), BadUnit> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits).ok_or(BadUnit::NoNumber)?;
    if number.is_empty() {
        return Err(BadUnit::NoNumber);
    }
    // Only digits are left, so the one way to fail is to be too large.
    let number = number.parse().map_err(|_too_large| BadUnit::TooLarge)?;
    let unit_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at_checked(unit_end).unwrap_or((rest, ""));
    Ok((number, unit, rest))
}

/// Reads `5m`, `1h30m`, `250ms`; `0` needs no unit.
///
/// # Errors
/// When the text is not of that form.
pub fn parse_duration(text: &str) -> Result<Duration, BadUnit> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut millis = 0u64;
    let mut next_unit = 0;
    loop {
        let (number, unit, after) = take_part(rest)?;
        let place = TIME_UNITS.iter().position(|(name, _)| *name == unit);
        let place = place.ok_or_else(|| BadUnit::Unknown(unit.to_owned(), TIME_NAMES))?;
        if place < next_unit {
            return Err(BadUnit::Order);
        }
        next_unit = place.saturating_add(1);
        let factor = TIME_UNITS.get(place).map_or(0, |(_, factor)| *factor);
        let part = number.checked_mul(factor).ok_or(BadUnit::TooLarge)?;
        millis = millis.checked_add(part).ok_or(BadUnit::TooLarge)?;
        if after.is_empty() {
            return Ok(Duration::from_millis(millis));
        }
        rest = after;
    }
}

/// The form that [`parse_duration`] reads; what is shorter than a millisecond is dropped.
#[must_use]
pub fn print_duration(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if left == 0 {
        return "0".to_owned();
    }
    let mut text = String::new();
    for (unit, factor) in TIME_UNITS {
        if left >= factor {
            text.push_str(&format!("{}{unit}", left / factor));
            left %= factor;
        }
    }
    text
}

impl Size {
    /// No octets; where a setting says so, it stands for "no limit".
    pub const ZERO: Self = Self(0);

    /// From a number of octets.
    #[must_use]
    pub const fn from_octets(octets: u64) -> Self {
        Self(octets)
    }

    /// From the length of a buffer.
    #[must_use]
    pub fn from_len(len: usize) -> Self {
        Self(u64::try_from(len).unwrap_or(u64::MAX))
    }

    /// The number of octets.
    #[must_use]
    pub const fn octets(self) -> u64 {
        self.0
    }

    /// The number of octets as the length of a buffer; on a machine of 32 bits at most what it can hold.
    #[must_use]
    pub fn as_len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Reads `50MB`, `16MiB`, `512B`; `0` needs no unit.
    ///
    /// # Errors
    /// When the text is not of that form.
    pub fn parse(text: &str) -> Result<Self, BadUnit> {
        if text == "0" {
            return Ok(Self::ZERO);
        }
        let (number, unit, rest) = take_part(text)?;
        // How the unit is properly written, and how our own tables print it.
        let unit = if unit == "kB" { "KB" } else { unit };
        let known = SIZE_UNITS.iter().find(|(name, _)| *name == unit);
        let (_, factor) = known.ok_or_else(|| BadUnit::Unknown(unit.to_owned(), SIZE_NAMES))?;
        if !rest.is_empty() {
            return Err(BadUnit::Order);
        }
        number.checked_mul(*factor).map(Self).ok_or(BadUnit::TooLarge)
    }
}

impl FromStr for Size {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        Self::parse(text)
    }
}

impl fmt::Display for Size {
    /// The largest unit of which it is a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0");
        }
        let whole = |(_, factor): &&(&str, u64)| self.0.is_multiple_of(*factor);
        match SIZE_UNITS.iter().find(whole) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_exactly() {
        assert_eq!(parse_duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(
            parse_duration("1d2h3m4s5ms"),
            Ok(Duration::from_millis(93_784_005))
        );
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_reason() {
        assert_eq!(parse_duration(""), Err(BadUnit::NoNumber));
        assert_eq!(parse_duration("m"), Err(BadUnit::NoNumber));
        assert_eq!(parse_duration("-5m"), Err(BadUnit::NoNumber));
        assert_eq!(parse_duration("30m1h"), Err(BadUnit::Order));
        assert_eq!(parse_duration("1m1m"), Err(BadUnit::Order));
        assert!(matches!(parse_duration("5"), Err(BadUnit::Unknown(unit, _)) if unit.is_empty()));
        assert!(matches!(parse_duration("1.5h"), Err(BadUnit::Unknown(unit, _)) if unit == "."));
        assert!(matches!(parse_duration("5 m"), Err(BadUnit::Unknown(unit, _)) if unit == " m"));
        assert_eq!(parse_duration("99999999999999999999s"), Err(BadUnit::TooLarge));
        assert_eq!(parse_duration("9999999999999999999d"), Err(BadUnit::TooLarge));
    }

    #[test]
    fn a_size_of_1000_and_one_of_1024_differ() {
        assert_eq!(Size::parse("50MB"), Ok(Size(50_000_000)));
        assert_eq!(Size::parse("50MiB"), Ok(Size(52_428_800)));
        assert_eq!(Size::parse("7B"), Ok(Size(7)));
        assert!(matches!(Size::parse("50"), Err(BadUnit::Unknown(..))));
        assert!(matches!(Size::parse("50mb"), Err(BadUnit::Unknown(..))));
        assert_eq!(Size::parse("1MB2KB"), Err(BadUnit::Order));
    }

    #[test]
    fn a_size_prints_in_the_largest_unit_that_fits() {
        assert_eq!(Size(52_428_800).to_string(), "50MiB");
        assert_eq!(Size(50_000_000).to_string(), "50MB");
        assert_eq!(Size(1_001).to_string(), "1001B");
    }

    proptest! {
        #[test]
        fn a_printed_time_parses_to_the_same(millis in 0..u64::MAX) {
            let time = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&print_duration(time)), Ok(time));
        }

        #[test]
        fn a_printed_size_parses_to_the_same(octets: u64) {
            prop_assert_eq!(Size::parse(&Size(octets).to_string()), Ok(Size(octets)));
        }

        #[test]
        fn no_text_panics(text in "[0-9a-zA-Z .é-]{0,12}") {
            if let Ok(time) = parse_duration(&text) {
                prop_assert_eq!(parse_duration(&print_duration(time)), Ok(time));
            }
            if let Ok(size) = Size::parse(&text) {
                prop_assert_eq!(Size::parse(&size.to_string()), Ok(size));
            }
        }
    }
}
