//! The few shapes of DER that hold an RSA public key: SubjectPublicKeyInfo (RFC 5280 section 4.1) and
//! RSAPublicKey (RFC 8017 section A.1.1).
//!
//! Reads and writes nothing else; a key that is odd in any other way is refused by the cryptography.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/// AlgorithmIdentifier: rsaEncryption (1.2.840.113549.1.1.1) with NULL.
const RSA_ENCRYPTION: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
/// The object identifier alone, with its tag and length.
const RSA_OID: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The RSAPublicKey within either form, and its size in bits; `None` when it is neither.
pub(crate) fn rsa_public_key(der: &[u8]) -> Option<(&[u8], u16)> {
    if let Some(bits) = modulus_bits(der) {
        return Some((der, bits));
    }
    let (outer, _) = element(der, SEQUENCE)?;
    let (algorithm, rest) = element(outer, SEQUENCE)?;
    if !algorithm.starts_with(RSA_OID) {
        return None;
    }
    let (bit_string, _) = element(rest, BIT_STRING)?;
    let (unused_bits, key) = bit_string.split_first()?;
    if *unused_bits != 0 {
        return None;
    }
    Some((key, modulus_bits(key)?))
}

/// The SubjectPublicKeyInfo around an RSAPublicKey.
pub(crate) fn subject_public_key_info(rsa_public_key: &[u8]) -> Vec<u8> {
    let mut bits = vec![0];
    bits.extend_from_slice(rsa_public_key);
    let mut inner = RSA_ENCRYPTION.to_vec();
    write(BIT_STRING, &bits, &mut inner);
    let mut whole = Vec::with_capacity(inner.len().saturating_add(4));
    write(SEQUENCE, &inner, &mut whole);
    whole
}

/// The size of the modulus of an RSAPublicKey.
fn modulus_bits(key: &[u8]) -> Option<u16> {
    let (numbers, _) = element(key, SEQUENCE)?;
    let (modulus, rest) = element(numbers, INTEGER)?;
    let (_exponent, _) = element(rest, INTEGER)?;
    let zeros = modulus.iter().take_while(|octet| **octet == 0).count();
    let first = modulus.get(zeros)?;
    let octets = u32::try_from(modulus.len().checked_sub(zeros)?).ok()?;
    let bits = octets.checked_mul(8)?.checked_sub(first.leading_zeros())?;
    u16::try_from(bits).ok()
}

/// The content of the element at the beginning, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = rest.split_first()?;
    if *length < 0x80 {
        return rest.split_at_checked(usize::from(*length));
    }
    // Two octets of length are 64 KB: larger than any key.
    let (length, rest) = match (*length, rest) {
        (0x81, [a, rest @ ..]) => (usize::from(*a), rest),
        (0x82, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn write(tag: u8, content: &[u8], into: &mut Vec<u8>) {
    into.push(tag);
    // A key that we publish is far below 64 KB.
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    match (high, low) {
        (0, 0..0x80) => into.push(low),
        (0, _) => into.extend_from_slice(&[0x81, low]),
        _ => into.extend_from_slice(&[0x82, high, low]),
    }
    into.extend_from_slice(content);
}
