//! APPEND up to its messages: `append = "APPEND" SP mailbox 1*append-message` with
//! `append-message = [SP flag-list] [SP date-time] SP (literal / literal8 / "UTF8" SP "(" literal8 ")")` (RFC 3502,
//! RFC 3516, RFC 6855 section 4).

use super::reader::{Parsed, Reader, SyntaxError};
use super::{date, flags, mailbox};
use crate::types::append::{AppendHead, AppendOptions};
use crate::types::command::Command;

/// Reads the arguments of an APPEND whose announced message has not come: the reader then stands at the
/// literal's head.
pub(crate) fn parse_head(reader: &mut Reader<'_>) -> Parsed<AppendHead> {
    reader.space()?;
    let mailbox_name = mailbox::parse(reader)?;
    if mailbox_name.is_empty() && reader.end().is_ok() {
        // What was announced is the name, and has no octets: the message is yet to come.
        return Err(SyntaxError::LiteralMissing);
    }
    let options = parse_options(reader)?;
    Ok(AppendHead {
        replaces: None,
        mailbox_name,
        options,
    })
}

/// Reads from the space before a message's options up to its literal, which has not come.
pub(crate) fn parse_options(reader: &mut Reader<'_>) -> Parsed<AppendOptions> {
    reader.space()?;
    let mut options = AppendOptions::default();
    if reader.peek() == Some(b'(') {
        options.flags = flags::parse_list(reader)?;
        reader.space()?;
    }
    if reader.peek() == Some(b'"') {
        options.internal_date = Some(date::parse_date_time(reader)?);
        reader.space()?;
    }
    if reader.keyword("UTF8") {
        options.is_utf8 = true;
        reader.space()?;
        reader.expect(b'(', "(")?;
    }
    options.is_binary = reader.take(b'~');
    if options.is_utf8 && !options.is_binary {
        return Err(SyntaxError::Expected("the message as a literal8"));
    }
    match reader.string() {
        // The message is what is missing, as it should be at this point.
        Err(SyntaxError::LiteralMissing) => Ok(options),
        // The message is empty, and nothing of it is missing.
        Ok(message) if message.is_empty() && reader.end().is_ok() => Ok(options),
        Ok(_) | Err(_) => Err(SyntaxError::Expected("the message as a literal")),
    }
}

/// Reads an APPEND that is complete and announced no message: never valid, whatever stands there.
pub(crate) fn parse_without_message(reader: &mut Reader<'_>) -> Parsed<Command> {
    parse_head(reader).and(Err(SyntaxError::Expected("the message as a literal")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mailbox::NameCoding;
    use crate::types::SystemFlags;

    fn read(text: &[u8]) -> Parsed<AppendHead> {
        parse_head(&mut Reader::new(text, NameCoding::Utf7))
    }

    #[test]
    fn flags_and_date_may_be_left_out() {
        let head = read(b" Sent (\\Seen) \"17-Jul-1996 02:44:25 -0700\" {310}\r\n").unwrap();
        assert_eq!(head.mailbox_name, "Sent");
        assert_eq!(head.options.flags.system, SystemFlags::SEEN);
        assert!(head.options.internal_date.is_some());
        assert!(!head.options.is_binary);
        assert!(read(b" x (\\Seen) ~{310+}\r\n").unwrap().options.is_binary);
        assert!(read(b" x ~(\\Seen) {310+}\r\n").is_err());
        assert_eq!(read(b" inbox {310+}\r\n").unwrap().mailbox_name, "INBOX");
        assert_eq!(
            read(b" {5}\r\ninbox () {310+}\r\n").unwrap().mailbox_name,
            "INBOX"
        );
    }

    #[test]
    fn a_missing_mailbox_is_told_from_a_missing_message() {
        assert_eq!(read(b" {5}\r\n"), Err(SyntaxError::LiteralMissing));
        assert_eq!(read(b" {0}\r\n"), Err(SyntaxError::LiteralMissing));
        assert_eq!(
            read(b" Sent \"message\""),
            Err(SyntaxError::Expected("a digit of a date"))
        );
        assert!(read(b" Sent (\\Seen) x {5}\r\n").is_err());
    }
}
