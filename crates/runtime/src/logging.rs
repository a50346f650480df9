//! The log: one line per event on the standard error stream, with the time in UTC to the millisecond. What
//! comes from a peer cannot start a line of its own. Files, rotation and shipping belong to the supervisor.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::clock;

/// How the log is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// What is logged: a level (`info`), or levels by part (`info,posthorn_smtp=debug`).
    pub filter: String,
    /// For whom it is written.
    pub format: Format,
    /// Whether levels are coloured.
    pub color: Color,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: Format::Text,
            color: Color::Auto,
        }
    }
}

/// For whom the log is written; one line per event either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: a JSON object, with the event's fields beside its message.
    Json,
}

/// Whether levels are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// When a person reads: the standard error stream is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Why the log could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The filter is not understood.
    #[error("log filter '{filter}': {reason}; write a level such as info, or part=level pairs with commas")]
    Filter {
        /// The filter as it was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The log is already set up; it stays as it is.
    #[error("the log is already set up")]
    AlreadySet,
}

/// Sets the log up for the whole process; to be called once, early.
///
/// # Errors
/// When the filter is not understood, or the log was set up before.
pub fn init(settings: &LogSettings) -> Result<(), LogError> {
    let filter = parse_filter(&settings.filter)?;
    let ansi = match (settings.format, settings.color) {
        (Format::Json, _) | (Format::Text, Color::Never) => false,
        (Format::Text, Color::Auto) => io::stderr().is_terminal(),
        (Format::Text, Color::Always) => true,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_timer(UtcMillis)
        .with_ansi(ansi)
        .with_writer(StandardError { ansi });
    let set = match settings.format {
        Format::Text => tracing::subscriber::set_global_default(builder.compact().finish()),
        Format::Json => {
            let json = builder
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false);
            tracing::subscriber::set_global_default(json.finish())
        }
    };
    set.map_err(|_only_one_cause| LogError::AlreadySet)
}

fn parse_filter(filter: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder()
        .parse(filter)
        .map_err(|cause| LogError::Filter {
            filter: filter.to_owned(),
            reason: cause.to_string(),
        })
}

/// `2026-11-23T20:15:00.123Z`.
struct UtcMillis;

impl FormatTime for UtcMillis {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        let now = clock::wall();
        let civil = now.civil();
        let millis = now.as_micros().rem_euclid(1_000_000) / 1000;
        write!(
            w,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{millis:03}Z",
            civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
        )
    }
}

/// The standard error stream, one line per write.
struct StandardError {
    ansi: bool,
}

impl<'a> MakeWriter<'a> for StandardError {
    type Writer = OneLine<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine {
            to: io::stderr(),
            ansi: self.ansi,
        }
    }
}

/// Escapes control characters within an event, so that a peer can neither forge a line nor steer a
/// terminal. The subscriber hands each event over in one write. With `ansi`, colours pass, and only they.
struct OneLine<W> {
    to: W,
    ansi: bool,
}

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        if line.iter().any(u8::is_ascii_control) {
            self.to.write_all(&escaped(line, self.ansi))?;
        } else {
            self.to.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn escaped(line: &[u8], ansi: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 32);
    let mut rest = line;
    while let Some((&c, after)) = rest.split_first() {
        let color = if ansi { color_octets(rest) } else { 0 };
        if let Some((color, after)) = rest
            .split_at_checked(color)
            .filter(|(color, _)| !color.is_empty())
        {
            out.extend(color);
            rest = after;
            continue;
        }
        if c.is_ascii_control() {
            out.extend(c.escape_ascii());
        } else {
            out.push(c);
        }
        rest = after;
    }
    out.push(b'\n');
    out
}

/// The length of the colour sequence (`ESC [ … m`) that `text` starts with, or 0.
fn color_octets(text: &[u8]) -> usize {
    let Some(parameters) = text.strip_prefix(b"\x1b[") else {
        return 0;
    };
    let end = parameters.iter().position(|c| !c.is_ascii_digit() && *c != b';');
    match end {
        Some(end) if parameters.get(end) == Some(&b'm') => end + 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(octets);
            Ok(octets.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(event: impl FnOnce()) -> String {
        logged_with(false, event)
    }

    fn logged_with(ansi: bool, event: impl FnOnce()) -> String {
        let memory = Memory::default();
        let to = memory.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(parse_filter("info,quiet=error").unwrap())
            .with_timer(UtcMillis)
            .with_ansi(ansi)
            .with_writer(move || OneLine { to: to.clone(), ansi })
            .compact()
            .finish();
        tracing::subscriber::with_default(subscriber, event);
        String::from_utf8(memory.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn an_event_is_one_line_that_starts_with_the_time_in_utc() {
        let line = logged(|| tracing::info!(peer = "192.0.2.1", "connected"));
        let (time, rest) = line.split_at(24);
        let shape: String = time
            .chars()
            .map(|c| if c.is_ascii_digit() { '9' } else { c })
            .collect();
        assert_eq!(shape, "9999-99-99T99:99:99.999Z");
        assert!(rest.contains("INFO") && rest.contains("connected") && rest.ends_with('\n'));
    }

    #[test]
    fn a_peer_cannot_start_a_line_of_its_own() {
        let forged = "mallory\r\n2026-01-01T00:00:00.000Z INFO all is well\u{1b}[2J";
        let line = logged(|| tracing::info!(helo = %forged, "greeted"));
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert!(line.contains("mallory\\r\\n2026"), "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }

    #[test]
    fn of_control_characters_only_colours_reach_a_terminal() {
        let line = logged_with(
            true,
            || tracing::info!(helo = %"\u{1b}]0;title\u{7}\u{1b}[2J", "greeted"),
        );
        assert!(line.contains("\u{1b}[32m INFO\u{1b}[0m"), "{line:?}");
        assert!(line.contains("\\x1b]0;title\\x07\\x1b[2J"), "{line:?}");
    }

    #[test]
    fn the_filter_decides_by_level_and_part() {
        assert_eq!(logged(|| tracing::debug!("not this")), "");
        assert_eq!(logged(|| tracing::warn!(target: "quiet", "nor this")), "");
        assert_ne!(logged(|| tracing::error!(target: "quiet", "but this")), "");
    }

    #[test]
    fn a_filter_that_is_not_understood_is_named() {
        let error = init(&LogSettings {
            filter: "posthorn=loud".to_owned(),
            color: Color::Never,
            format: Format::Text,
        });
        assert!(error.unwrap_err().to_string().contains("'posthorn=loud'"));
    }

    #[test]
    fn a_second_setup_is_refused() {
        let settings = LogSettings::default();
        let _first = init(&settings);
        assert_eq!(init(&settings), Err(LogError::AlreadySet));
    }
}
