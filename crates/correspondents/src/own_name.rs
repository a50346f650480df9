//! What our own people call themselves in From when they submit: a stranger under such a name is suspect.
//!
//! Tables of the directory, not of an account: everybody's reader knows their colleagues.

use posthorn_impersonation::Namesake;
use posthorn_store::{StoreError, Tx, params};

use crate::name::clean;
use crate::sql;

/// Names kept per address: a phone and a computer may know different ones.
pub const MAX_OWN_NAMES: i64 = 4;

/// Is this name known of this address? Asked with a reading transaction, so that a submission needs a writing
/// one only for a new name.
///
/// # Errors
/// When the store cannot be read.
pub fn is_own_name(tx: &Tx<'_>, address: &str, name_key: &str) -> Result<bool, StoreError> {
    Ok(name_key.is_empty() || stored(tx, address, name_key)?.is_some())
}

/// Learns what one of our people calls themselves; writes only what is new. Of more than
/// [`MAX_OWN_NAMES`] names the one learned longest ago goes. A name without a key teaches nothing.
///
/// # Errors
/// When the store refuses.
pub fn learn_own_name(tx: &mut Tx<'_>, address: &str, name_key: &str, name: &str) -> Result<(), StoreError> {
    let name = clean(name);
    if name_key.is_empty() || name.is_empty() || stored(tx, address, name_key)?.is_some() {
        return Ok(());
    }
    let last = tx.query_row(sql::LAST_OWN_NAME, params![address], |row| row.int(0))?;
    let serial = last.unwrap_or(0).saturating_add(1);
    tx.execute(sql::UPSERT_OWN_NAME, params![address, name_key, &name, serial])?;
    let oldest = serial.saturating_sub(MAX_OWN_NAMES);
    tx.execute(sql::PRUNE_OWN_NAMES, params![address, oldest])?;
    Ok(())
}

/// Our people of that name, at most 8, by address: the `colleagues` of an
/// [`posthorn_impersonation::Acquaintance`].
///
/// # Errors
/// When the store cannot be read.
pub fn own_namesakes(tx: &Tx<'_>, name_key: &str) -> Result<Vec<Namesake>, StoreError> {
    if name_key.is_empty() {
        return Ok(Vec::new());
    }
    tx.query(sql::OWN_NAMESAKES, params![name_key], |row| {
        Ok(Namesake {
            name: row.text(0)?.to_owned(),
            address: row.text(1)?.to_owned(),
        })
    })
}

/// Forgets the names of an address; for when its account is removed.
///
/// # Errors
/// When the store refuses.
pub fn forget_own_names(tx: &mut Tx<'_>, address: &str) -> Result<(), StoreError> {
    tx.execute(sql::FORGET_OWN_NAMES, params![address])?;
    Ok(())
}

fn stored(tx: &Tx<'_>, address: &str, name_key: &str) -> Result<Option<String>, StoreError> {
    tx.query_row(sql::OWN_NAME, params![address, name_key], |row| {
        Ok(row.text(0)?.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Book;
    use crate::name_key;

    fn learn(tx: &mut Tx<'_>, address: &str, name: &str) {
        learn_own_name(tx, address, &name_key(name), name).unwrap();
    }

    fn addresses(tx: &Tx<'_>, name: &str) -> Vec<String> {
        let found = own_namesakes(tx, &name_key(name)).unwrap();
        found.into_iter().map(|own| own.address).collect()
    }

    #[test]
    fn a_colleague_is_found_by_name_in_any_order() {
        Book::empty().run(|tx| {
            learn(tx, "anna@ours.test", "Anna Miller");
            learn(tx, "am@ours.test", "Miller, Anna");
            learn(tx, "bob@ours.test", "Bob");
            assert_eq!(addresses(tx, "MILLER Anna"), ["am@ours.test", "anna@ours.test"]);
            assert!(is_own_name(tx, "anna@ours.test", "anna miller").unwrap());
            assert!(!is_own_name(tx, "bob@ours.test", "anna miller").unwrap());
            forget_own_names(tx, "am@ours.test").unwrap();
            assert_eq!(addresses(tx, "Anna Miller"), ["anna@ours.test"]);
        });
    }

    #[test]
    fn a_known_name_is_not_written_again() {
        Book::empty().run(|tx| {
            learn(tx, "anna@ours.test", "Anna Miller");
            learn(tx, "anna@ours.test", "MILLER, ANNA");
            let found = own_namesakes(tx, "anna miller").unwrap();
            assert_eq!(found.first().unwrap().name, "Anna Miller");
            let last = tx.query_row(sql::LAST_OWN_NAME, params!["anna@ours.test"], |row| row.int(0));
            assert_eq!(last.unwrap(), Some(1));
        });
    }

    #[test]
    fn the_fifth_name_of_an_address_pushes_out_the_first() {
        Book::empty().run(|tx| {
            for name in ["One", "Two", "Three", "Four", "Five"] {
                learn(tx, "anna@ours.test", name);
            }
            assert_eq!(addresses(tx, "One"), Vec::<String>::new());
            for name in ["Two", "Three", "Four", "Five"] {
                assert_eq!(addresses(tx, name), ["anna@ours.test"], "{name}");
            }
        });
    }

    #[test]
    fn a_name_of_nothing_teaches_nothing() {
        Book::empty().run(|tx| {
            learn(tx, "anna@ours.test", "…");
            assert_eq!(own_namesakes(tx, "").unwrap(), []);
            assert!(is_own_name(tx, "anna@ours.test", "").unwrap());
        });
    }
}
