//! Transactions and blobs. A transaction is a plain synchronous function over a [`Tx`], written in the
//! SQL that SQLite, PostgreSQL and Citus share; which engine runs it is this crate's secret. Knows no
//! mail rule: what the tables mean belongs to `mailbox`, `accounts` and `queue`.
//!
//! What every statement keeps to, so that another engine fits without changing a caller:
//! - parameters are `$1`, `$2` …; types are BIGINT, TEXT, BYTEA; times are BIGINT microseconds;
//! - every table's key begins with its partition key, and a transaction stays in one [`Partition`];
//! - statements are `&'static str`, so that each crate can list its own and a test can run them all.

mod blob;
mod check;
mod collect;
mod engine;
mod error;
mod partition;
mod pending;
mod schema;
mod store;
mod tx;
mod value;

pub use blob::{Blob, BlobRef, INLINE_BLOB_OCTETS};
pub use check::{CheckReport, Finding};
pub use collect::Collected;
pub use error::{OpenError, StoreError};
pub use partition::Partition;
pub use pending::{Pending, PendingFuture};
pub use schema::Component;
pub use store::{Options, Store};
pub use tx::Tx;
pub use value::{Row, Value};
