//! The files of the repository. Does not look at what git ignores.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One file with UTF-8 text.
#[derive(Clone, Debug)]
pub struct File {
    /// Below the root, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl File {
    /// For the tests of the checks.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The part of the name after the last dot; empty when there is none.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Is it Rust source?
    #[must_use]
    pub fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }

    /// Does it hold only tests: a `tests.rs`, or a file in a `tests` folder?
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.starts_with("tests/") || self.path.contains("/tests/")
    }
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// All text files that are tracked or would be with `git add`.
///
/// # Errors
/// When git cannot list them or one cannot be read, in words.
pub fn files(root: &Path) -> Result<Vec<File>, String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|why| format!("these checks need git to list the files: {why}"))?;
    if !listed.status.success() {
        return Err(format!(
            "git ls-files failed: {}",
            String::from_utf8_lossy(&listed.stderr)
        ));
    }
    let mut files = Vec::new();
    for path in String::from_utf8_lossy(&listed.stdout)
        .split('\0')
        .filter(|path| !path.is_empty())
    {
        // A file that was just removed is still in the index; one that is no text has nothing to check.
        let octets = std::fs::read(root.join(path)).unwrap_or_default();
        if let Ok(text) = String::from_utf8(octets) {
            files.push(File {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(files)
}
