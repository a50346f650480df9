//! What can be wrong with the settings: the file cannot be read, or its content is faulty. All faults of a
//! file are reported together, each with its line and what to write instead.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {}", path.display(), explain(cause))]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file can be read, but not used.
    #[error("{}", list(path, faults))]
    Faulty {
        /// Which file.
        path: PathBuf,
        /// What is wrong, in the order of the lines; never empty.
        faults: Vec<Fault>,
    },
}

/// One thing that is wrong in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1 up; `None` for a setting that is missing from the whole file.
    pub line: Option<usize>,
    /// The setting with its table, as `queue.port`; empty when the line has no readable key.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub instead: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}; {}", self.what, self.instead)
    }
}

fn list(path: &std::path::Path, faults: &[Fault]) -> String {
    let name = path.display();
    let lines = faults.iter().map(|fault| match fault.line {
        Some(line) => format!("{name}:{line}: {fault}"),
        None => format!("{name}: {fault}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The system's words, and what to do in the two cases that people meet.
fn explain(cause: &io::Error) -> String {
    if cause.kind() == io::ErrorKind::NotFound {
        "there is no such file; give the path of your settings file".to_owned()
    } else if cause.kind() == io::ErrorKind::PermissionDenied {
        "permission denied; let the user that runs Posthorn read it".to_owned()
    } else {
        cause.to_string()
    }
}
