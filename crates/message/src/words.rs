//! Encoded-words of header fields, RFC 2047: decoding. More lenient than the RFC where mail in the wild is:
//! words longer than 75 octets, words with spaces, words within quoted strings or glued to other text.
//! Encoding is `build`'s work.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

/// How far the end of one encoded-word is looked for; bounds the work on text that is full of beginnings.
const WORD_OCTETS: usize = 1_000;
/// How much of one value is decoded.
const VALUE_OCTETS: usize = 65_536;

/// One encoded-word: its charset, its octets, and how many octets of the text it took.
struct Word<'a> {
    charset: &'a [u8],
    octets: Vec<u8>,
    taken: usize,
}

/// Text of an unfolded value with its encoded-words decoded. Neighbouring words of one charset are decoded
/// together, because many programs cut characters in the middle.
pub(crate) fn decode_words(value: &[u8]) -> String {
    let value = value.get(..VALUE_OCTETS).unwrap_or(value);
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let (before, from_word) = rest.split_at_checked(at).unwrap_or((rest, b""));
        text.push_str(&decode_plain(before));
        match parse_word(from_word) {
            Some(word) => rest = decode_run(word, from_word, &mut text),
            None => {
                text.push_str("=?");
                rest = from_word.get(2..).unwrap_or_default();
            }
        }
    }
    text.push_str(&decode_plain(rest));
    text
}

/// Decodes this word and those that follow it with white space alone between; returns what is left.
fn decode_run<'a>(first: Word<'a>, from: &'a [u8], text: &mut String) -> &'a [u8] {
    let mut rest = from.get(first.taken..).unwrap_or_default();
    let mut charset = first.charset;
    let mut octets = first.octets;
    loop {
        let gap = rest.trim_ascii_start();
        let Some(word) = parse_word(gap) else { break };
        if word.charset.eq_ignore_ascii_case(charset) {
            octets.extend_from_slice(&word.octets);
        } else {
            text.push_str(&decode_charset(&octets, Some(charset)));
            charset = word.charset;
            octets = word.octets;
        }
        rest = gap.get(word.taken..).unwrap_or_default();
    }
    text.push_str(&decode_charset(&octets, Some(charset)));
    rest
}

/// The encoded-word at the beginning of `text`: `=?charset[*language]?Q|B?data?=`.
fn parse_word(text: &[u8]) -> Option<Word<'_>> {
    let text = text.get(..WORD_OCTETS).unwrap_or(text);
    let inner = text.strip_prefix(b"=?")?;
    let (charset, rest) = split_once(inner, b'?')?;
    if charset.is_empty() || !charset.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let (encoding, rest) = split_once(rest, b'?')?;
    let data_len = memchr::memmem::find(rest, b"?=")?;
    let data = rest.get(..data_len)?;
    let octets = match encoding {
        b"Q" | b"q" => decode_q(data),
        b"B" | b"b" => decode_base64(data),
        _ => return None,
    };
    let left = rest.len().checked_sub(data_len)?.checked_sub(2)?;
    let charset = split_once(charset, b'*').map_or(charset, |(name, _language)| name);
    Some(Word {
        charset,
        octets,
        taken: text.len().checked_sub(left)?,
    })
}

fn split_once(text: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(mark, text)?;
    Some((text.get(..at)?, text.get(at.checked_add(1)?..)?))
}

/// The "Q" encoding, RFC 2047 section 4.2.
fn decode_q(data: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((&octet, tail)) = rest.split_first() {
        rest = tail;
        match octet {
            b'_' => octets.push(b' '),
            b'=' => match hex_pair(tail) {
                Some((value, tail)) => {
                    octets.push(value);
                    rest = tail;
                }
                None => octets.push(b'='),
            },
            other => octets.push(other),
        }
    }
    octets
}

/// The octet that two hexadecimal digits name, and what follows them.
pub(crate) fn hex_pair(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], rest) = text.split_first_chunk::<2>()?;
    let value = char::from(high)
        .to_digit(16)?
        .checked_mul(16)?
        .checked_add(char::from(low).to_digit(16)?)?;
    Some((u8::try_from(value).ok()?, rest))
}

/// Base64 without regard to what does not belong there.
pub(crate) fn decode_base64(data: &[u8]) -> Vec<u8> {
    if let Some(octets) = base64_decode(data) {
        return octets;
    }
    let clean: Vec<u8> = data
        .iter()
        .copied()
        .filter(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'='))
        .collect();
    base64_decode(&clean).unwrap_or_default()
}

/// Octets of a charset as text. A charset that is not known, not named, or claims ASCII falsely is UTF-8 if
/// the octets are, and otherwise Windows-1252, which is what such mail has.
pub(crate) fn decode_charset(octets: &[u8], charset: Option<&[u8]>) -> String {
    let decoder = charset
        .filter(|name| !name.is_empty() && !is_ascii_or_utf8(name))
        .and_then(charset_decoder);
    match decoder {
        Some(decode) => decode(octets),
        None => decode_plain(octets),
    }
}

fn is_ascii_or_utf8(charset: &[u8]) -> bool {
    [&b"us-ascii"[..], b"ascii", b"utf-8", b"utf8"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name))
}

/// Octets without a charset.
fn decode_plain(octets: &[u8]) -> String {
    match str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(octets).into_owned(),
        Err(_) => charset_decoder(b"windows-1252").map_or_else(
            || String::from_utf8_lossy(octets).into_owned(),
            |decode| decode(octets),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_2047_section_8_decode() {
        for (value, text) in [
            ("(=?ISO-8859-1?Q?a?=)", "(a)"),
            ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
            ("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"),
            ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
            (
                "=?US-ASCII*EN?Q?Keith_Moore?= <moore@cs.utk.edu>",
                "Keith Moore <moore@cs.utk.edu>",
            ),
            (
                "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
                "If you can read this you understand the example.",
            ),
        ] {
            assert_eq!(decode_words(value.as_bytes()), text);
        }
    }

    #[test]
    fn a_character_cut_between_two_words_is_whole_again() {
        assert_eq!(decode_words(b"=?utf-8?Q?caf=C3?= =?UTF-8?Q?=A9?="), "caf\u{e9}");
    }

    #[test]
    fn what_is_no_encoded_word_stays_as_it_is() {
        for text in ["=?", "a =?utf-8?Q?b", "=?utf-8?X?b?=", "=??Q?b?=", "1 =? 2 ?= 3"] {
            assert_eq!(decode_words(text.as_bytes()), text);
        }
    }

    #[test]
    fn octets_without_a_charset_are_utf_8_or_windows_1252() {
        assert_eq!(decode_words("gr\u{fc}n".as_bytes()), "gr\u{fc}n");
        assert_eq!(decode_words(b"gr\xfcn"), "gr\u{fc}n");
        assert_eq!(decode_charset(b"\xe2\x82\xac", Some(b"us-ascii")), "\u{20ac}");
        assert_eq!(
            decode_charset(b"\x80", Some(b"no-such-charset")),
            "\u{fffd}".replace('\u{fffd}', &decode_plain(b"\x80"))
        );
    }

    #[test]
    fn text_full_of_beginnings_costs_no_more_than_its_window() {
        let text = "=?aa?q?xxx ".repeat(20_000);
        assert_eq!(decode_words(text.as_bytes()).len(), VALUE_OCTETS);
    }
}
