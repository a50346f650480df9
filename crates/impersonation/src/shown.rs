//! Text of strangers made fit for a sentence: no control characters, none that turn the direction of
//! writing, not longer than a line bears.

/// The most characters of a stranger's text in one place.
const MAX_SHOWN: usize = 80;

/// `text` without control and direction characters, cut to [`MAX_SHOWN`] characters with `…`.
pub(crate) fn shown(text: &str) -> String {
    let visible = |c: &char| !c.is_control() && !is_direction_mark(*c);
    let mut left = text.chars().filter(visible);
    let mut out: String = left.by_ref().take(MAX_SHOWN).collect();
    if left.next().is_some() {
        out.push('…');
    }
    out.trim().to_owned()
}

/// Characters without a width of their own that move or hide others: marks, embeddings, overrides and isolates
/// of direction, zero-width spaces and joiners, line separators, the soft hyphen.
fn is_direction_mark(c: char) -> bool {
    let ranges = [
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
    ];
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}') || ranges.iter().any(|range| range.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_turn_the_line_around_or_fill_it() {
        assert_eq!(shown("a\u{202e}b\r\nc\u{200b}"), "abc");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), MAX_SHOWN + 1);
    }
}
