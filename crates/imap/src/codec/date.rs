//! `date` and `date-time` (RFC 3501 section 9).

use posthorn_base::{Civil, Timestamp};

use super::reader::{Parsed, Reader, SyntaxError};
use crate::types::Date;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads `date`, with or without quotes.
pub(crate) fn parse_date(reader: &mut Reader<'_>) -> Parsed<Date> {
    let is_quoted = reader.take(b'"');
    let day = digits(reader, 1, 2)?;
    let date = parse_month_and_year(reader, day)?;
    if is_quoted {
        reader.expect(b'"', "the end of the date")?;
    }
    let civil = civil_of(date);
    match Timestamp::from_civil(civil, 0) {
        Some(_) => Ok(date),
        None => Err(SyntaxError::NoSuchDate),
    }
}

/// Reads `date-time`.
pub(crate) fn parse_date_time(reader: &mut Reader<'_>) -> Parsed<Timestamp> {
    reader.expect(b'"', "a date")?;
    // `date-day-fixed` has a space in front of one digit; clients also send one digit alone.
    reader.take(b' ');
    let day = digits(reader, 1, 2)?;
    let mut civil = civil_of(parse_month_and_year(reader, day)?);
    reader.space()?;
    civil.hour = small(digits(reader, 2, 2)?);
    reader.expect(b':', "a time")?;
    civil.minute = small(digits(reader, 2, 2)?);
    reader.expect(b':', "a time")?;
    civil.second = small(digits(reader, 2, 2)?);
    reader.space()?;
    let zone = parse_zone(reader)?;
    reader.expect(b'"', "the end of the date")?;
    // A leap second has no place in a count of seconds.
    civil.second = civil.second.min(59);
    Timestamp::from_civil(civil, zone).ok_or(SyntaxError::NoSuchDate)
}

fn parse_month_and_year(reader: &mut Reader<'_>, day: u16) -> Parsed<Date> {
    reader.expect(b'-', "a date")?;
    let name = reader.take_while(|octet| octet.is_ascii_alphabetic());
    let month = MONTHS
        .iter()
        .position(|month| month.as_bytes().eq_ignore_ascii_case(name))
        .and_then(|index| u8::try_from(index.checked_add(1)?).ok())
        .ok_or(SyntaxError::Expected("a month"))?;
    reader.expect(b'-', "a date")?;
    let year = digits(reader, 4, 4)?;
    Ok(Date {
        year,
        month,
        day: small(day),
    })
}

fn parse_zone(reader: &mut Reader<'_>) -> Parsed<i32> {
    let is_west = reader.take(b'-');
    if !is_west {
        reader.expect(b'+', "a time zone")?;
    }
    let hours = i32::from(digits(reader, 2, 2)?);
    let minutes = i32::from(digits(reader, 2, 2)?);
    if hours > 23 || minutes > 59 {
        return Err(SyntaxError::Expected("a time zone"));
    }
    let east = hours.saturating_mul(60).saturating_add(minutes);
    Ok(if is_west { east.saturating_neg() } else { east })
}

/// Reads at least `least` and at most `most` digits; `most` is 4 or less.
fn digits(reader: &mut Reader<'_>, least: usize, most: usize) -> Parsed<u16> {
    let mut value = 0u16;
    for place in 0..most {
        match reader.peek() {
            Some(digit) if digit.is_ascii_digit() => {
                reader.take(digit);
                value = value
                    .saturating_mul(10)
                    .saturating_add(u16::from(digit.saturating_sub(b'0')));
            }
            Some(_) | None if place >= least => break,
            Some(_) | None => return Err(SyntaxError::Expected("a digit of a date")),
        }
    }
    Ok(value)
}

/// A number of two digits.
fn small(value: u16) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn civil_of(date: Date) -> Civil {
    Civil {
        year: i32::from(date.year),
        month: date.month,
        day: date.day,
        hour: 0,
        minute: 0,
        second: 0,
    }
}

/// Prints `date-time`, in UTC.
pub(crate) fn print_date_time(out: &mut Vec<u8>, at: Timestamp) {
    let civil = at.civil();
    let month = usize::from(civil.month)
        .checked_sub(1)
        .and_then(|index| MONTHS.get(index))
        .unwrap_or(&"Jan");
    let text = format!(
        "\"{:2}-{month}-{:04} {:02}:{:02}:{:02} +0000\"",
        civil.day, civil.year, civil.hour, civil.minute, civil.second
    );
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::mailbox::NameCoding;

    fn date(text: &str) -> Parsed<Date> {
        parse_date(&mut Reader::new(text.as_bytes(), NameCoding::Utf7))
    }

    fn date_time(text: &str) -> Parsed<Timestamp> {
        parse_date_time(&mut Reader::new(text.as_bytes(), NameCoding::Utf7))
    }

    #[test]
    fn dates_are_read_with_and_without_quotes() {
        let first = Date {
            year: 1994,
            month: 2,
            day: 1,
        };
        assert_eq!(date("1-Feb-1994"), Ok(first));
        assert_eq!(date("\"01-feb-1994\""), Ok(first));
        assert_eq!(date("30-Feb-1994"), Err(SyntaxError::NoSuchDate));
        for bad in [
            "",
            "1-Feb-94",
            "1-Foo-1994",
            "1 Feb 1994",
            "\"1-Feb-1994",
            "-Feb-1994",
        ] {
            assert!(matches!(date(bad), Err(SyntaxError::Expected(_))), "{bad}");
        }
    }

    #[test]
    fn a_zone_moves_the_moment() {
        let at = date_time("\"17-Jul-1996 02:44:25 -0700\"").unwrap();
        assert_eq!(at.to_rfc3339(), "1996-07-17T09:44:25Z");
        let at = date_time("\" 1-Jan-2000 00:30:00 +0130\"").unwrap();
        assert_eq!(at.to_rfc3339(), "1999-12-31T23:00:00Z");
        for bad in [
            "\"17-Jul-1996 02:44:25\"",
            "\"17-Jul-1996 24:44:25 +0000\"",
            "\"31-Jun-1996 02:44:25 +0000\"",
            "\"17-Jul-1996 02:44:25 +9900\"",
            "17-Jul-1996 02:44:25 +0000",
        ] {
            assert!(date_time(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_moment_is_read_as_it_was(secs in -62_000_000_000i64..253_000_000_000) {
            let at = Timestamp::from_secs(secs);
            let mut out = Vec::new();
            print_date_time(&mut out, at);
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(date_time(&text), Ok(at));
        }
    }
}
