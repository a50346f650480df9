//! `sequence-set` (RFC 3501 section 9) in both directions.

use super::reader::{Parsed, Reader, SyntaxError};
use super::text;
use crate::types::command::Command;
use crate::types::sequence_set::MessageSet;
use crate::types::{SequenceNumber, SequenceRange, SequenceSet};

/// Reads a set. Its length is limited by the command's.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<SequenceSet> {
    let mut ranges = Vec::new();
    loop {
        let from = parse_number(reader)?;
        let to = match reader.take(b':') {
            true => parse_number(reader)?,
            false => from,
        };
        ranges.push(SequenceRange { from, to });
        if !reader.take(b',') {
            return Ok(SequenceSet(ranges));
        }
    }
}

/// Reads a set as commands have it: with `$` for what was saved (RFC 5182 section 3).
pub(crate) fn parse_messages(reader: &mut Reader<'_>) -> Parsed<MessageSet> {
    match reader.take(b'$') {
        true => Ok(MessageSet::Saved),
        false => parse(reader).map(MessageSet::Numbers),
    }
}

/// Reads a set of numbers the client knows (`known-uids`, RFC 7162 section 7), in which `*` has no place.
pub(crate) fn parse_known(reader: &mut Reader<'_>) -> Parsed<SequenceSet> {
    let set = parse(reader)?;
    match set.0.iter().any(|range| range.has_last()) {
        true => Err(SyntaxError::Expected("a set without *")),
        false => Ok(set),
    }
}

/// `seq-number`.
pub(crate) fn parse_number(reader: &mut Reader<'_>) -> Parsed<SequenceNumber> {
    match reader.take(b'*') {
        true => Ok(SequenceNumber::Last),
        false => reader.nonzero().map(SequenceNumber::Number),
    }
}

/// Reads the argument of UID EXPUNGE (RFC 4315 section 2.1).
pub(crate) fn parse_uid_expunge(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let uids = Some(parse_messages(reader)?);
    Ok(Command::Expunge { uids })
}

/// Prints numbers as a set in their order, neighbours joined to ranges. Nothing for no numbers.
pub(crate) fn print(out: &mut Vec<u8>, numbers: impl IntoIterator<Item = u32>) {
    let mut open: Option<(u32, u32)> = None;
    let mut separator = None;
    for number in numbers {
        match &mut open {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            Some(range) => {
                print_range(out, &mut separator, *range);
                *range = (number, number);
            }
            None => open = Some((number, number)),
        }
    }
    if let Some(range) = open {
        print_range(out, &mut separator, range);
    }
}

fn print_range(out: &mut Vec<u8>, separator: &mut Option<u8>, (first, last): (u32, u32)) {
    out.extend(separator.replace(b','));
    text::number(out, first);
    if first != last {
        out.push(b':');
        text::number(out, last);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::mailbox::NameCoding;

    fn read(text: &str) -> Parsed<SequenceSet> {
        let mut reader = Reader::new(text.as_bytes(), NameCoding::Utf7);
        let set = parse(&mut reader)?;
        reader.end().map(|()| set)
    }

    fn printed(numbers: &[u32]) -> String {
        let mut out = Vec::new();
        print(&mut out, numbers.iter().copied());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn neighbours_are_joined_in_their_order() {
        assert_eq!(printed(&[1, 2, 3, 5, 7, 8, 4]), "1:3,5,7:8,4");
        assert_eq!(printed(&[]), "");
        assert_eq!(printed(&[u32::MAX]), "4294967295");
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for bad in [
            "",
            "0",
            "1:",
            ":1",
            "1,",
            ",1",
            "1:2:3",
            "4294967296",
            "1 ",
            "-1",
            "1,,2",
            "0:*",
        ] {
            assert!(matches!(read(bad), Err(SyntaxError::Expected(_))), "{bad}");
        }
        assert_eq!(read("*:4").unwrap().0.len(), 1);
    }

    proptest! {
        #[test]
        fn a_printed_set_is_read_as_it_was(numbers in proptest::collection::btree_set(1u32.., 1..40)) {
            let numbers: Vec<u32> = numbers.into_iter().collect();
            let uids: roaring::RoaringBitmap = numbers.iter().copied().collect();
            let set = read(&printed(&numbers)).unwrap();
            prop_assert_eq!(set.among_uids(&uids), uids);
        }
    }
}
