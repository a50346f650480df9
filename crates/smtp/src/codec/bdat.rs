//! The argument of `BDAT`: RFC 3030 section 2, `bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ]`.

use super::{SyntaxError, split_word};

/// One chunk that is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bdat {
    pub(crate) octets: u64,
    pub(crate) is_last: bool,
}

const EXPECTED: &str = "BDAT size [LAST]";

impl Bdat {
    /// Reads what follows the verb.
    pub(crate) fn parse(argument: &str) -> Result<Self, SyntaxError> {
        let wrong = SyntaxError::Expected(EXPECTED);
        let (size, marker) = split_word(argument);
        if size.is_empty() || !size.bytes().all(|c| c.is_ascii_digit()) {
            return Err(wrong);
        }
        let Ok(octets) = size.parse() else {
            return Err(wrong);
        };
        match marker {
            "" => Ok(Self {
                octets,
                is_last: false,
            }),
            _ if marker.eq_ignore_ascii_case("LAST") => Ok(Self {
                octets,
                is_last: true,
            }),
            _ => Err(wrong),
        }
    }

    /// The whole command without its CRLF.
    pub(crate) fn print(self) -> String {
        let marker = if self.is_last { " LAST" } else { "" };
        format!("BDAT {}{marker}", self.octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_parses_to_the_same() {
        for (octets, is_last) in [(0, true), (1, false), (u64::MAX, true)] {
            let bdat = Bdat { octets, is_last };
            let printed = bdat.print();
            assert_eq!(Bdat::parse(printed.strip_prefix("BDAT ").unwrap()), Ok(bdat));
        }
    }

    #[test]
    fn wrong_sizes_and_markers_are_refused() {
        for text in ["", "x", "-1", "+1", "1 FIRST", "1 LAST x", "99999999999999999999"] {
            assert!(Bdat::parse(text).is_err(), "{text}");
        }
    }
}
