//! `replace = "REPLACE" SP seq-number SP mailbox append-message` (RFC 8508 section 5), up to the message.

use super::append;
use super::reader::{Parsed, Reader, SyntaxError};
use super::sequence_set;
use crate::types::append::AppendHead;
use crate::types::command::Command;

/// Reads the arguments of a REPLACE whose announced message has not come.
pub(crate) fn parse_head(reader: &mut Reader<'_>) -> Parsed<AppendHead> {
    reader.space()?;
    let replaces = Some(sequence_set::parse_number(reader)?);
    let head = append::parse_head(reader)?;
    Ok(AppendHead { replaces, ..head })
}

/// Reads a REPLACE that is complete and announced no message: never valid, whatever stands there.
pub(crate) fn parse_without_message(reader: &mut Reader<'_>) -> Parsed<Command> {
    parse_head(reader).and(Err(SyntaxError::Expected("the message as a literal")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mailbox::NameCoding;
    use crate::types::SequenceNumber;

    fn read(text: &[u8]) -> Parsed<AppendHead> {
        parse_head(&mut Reader::new(text, NameCoding::Utf7))
    }

    #[test]
    fn one_message_is_replaced_by_one() {
        let head = read(b" 4 Drafts (\\Seen \\Draft) {312}\r\n").unwrap();
        assert_eq!(head.replaces, Some(SequenceNumber::Number(4)));
        assert_eq!(head.mailbox_name, "Drafts");
        assert_eq!(
            read(b" * inbox {1+}\r\n").unwrap().replaces,
            Some(SequenceNumber::Last)
        );
        assert_eq!(read(b" 4 {6}\r\n"), Err(SyntaxError::LiteralMissing));
        for bad in [
            &b" 4"[..],
            b" 0 x {1}\r\n",
            b" 1:2 x {1}\r\n",
            b" $ x {1}\r\n",
            b" x {1}\r\n",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
