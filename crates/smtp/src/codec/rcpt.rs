//! The argument of `RCPT`: RFC 5321 section 4.1.1.3, with `NOTIFY` and `ORCPT` (RFC 3461).

use std::fmt::Write as _;

use posthorn_base::Address;

use super::{SyntaxError, parameter, path, strip_prefix_any_case, xtext};
use crate::{Notify, NotifyOn, Recipient};

const EXPECTED: &str = "RCPT TO:<address>";

/// Reads what follows the verb. `<Postmaster>` alone, which every server must take (RFC 5321 section
/// 4.5.1), becomes the postmaster of `hostname`.
pub(crate) fn parse(argument: &str, hostname: &str) -> Result<(Recipient, NeedsUtf8), SyntaxError> {
    let rest = strip_prefix_any_case(argument, "TO:").ok_or(SyntaxError::Expected(EXPECTED))?;
    let (text, parameters) = path::split(rest, EXPECTED)?;
    if text.is_empty() {
        return Err(SyntaxError::EmptyRecipient);
    }
    let address = if text.eq_ignore_ascii_case("postmaster") {
        Address::parse(&format!("{text}@{hostname}"))
    } else {
        Address::parse(text)
    };
    let mut recipient = Recipient {
        address: address.map_err(SyntaxError::RecipientAddress)?,
        notify: None,
        original_recipient: None,
    };
    for (keyword, value) in parameter::split(parameters) {
        match keyword.to_ascii_uppercase().as_str() {
            "NOTIFY" => parameter::set("NOTIFY", &mut recipient.notify, parse_notify(value)?)?,
            "ORCPT" => parameter::set("ORCPT", &mut recipient.original_recipient, parse_orcpt(value)?)?,
            _ => return Err(parameter::unknown(keyword)),
        }
    }
    let needs_utf8 = if text.is_ascii() {
        NeedsUtf8::No
    } else {
        NeedsUtf8::Yes
    };
    Ok((recipient, needs_utf8))
}

/// Octets above 127: does an address have them, may a command?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NeedsUtf8 {
    Yes,
    No,
}

/// May the command carry the parameters of RFC 3461?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dsn {
    Offered,
    NotOffered,
}

/// The whole command without its CRLF.
pub(crate) fn print(recipient: &Recipient, dsn: Dsn, utf8: NeedsUtf8) -> String {
    let mut out = format!("RCPT TO:<{}>", recipient.address);
    if dsn == Dsn::NotOffered {
        return out;
    }
    if let Some(notify) = recipient.notify {
        let _infallible = write!(out, " NOTIFY={}", print_notify(notify));
    }
    if let Some((kind, address)) = recipient
        .original_recipient
        .as_deref()
        .and_then(|text| text.split_once(';'))
    {
        let encoded = match utf8 {
            NeedsUtf8::Yes => xtext::encode(address),
            NeedsUtf8::No => xtext::encode_ascii(address),
        };
        let _infallible = write!(out, " ORCPT={kind};{encoded}");
    }
    out
}

/// `notify-esmtp-value = "NEVER" / 1#notify-list-element`, RFC 3461 section 4.1.
fn parse_notify(value: Option<&str>) -> Result<Notify, SyntaxError> {
    let value = parameter::required("NOTIFY", value)?;
    if value.eq_ignore_ascii_case("NEVER") {
        return Ok(Notify::Never);
    }
    let mut on = NotifyOn::default();
    for word in value.split(',') {
        match word.to_ascii_uppercase().as_str() {
            "SUCCESS" => on.success = true,
            "FAILURE" => on.failure = true,
            "DELAY" => on.delay = true,
            _ => return Err(SyntaxError::ParameterValue("NOTIFY")),
        }
    }
    Ok(Notify::On(on))
}

fn print_notify(notify: Notify) -> String {
    match notify {
        Notify::Never => "NEVER".to_owned(),
        Notify::On(on) => [
            (on.success, "SUCCESS"),
            (on.failure, "FAILURE"),
            (on.delay, "DELAY"),
        ]
        .into_iter()
        .filter_map(|(is_set, word)| is_set.then_some(word))
        .collect::<Vec<_>>()
        .join(","),
    }
}

/// `original-recipient-address = addr-type ";" xtext`, RFC 3461 section 4.2: at most 500 characters.
fn parse_orcpt(value: Option<&str>) -> Result<String, SyntaxError> {
    let wrong = SyntaxError::ParameterValue("ORCPT");
    let value = parameter::required("ORCPT", value)?;
    let Some((kind, address)) = value.split_once(';') else {
        return Err(wrong);
    };
    let is_atom = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    if kind.is_empty() || !kind.bytes().all(is_atom) || value.len() > 500 {
        return Err(wrong);
    }
    match xtext::decode(address) {
        Some(address) if !address.is_empty() => Ok(format!("{kind};{address}")),
        Some(_) | None => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_postmaster_needs_no_domain() {
        let (recipient, _) = parse("TO:<Postmaster>", "mx.b.test").unwrap();
        assert_eq!(recipient.address.to_string(), "Postmaster@mx.b.test");
        assert!(parse("TO:<anna>", "mx.b.test").is_err());
    }

    #[test]
    fn wrong_parameters_are_refused_with_the_reason() {
        let parse = |parameters: &str| parse(&format!("TO:<a@b.test> {parameters}"), "h.test").unwrap_err();
        assert_eq!(parse("NOTIFY=NEVER,DELAY"), SyntaxError::ParameterValue("NOTIFY"));
        assert_eq!(parse("NOTIFY"), SyntaxError::ParameterValue("NOTIFY"));
        assert_eq!(parse("ORCPT=a@b.test"), SyntaxError::ParameterValue("ORCPT"));
        assert_eq!(parse("ORCPT=rfc822;"), SyntaxError::ParameterValue("ORCPT"));
        assert_eq!(parse("SIZE=1"), SyntaxError::UnknownParameter("SIZE".to_owned()));
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(
            local in "[a-zä.+]{1,3}[a-z]",
            notify in prop::option::of(prop::sample::select(vec![
                Notify::Never,
                Notify::On(NotifyOn { success: true, failure: false, delay: true }),
                Notify::On(NotifyOn { success: false, failure: true, delay: false }),
            ])),
            original in prop::option::of("[ -~]{1,30}"),
        ) {
            let Ok(address) = Address::parse(&format!("{local}@b.test")) else { return Ok(()) };
            let original_recipient = original.map(|text| format!("rfc822;{text}"));
            let recipient = Recipient { address, notify, original_recipient };
            let printed = print(&recipient, Dsn::Offered, NeedsUtf8::Yes);
            let (read, _) = parse(printed.strip_prefix("RCPT ").unwrap(), "h.test").unwrap();
            prop_assert_eq!(read, recipient);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _unused = parse(&format!("TO:{text}"), "h.test").is_ok();
        }
    }
}
