//! The words of strangers, made fit for reasons, findings and the evidence: printable ASCII of bounded
//! length. What DMARC records may hold is ASCII (RFC 9989 section 4.8), so nothing of use is lost.

/// At most `max` characters of the text; whatever does not print, and whatever is not ASCII, becomes `?`.
/// `…` at the end says that something was cut off.
pub(crate) fn excerpt(text: &str, max: usize) -> String {
    let mut cut: String = text.chars().take(max).map(printable).collect();
    if text.chars().nth(max).is_some() {
        cut.push('…');
    }
    cut
}

/// The same for a record, cut behind a `;`, so that what is left can still be read as a record.
pub(crate) fn record_excerpt(text: &str, max: usize) -> String {
    let cut: String = text.chars().take(max).map(printable).collect();
    if text.chars().nth(max).is_none() {
        return cut;
    }
    match cut.rsplit_once(';') {
        Some((whole, _broken)) => format!("{whole};"),
        None => cut,
    }
}

fn printable(c: char) -> char {
    if matches!(c, ' '..='~') { c } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::{excerpt, record_excerpt};

    #[test]
    fn nothing_unprintable_is_left() {
        assert_eq!(excerpt("a\r\nb\u{202e}c\u{1b}", 20), "a??b?c?");
        assert_eq!(excerpt("abcdef", 3), "abc…");
        assert_eq!(excerpt("abc", 3), "abc");
    }

    #[test]
    fn a_long_record_ends_behind_a_tag() {
        assert_eq!(
            record_excerpt("v=DMARC1; p=none; sp=reject", 20),
            "v=DMARC1; p=none;"
        );
        assert_eq!(record_excerpt("v=DMARC1; p=none", 20), "v=DMARC1; p=none");
    }
}
