//! Display names made comparable: `"Miller, Anna"`, `anna  miller` and `Anna Ｍiller` are one name.
//!
//! Letters of another script that only look alike stay different: that comparison (Unicode TR39) belongs to
//! `impersonation`, which can ask for the key of a skeleton as well.

use icu_normalizer::ComposingNormalizerBorrowed;

/// Characters of a name that are looked at and kept; longer ones are cut, names of people are not so long.
pub const MAX_NAME_CHARACTERS: usize = 100;

/// The key under which a name is compared: NFKC, lower case, words without punctuation, in alphabetic order
/// with single spaces between. Empty when the name has no letter and no digit; such a name compares to
/// nothing.
#[must_use]
pub fn name_key(name: &str) -> String {
    let name = cut(name, MAX_NAME_CHARACTERS);
    let normalizer = ComposingNormalizerBorrowed::new_nfkc();
    let composed = normalizer.normalize(name);
    // Lower case can take a composed letter apart (U+0130), and so needs the second round.
    let lower = composed.to_lowercase();
    let folded = normalizer.normalize(&lower);
    let spaced: String = folded.chars().filter_map(fold).collect();
    let mut words: Vec<&str> = spaced.split_ascii_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

/// A letter or digit stays, what parts words is a space, the rest (marks, symbols, what nobody sees) goes.
fn fold(c: char) -> Option<char> {
    if is_invisible(c) {
        return None;
    }
    if c.is_alphanumeric() {
        return Some(c);
    }
    let parts = c.is_whitespace() || c.is_ascii_punctuation() || is_punctuation(c);
    parts.then_some(' ')
}

/// Dashes, quotes, dots and brackets beyond ASCII that stand between words.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{bf}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{303f}')
}

/// The name as it is kept and shown: no control characters, nothing that turns the direction of text, single
/// spaces, cut. Empty when it compares to nothing.
pub(crate) fn clean(name: &str) -> String {
    let mut cleaned = String::new();
    for word in cut(name, MAX_NAME_CHARACTERS).split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut visible = word.chars().filter(|&c| !is_invisible(c)).peekable();
        if visible.peek().is_some() && !cleaned.is_empty() {
            cleaned.push(' ');
        }
        cleaned.extend(visible);
    }
    if cleaned
        .chars()
        .any(|c| fold(c).is_some_and(char::is_alphanumeric))
    {
        cleaned
    } else {
        String::new()
    }
}

/// Soft hyphens, zero-width characters, directional marks, tags, and letters that show nothing.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The first `characters` of a text.
pub(crate) fn cut(text: &str, characters: usize) -> &str {
    match text.char_indices().nth(characters) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_case_and_punctuation_do_not_matter() {
        let key = name_key("Anna Miller");
        assert_eq!(key, "anna miller");
        for same in [
            "Miller, Anna",
            "  anna\tMILLER ",
            "\"Anna\" Miller",
            "(Anna_Miller)",
            "Anna—Miller",
            "Ａnna\u{a0}Miller",
            "An\u{ad}na Mil\u{200b}ler",
            "Anna\u{332} Miller",
        ] {
            assert_eq!(name_key(same), key, "{same}");
        }
    }

    #[test]
    fn other_names_stay_others() {
        assert_ne!(name_key("Anna Miller"), name_key("Anna Millar"));
        assert_ne!(name_key("Anna Miller"), name_key("Anna"));
        assert_ne!(name_key("Müller"), name_key("Muller"));
        assert_eq!(name_key("Müller"), name_key("Mu\u{308}ller"));
    }

    #[test]
    fn a_name_without_letters_has_no_key() {
        for nothing in ["", "  ", "…", "!!!", "\u{3164}", "\u{200b}"] {
            assert_eq!(name_key(nothing), "", "{nothing:?}");
            assert_eq!(clean(nothing), "", "{nothing:?}");
        }
    }

    #[test]
    fn what_is_kept_shows_what_is_there() {
        assert_eq!(clean(" Anna \r\n  Miller\u{202e}\u{7} "), "Anna Miller");
        assert_eq!(clean("\u{200b} Anna"), "Anna");
        assert_eq!(clean(&"ä".repeat(1_000)).chars().count(), MAX_NAME_CHARACTERS);
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key_and_cleaning_does_not_change_it(name in "\\PC{0,99}") {
            let key = name_key(&name);
            prop_assert_eq!(&name_key(&clean(&name)), &key);
            prop_assert_eq!(key.is_empty(), clean(&name).is_empty());
            prop_assert_eq!(clean(&clean(&name)), clean(&name));
        }

        #[test]
        fn no_name_panics_or_grows(name in any::<String>()) {
            prop_assert!(name_key(&name).chars().count() <= 18 * MAX_NAME_CHARACTERS);
            prop_assert!(clean(&name).chars().count() <= MAX_NAME_CHARACTERS);
        }
    }
}
