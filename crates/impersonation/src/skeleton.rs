//! What eyes make of a domain name: names that look the same have the same skeleton (Unicode TR39 section 4),
//! and so have some that TR39 tells apart and a hurried reader does not (`rn`/`m`, `vv`/`w`, `cl`/`d`,
//! `i`/`l`/`1`, `0`/`o`, letters with and without marks).
//!
//! A skeleton is for comparing only. It is never shown, and it is no name.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::names::Name;

/// The skeleton of the registered-looking part of a domain name: `mail.rnicrosoft.example` and
/// `microsoft.example` have the same. Takes U-labels and A-labels in any case, and any other text too.
#[must_use]
pub fn skeleton(domain: &str) -> String {
    let name = Name::read(domain);
    let label = fold(&name.label);
    if name.ending.is_empty() {
        return label;
    }
    format!("{label}.{}", fold(&name.ending))
}

/// The skeleton of one label or word, or of several with dots between them.
pub(crate) fn fold(text: &str) -> String {
    let lower: String = text.chars().flat_map(char::to_lowercase).collect();
    // TR39 changes nothing in lower-case ASCII that folding the pairs would not bring together anyway.
    if lower.is_ascii() {
        fold_pairs(&lower)
    } else {
        fold_pairs(&prototypes(&lower))
    }
}

/// What TR39 takes each letter for, without its marks.
fn prototypes(lower: &str) -> String {
    unicode_security::skeleton(lower)
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect()
}

/// What two letters make together, then what one letter is taken for. TR39 writes `m` as `rn`; the same is
/// reached here the other way round, so that a skeleton can be read in a test.
fn fold_pairs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut left = text.chars().peekable();
    while let Some(c) = left.next() {
        let pair = match (c, left.peek().copied()) {
            ('r', Some('n')) => Some('m'),
            ('v', Some('v')) => Some('w'),
            ('c', Some('l' | '1')) => Some('d'),
            _ => None,
        };
        if pair.is_some() {
            left.next();
        }
        out.push(pair.unwrap_or_else(|| fold_letter(c)));
    }
    out
}

fn fold_letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'i' | '|' => 'l',
        '5' => 's',
        other => other,
    }
}

/// Does a label borrow letters of another alphabet to look like plain ASCII (`pаypal` with a Cyrillic `а`)?
/// Names that are simply written in another alphabet, or with marks, do not.
pub(crate) fn imitates_latin(label: &str) -> bool {
    use unicode_security::MixedScript;
    if label.is_ascii() {
        return false;
    }
    // A Latin letter beside it: still one script only if everything in the label is Latin too.
    let is_latin = format!("a{label}").as_str().is_single_script();
    !is_latin && unicode_security::skeleton(label).all(|c| c.is_ascii())
}

/// A name as it is meant to be read: letters of other alphabets replaced by the Latin ones they pass for.
pub(crate) fn reads_like(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.extend(unicode_security::skeleton(c.encode_utf8(&mut [0; 4])));
        }
    }
    out.to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_the_same_has_the_same_skeleton() {
        for (a, b) in [
            ("rnicrosoft.example", "microsoft.example"),
            ("paypa1.example", "paypal.example"),
            ("paypaI.example", "paypal.example"),
            ("vvetter.example", "wetter.example"),
            ("g00gle.example", "google.example"),
            ("clresden.example", "dresden.example"),
            ("büro.example", "buro.example"),
            ("pаypal.example", "paypal.example"), // Cyrillic а
            ("аррӏе.example", "apple.example"),   // all Cyrillic
            ("xn--80ak6aa92e.example", "apple.example"),
            ("mail.rnicrosoft.example", "microsoft.example"),
        ] {
            assert_eq!(skeleton(a), skeleton(b), "{a} and {b}");
        }
    }

    #[test]
    fn what_looks_different_has_another() {
        assert_ne!(skeleton("bank.example"), skeleton("rank.example"));
        assert_ne!(skeleton("bank.example"), skeleton("bank.test"));
        assert_ne!(skeleton("яндекс.example"), skeleton("yandex.example"));
    }

    #[test]
    fn another_alphabet_is_no_imitation_and_a_single_letter_of_it_is() {
        assert!(imitates_latin("pаypal"));
        assert!(imitates_latin("аррӏе"));
        assert!(!imitates_latin("яндекс"));
        assert!(!imitates_latin("bücher"));
        assert!(!imitates_latin("東京"));
        assert!(!imitates_latin("paypal"));
    }

    proptest! {
        #[test]
        fn any_text_has_a_skeleton_of_bounded_size(text in ".{0,400}") {
            prop_assert!(skeleton(&text).len() < 16_000);
        }

        #[test]
        fn case_does_not_matter(text in "[a-zA-Z0-9-]{1,30}\\.[a-z]{2,8}") {
            prop_assert_eq!(skeleton(&text), skeleton(&text.to_ascii_uppercase()));
        }

        #[test]
        fn the_short_way_for_ascii_agrees_with_tr39(text in "[a-z0-9-]{1,30}") {
            prop_assert_eq!(fold(&text), fold_pairs(&prototypes(&text)));
        }
    }
}
