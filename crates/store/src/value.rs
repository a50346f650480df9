//! Parameters in, columns out.

use crate::StoreError;
use crate::engine::SqliteRow;

/// A parameter of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(&'a str),
    /// BYTEA.
    Bytes(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! id_value {
    ($($name:ident),*) => {$(
        impl From<posthorn_base::$name> for Value<'_> {
            fn from(id: posthorn_base::$name) -> Self {
                Self::Int(i64::from(id.0))
            }
        }
    )*};
}
id_value!(AccountId, MailboxId, EmailId, ThreadId, Uid, UidValidity, ModSeq);

impl From<posthorn_base::Timestamp> for Value<'_> {
    fn from(at: posthorn_base::Timestamp) -> Self {
        Self::Int(at.as_micros())
    }
}

/// Parameters for [`crate::Tx`]: `params![account, "text", 3_i64]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::Value::from($value)),*]
    };
}

/// One row of a result. Columns count from 0.
pub struct Row<'r> {
    pub(crate) inner: SqliteRow<'r>,
}

impl Row<'_> {
    /// A BIGINT column.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    /// A BIGINT column that may be NULL.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.inner.int(column)
    }

    /// A TEXT column.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.opt_text(column)?.ok_or_else(|| null(column))
    }

    /// A TEXT column that may be NULL.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        self.inner.text(column)
    }

    /// A BYTEA column.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.opt_bytes(column)?.ok_or_else(|| null(column))
    }

    /// A BYTEA column that may be NULL.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        self.inner.bytes(column)
    }

    /// A BIGINT column that holds 0 or 1.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// A BIGINT column that holds a UID, a UIDVALIDITY or another number of 32 bits.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn u32(&self, column: usize) -> Result<u32, StoreError> {
        u32::try_from(self.int(column)?)
            .map_err(|cause| StoreError::Statement(format!("column {column}: {cause}")))
    }

    /// A BIGINT column that holds a size or a count.
    ///
    /// # Errors
    /// When it is negative.
    pub fn u64(&self, column: usize) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?)
            .map_err(|cause| StoreError::Statement(format!("column {column}: {cause}")))
    }

    /// A BIGINT column that holds a moment.
    ///
    /// # Errors
    /// When the column holds something else.
    pub fn timestamp(&self, column: usize) -> Result<posthorn_base::Timestamp, StoreError> {
        self.int(column).map(posthorn_base::Timestamp::from_micros)
    }
}

fn null(column: usize) -> StoreError {
    StoreError::Statement(format!("column {column} is NULL"))
}
