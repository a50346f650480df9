//! `i;unicode-casemap` (RFC 5051), by which SEARCH, SORT and THREAD compare texts (RFC 5255 section 4.2).

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// The text as it is compared: each character in title case, then taken apart. Texts are equal, a part of one
/// another, or in order when the octets of these are.
#[must_use]
pub fn fold_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        fold_char(character, |piece| out.push(piece));
    }
    out
}

/// One character as it is compared; a folded text is its folded characters one after the other.
pub fn fold_char(character: char, take: impl FnMut(char)) {
    match character.is_ascii() {
        true => std::iter::once(character.to_ascii_uppercase()).for_each(take),
        false => decompose_compatible(title_case(character), take),
    }
}

/// Whether a character of folded text is part of a word: a letter, a digit, or a mark on one, since folding
/// takes letters and their marks apart.
#[must_use]
pub fn is_word_char(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

/// The simple mapping of UnicodeData.txt: what would become several characters stays as it is.
fn title_case(character: char) -> char {
    match character {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian letters have capitals, but no title case.
        '\u{10d0}'..='\u{10ff}' => character,
        // Greek letters with an iota below: one letter in title case, two in capitals.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => later(character, 8),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => later(character, 9),
        _ => {
            let mut upper = character.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(single), None) => single,
                (Some(_) | None, _) => character,
            }
        }
    }
}

fn later(character: char, by: u32) -> char {
    let code = u32::from(character).saturating_add(by);
    char::from_u32(code).unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_form_make_no_difference() {
        for (one, other) in [
            ("Hello", "hELLO"),
            ("M\u{fc}ller", "MU\u{308}LLER"),
            ("\u{1c4}", "\u{1c6}"),
            ("\u{3c3}", "\u{3c2}"),
            ("\u{ac00}", "\u{1100}\u{1161}"),
            ("\u{1f80}", "\u{1f88}"),
            ("\u{1fa7}", "\u{1faf}"),
            ("\u{1fb3}", "\u{1fbc}"),
            ("\u{1ff3}", "\u{1ffc}"),
            ("\u{131}", "i"),
            ("\u{17f}", "S"),
            ("\u{ff21}", "a"),
        ] {
            assert_eq!(fold_case(one), fold_case(other), "{one} {other}");
        }
        assert_ne!(fold_case("\u{df}"), fold_case("ss"));
        // Taken apart after its case was changed, and not again before.
        assert_eq!(fold_case("\u{fb01}"), "fi");
    }

    #[test]
    fn a_letter_is_part_of_the_same_letter_with_an_accent() {
        assert!(fold_case("Caf\u{e9} M\u{fc}ller").contains(&fold_case("cafe")));
        assert!(!fold_case("Cafe").contains(&fold_case("caf\u{e9}")));
    }

    #[test]
    fn a_mark_does_not_part_a_word() {
        assert!(
            fold_case("gr\u{fc}n\u{ac00}\u{939}\u{940}7")
                .chars()
                .all(is_word_char)
        );
        assert!(!fold_case(" .-_<@").chars().any(is_word_char));
    }

    #[test]
    fn capitals_decide_the_order() {
        let mut words = ["b", "_", "A", "Z", "a", "\u{e9}", "e", "f", ""];
        words.sort_by_key(|word| fold_case(word));
        assert_eq!(words, ["", "A", "a", "b", "e", "\u{e9}", "f", "Z", "_"]);
    }
}
