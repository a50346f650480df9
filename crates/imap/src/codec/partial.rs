//! `partial-range = nz-number ":" nz-number / MINUS nz-number ":" MINUS nz-number` (RFC 9394 section 4).

use super::reader::{Parsed, Reader};
use super::text;
use crate::types::partial::{Counted, PartialRange};

/// Reads a range.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<PartialRange> {
    let counted = match reader.take(b'-') {
        true => Counted::FromLast,
        false => Counted::FromFirst,
    };
    let from = reader.nonzero()?;
    reader.expect(b':', "a range")?;
    if counted == Counted::FromLast {
        reader.expect(b'-', "- in front of both ends")?;
    }
    let to = reader.nonzero()?;
    Ok(PartialRange { counted, from, to })
}

/// Prints a range as it was read.
pub(crate) fn print(out: &mut Vec<u8>, range: PartialRange) {
    let sign = match range.counted {
        Counted::FromLast => "-",
        Counted::FromFirst => "",
    };
    text::number(out, format_args!("{sign}{}:{sign}{}", range.from, range.to));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mailbox::NameCoding;

    fn read(text: &str) -> Parsed<PartialRange> {
        let mut reader = Reader::new(text.as_bytes(), NameCoding::Utf7);
        let range = parse(&mut reader)?;
        reader.end().map(|()| range)
    }

    #[test]
    fn a_range_is_answered_as_it_was_asked() {
        for text in ["1:500", "500:1", "-1:-100", "-100:-1", "7:7"] {
            let mut out = Vec::new();
            print(&mut out, read(text).unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
        for bad in [
            "",
            "0:1",
            "1:0",
            "1",
            "1:*",
            "-1:1",
            "1:-1",
            "-0:-1",
            "--1:-1",
            "1:4294967296",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
