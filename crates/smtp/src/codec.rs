//! Commands and replies, printed and parsed: RFC 5321 sections 4.1 and 4.2, and the parameters of the
//! extensions. Pure: what is allowed when is the sessions' business.

pub(crate) mod bdat;
pub(crate) mod ehlo;
pub(crate) mod mail;
pub(crate) mod parameter;
pub(crate) mod path;
pub(crate) mod rcpt;
pub(crate) mod reply;
pub(crate) mod xtext;

use posthorn_base::AddressError;

/// Why an argument cannot be read. The peer broke a rule; which one stands in the variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// The command needs something behind its verb, such as `FROM:<address>`.
    #[error("expected: {0}")]
    Expected(&'static str),
    /// The address in `MAIL` is none.
    #[error("bad sender address: {0}")]
    SenderAddress(AddressError),
    /// The address in `RCPT` is none.
    #[error("bad recipient address: {0}")]
    RecipientAddress(AddressError),
    /// `RCPT TO:<>`.
    #[error("a recipient cannot be empty")]
    EmptyRecipient,
    /// A parameter that no extension we offer has.
    #[error("unknown parameter {0}")]
    UnknownParameter(String),
    /// A parameter twice.
    #[error("parameter {0} is given twice")]
    RepeatedParameter(&'static str),
    /// A parameter whose value is missing, superfluous or wrong.
    #[error("bad value of parameter {0}")]
    ParameterValue(&'static str),
    /// Octets above 127 in an address without `SMTPUTF8` (RFC 6531 section 3.5).
    #[error("the address needs SMTPUTF8")]
    NeedsSmtpUtf8,
}

/// Cuts the first word off; spaces around both are dropped.
pub(crate) fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_matches(' ');
    match text.split_once(' ') {
        Some((word, rest)) => (word, rest.trim_start_matches(' ')),
        None => (text, ""),
    }
}

/// Removes `prefix` in any case of letters.
pub(crate) fn strip_prefix_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}
