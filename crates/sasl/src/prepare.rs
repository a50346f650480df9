//! Password preparation, the mapping step of SASLprep (RFC 4013 section 2.1): non-ASCII spaces become
//! a space, characters "commonly mapped to nothing" (RFC 3454 table B.1) vanish.
//!
//! Not done: normalisation to NFKC (section 2.2), the prohibited characters and the bidirectional rule.
//! ASCII passwords come out unchanged, as do those a keyboard composes (NFC without compatibility
//! characters), so both ends agree on all of these; a decomposed accent or a full-width letter is taken
//! as it came. Passwords are prepared alike when they are set and when they are checked.

use std::borrow::Cow;

/// The password as it enters every computation. Idempotent.
#[must_use]
pub fn prepare(password: &str) -> Cow<'_, str> {
    if password.is_ascii() {
        return Cow::Borrowed(password);
    }
    Cow::Owned(
        password
            .chars()
            .filter(|&c| !is_mapped_to_nothing(c))
            .map(|c| if is_non_ascii_space(c) { ' ' } else { c })
            .collect(),
    )
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
    use super::*;

    #[test]
    fn rfc_4013_section_3_examples_that_need_no_nfkc() {
        assert_eq!(prepare("I\u{ad}X"), "IX");
        assert_eq!(prepare("user"), "user");
        assert_eq!(prepare("USER"), "USER");
    }

    #[test]
    fn other_spaces_become_a_space() {
        assert_eq!(prepare("a\u{a0}b\u{3000}c"), "a b c");
    }
}
