//! Password preparation, SASLprep (RFC 4013): non-ASCII spaces become a space, characters "commonly
//! mapped to nothing" vanish (section 2.1), the rest is normalised to NFKC (section 2.2). So a password
//! is the same however a keyboard composes its accents.
//!
//! Not done: the bidirectional rule (section 2.4), which would only refuse passwords, and the freeze at
//! Unicode 3.2. Passwords are prepared alike when they are set and when they are checked.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// The password as it enters every computation. Idempotent.
#[must_use]
pub fn prepare(password: &str) -> Cow<'_, str> {
    if password.is_ascii() {
        return Cow::Borrowed(password);
    }
    let mapped: String = password
        .chars()
        .filter(|&c| !is_mapped_to_nothing(c))
        .map(|c| if is_non_ascii_space(c) { ' ' } else { c })
        .collect();
    Cow::Owned(
        ComposingNormalizerBorrowed::new_nfkc()
            .normalize(&mapped)
            .into_owned(),
    )
}

/// Does the text hold a character that RFC 4013 section 2.3 prohibits (after [`prepare`])? Protocols that
/// must refuse these, as POP3 with RFC 6856 section 2.2, ask here.
#[must_use]
pub fn is_prohibited(text: &str) -> bool {
    prepare(text).chars().any(is_prohibited_char)
}

/// RFC 3454 tables C.2.1 to C.9; surrogates (C.5) cannot occur in a `str`.
fn is_prohibited_char(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{340}' | '\u{341}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2063}'
                | '\u{206a}'..='\u{206f}'
                | '\u{2ff0}'..='\u{2ffb}'
                | '\u{e000}'..='\u{f8ff}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{fff9}'..='\u{fffd}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0001}'
                | '\u{e0020}'..='\u{e007f}'
                | '\u{f0000}'..='\u{10ffff}'
        )
        // The last two code points of every plane are no characters.
        || u32::from(c) & 0xfffe == 0xfffe
}

/// RFC 3454 table C.1.2. U+200B stands in both tables; mapping to nothing (B.1) is applied first here,
/// as libidn and its users do.
const fn is_non_ascii_space(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// RFC 3454 table B.1.
const fn is_mapped_to_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{1806}'
            | '\u{180b}'..='\u{180d}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_rfc_4013_section_3() {
        for (text, prepared) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
        ] {
            assert_eq!(prepare(text), prepared);
        }
        assert!(is_prohibited("\u{7}"));
    }

    #[test]
    fn accents_are_the_same_however_they_were_composed() {
        assert_eq!(prepare("e\u{301}"), "\u{e9}");
        assert_eq!(prepare("\u{e9}"), "\u{e9}");
    }

    #[test]
    fn control_and_private_characters_are_prohibited() {
        for bad in ["a\u{7}", "\u{7f}", "\u{85}", "\u{e000}", "\u{202e}x", "\u{fffd}"] {
            assert!(is_prohibited(bad), "{bad:?}");
        }
        for good in ["", "correct horse", "p\u{e4}ss\u{a0}wort", "\u{1f4ee}", "\u{ad}"] {
            assert!(!is_prohibited(good), "{good:?}");
        }
    }

    #[test]
    fn other_spaces_become_a_space() {
        assert_eq!(prepare("a\u{a0}b\u{3000}c"), "a b c");
    }

    proptest! {
        #[test]
        fn what_is_prepared_stays_as_it_is(text: String) {
            let once = prepare(&text).into_owned();
            prop_assert_eq!(prepare(&once), once.as_str());
        }
    }
}
