//! Which keys sign.

use std::time::Duration;

use super::*;
use crate::fixture::{Keys, day, domain, real_keys};
use crate::{LastKey, activate, add_pending, all, retire};

const MESSAGE: &[u8] = b"From: anna@ours.test\r\nSubject: Hi\r\n\r\nHello\r\n";
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// The selectors that sign, in the order of the fields.
fn selectors(keyring: &Keyring) -> Vec<String> {
    let Some(signer) = keyring.signer_for(&domain()) else {
        return Vec::new();
    };
    let signed = signer.sign(MESSAGE, day(9), WEEK).unwrap();
    signed
        .split("s=")
        .skip(1)
        .filter_map(|rest| rest.split_once("; t=").map(|(selector, _)| selector.to_owned()))
        .collect()
}

#[test]
fn only_active_keys_sign_rsa_on_top() {
    Keys::none().run(|tx| {
        add_pending(tx, &domain(), real_keys(), day(0)).unwrap();
        let (keyring, unusable) = Keyring::load(&all(tx).unwrap());
        assert_eq!(unusable, []);
        assert!(keyring.signer_for(&domain()).is_none());
        activate(tx, &domain(), "ed-a", day(1), WEEK).unwrap();
        assert_eq!(keyring.replace(&all(tx).unwrap()), []);
        assert_eq!(selectors(&keyring), ["ed-a"]);
        activate(tx, &domain(), "rsa-a", day(1), WEEK).unwrap();
        assert_eq!(keyring.replace(&all(tx).unwrap()), []);
        assert_eq!(selectors(&keyring), ["rsa-a", "ed-a"]);
        retire(tx, &domain(), "rsa-a", LastKey::Refuse, day(2), WEEK).unwrap();
        assert_eq!(keyring.replace(&all(tx).unwrap()), []);
        assert_eq!(selectors(&keyring), ["ed-a"]);
    });
}

#[test]
fn a_domain_signs_for_itself_alone() {
    Keys::none().run(|tx| {
        add_pending(tx, &domain(), real_keys(), day(0)).unwrap();
        activate(tx, &domain(), "ed-a", day(1), WEEK).unwrap();
        let (keyring, _) = Keyring::load(&all(tx).unwrap());
        for other in ["sub.ours.test", "test", "theirs.test"] {
            assert!(
                keyring.signer_for(&Domain::parse(other).unwrap()).is_none(),
                "{other}"
            );
        }
    });
}

#[test]
fn a_key_that_cannot_sign_is_told_and_the_other_goes_on() {
    Keys::none().run(|tx| {
        add_pending(tx, &domain(), real_keys(), day(0)).unwrap();
        for selector in ["ed-a", "rsa-a"] {
            activate(tx, &domain(), selector, day(1), WEEK).unwrap();
        }
        tx.execute(
            "UPDATE dkim_key SET private_key = NULL WHERE selector = 'rsa-a'",
            &[],
        )
        .unwrap();
        let (keyring, unusable) = Keyring::load(&all(tx).unwrap());
        assert_eq!(selectors(&keyring), ["ed-a"]);
        let told: Vec<String> = unusable.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1);
        let start = "the key rsa-a of ours.test cannot sign: this is not a private RSA key";
        assert!(told.iter().all(|line| line.starts_with(start)), "{told:?}");
    });
}

#[test]
fn clones_see_the_change_and_who_signs_finishes_with_the_old_keys() {
    Keys::none().run(|tx| {
        add_pending(tx, &domain(), real_keys(), day(0)).unwrap();
        activate(tx, &domain(), "ed-a", day(1), WEEK).unwrap();
        let (keyring, _) = Keyring::load(&all(tx).unwrap());
        let clone = keyring.clone();
        let signing = clone.signer_for(&domain()).unwrap();
        assert_eq!(keyring.replace(&[]), []);
        assert!(clone.signer_for(&domain()).is_none());
        assert!(signing.sign(MESSAGE, day(2), WEEK).is_ok());
        assert_eq!(format!("{clone:?}"), "Keyring(0 domains)");
    });
}
