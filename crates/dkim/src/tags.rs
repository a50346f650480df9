//! Lists of tags, `v=1; a=rsa-sha256; …` (RFC 6376 section 3.2): signatures, seals and key records.
//!
//! Ours, because mail-auth's reader takes a number it cannot read for zero (an `x=` with a slip of the pen
//! would never expire) and lets the last of two equal tags win. Values may hold any octets but the
//! semicolon; whoever uses one checks it.

use std::ops::Range;

/// Tags looked at in one list; those that exist are fewer than twenty.
const MAX_TAGS: usize = 64;

/// Why something is not a list of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagFault {
    /// A part between semicolons is not `name=value`.
    #[error("a part between two semicolons is not name=value")]
    NotATag,
    /// A tag stands there twice.
    #[error("the same tag stands there twice")]
    Repeated,
    /// More than any real list has.
    #[error("there are more than 64 tags")]
    TooMany,
}

/// A list of tags over the octets it was read from.
pub(crate) struct Tags<'a> {
    text: &'a [u8],
    /// Name, and where the value lies with the white space around it.
    tags: Vec<(&'a [u8], Range<usize>)>,
}

impl<'a> Tags<'a> {
    /// Reads a list.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, TagFault> {
        let mut tags: Vec<(&[u8], Range<usize>)> = Vec::with_capacity(12);
        let mut at = 0_usize;
        while let Some(rest) = text.get(at..) {
            let end = memchr::memchr(b';', rest).map_or(text.len(), |len| at.saturating_add(len));
            let spec = text.get(at..end).unwrap_or_default();
            let is_last = end == text.len();
            if is_last && spec.trim_ascii().is_empty() {
                break;
            }
            let equals = memchr::memchr(b'=', spec).ok_or(TagFault::NotATag)?;
            let name = spec.get(..equals).unwrap_or_default().trim_ascii();
            if !is_name(name) {
                return Err(TagFault::NotATag);
            }
            if tags.iter().any(|(known, _)| *known == name) {
                return Err(TagFault::Repeated);
            }
            if tags.len() == MAX_TAGS {
                return Err(TagFault::TooMany);
            }
            tags.push((name, at.saturating_add(equals).saturating_add(1)..end));
            at = end.saturating_add(1);
        }
        Ok(Self { text, tags })
    }

    /// The value without the white space around it.
    pub(crate) fn value(&self, name: &str) -> Option<&'a [u8]> {
        let (_, range) = self.find(name)?;
        self.text.get(range.clone()).map(<[u8]>::trim_ascii)
    }

    /// The value without any white space: for base64, names and lists, where folding may stand anywhere.
    pub(crate) fn compact(&self, name: &str) -> Option<Vec<u8>> {
        let value = self.value(name)?;
        Some(
            value
                .iter()
                .copied()
                .filter(|octet| !octet.is_ascii_whitespace())
                .collect(),
        )
    }

    /// The name of the first tag.
    pub(crate) fn first(&self) -> Option<&'a [u8]> {
        self.tags.first().map(|(name, _)| *name)
    }

    /// The octets before and behind the value of a tag: the list with this value, and the white space
    /// around it, taken out.
    pub(crate) fn around(&self, name: &str) -> Option<(&'a [u8], &'a [u8])> {
        let (_, range) = self.find(name)?;
        Some((
            self.text.get(..range.start).unwrap_or_default(),
            self.text.get(range.end..).unwrap_or_default(),
        ))
    }

    fn find(&self, name: &str) -> Option<&(&'a [u8], Range<usize>)> {
        self.tags.iter().find(|(known, _)| *known == name.as_bytes())
    }
}

/// `tag-name = ALPHA *ALNUMPUNC`
fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphabetic)
        && name
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'_')
}

/// Decodes base64, with or without its padding. `text` holds no white space.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(text).ok()
}

/// Encodes base64 with padding.
pub(crate) fn encode_base64(octets: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(octets)
}

/// Text of strangers, fit to be shown: at most `max` characters, control characters left out; what was cut
/// off is shown as `…`.
pub(crate) fn printable(octets: &[u8], max: usize) -> String {
    // Four octets make at most one character, so no more than these are ever looked at.
    let looked_at = octets
        .get(..max.saturating_add(1).saturating_mul(4))
        .unwrap_or(octets);
    let text = String::from_utf8_lossy(looked_at);
    let mut characters = text.chars().filter(|c| !c.is_control() && !is_invisible(*c));
    let mut shown: String = characters.by_ref().take(max).collect();
    if characters.next().is_some() || looked_at.len() < octets.len() {
        shown.push('…');
    }
    shown
}

/// Marks that turn the direction of text around, which would let a stranger reorder our sentences.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_are_read_with_white_space_anywhere() {
        let tags = Tags::parse(b" v = 1;\r\n\tb=ab\r\n\t c ; h = From : To ;\r\n").unwrap();
        assert_eq!(tags.first(), Some(&b"v"[..]));
        assert_eq!(tags.value("v"), Some(&b"1"[..]));
        assert_eq!(tags.compact("b"), Some(b"abc".to_vec()));
        assert_eq!(tags.value("h"), Some(&b"From : To"[..]));
        assert_eq!(tags.value("B"), None);
        assert_eq!(
            tags.around("b"),
            Some((&b" v = 1;\r\n\tb="[..], &b"; h = From : To ;\r\n"[..]))
        );
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert_eq!(Tags::parse(b"v=1; nonsense").err(), Some(TagFault::NotATag));
        assert_eq!(Tags::parse(b"v=1;; a=b").err(), Some(TagFault::NotATag));
        assert_eq!(Tags::parse(b"1v=1").err(), Some(TagFault::NotATag));
        assert_eq!(Tags::parse(b"a=1; a=1").err(), Some(TagFault::Repeated));
        let many: String = (0..65).map(|n| format!("a{n}=1;")).collect();
        assert_eq!(Tags::parse(many.as_bytes()).err(), Some(TagFault::TooMany));
        assert!(Tags::parse(b"").unwrap().first().is_none());
    }

    #[test]
    fn base64_needs_no_padding() {
        assert_eq!(decode_base64(b"YQ"), Some(b"a".to_vec()));
        assert_eq!(decode_base64(b"YQ=="), Some(b"a".to_vec()));
        assert_eq!(decode_base64(b"Y*"), None);
    }

    #[test]
    fn foreign_text_is_cut_and_without_control_characters() {
        assert_eq!(printable(b"a\r\n\x1b[1mb", 10), "a[1mb");
        assert_eq!(printable(b"abcdef", 3), "abc…");
        assert_eq!(printable(&[b'x'; 1_000_000], 2), "xx…");
        assert_eq!(printable("a\u{202e}b".as_bytes(), 5), "ab");
    }

    proptest! {
        #[test]
        fn no_octets_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(tags) = Tags::parse(&text) {
                let _first = tags.first();
                let _around = tags.around("b");
            }
            let _shown = printable(&text, 20);
        }
    }
}
