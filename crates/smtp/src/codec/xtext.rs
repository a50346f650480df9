//! `xtext` of RFC 3461 section 4: `xtext = *( xchar / hexchar )`, `hexchar = "+" 2HEXDIG` in upper case.
//! Characters beyond ASCII pass as they are (RFC 6533 section 3 allows them under SMTPUTF8).

use std::fmt::Write as _;

/// Reads xtext; `None` when an escape is broken, or when what comes out is no text of printable characters.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&c, after)) = rest.split_first() {
        rest = after;
        if c != b'+' {
            out.push(c);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        if digits
            .iter()
            .any(|d| !d.is_ascii_digit() && !(b'A'..=b'F').contains(d))
        {
            return None;
        }
        out.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(out)
        .ok()
        .filter(|text| !text.chars().any(char::is_control))
}

/// Writes xtext of ASCII alone: other characters as `\x{HEX}` (`utf-8-addr-xtext`, RFC 6533 section 3), for
/// servers without SMTPUTF8.
pub(crate) fn encode_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let _infallible = write!(out, "\\x{{{:X}}}", u32::from(c));
        }
    }
    encode(&out)
}

/// Writes xtext.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '!'..='~') && c != '+' && c != '=' || !c.is_ascii() {
            out.push(c);
        } else {
            let _infallible = write!(out, "+{:02X}", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_two_upper_case_digits() {
        assert_eq!(decode("a+2Bb+3D"), Some("a+b=".to_owned()));
        assert_eq!(decode("a+2b"), None);
        assert_eq!(decode("a+2"), None);
        assert_eq!(decode("a+0A"), None, "no line end can be hidden in it");
        assert_eq!(decode("a+FF"), None, "not UTF-8");
    }

    #[test]
    fn without_smtputf8_other_characters_are_spelled_out() {
        assert_eq!(encode_ascii("änna+x@b.test"), "\\x{E4}nna+2Bx@b.test");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "\\PC{0,40}") {
            prop_assert_eq!(decode(&encode(&text)), Some(text));
        }
    }
}
