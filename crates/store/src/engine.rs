//! The engine behind the interface. Today SQLite with files for large blobs; everything that is
//! SQLite's own stands below this module and nowhere else.

mod brief;
mod connection;
mod files;
mod readers;
mod writer;

pub(crate) use brief::Brief;
pub(crate) use connection::{SqliteConnection, SqliteRow};
pub(crate) use files::{BlobFiles, lock_folder};
pub(crate) use readers::Readers;
pub(crate) use writer::{Job, Writer};
