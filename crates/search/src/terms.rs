//! Text as terms: runs of letters, digits and marks, folded.

use posthorn_message::search::{TextPlace, fold_char, is_word_char};

/// A term longer than that is not kept; its message is always looked at.
pub(crate) const TERM_OCTETS: usize = 4_096;

/// The octet before a term that says where it stands. Octets below 16 are in no term.
pub(crate) const fn mark(place: TextPlace) -> u8 {
    match place {
        TextPlace::Subject => 1,
        TextPlace::From => 2,
        TextPlace::To => 3,
        TextPlace::Cc => 4,
        TextPlace::Bcc => 5,
        TextPlace::OtherHeader => 6,
        TextPlace::Body => 7,
    }
}

/// The highest mark.
pub(crate) const LAST_MARK: u8 = mark(TextPlace::Body);

/// Whether an octet stands before a term, rather than in one.
pub(crate) const fn is_mark(octet: u8) -> bool {
    octet < 16
}

/// Hands over each term of a text. `run` is room to work in.
pub(crate) fn for_each_term(text: &str, run: &mut String, mut take: impl FnMut(&str)) {
    run.clear();
    let mut end = |run: &mut String| {
        if !run.is_empty() {
            take(run);
            run.clear();
        }
    };
    for c in text.chars() {
        // Most text is ASCII, and this is most of what indexing does.
        if c.is_ascii() {
            match c.is_ascii_alphanumeric() {
                true => run.push(c.to_ascii_uppercase()),
                false => end(run),
            }
            continue;
        }
        fold_char(c, |c| match is_word_char(c) {
            true => run.push(c),
            false => end(run),
        });
    }
    end(run);
}

#[cfg(test)]
mod tests {
    use posthorn_message::search::{fold_case, for_each_text, whole_text};
    use proptest::prelude::*;

    use super::*;

    fn terms(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        for_each_term(text, &mut String::new(), |term| all.push(term.to_owned()));
        all
    }

    #[test]
    fn a_term_is_a_run_of_letters_digits_and_marks_in_one_case() {
        assert_eq!(
            terms("Gr\u{dc}n, 3.14 \u{397}\u{3a3} \u{212a}elvin\u{301} x_y"),
            [
                "GRU\u{308}N",
                "3",
                "14",
                "\u{397}\u{3a3}",
                "KELVIN\u{301}",
                "X",
                "Y"
            ]
        );
        assert_eq!(
            terms("\u{65e5}\u{672c}\u{8a9e}\u{3002}ok"),
            ["\u{65e5}\u{672c}\u{8a9e}", "OK"]
        );
        assert_eq!(terms("..."), [""; 0]);
    }

    proptest! {
        #[test]
        fn terms_are_the_runs_of_the_folded_text(text in "\\PC*") {
            let folded = fold_case(&text);
            let expected: Vec<&str> = folded
                .split(|c: char| !is_word_char(c))
                .filter(|run| !run.is_empty())
                .collect();
            prop_assert_eq!(terms(&text), expected);
        }

        #[test]
        fn no_term_reaches_across_two_pieces_of_a_message(raw in "([A-Za-z]{1,3}:? ?|\r\n|--x|[\u{e9}\u{3a3}a0]|content-type: multipart/mixed; boundary=x\r\n){0,40}") {
            let mut pieces = Vec::new();
            for_each_text(raw.as_bytes(), |_, text| pieces.extend(terms(text)));
            prop_assert_eq!(pieces, terms(&whole_text(raw.as_bytes())));
        }
    }
}
