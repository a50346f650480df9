//! A command line and its arguments, RFC 1939 section 3 and RFC 2449 section 3:
//! `command = keyword *(SP param) CRLF`. Which verbs exist is the session's table.

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadOctets;

/// A verb and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command<'a> {
    /// In capitals, or not a verb of ours.
    pub(crate) verb: String,
    /// Everything behind the first space, untouched: a password may begin or end with spaces.
    pub(crate) arguments: &'a str,
}

impl<'a> Command<'a> {
    /// Splits a line without its CRLF. NUL, a bare CR and what is not UTF-8 make no command.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, BadOctets> {
        let text = match std::str::from_utf8(line) {
            Ok(text) if !text.contains(['\0', '\r']) => text,
            Ok(_) | Err(_) => return Err(BadOctets),
        };
        let (verb, arguments) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self {
            verb: verb.to_ascii_uppercase(),
            arguments,
        })
    }
}

/// The arguments do not fit the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadArguments;

/// No argument. Trailing spaces are forgiven: some clients build every line as verb, space, argument.
pub(crate) fn nothing(arguments: &str) -> Result<(), BadArguments> {
    match arguments.trim_end() {
        "" => Ok(()),
        _ => Err(BadArguments),
    }
}

/// A message-number.
pub(crate) fn message_number(arguments: &str) -> Result<usize, BadArguments> {
    number(arguments.trim_end())
}

/// A message-number or nothing.
pub(crate) fn optional_message_number(arguments: &str) -> Result<Option<usize>, BadArguments> {
    match arguments.trim_end() {
        "" => Ok(None),
        text => number(text).map(Some),
    }
}

/// `TOP msg n`: a message-number and a number of lines, which may be zero.
pub(crate) fn message_and_lines(arguments: &str) -> Result<(usize, usize), BadArguments> {
    let (message, lines) = arguments.trim_end().split_once(' ').ok_or(BadArguments)?;
    Ok((number(message)?, number(lines)?))
}

/// `AUTH mechanism [initial-response]`, RFC 5034 section 4.
pub(crate) fn mechanism_and_initial(arguments: &str) -> (&str, Option<&str>) {
    let arguments = arguments.trim_end();
    match arguments.split_once(' ') {
        Some((mechanism, initial)) => (mechanism, Some(initial)),
        None => (arguments, None),
    }
}

/// Digits; a number too large for anything counts as the largest there is.
fn number(text: &str) -> Result<usize, BadArguments> {
    if text.is_empty() || !text.bytes().all(|c| c.is_ascii_digit()) {
        return Err(BadArguments);
    }
    Ok(text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn verbs_are_read_in_any_case_and_passwords_keep_their_spaces() {
        let command = Command::parse(b"pass  a b ").unwrap();
        assert_eq!((command.verb.as_str(), command.arguments), ("PASS", " a b "));
    }

    #[test]
    fn nul_bare_cr_and_octets_outside_utf_8_make_no_command() {
        for bad in [&b"NOOP\0"[..], b"NO\rOP", b"USER \xff"] {
            assert_eq!(Command::parse(bad), Err(BadOctets));
        }
    }

    #[test]
    fn numbers_are_digits_only() {
        for bad in ["", "-1", "+1", "1x", "1 2", "0x1", "\u{0661}"] {
            assert_eq!(message_number(bad), Err(BadArguments), "{bad:?}");
        }
        assert_eq!(message_number("99999999999999999999999"), Ok(usize::MAX));
        assert_eq!(message_number("1 "), Ok(1));
    }

    #[test]
    fn top_needs_two_numbers() {
        for bad in ["", "1", "1 ", "1 -1", "1 2 3", "1  2"] {
            assert_eq!(message_and_lines(bad), Err(BadArguments), "{bad:?}");
        }
        assert_eq!(message_and_lines("7 0"), Ok((7, 0)));
    }

    proptest! {
        #[test]
        fn a_printed_command_is_read_back(verb in "[A-Z0-9]{1,8}", arguments in "[^\0\r\n]{0,30}") {
            let line = format!("{verb} {arguments}");
            let command = Command::parse(line.as_bytes()).unwrap();
            prop_assert_eq!((command.verb, command.arguments), (verb, arguments.as_str()));
        }

        #[test]
        fn printed_numbers_are_read_back(message in any::<usize>(), lines in any::<usize>()) {
            prop_assert_eq!(message_and_lines(&format!("{message} {lines}")), Ok((message, lines)));
            prop_assert_eq!(optional_message_number(&message.to_string()), Ok(Some(message)));
        }

        #[test]
        fn no_line_panics(line in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(command) = Command::parse(&line) {
                let _read = (message_and_lines(command.arguments), mechanism_and_initial(command.arguments));
            }
        }
    }
}
