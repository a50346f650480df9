//! Modified UTF-7 for mailbox names (RFC 3501 section 5.1.3).

use std::fmt::Write as _;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// Encodes a name.
pub(crate) fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut shifted: Vec<u16> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut shifted, &mut out);
            match c {
                '&' => out.push_str("&-"),
                c => out.push(c),
            }
        } else {
            shifted.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }
    flush(&mut shifted, &mut out);
    out
}

fn flush(shifted: &mut Vec<u16>, out: &mut String) {
    if shifted.is_empty() {
        return;
    }
    out.push('&');
    let octets: Vec<u8> = shifted.drain(..).flat_map(u16::to_be_bytes).collect();
    for group in octets.chunks(3) {
        let mut bits = [0u8; 4];
        bits.iter_mut()
            .skip(1)
            .zip(group)
            .for_each(|(to, from)| *to = *from);
        let word = u32::from_be_bytes(bits);
        // 1, 2 or 3 octets are 2, 3 or 4 characters.
        for shift in [18u32, 12, 6, 0].into_iter().take(group.len().saturating_add(1)) {
            let index = usize::try_from(word >> shift & 63).unwrap_or(0);
            let letter = ALPHABET.get(index).copied().unwrap_or(b'A');
            let _infallible = out.write_char(char::from(letter));
        }
    }
    out.push('-');
}

/// Decodes a name; `None` when it is not what [`encode`] would print. That one rule refuses everything the
/// RFC forbids: shifts around printable ASCII, needless shifts, bits left over, half surrogates.
pub(crate) fn decode(wire: &[u8]) -> Option<String> {
    let wire = std::str::from_utf8(wire).ok()?;
    let mut name = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some((plain, shifted)) = rest.split_once('&') {
        let (shifted, after) = shifted.split_once('-')?;
        name.push_str(plain);
        match shifted {
            "" => name.push('&'),
            shifted => name.push_str(&decode_shifted(shifted.as_bytes())?),
        }
        rest = after;
    }
    name.push_str(rest);
    (encode(&name) == wire).then_some(name)
}

fn decode_shifted(letters: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(letters.len() / 2);
    let (mut bits, mut count) = (0u32, 0u32);
    for letter in letters {
        let value = ALPHABET.iter().position(|known| known == letter)?;
        // At most 15 bits are left over, so that 21 fit.
        bits = (bits << 6 | u32::try_from(value).ok()?) & 0x1f_ffff;
        count = count.checked_add(6)?;
        if let Some(left) = count.checked_sub(16) {
            units.push(u16::try_from(bits >> left & 0xffff).ok()?);
            count = left;
        }
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_names_of_the_rfc_are_read_and_printed() {
        for (name, wire) in [
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Hi Mom -☺-!", "Hi Mom -&Jjo--!"),
            ("a & b", "a &- b"),
            ("📧", "&2D3c5w-"),
            ("Entwürfe", "Entw&APw-rfe"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire.as_bytes()).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_the_rfc_forbids_is_refused() {
        for wire in [
            "a & b",
            "&AGE-",
            "&U,BTFw-&ZeVnLIqe-",
            "&U,BTFw",
            "&2D0-",
            "&APz-",
            "&A-",
            "&AP=-",
            "Entw\u{fc}rfe",
            "a\tb",
        ] {
            assert_eq!(decode(wire.as_bytes()), None, "{wire}");
        }
        assert_eq!(decode(b"\xff"), None);
    }

    proptest! {
        #[test]
        fn a_printed_name_is_read_as_it_was(name in "\\PC{0,20}|[&-,a-zü😀]{0,20}") {
            let wire = encode(&name);
            prop_assert_eq!(decode(wire.as_bytes()), Some(name));
        }

        #[test]
        fn a_name_that_is_read_is_printed_as_it_was(wire in "[&\\-,+A-Za-z0-9 ]{0,24}") {
            if let Some(name) = decode(wire.as_bytes()) {
                prop_assert_eq!(encode(&name), wire);
            }
        }
    }
}
