//! Schema versions: each crate that owns tables brings its own list of migrations.

/// The tables of one crate.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// Name under which the version is kept.
    pub name: &'static str,
    /// One list of statements per version, from version 1 up. What is released is never edited, only
    /// added to.
    pub migrations: &'static [&'static [&'static str]],
    /// Statements that give `(hash, generation, size)` of every blob this component's rows name.
    pub blob_references: &'static [&'static str],
}

pub(crate) const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (component TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (component))";
pub(crate) const VERSION: &str = "SELECT version FROM schema_version WHERE component = $1";
pub(crate) const SET_VERSION: &str = "INSERT INTO schema_version (component, version) VALUES ($1, $2)
    ON CONFLICT (component) DO UPDATE SET version = $2";

/// The store's own tables.
pub(crate) const BLOBS: Component = Component {
    name: "blob",
    migrations: &[crate::blob::SCHEMA],
    blob_references: &[],
};

/// Declares a crate's statements, and lists them as `STATEMENTS` so that none is missing from the test that
/// asks the engine about all of them ([`crate::Tx::refused`]).
#[macro_export]
macro_rules! statements {
    ($($name:ident = $sql:literal;)*) => {
        $(pub(crate) const $name: &str = $sql;)*
        /// Every statement of this crate.
        pub const STATEMENTS: &[&str] = &[$($sql),*];
    };
}
