//! The settings file: one TOML file in which each setting is declared once, in `settings.rs`. From that
//! declaration come the parsed [`Settings`], the check, the commented example file and the manual chapter.
//!
//! Knows nothing of what the settings do: it hands out typed values. Does not read the environment or the
//! command line, and touches no file except the settings file and a password file that it names.

mod combinations;
mod error;
mod kinds;
mod load;
mod manual;
mod near;
mod reader;
mod section;
mod settings;
mod units;
mod value;

pub use error::{ConfigError, Fault};
pub use kinds::{DetailSeparator, LogFormat, LogLevel, OverQuota, RemoteHost, SmarthostTls};
pub use manual::{example_file, manual_chapter};
pub use settings::{Dns, Limits, Listen, Log, Login, Mailbox, Queue, Settings, Smarthost, Tls};
pub use units::{BadUnit, Size, parse_duration, print_duration};
