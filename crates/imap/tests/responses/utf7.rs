//! Modified UTF-7 (RFC 3501 section 5.1.3) written once more: over the bits, without tables.

/// The name as it travels.
pub(crate) fn modified_utf7(name: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    let mut out = String::new();
    let mut run: Vec<u16> = Vec::new();
    let flush = |run: &mut Vec<u16>, out: &mut String| {
        if run.is_empty() {
            return;
        }
        let mut bits: Vec<bool> = run
            .iter()
            .flat_map(|unit| (0..16).rev().map(move |bit| unit >> bit & 1 == 1))
            .collect();
        while !bits.len().is_multiple_of(6) {
            bits.push(false);
        }
        out.push('&');
        for digit in bits.chunks(6) {
            let index = digit.iter().fold(0, |index, bit| index * 2 + usize::from(*bit));
            out.push(char::from(DIGITS[index]));
        }
        out.push('-');
        run.clear();
    };
    for c in name.chars() {
        match c {
            ' '..='~' => {
                flush(&mut run, &mut out);
                out.push(c);
                if c == '&' {
                    out.push('-');
                }
            }
            _ => run.extend(c.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    flush(&mut run, &mut out);
    out
}
