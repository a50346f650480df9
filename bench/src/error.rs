//! One error type: what went wrong, in words. A load run counts errors and
//! keeps the first; it never needs to tell kinds apart.

use std::fmt;

#[derive(Debug, Clone)]
pub struct Error(pub String);

pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        Self(format!("io: {e}"))
    }
}

impl From<tokio::time::error::Elapsed> for Error {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self("timed out".into())
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(e: tokio::task::JoinError) -> Self {
        Self(format!("task: {e}"))
    }
}

/// `Err(Error(format!(...)))`.
#[macro_export]
macro_rules! fail {
    ($($arg:tt)*) => { Err($crate::error::Error(format!($($arg)*))) };
}
