//! Parameters of `MAIL` and `RCPT`: `esmtp-param = esmtp-keyword ["=" esmtp-value]`, RFC 5321 section
//! 4.1.2. Which there are is `mail`'s and `rcpt`'s business.

use super::SyntaxError;

/// The parameters in `text`, in order: keyword and value.
pub(crate) fn split(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| match word.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (word, None),
        })
}

/// The value, which must be there and not be empty.
pub(crate) fn required<'a>(name: &'static str, value: Option<&'a str>) -> Result<&'a str, SyntaxError> {
    value
        .filter(|value| !value.is_empty())
        .ok_or(SyntaxError::ParameterValue(name))
}

/// Puts a value into its place, which must be empty still.
pub(crate) fn set<T>(name: &'static str, place: &mut Option<T>, value: T) -> Result<(), SyntaxError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(SyntaxError::RepeatedParameter(name)),
    }
}

/// The keyword for the reply: cut short, as the peer chose it.
pub(crate) fn unknown(keyword: &str) -> SyntaxError {
    SyntaxError::UnknownParameter(keyword.chars().take(32).collect())
}
