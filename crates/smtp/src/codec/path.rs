//! `Reverse-path` and `Forward-path`: RFC 5321 section 4.1.2. A source route (`<@a,@b:user@c>`) is read
//! and dropped, as appendix C asks.

use super::SyntaxError;

/// Cuts `<…>` off the front of `text`: gives what stands between the brackets, without a source route,
/// and the rest behind them. `expected` is what the reply asks for when there are no brackets.
pub(crate) fn split<'a>(text: &'a str, expected: &'static str) -> Result<(&'a str, &'a str), SyntaxError> {
    let inner = text
        .trim_start_matches(' ')
        .strip_prefix('<')
        .ok_or(SyntaxError::Expected(expected))?;
    let end = end_of_path(inner).ok_or(SyntaxError::Expected(expected))?;
    let (path, rest) = inner
        .split_at_checked(end)
        .ok_or(SyntaxError::Expected(expected))?;
    let rest = rest.strip_prefix('>').unwrap_or(rest);
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(SyntaxError::Expected(expected));
    }
    Ok((without_route(path), rest))
}

/// Where the closing bracket stands; one within a quoted local part does not close.
fn end_of_path(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// `A-d-l = At-domain *( "," At-domain )`, followed by a colon.
fn without_route(path: &str) -> &str {
    match path.split_once(':') {
        Some((route, mailbox)) if route.starts_with('@') => mailbox,
        Some(_) | None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_within_quotes_does_not_close() {
        assert_eq!(
            split(r#"<"a>\"b"@c.test> SIZE=1"#, "x"),
            Ok((r#""a>\"b"@c.test"#, " SIZE=1"))
        );
    }

    #[test]
    fn a_source_route_is_dropped() {
        assert_eq!(split("<@a.test,@b.test:c@d.test>", "x"), Ok(("c@d.test", "")));
        assert_eq!(split("<a@[IPv6:::1]>", "x"), Ok(("a@[IPv6:::1]", "")));
    }

    #[test]
    fn what_is_not_in_brackets_is_refused() {
        for text in ["", "a@b.test", "<a@b.test", "<a@b.test>x", r#"<"a@b.test>"#] {
            assert_eq!(split(text, "x"), Err(SyntaxError::Expected("x")), "{text}");
        }
    }
}
