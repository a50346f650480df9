//! The handle a transaction works with.

use std::ops::Range;

use posthorn_base::AccountId;

use crate::blob::{Blob, BlobRef};
use crate::engine::{BlobFiles, SqliteConnection};
use crate::{Row, StoreError, Value};

/// An open transaction. Synchronous: nothing in it waits for a network or another thread.
pub struct Tx<'c> {
    connection: &'c SqliteConnection,
    files: &'c BlobFiles,
    changed: Vec<AccountId>,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: &'c SqliteConnection, files: &'c BlobFiles) -> Self {
        Self {
            connection,
            files,
            changed: Vec::new(),
        }
    }

    /// What the engine's own integrity check finds.
    pub(crate) fn integrity(&self) -> Result<Vec<String>, StoreError> {
        self.connection.integrity()
    }

    pub(crate) fn into_changed(self) -> Vec<AccountId> {
        self.changed
    }

    /// The statements that the engine does not understand, each with its reason; runs none of them. For the
    /// tests of those who wrote them, with [`crate::statements`].
    #[must_use]
    pub fn refused(&self, statements: &[&'static str]) -> Vec<String> {
        let reason = |sql: &&'static str| {
            let cause = self.connection.understand(sql).err()?;
            Some(format!("{cause}: {sql}"))
        };
        statements.iter().filter_map(reason).collect()
    }

    /// Runs a statement that gives no rows; returns how many rows it changed.
    ///
    /// # Errors
    /// When the engine refuses it.
    pub fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<usize, StoreError> {
        self.connection.execute(sql, params)
    }

    /// The first row, read by `read`; `None` when there is none.
    ///
    /// # Errors
    /// When the engine refuses the statement, or `read` finds another type.
    pub fn query_row<T>(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.connection.query_row(sql, params, read)
    }

    /// All rows, each read by `read`.
    ///
    /// # Errors
    /// When the engine refuses the statement, or `read` finds another type.
    pub fn query<T>(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        self.connection.for_each(sql, params, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Hands each row to `read`, keeping none.
    ///
    /// # Errors
    /// When the engine refuses the statement, or `read` fails.
    pub fn for_each(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.connection.for_each(sql, params, &mut read)
    }

    /// Stores a staged blob together with this transaction. Doing it twice is harmless.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn put_blob(&mut self, blob: &Blob) -> Result<(), StoreError> {
        let Some(octets) = blob.inline() else {
            return Ok(()); // A large one lies in its file already, durable since it was staged.
        };
        let reference = blob.reference();
        self.execute(
            crate::blob::INSERT,
            crate::params![&reference.hash, reference.generation, octets],
        )?;
        Ok(())
    }

    /// The octets of a blob.
    ///
    /// # Errors
    /// [`StoreError::BlobMissing`] when it is not there: the store is damaged.
    pub fn blob(&self, reference: &BlobRef) -> Result<Vec<u8>, StoreError> {
        self.connection.allows(reference)?;
        let found = if reference.is_inline() {
            self.query_row(
                crate::blob::SELECT,
                crate::params![&reference.hash, reference.generation],
                |row| Ok(row.bytes(0)?.to_vec()),
            )?
        } else {
            self.files.read(reference)?
        };
        found.ok_or_else(|| StoreError::BlobMissing(reference.to_string()))
    }

    /// These octets of a blob, as far as it has them; of a large one no others are read.
    ///
    /// # Errors
    /// As [`Self::blob`].
    pub fn blob_part(&self, reference: &BlobRef, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        if reference.is_inline() {
            let whole = self.blob(reference)?;
            let at = |octets: u64| usize::try_from(octets).unwrap_or(usize::MAX).min(whole.len());
            return Ok(whole
                .get(at(range.start)..at(range.end))
                .unwrap_or_default()
                .to_vec());
        }
        self.connection.allows(reference)?;
        let found = self.files.read_part(reference, &range)?;
        found.ok_or_else(|| StoreError::BlobMissing(reference.to_string()))
    }

    /// Tells whoever watches `account` that something changed, once this transaction is durable.
    pub fn notice(&mut self, account: AccountId) {
        if !self.changed.contains(&account) {
            self.changed.push(account);
        }
    }
}
