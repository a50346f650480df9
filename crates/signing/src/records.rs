//! What must stand in the DNS, and whether it does.

use posthorn_base::{Domain, Timestamp};
use posthorn_dkim::{KeyAlgorithm, KeyRecord};
use posthorn_store::{StoreError, Tx};

use crate::key::{Key, KeyState, list};

/// A key whose record must be in the DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// The name of the key.
    pub selector: String,
    /// Its kind.
    pub algorithm: KeyAlgorithm,
    /// Where the TXT record stands: `SELECTOR._domainkey.DOMAIN`, without a dot at the end.
    pub name: String,
    /// The record: `v=DKIM1; k=rsa; p=…`. For RSA longer than 255 octets: a zone file has it as several strings.
    pub value: String,
    /// What the key is used for: never [`KeyState::Retired`].
    pub state: KeyState,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Until when the record must stay, when that is known: for [`KeyState::Retiring`].
    pub keep_until: Option<Timestamp>,
}

impl PublishedKey {
    /// `None` for a key that may leave the DNS.
    #[must_use]
    pub fn of(key: &Key) -> Option<Self> {
        let since = match key.state {
            KeyState::Pending => key.made_at,
            KeyState::Active => key.activated_at.unwrap_or(key.made_at),
            KeyState::Retiring => key.last_signed_at.unwrap_or(key.made_at),
            KeyState::Retired => return None,
        };
        Some(Self {
            selector: key.selector.clone(),
            algorithm: key.algorithm,
            name: format!("{}._domainkey.{}", key.selector, key.domain),
            value: KeyRecord::text(key.algorithm, &key.public),
            state: key.state,
            since,
            keep_until: key.keep_until,
        })
    }
}

/// The records that must be in the DNS for a domain now: of the keys that will sign, that sign, and that lately
/// did. By selector.
///
/// # Errors
/// When the store cannot be read.
pub fn records(tx: &Tx<'_>, domain: &Domain) -> Result<Vec<PublishedKey>, StoreError> {
    Ok(list(tx, domain)?.iter().filter_map(PublishedKey::of).collect())
}

/// Do the TXT records found at a key's name publish the key whose record is `value` ([`PublishedKey::value`]), in whatever notation? Other texts beside it do
/// no harm. A second key record does: which of them a receiver takes is left open by RFC 6376 section 3.6.2.2.
#[must_use]
pub fn is_published<T: AsRef<[u8]>>(answer_texts: &[T], value: &str) -> bool {
    let Ok(ours) = KeyRecord::parse(value.as_bytes()) else {
        return false;
    };
    let mut found = answer_texts
        .iter()
        .filter_map(|text| KeyRecord::parse(text.as_ref()).ok())
        .peekable();
    found.peek().is_some()
        && found.all(|record| {
            record.algorithm == ours.algorithm && record.public_key() == ours.public_key() && usable(&record)
        })
}

/// Does the record allow what our signatures need?
fn usable(record: &KeyRecord) -> bool {
    !record.revoked && record.allows_sha256() && record.is_for_mail()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Keys, day, domain, real_keys};
    use crate::rotate::add_pending;
    use proptest::prelude::*;

    fn both() -> Vec<PublishedKey> {
        Keys::none().run(|tx| add_pending(tx, &domain(), real_keys(), day(0)).unwrap())
    }

    #[test]
    fn a_record_names_its_place_and_reads_back_as_the_key() {
        let [ed25519, rsa] = both().try_into().unwrap();
        assert_eq!(ed25519.name, "ed-a._domainkey.ours.test");
        assert!(
            ed25519.value.starts_with("v=DKIM1; k=ed25519; p="),
            "{}",
            ed25519.value
        );
        assert_eq!(ed25519.value.len(), "v=DKIM1; k=ed25519; p=".len() + 44);
        assert_eq!(rsa.name, "rsa-a._domainkey.ours.test");
        let record = KeyRecord::parse(rsa.value.as_bytes()).unwrap();
        assert_eq!((record.algorithm, record.bits), (KeyAlgorithm::Rsa, 2048));
        assert_eq!(record.public_key(), real_keys().rsa.public);
    }

    #[test]
    fn a_key_is_published_in_whatever_notation() {
        for key in both() {
            let (_, value) = key.value.split_once("p=").unwrap();
            let (start, end) = value.split_at(20);
            let other = format!("k = {} ; t=s; p={start} \t{end};", key.algorithm.name());
            assert!(is_published(&[&other], &key.value), "{other}");
            assert!(is_published(&["v=spf1 -all", &key.value], &key.value));
            assert!(is_published(&[&key.value, &other], &key.value));
        }
    }

    #[test]
    fn what_is_missing_cut_revoked_or_ambiguous_is_not_published() {
        let [ed25519, rsa] = both().try_into().unwrap();
        let nothing: [&str; 0] = [];
        assert!(!is_published(&nothing, &rsa.value));
        assert!(!is_published(&["v=spf1 -all", "", "\u{0}"], &rsa.value));
        assert!(!is_published(&[rsa.value.get(..255).unwrap()], &rsa.value));
        assert!(!is_published(&["v=DKIM1; k=rsa; p="], &rsa.value));
        assert!(!is_published(&[&ed25519.value], &rsa.value));
        assert!(!is_published(&[&rsa.value, &ed25519.value], &rsa.value));
        assert!(!is_published(&[format!("{}; h=sha1", rsa.value)], &rsa.value));
        assert!(!is_published(&[format!("{}; s=tlsrpt", rsa.value)], &rsa.value));
    }

    proptest! {
        #[test]
        fn no_answer_panics_and_no_chance_text_is_the_key(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..5),
            tags in "v=DKIM1; k=(rsa|ed25519); p=[A-Za-z0-9+/]{0,60}={0,2}",
        ) {
            let key = PublishedKey {
                selector: "ed-a".to_owned(),
                algorithm: KeyAlgorithm::Ed25519,
                name: "ed-a._domainkey.ours.test".to_owned(),
                value: KeyRecord::text(KeyAlgorithm::Ed25519, &[7; 32]),
                state: KeyState::Pending,
                since: day(0),
                keep_until: None,
            };
            prop_assert!(!is_published(&texts, &key.value));
            prop_assert!(!is_published(&[tags], &key.value));
        }
    }
}
