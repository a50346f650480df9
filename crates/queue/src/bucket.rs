//! Which bucket a recipient belongs to. The number is stored, so this function may never change.

use std::collections::BTreeMap;

use posthorn_base::Address;

use crate::NewRecipient;

/// How many buckets there are: 0 to 255.
pub const BUCKETS: i64 = 256;

/// What recipients are grouped by: the domain in lower case, or the address literal with its brackets.
#[must_use]
pub fn domain_key(address: &Address) -> String {
    match address.domain() {
        Some(domain) => domain.as_str().to_owned(),
        None => address
            .to_string()
            .rsplit_once('@')
            .map(|(_, host)| host.to_ascii_lowercase())
            .unwrap_or_default(),
    }
}

/// The bucket of a [`domain_key`]. A smarthost does not change it.
#[must_use]
pub fn bucket_of(domain: &str) -> i64 {
    let hash = blake3::hash(domain.to_lowercase().as_bytes());
    // The first octet is the hash modulo 256.
    hash.as_bytes().first().copied().map_or(0, i64::from)
}

/// Sorts the recipients of a message into their buckets, for [`crate::enqueue`].
#[must_use]
pub fn by_bucket(recipients: impl IntoIterator<Item = NewRecipient>) -> BTreeMap<i64, Vec<NewRecipient>> {
    let mut buckets: BTreeMap<i64, Vec<NewRecipient>> = BTreeMap::new();
    for recipient in recipients {
        let bucket = bucket_of(&domain_key(&recipient.address));
        buckets.entry(bucket).or_default().push(recipient);
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_of_a_domain_is_the_same_for_ever_and_in_any_case() {
        assert_eq!(bucket_of("example.test"), 140);
        assert_eq!(bucket_of("Example.TEST"), 140);
        assert!((0..BUCKETS).contains(&bucket_of("")));
    }

    #[test]
    fn a_literal_is_grouped_by_its_address() {
        let key = |text: &str| domain_key(&Address::parse(text).unwrap());
        assert_eq!(key("a@[192.0.2.1]"), "[192.0.2.1]");
        assert_eq!(key("\"a@b\"@[IPv6:2001:db8::1]"), "[ipv6:2001:db8::1]");
        assert_eq!(key("a@Bücher.example"), "xn--bcher-kva.example");
    }
}
