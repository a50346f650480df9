//! Text inside HTML and XML.

use std::fmt;

/// Writes what it holds with every character replaced that could end the text or an attribute's value.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => fmt::Write::write_char(f, c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escapes_from_text_or_attributes() {
        let text = Escaped("<a title=\"x\" lang='y'>&amp; ü").to_string();
        assert_eq!(text, "&lt;a title=&quot;x&quot; lang=&#39;y&#39;&gt;&amp;amp; ü");
    }
}
