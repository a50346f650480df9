//! `posthorn check --store`, the part that is about this crate's table: what the functions beside it can never
//! leave behind. Reads the columns as they are, as a damaged row is what it is looking for. Whether the domains
//! are ours is not known here.

use std::collections::HashSet;

use posthorn_store::{StoreError, Tx};

use crate::key::{Key, KeyState, read_raw};
use crate::keyring::parse;
use crate::sql;

/// What is wrong with the keys, a sentence each; empty when all is well.
///
/// # Errors
/// When the store cannot be read at all.
pub fn check(tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
    let mut findings = Vec::new();
    let mut signing = HashSet::new();
    let mut add = |domain: &str, selector: &str, what: &str| {
        findings.push(format!("DKIM key {selector} of {domain}: {what}"));
    };
    tx.for_each(sql::ALL_KEYS, &[], |row| {
        let (domain, selector) = (row.text(0)?, row.text(1)?);
        match read_raw(row)? {
            Err(what) => add(domain, selector, what),
            Ok(key) => {
                let is_second =
                    key.state == KeyState::Active && !signing.insert((key.domain.clone(), key.algorithm));
                if is_second {
                    add(
                        domain,
                        selector,
                        "another key of the same kind signs as well; retire one of them",
                    );
                }
                for what in faults(&key) {
                    add(domain, selector, what);
                }
            }
        }
        Ok(())
    })?;
    Ok(findings)
}

fn faults(key: &Key) -> Vec<&'static str> {
    let mut faults = Vec::new();
    match key.state {
        KeyState::Pending | KeyState::Active => match parse(key) {
            Err(_fault) => faults.push("its private key cannot be read; retire it and make new ones"),
            Ok(parsed) if parsed.public_key() != key.public => {
                faults.push("its public key is not that of its private key; retire it and make new ones");
            }
            Ok(_) => {}
        },
        KeyState::Retiring | KeyState::Retired => {
            if key.private.is_some() {
                faults.push("it signs no more, but its private key is still there");
            }
        }
    }
    if key.state == KeyState::Active && key.activated_at.is_none() {
        faults.push("it signs, but nobody knows since when");
    }
    if key.state == KeyState::Retiring && key.keep_until.is_none() {
        faults.push("it is retiring, but nobody knows until when");
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Keys, day, domain, real_keys};
    use crate::rotate::{activate, add_pending};
    use posthorn_store::params;
    use std::time::Duration;

    fn filled(tx: &mut Tx<'_>) {
        add_pending(tx, &domain(), real_keys(), day(0)).unwrap();
        activate(tx, &domain(), "ed-a", day(1), Duration::ZERO).unwrap();
    }

    #[test]
    fn each_damage_is_found() {
        let cases: &[(&'static str, &str)] = &[
            (
                "UPDATE dkim_key SET private_key = NULL WHERE selector = 'ed-a'",
                "DKIM key ed-a of ours.test: its private key cannot be read; retire it and make new ones",
            ),
            (
                "UPDATE dkim_key SET private_key = public_key WHERE selector = 'rsa-a'",
                "DKIM key rsa-a of ours.test: its private key cannot be read; retire it and make new ones",
            ),
            (
                "UPDATE dkim_key SET public_key = private_key WHERE selector = 'rsa-a'",
                "DKIM key rsa-a of ours.test: its public key is not that of its private key; retire it and make \
                 new ones",
            ),
            (
                "UPDATE dkim_key SET state = 'asleep' WHERE selector = 'ed-a'",
                "DKIM key ed-a of ours.test: its state is not known",
            ),
            (
                "UPDATE dkim_key SET algorithm = 'dsa' WHERE selector = 'ed-a'",
                "DKIM key ed-a of ours.test: the kind of key is not known",
            ),
            (
                "UPDATE dkim_key SET domain = '-' WHERE selector = 'ed-a'",
                "DKIM key ed-a of -: this is not a domain name",
            ),
            (
                "UPDATE dkim_key SET activated_at = NULL WHERE selector = 'ed-a'",
                "DKIM key ed-a of ours.test: it signs, but nobody knows since when",
            ),
            (
                "UPDATE dkim_key SET state = 'retiring', private_key = NULL WHERE selector = 'ed-a'",
                "DKIM key ed-a of ours.test: it is retiring, but nobody knows until when",
            ),
            (
                "UPDATE dkim_key SET state = 'retired' WHERE selector = 'rsa-a'",
                "DKIM key rsa-a of ours.test: it signs no more, but its private key is still there",
            ),
        ];
        for &(vandalism, expected) in cases {
            Keys::none().run(move |tx| {
                filled(tx);
                assert_eq!(check(tx).unwrap(), Vec::<String>::new());
                assert_eq!(tx.execute(vandalism, params![]), Ok(1), "{vandalism}");
                assert_eq!(check(tx).unwrap(), [expected], "{vandalism}");
            });
        }
    }

    #[test]
    fn two_keys_of_a_kind_that_sign_are_found() {
        Keys::none().run(|tx| {
            filled(tx);
            let copy =
                "INSERT INTO dkim_key SELECT domain, 'ed-b', algorithm, private_key, public_key, state,
                made_at, activated_at, last_signed_at, keep_until FROM dkim_key WHERE selector = 'ed-a'";
            tx.execute(copy, &[]).unwrap();
            let expected =
                "DKIM key ed-b of ours.test: another key of the same kind signs as well; retire one of them";
            assert_eq!(check(tx).unwrap(), [expected]);
        });
    }
}
