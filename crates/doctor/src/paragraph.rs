//! Sentences set to a width, for a terminal. Counts characters; a word that is too long stays whole, so
//! that a record can still be copied.

/// Narrower than this nobody can read.
const NARROWEST: usize = 40;

/// Appends `text` as lines of at most `width` characters: the first behind `head`, the others behind as
/// many spaces.
pub(crate) fn paragraph(out: &mut String, head: &str, text: &str, width: usize) {
    let indent = head.chars().count();
    let width = width.max(NARROWEST);
    let mut column = indent;
    out.push_str(head);
    let mut first = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let next = column.saturating_add(length).saturating_add(1);
        if !first && next > width {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !first {
            out.push(' ');
            column = column.saturating_add(1);
        }
        out.push_str(word);
        column = column.saturating_add(length);
        first = false;
    }
    while out.ends_with(' ') {
        out.pop();
    }
    out.push('\n');
}

/// A heading with a line under it.
pub(crate) fn heading(out: &mut String, title: &str) {
    out.push_str(title);
    out.push('\n');
    out.extend(std::iter::repeat_n('-', title.chars().count()));
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_hang() {
        let mut out = String::new();
        paragraph(
            &mut out,
            "why  ",
            "one two three four five six seven eight nine ten",
            40,
        );
        assert_eq!(
            out,
            "why  one two three four five six seven\n     eight nine ten\n"
        );
    }

    #[test]
    fn an_empty_text_leaves_no_trailing_space() {
        let mut out = String::new();
        paragraph(&mut out, "why  ", "", 80);
        assert_eq!(out, "why\n");
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_line_too_wide(words in prop::collection::vec("[a-zü]{1,12}", 0..40), width in 40..90_usize) {
            let mut out = String::new();
            paragraph(&mut out, "    ", &words.join(" "), width);
            prop_assert!(out.lines().all(|line| line.chars().count() <= width));
            prop_assert_eq!(out.split_whitespace().collect::<Vec<_>>(), words);
        }
    }
}
