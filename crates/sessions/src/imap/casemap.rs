//! `i;unicode-casemap` (RFC 5051), by which SORT and THREAD compare texts (RFC 5256 section 7).

use unicode_normalization::char::decompose_compatible;

/// The octets that stand for a text when it is compared: each character in title case, then taken apart.
pub(super) fn casemap(text: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        decompose_compatible(title_case(character), |piece| out.push(piece));
    }
    out.into_bytes()
}

/// The simple mapping: what would become several characters stays as it is.
fn title_case(character: char) -> char {
    match character {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian letters have capitals, but no title case.
        '\u{10d0}'..='\u{10ff}' => character,
        _ => {
            let mut upper = character.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(single), None) => single,
                (Some(_) | None, _) => character,
            }
        }
    }
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
            ("\u{fb01}", "\u{fb01}"),
            ("\u{3c3}", "\u{3c2}"),
            ("\u{ac00}", "\u{1100}\u{1161}"),
        ] {
            assert_eq!(casemap(one), casemap(other), "{one} {other}");
        }
        assert_ne!(casemap("\u{df}"), casemap("ss"));
    }

    #[test]
    fn capitals_decide_the_order() {
        let mut words = ["b", "_", "A", "Z", "a", "\u{e9}", "e", "f", ""];
        words.sort_by_key(|word| casemap(word));
        assert_eq!(words, ["", "A", "a", "b", "e", "\u{e9}", "f", "Z", "_"]);
    }
}
