//! Words of strangers, made fit to be kept and shown: one line, no control characters, a limited length.
//! Does not judge what they say.

/// At most `octets` octets of the text, on a border of characters, with `…` (3 octets, counted) where
/// something was cut off.
pub(crate) fn shorten(text: &mut String, octets: usize) {
    if text.len() <= octets {
        return;
    }
    let mut end = octets.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.truncate(end);
    text.push('…');
}

/// The text on one line: control characters become spaces, white space at both ends goes, and it is cut to
/// `octets`.
pub(crate) fn printable(text: &str, octets: usize) -> String {
    // Nothing beyond the limit needs to be looked at; four octets are the longest character.
    let near = text
        .char_indices()
        .take_while(|(at, _)| *at <= octets.saturating_add(4));
    let clean: String = near.map(|(_, c)| if c.is_control() { ' ' } else { c }).collect();
    let mut clean = clean.trim().to_owned();
    shorten(&mut clean, octets);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        let cut = |text: &str, octets| {
            let mut text = text.to_owned();
            shorten(&mut text, octets);
            text
        };
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc…");
        assert_eq!(cut("äääää", 6), "ä…");
        assert_eq!(cut("abc", 0), "…");
    }

    #[test]
    fn a_line_end_becomes_a_space() {
        assert_eq!(printable(" a\r\nBcc: b\u{7f} ", 50), "a  Bcc: b");
        assert_eq!(printable(&"x".repeat(1_000_000), 10), "xxxxxxx…");
    }
}
