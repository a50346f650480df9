//! From a file or a text to [`Settings`].

use std::fs;
use std::path::{Path, PathBuf};

use posthorn_base::{Domain, Secret};
use toml::Spanned;
use toml::de::DeTable;

use crate::combinations;
use crate::error::ConfigError;
use crate::reader::{Reader, Table};
use crate::section::Section;
use crate::settings::{Dns, Limits, Listen, Log, Login, Mailbox, Queue, Settings, Smarthost, Tls};

impl Settings {
    /// Reads the file at `path`. Relative paths in it start at its folder and come back absolute.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] when the file cannot be read, [`ConfigError::Faulty`] with everything that
    /// is wrong in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |cause| ConfigError::Unreadable {
            path: path.to_owned(),
            cause,
        };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let place = std::path::absolute(path).map_err(unreadable)?;
        let folder = place.parent().unwrap_or(Path::new(""));
        read(&text, path, folder)
    }

    /// Reads `text` as the content of the file `origin`, which need not exist: messages name it, and relative
    /// paths start at its folder.
    ///
    /// # Errors
    /// [`ConfigError::Faulty`] with everything that is wrong in it.
    pub fn parse(text: &str, origin: &Path) -> Result<Self, ConfigError> {
        read(text, origin, origin.parent().unwrap_or(Path::new("")))
    }

    /// The defaults, for a server of this name with its data in this folder.
    #[must_use]
    pub fn new(hostname: Domain, data: PathBuf) -> Self {
        Self {
            hostname,
            data,
            listen: Listen::default(),
            tls: Tls::default(),
            login: Login::default(),
            limits: Limits::default(),
            mailbox: Mailbox::default(),
            queue: Queue::default(),
            dns: Dns::default(),
            log: Log::default(),
        }
    }
}

fn read(text: &str, origin: &Path, folder: &Path) -> Result<Settings, ConfigError> {
    let mut known = Vec::new();
    Settings::paths(&mut known);
    let mut reader = Reader::new(text, known);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        reader.syntax(error);
    }
    let root = Spanned::new(table.span(), table.get_ref());
    let settings = Settings::read(Some(&root), &mut reader);
    for clash in settings.iter().flat_map(combinations::check) {
        let span = span_of(Some(&root), &clash.path);
        reader.fault(span.as_ref(), clash.path, clash.what, clash.instead);
    }
    let faults = reader.into_faults();
    match settings {
        Some(mut settings) if faults.is_empty() => {
            settings.resolve(folder);
            Ok(settings)
        }
        Some(_) | None => Err(ConfigError::Faulty {
            path: origin.to_owned(),
            faults,
        }),
    }
}

/// Where the setting, or else the table around it, stands in the text.
fn span_of(root: Table<'_, '_>, path: &str) -> Option<std::ops::Range<usize>> {
    let mut table = Some(*root?.get_ref());
    let mut span = None;
    for key in path.split('.') {
        let found = table.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key));
        let Some((_, value)) = found else { break };
        span = Some(value.span());
        table = value.get_ref().as_table();
    }
    span
}

impl Smarthost {
    /// The password to log in with: the one in the settings, or the first line of the password file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] when there is a password file that cannot be read.
    pub fn read_password(&self) -> Result<Option<Secret<String>>, ConfigError> {
        let Some(path) = &self.password_file else {
            return Ok(self.password.clone());
        };
        let unreadable = |cause| ConfigError::Unreadable {
            path: path.clone(),
            cause,
        };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        Ok(text.lines().next().map(|line| Secret::new(line.to_owned())))
    }
}
