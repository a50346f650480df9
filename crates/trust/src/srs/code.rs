//! Hash and time stamp of a rewritten address, in base32 (RFC 4648 section 6) without padding.

use hmac::{Hmac, KeyInit as _, Mac as _};
use posthorn_base::{Secret, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Letters of the hash: 30 bits. Somebody would have to try half a billion addresses to have one accepted,
/// for one bounce to one stranger; more letters would leave less room for names in 64 octets.
pub(super) const HASH_LETTERS: usize = 6;

/// Days after which time stamps begin again: what two letters hold.
const DAYS: u16 = 1_024;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Which form an address has; goes into the hash, so that none can be taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rewritten once.
    Srs0,
    /// Rewritten more than once.
    Srs1,
}

/// Makes hashes with the key.
#[derive(Clone)]
pub(super) struct Code {
    keyed: Hmac<Sha256>,
}

impl Code {
    pub(super) fn new(key: &Secret<[u8; 32]>) -> Self {
        // What HMAC does with a key shorter than its block.
        let mut block = [0_u8; 64];
        for (to, from) in block.iter_mut().zip(key.declassify()) {
            *to = *from;
        }
        Self {
            keyed: Hmac::new(&block.into()),
        }
    }

    /// The hash over everything in the address. No part but the last can hold a zero octet or be another's
    /// neighbour unseen.
    pub(super) fn hash(&self, kind: Kind, stamp: &str, body: &str, domain: &str) -> String {
        let mut keyed = self.keyed.clone();
        keyed.update(match kind {
            Kind::Srs0 => b"SRS0",
            Kind::Srs1 => b"SRS1",
        });
        for part in [stamp, domain, body] {
            keyed.update(b"\0");
            keyed.update(part.to_ascii_lowercase().as_bytes());
        }
        let code = keyed.finalize().into_bytes();
        let bits = code
            .iter()
            .take(8)
            .fold(0_u64, |bits, octet| (bits << 8) | u64::from(*octet));
        letters(bits, HASH_LETTERS)
    }

    /// Compares in constant time, letter case aside.
    pub(super) fn is_ours(&self, claimed: &str, right: &str) -> bool {
        let claimed = claimed.to_ascii_uppercase();
        claimed.as_bytes().ct_eq(right.as_bytes()).into()
    }
}

/// The lowest bits in so many letters, the highest of them first.
fn letters(bits: u64, count: usize) -> String {
    let letter = |bits: u64| {
        let at = usize::try_from(bits & 31).unwrap_or(0);
        char::from(ALPHABET.get(at).copied().unwrap_or(b'A'))
    };
    let mut rest = bits;
    let mut letters: Vec<char> = Vec::with_capacity(count);
    for _ in 0..count {
        letters.push(letter(rest));
        rest >>= 5;
    }
    letters.iter().rev().collect()
}

/// The day, modulo [`DAYS`].
pub(super) fn day(now: Timestamp) -> u16 {
    let day = now.as_secs().div_euclid(86_400).rem_euclid(i64::from(DAYS));
    u16::try_from(day).unwrap_or(0)
}

/// The two letters of a day.
pub(super) fn stamp(day: u16) -> String {
    letters(u64::from(day), 2)
}

/// How many days ago a stamp was made; `None` when it is none. One of tomorrow, by a node whose clock is
/// ahead, is of today.
pub(super) fn age(stamp: &str, today: u16) -> Option<u16> {
    let [first, second] = stamp.as_bytes() else {
        return None;
    };
    let value = |letter: &u8| {
        let letter = letter.to_ascii_uppercase();
        let at = ALPHABET.iter().position(|known| *known == letter)?;
        u16::try_from(at).ok()
    };
    let made = value(first)?.checked_mul(32)?.checked_add(value(second)?)?;
    let age = today.checked_add(DAYS)?.checked_sub(made)?.checked_rem(DAYS)?;
    Some(if age == DAYS.saturating_sub(1) { 0 } else { age })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_tells_its_age_across_the_end_of_the_count() {
        assert_eq!(age(&stamp(5), 5), Some(0));
        assert_eq!(age(&stamp(1_020), 3), Some(7));
        assert_eq!(age(&stamp(6), 5), Some(0));
        assert_eq!(age(&stamp(7), 5), Some(1_022));
        assert_eq!(age("aa", 3), Some(3));
        assert_eq!(age("A1", 3), None);
        assert_eq!(age("A", 3), None);
        assert_eq!(age("é", 3), None);
    }

    #[test]
    fn letters_are_base32() {
        assert_eq!(letters(0, 2), "AA");
        assert_eq!(letters(31 * 32 + 26, 2), "72");
    }
}
