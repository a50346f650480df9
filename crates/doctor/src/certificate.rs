//! What a TLSA record is compared with: a certificate (X.509, RFC 5280 section 4.1) and the public key in
//! it, found by walking the outermost DER elements. Verifies nothing and reads no name or date.

use posthorn_base::lookup::Record;
use sha2::{Digest as _, Sha256, Sha512};

const SEQUENCE: u8 = 0x30;
/// The version stands first in newer certificates, behind the tag `[0]`.
const VERSION: u8 = 0xa0;

/// Why a TLSA record can or cannot be held against a server's own certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// It names this certificate or key.
    Yes,
    /// It names another.
    No,
    /// It names an authority (usage 2), which the server's own certificate does not show.
    Unknown,
    /// Mail servers do not use such records: usage 0 and 1 (RFC 7672 section 3.1.3), unknown numbers, or data
    /// of the wrong length.
    Unusable,
}

/// SHA-256 of the public key (SubjectPublicKeyInfo) in a certificate: the data of a TLSA record `3 1 1`.
/// `None` when the octets are no certificate.
#[must_use]
pub fn public_key_sha256(certificate: &[u8]) -> Option<[u8; 32]> {
    Some(Sha256::digest(public_key(certificate)?).into())
}

/// Does a TLSA record name the certificate? `None` as certificate asks only whether the record is usable.
pub(crate) fn compare(record: &Record, certificate: Option<&[u8]>) -> Match {
    let Record::Tlsa {
        usage,
        selector,
        matching,
        data,
    } = record
    else {
        return Match::Unusable;
    };
    let length_fits = match matching {
        0 => !data.is_empty(),
        1 => data.len() == 32,
        2 => data.len() == 64,
        _ => false,
    };
    if !length_fits || *selector > 1 || !matches!(usage, 2 | 3) {
        return Match::Unusable;
    }
    let (Some(certificate), 3) = (certificate, usage) else {
        return Match::Unknown;
    };
    let subject = if *selector == 0 {
        Some(certificate)
    } else {
        public_key(certificate)
    };
    let Some(subject) = subject else {
        return Match::Unknown;
    };
    let matches = match matching {
        0 => **data == *subject,
        1 => **data == *Sha256::digest(subject),
        _ => **data == *Sha512::digest(subject),
    };
    if matches { Match::Yes } else { Match::No }
}

/// As [`compare`], when only the digest of the key is known: tells of `3 1 1` alone.
pub(crate) fn compare_digest(record: &Record, digest: &[u8; 32]) -> Match {
    match (compare(record, None), record) {
        (
            Match::Unknown,
            Record::Tlsa {
                usage: 3,
                selector: 1,
                matching: 1,
                data,
            },
        ) if **data == digest[..] => Match::Yes,
        (
            Match::Unknown,
            Record::Tlsa {
                usage: 3,
                selector: 1,
                matching: 1,
                ..
            },
        ) => Match::No,
        (known, _) => known,
    }
}

/// The seventh element of the first element of the certificate, without counting the version.
fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (whole, _) = element(certificate)?;
    let (to_be_signed, _) = element(whole.content(SEQUENCE)?)?;
    let mut rest = to_be_signed.content(SEQUENCE)?;
    let (first, after) = element(rest)?;
    if first.tag == VERSION {
        rest = after;
    }
    for _serial_algorithm_issuer_validity_subject in 0..5 {
        rest = element(rest)?.1;
    }
    let (key, _) = element(rest)?;
    (key.tag == SEQUENCE).then_some(key.whole)
}

struct Element<'a> {
    tag: u8,
    whole: &'a [u8],
    header_octets: usize,
}

impl<'a> Element<'a> {
    fn content(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(())?;
        self.whole.get(self.header_octets..)
    }
}

/// The first element and what follows it.
fn element(octets: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let tag = *octets.first()?;
    let short = *octets.get(1)?;
    let (header_octets, length) = if short < 0x80 {
        (2_usize, usize::from(short))
    } else {
        let count = usize::from(short & 0x7f);
        // Four octets of length are 4 GB; none is the indefinite form, which DER does not have.
        if !(1..=4).contains(&count) {
            return None;
        }
        let digits = octets.get(2..count.checked_add(2)?)?;
        let length = digits.iter().try_fold(0_usize, |sum, digit| {
            sum.checked_mul(256)?.checked_add(usize::from(*digit))
        })?;
        (count.checked_add(2)?, length)
    };
    let (whole, rest) = octets.split_at_checked(header_octets.checked_add(length)?)?;
    let element = Element {
        tag,
        whole,
        header_octets,
    };
    Some((element, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Made with OpenSSL; the digests below are OpenSSL's too.
    const CERTIFICATE: &[u8] = include_bytes!("../tests/data/mail.example.test.der");
    const OTHER: &[u8] = include_bytes!("../tests/data/other.example.test.der");
    const KEY_SHA256: &str = include_str!("../tests/data/mail.example.test.spki-sha256");

    fn tlsa(usage: u8, selector: u8, matching: u8, data: &[u8]) -> Record {
        Record::Tlsa {
            usage,
            selector,
            matching,
            data: data.into(),
        }
    }

    #[test]
    fn the_digest_of_the_key_is_the_one_that_openssl_tells() {
        let digest = public_key_sha256(CERTIFICATE).unwrap();
        let hex: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hex, KEY_SHA256.trim());
    }

    #[test]
    fn every_usable_form_of_record_is_compared() {
        let key = public_key(CERTIFICATE).unwrap();
        for record in [
            tlsa(3, 0, 0, CERTIFICATE),
            tlsa(3, 0, 1, &Sha256::digest(CERTIFICATE)),
            tlsa(3, 0, 2, &Sha512::digest(CERTIFICATE)),
            tlsa(3, 1, 0, key),
            tlsa(3, 1, 1, &Sha256::digest(key)),
            tlsa(3, 1, 2, &Sha512::digest(key)),
        ] {
            assert_eq!(compare(&record, Some(CERTIFICATE)), Match::Yes);
            assert_eq!(compare(&record, Some(OTHER)), Match::No);
            assert_eq!(compare(&record, None), Match::Unknown);
        }
    }

    #[test]
    fn the_digest_of_the_key_alone_tells_of_one_form() {
        let digest = public_key_sha256(CERTIFICATE).unwrap();
        assert_eq!(compare_digest(&tlsa(3, 1, 1, &digest), &digest), Match::Yes);
        assert_eq!(compare_digest(&tlsa(3, 1, 1, &[0; 32]), &digest), Match::No);
        assert_eq!(compare_digest(&tlsa(3, 0, 1, &digest), &digest), Match::Unknown);
        assert_eq!(compare_digest(&tlsa(0, 1, 1, &digest), &digest), Match::Unusable);
    }

    #[test]
    fn what_mail_servers_do_not_use_is_told_apart() {
        let digest = [7; 32];
        for (usage, selector, matching) in [(0, 1, 1), (1, 1, 1), (4, 1, 1), (3, 2, 1), (3, 1, 2), (3, 1, 3)]
        {
            let record = tlsa(usage, selector, matching, &digest);
            assert_eq!(compare(&record, Some(CERTIFICATE)), Match::Unusable);
        }
        assert_eq!(
            compare(&tlsa(2, 1, 1, &digest), Some(CERTIFICATE)),
            Match::Unknown
        );
    }

    proptest! {
        #[test]
        fn any_octets_are_looked_at_without_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _none_or_some = public_key_sha256(&octets);
        }

        #[test]
        fn a_damaged_certificate_is_looked_at_without_panic(at in 0..300_usize, octet in any::<u8>()) {
            let mut damaged = CERTIFICATE.to_vec();
            if let Some(there) = damaged.get_mut(at) {
                *there = octet;
            }
            let _none_or_some = public_key_sha256(&damaged);
        }
    }
}
