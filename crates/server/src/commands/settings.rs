//! Which settings file a command uses.

use std::path::{Path, PathBuf};

use posthorn_config::Settings;

use super::failure::Failure;

/// Where settings are looked for when no file is named.
const PLACES: [&str; 2] = ["posthorn.toml", "/etc/posthorn/posthorn.toml"];

/// The file that is named, or the first that is there.
pub(super) fn find(named: Option<&Path>) -> Result<PathBuf, Failure> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None => PLACES
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
            .ok_or(Failure::NoSettings),
    }
}

/// The settings in that file.
pub(super) fn load(named: Option<&Path>) -> Result<Settings, Failure> {
    Ok(Settings::load(&find(named)?)?)
}
