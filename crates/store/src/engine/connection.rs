//! One SQLite connection: pragmas, `$1` parameters, cached statements, errors by fault.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{OpenOptions, Permissions};
use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags};

use crate::engine::brief::{Allowance, STEPS_BETWEEN_QUESTIONS};
use crate::{BlobRef, Row, StoreError, Value};

/// Statements kept prepared per connection: more than the whole code base has.
const CACHED_STATEMENTS: usize = 512;
/// Pages (of 4 KiB) of write-ahead log after which it is copied back into the database.
const CHECKPOINT_PAGES: u32 = 4_000;

/// Keys and mail are in the database: its file, and those that SQLite makes beside it, are for its owner alone.
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))
}

/// A connection that belongs to one thread.
pub(crate) struct SqliteConnection {
    inner: Connection,
    /// `$1` rewritten as `?1`, which SQLite binds by number; by the address of the static text.
    translated: RefCell<HashMap<usize, Arc<str>>>,
    /// What may still be read, on connections for brief reads.
    allowance: Option<Arc<Allowance>>,
}

impl SqliteConnection {
    /// The connection that writes. WAL with `synchronous=FULL`: a commit is on stable storage.
    pub(crate) fn open_writer(path: &Path) -> Result<Self, StoreError> {
        keep_private(path).map_err(|cause| StoreError::Statement(format!("{}: {cause}", path.display())))?;
        let inner = Connection::open(path).map_err(from_sqlite)?;
        inner
            .execute_batch(&format!(
                "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; PRAGMA foreign_keys = OFF;
                 PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = 10000;"
            ))
            .map_err(from_sqlite)?;
        Self::from_connection(inner)
    }

    /// A connection that only reads, beside the writer.
    pub(crate) fn open_reader(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let inner = Connection::open_with_flags(path, flags).map_err(from_sqlite)?;
        inner
            .execute_batch(
                "PRAGMA query_only = ON; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;
                 PRAGMA busy_timeout = 10000;",
            )
            .map_err(from_sqlite)?;
        Self::from_connection(inner)
    }

    /// A connection that only reads, and stops when the allowance is exhausted.
    pub(crate) fn open_brief(path: &Path, allowance: &Arc<Allowance>) -> Result<Self, StoreError> {
        let mut connection = Self::open_reader(path)?;
        let spent = Arc::clone(allowance);
        let stops = move || !spent.spend(i64::from(STEPS_BETWEEN_QUESTIONS));
        connection
            .inner
            .progress_handler(i32::from(STEPS_BETWEEN_QUESTIONS), Some(stops))
            .map_err(from_sqlite)?;
        connection.allowance = Some(Arc::clone(allowance));
        Ok(connection)
    }

    fn from_connection(inner: Connection) -> Result<Self, StoreError> {
        inner.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        // Else a statement is prepared again whenever a parameter changes that its plan might depend on.
        inner
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(from_sqlite)?;
        Ok(Self {
            inner,
            translated: RefCell::default(),
            allowance: None,
        })
    }

    /// Is this blob within what may be read here?
    pub(crate) fn allows(&self, blob: &BlobRef) -> Result<(), StoreError> {
        let is_allowed = self
            .allowance
            .as_ref()
            .is_none_or(|allowance| allowance.spend_blob(blob));
        // Nobody sees this: the read begins again elsewhere.
        is_allowed
            .then_some(())
            .ok_or_else(|| StoreError::Statement("a brief read became long".to_owned()))
    }

    /// A statement without parameters that does not come from a caller (BEGIN, COMMIT, PRAGMA, DDL).
    pub(crate) fn control(&self, sql: &str) -> Result<(), StoreError> {
        let mut statement = self.inner.prepare_cached(sql).map_err(from_sqlite)?;
        let mut rows = statement.raw_query();
        while rows.next().map_err(from_sqlite)?.is_some() {}
        Ok(())
    }

    /// Is no transaction open? After some errors SQLite has rolled back by itself.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.inner.is_autocommit()
    }

    /// `PRAGMA integrity_check`: empty when all is well.
    pub(crate) fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self
            .inner
            .prepare("PRAGMA integrity_check(100)")
            .map_err(from_sqlite)?;
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .map_err(from_sqlite)?;
        let lines = rows.collect::<Result<Vec<_>, _>>().map_err(from_sqlite)?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }

    pub(crate) fn execute(&self, sql: &'static str, params: &[Value<'_>]) -> Result<usize, StoreError> {
        let mut statement = self.prepare(sql, params)?;
        statement.raw_execute().map_err(from_sqlite)
    }

    pub(crate) fn query_row<T>(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.prepare(sql, params)?;
        let mut rows = statement.raw_query();
        let Some(inner) = rows.next().map_err(from_sqlite)? else {
            return Ok(None);
        };
        let value = read(&Row {
            inner: SqliteRow { inner },
        })?;
        // A statement with RETURNING has done all its work only when it was stepped to the end.
        while rows.next().map_err(from_sqlite)?.is_some() {}
        Ok(Some(value))
    }

    pub(crate) fn for_each(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        read: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.prepare(sql, params)?;
        let mut rows = statement.raw_query();
        while let Some(inner) = rows.next().map_err(from_sqlite)? {
            read(&Row {
                inner: SqliteRow { inner },
            })?;
        }
        Ok(())
    }

    /// Does the engine understand the statement, all tables and columns being there?
    pub(crate) fn understand(&self, sql: &'static str) -> Result<(), StoreError> {
        self.compile(sql).map(drop)
    }

    fn compile(&self, sql: &'static str) -> Result<CachedStatement<'_>, StoreError> {
        let translated = Arc::clone(
            self.translated
                .borrow_mut()
                .entry(sql.as_ptr().addr())
                .or_insert_with(|| sql.replace('$', "?").into()),
        );
        self.inner.prepare_cached(&translated).map_err(from_sqlite)
    }

    fn prepare(&self, sql: &'static str, params: &[Value<'_>]) -> Result<CachedStatement<'_>, StoreError> {
        let mut statement = self.compile(sql)?;
        if statement.parameter_count() != params.len() {
            return Err(StoreError::Statement(format!(
                "{} parameters are given for {} in: {sql}",
                params.len(),
                statement.parameter_count()
            )));
        }
        for (index, value) in params.iter().enumerate() {
            statement
                .raw_bind_parameter(index + 1, Bound(*value))
                .map_err(from_sqlite)?;
        }
        Ok(statement)
    }
}

/// Binds without copying.
struct Bound<'a>(Value<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// A row of SQLite's.
pub(crate) struct SqliteRow<'r> {
    inner: &'r rusqlite::Row<'r>,
}

impl SqliteRow<'_> {
    pub(crate) fn int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.column(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(value) => Ok(Some(value)),
            other @ (ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_)) => {
                Err(mismatch(column, other))
            }
        }
    }

    pub(crate) fn text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.column(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => std::str::from_utf8(text)
                .map(Some)
                .map_err(|cause| StoreError::Corrupt(format!("column {column}: {cause}"))),
            other @ (ValueRef::Real(_) | ValueRef::Integer(_) | ValueRef::Blob(_)) => {
                Err(mismatch(column, other))
            }
        }
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.column(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(octets) => Ok(Some(octets)),
            other @ (ValueRef::Real(_) | ValueRef::Integer(_) | ValueRef::Text(_)) => {
                Err(mismatch(column, other))
            }
        }
    }

    fn column(&self, column: usize) -> Result<ValueRef<'_>, StoreError> {
        self.inner.get_ref(column).map_err(from_sqlite)
    }
}

fn mismatch(column: usize, found: ValueRef<'_>) -> StoreError {
    StoreError::Statement(format!("column {column} holds {}", found.data_type()))
}

/// Sorts SQLite's errors by fault.
pub(crate) fn from_sqlite(error: rusqlite::Error) -> StoreError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::DiskFull,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(text),
        Some(ErrorCode::ConstraintViolation) => match error.sqlite_extended_error_code() {
            Some(rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY | rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE) => {
                StoreError::Duplicate
            }
            _ => StoreError::Statement(text),
        },
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory,
        ) => StoreError::Io(text),
        _ => StoreError::Statement(text),
    }
}
