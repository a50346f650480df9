//! Small words: strangers' text made fit to be shown, half sentences made whole, lists, dates, spans of time.

use posthorn_base::Timestamp;

/// The most characters of one sentence or record that is shown.
pub(crate) const MAX_LINE: usize = 1_000;
/// The most characters of a name or an address inside a sentence.
const MAX_NAME: usize = 100;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `text` on one line, without control characters and those that hide or turn others, cut to `max`
/// characters with `…`.
pub(crate) fn clean(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max.saturating_mul(4)));
    let mut left = text.chars().filter(|c| !is_hidden(*c));
    for c in left.by_ref().take(max) {
        // Text on several lines becomes one.
        out.push(if c.is_whitespace() { ' ' } else { c });
    }
    if left.next().is_some() {
        out.push('…');
    }
    out.trim().to_owned()
}

/// Is it a character that shows nothing and changes how others show?
pub(crate) fn is_hidden(c: char) -> bool {
    let ranges = [
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
    ];
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}')
        || ranges.iter().any(|range| range.contains(&c))
}

/// A domain, a host or an address inside a sentence.
pub(crate) fn name(text: &str) -> String {
    clean(text, MAX_NAME)
}

/// A stranger's words inside a sentence, between quotation marks that they cannot close.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", clean(text, MAX_NAME).replace(['"', '“', '”', '„'], "'"))
}

/// A half sentence as a whole one. A name at its beginning keeps its small letter.
pub(crate) fn sentence(half: &str) -> String {
    let half = half.trim().trim_end_matches('.');
    let first_word = half.split_whitespace().next().unwrap_or_default();
    let mut letters = half.chars();
    match letters.next() {
        None => String::new(),
        Some(_) if first_word.contains(['.', '@', ':', '=', '_']) => format!("{half}."),
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// `23 November 2026, 20:15 UTC`.
pub(crate) fn moment(secs: i64) -> String {
    let at = Timestamp::from_secs(secs).civil();
    let month = usize::from(at.month)
        .checked_sub(1)
        .and_then(|index| MONTHS.get(index));
    let (month, minute) = (month.copied().unwrap_or_default(), at.minute);
    format!("{} {month} {}, {:02}:{minute:02} UTC", at.day, at.year, at.hour)
}

/// `3 seconds`, `1 minute`, `5 hours`, `2 days`: rounded down.
pub(crate) fn span(secs: i64) -> String {
    let secs = secs.unsigned_abs();
    let (count, unit) = match secs {
        0..60 => (secs, "second"),
        60..3_600 => (secs / 60, "minute"),
        3_600..86_400 => (secs / 3_600, "hour"),
        _ => (secs / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_sentences_become_whole_and_names_stay_as_they_are() {
        assert_eq!(sentence("it expired"), "It expired.");
        assert_eq!(
            sentence("bank.example has no SPF record"),
            "bank.example has no SPF record."
        );
        assert_eq!(sentence("192.0.2.7 is listed."), "192.0.2.7 is listed.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn lists_moments_and_spans_read_well() {
        let items = |n: usize| ["a", "b", "c"].map(str::to_owned)[..n].to_vec();
        assert_eq!(listed(&items(1)), "a");
        assert_eq!(listed(&items(2)), "a and b");
        assert_eq!(listed(&items(3)), "a, b and c");
        assert_eq!(moment(1_795_465_000), "23 November 2026, 20:16 UTC");
        assert_eq!(span(1), "1 second");
        assert_eq!(span(-150), "2 minutes");
        assert_eq!(span(i64::MIN), "106751991167300 days");
    }

    #[test]
    fn strangers_cannot_close_the_quotation_or_hide_what_follows() {
        assert_eq!(quoted("a\" b\u{202e}c\r\n“d"), "\"a' bc  'd\"");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_short_and_on_one_line(text in any::<String>()) {
            let shown = clean(&text, 50);
            prop_assert!(shown.chars().count() <= 51);
            prop_assert!(!shown.chars().any(|c| is_hidden(c) || c == '\n'));
        }
    }
}
