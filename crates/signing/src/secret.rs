//! Secrets of this server that must outlast a restart: with what return addresses of forwarded mail are made.

use posthorn_base::Secret;
use posthorn_store::{StoreError, Tx, params};

use crate::sql;

/// The secret of that name; `fresh`, just drawn, becomes it when there is none yet.
///
/// # Errors
/// When the store refuses.
pub fn secret(tx: &mut Tx<'_>, name: &str, fresh: &Secret<[u8; 32]>) -> Result<Secret<[u8; 32]>, StoreError> {
    tx.execute(sql::INSERT_SECRET, params![name, fresh.declassify()])?;
    let found = tx.query_row(sql::SECRET, params![name], |row| {
        let octets = <[u8; 32]>::try_from(row.bytes(0)?);
        octets.map_err(|_length| StoreError::Corrupt(format!("the secret {name} has not 32 octets")))
    })?;
    let found = found.ok_or_else(|| StoreError::Corrupt(format!("the secret {name} is missing")))?;
    Ok(Secret::new(found))
}

#[cfg(test)]
mod tests {
    use posthorn_store::{Options, Partition, Store};

    use super::*;

    #[test]
    fn the_first_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &[crate::SCHEMA]).unwrap();
        let of = |octet: u8, name: &'static str| {
            let written = store.write(Partition::Directory, move |tx| {
                secret(tx, name, &Secret::new([octet; 32])).map(|secret| *secret.declassify())
            });
            written.wait().unwrap()
        };
        assert_eq!(of(1, "srs"), [1; 32]);
        assert_eq!(of(2, "srs"), [1; 32]);
        assert_eq!(of(3, "other"), [3; 32]);
    }
}
