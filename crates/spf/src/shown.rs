//! Text of strangers, made fit for a sentence, a header or a log: printable ASCII, cut to a length.

/// As it may be shown: what is not printable ASCII becomes `?`, what is over `limit` characters is left
/// out and marked by `...`.
pub(crate) fn shown(text: &str, limit: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(limit)
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .collect();
    if text.chars().nth(limit).is_some() {
        let keep = limit.saturating_sub(3);
        shown.truncate(keep);
        shown.push_str("...");
    }
    shown
}

/// A name in a sentence.
pub(crate) fn name(text: &str) -> String {
    shown(text, 100)
}

/// A term in a sentence or a step.
pub(crate) fn term(text: &str) -> String {
    shown(text, 120)
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn nothing_but_printable_ascii_remains_and_not_too_much_of_it() {
        assert_eq!(shown("a\r\nb\u{202e}ü", 10), "a??b??");
        assert_eq!(shown("abcdefgh", 8), "abcdefgh");
        assert_eq!(shown("abcdefghi", 8), "abcde...");
        assert_eq!(shown("ab", 1), "...");
    }
}
