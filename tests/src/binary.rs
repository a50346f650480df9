//! Finds the program under test: `POSTHORN_BIN`, or the binary beside this test's own in the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The program. One that is missing is built; one that is there is taken as it is, so build it before a
/// run (`make test` does).
///
/// # Panics
/// When there is none and it cannot be built.
pub fn posthorn() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(find)
}

fn find() -> PathBuf {
    if let Some(named) = std::env::var_os("POSTHORN_BIN") {
        return PathBuf::from(named);
    }
    // target/debug/deps/serve-0123 → target/debug
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).unwrap();
    let path = profile.join("posthorn");
    if !path.exists() {
        build(profile, &["--package", "posthorn-server"]);
    }
    path
}

/// An example program of one of our crates, found and built as the program itself.
///
/// # Panics
/// When there is none and it cannot be built.
#[must_use]
pub fn example(package: &str, name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join(name);
    if !path.exists() {
        build(profile, &["--package", package, "--example", name]);
    }
    path
}

/// Cargo's own lock lets only one of several tests build.
fn build(profile: &Path, what: &[&str]) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet"]).args(what).arg("--target-dir");
    cargo.arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let ended = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(ended.success(), "{what:?} cannot be built");
}
