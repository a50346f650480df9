//! What the commands write: tables for people, JSON for programs, complaints. The only place that writes to
//! the standard output. A reader that went away (`posthorn queue list | head`) is no fault.

use std::io::{self, Write as _};

use serde::Serialize;

/// Writes `text` and a line end to the standard output.
///
/// # Errors
/// When it cannot be written; [`io::ErrorKind::BrokenPipe`] when nobody reads any more.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.trim_end_matches('\n').as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes a value as JSON, indented.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(value: &impl Serialize) -> io::Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}

/// Writes a sentence to the standard error stream. When that fails there is nobody to tell.
pub(crate) fn complain(text: &str) {
    let mut err = io::stderr().lock();
    drop(writeln!(err, "{text}"));
}

/// How many characters fit on a line of the screen; a wide one when the output is no screen.
#[must_use]
pub(crate) fn columns() -> usize {
    const WIDE: usize = 132;
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        Ok(_) | Err(_) => WIDE,
    }
}

/// Columns for people: a line of titles, then the rows, each cell padded to the widest of its column.
#[must_use]
pub(crate) fn table(titles: &[&str], rows: &[Vec<String>]) -> String {
    let mut lines = vec![titles.iter().map(|&title| title.to_owned()).collect()];
    lines.extend(
        rows.iter()
            .map(|row| row.iter().map(|cell| clean(cell)).collect()),
    );
    let widths: Vec<usize> = (0..titles.len())
        .map(|column| {
            lines
                .iter()
                .map(|row: &Vec<String>| width(row, column))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in &lines {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn width(row: &[String], column: usize) -> usize {
    row.get(column).map_or(0, |cell| cell.chars().count())
}

/// Text from outside without what a terminal would act on.
#[must_use]
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// A number of octets as people read it, to a tenth: `12.3 MB`.
#[must_use]
pub(crate) fn size(octets: u64) -> String {
    let units = [
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1_000, "kB"),
    ];
    match units.into_iter().find(|(factor, _)| octets >= *factor) {
        Some((factor, unit)) => format!("{}.{} {unit}", octets / factor, octets % factor / (factor / 10)),
        None => format!("{octets} B"),
    }
}

/// `1 recipient`, `2 recipients`.
#[must_use]
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["bücher@a.test".to_owned(), "1".to_owned()],
            vec!["x".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["ADDRESS", "N"], &rows),
            "ADDRESS        N\nbücher@a.test  1\nx\n"
        );
    }

    #[test]
    fn another_server_s_words_cannot_steer_the_terminal() {
        let row = vec!["550 \u{1b}[2Jno\r\nno".to_owned()];
        assert_eq!(table(&["REPLY"], &[row]), "REPLY\n550 ?[2Jno??no\n");
    }

    #[test]
    fn sizes_are_rounded_down_to_a_tenth() {
        let sizes = [0, 999, 1_000, 1_999_999, 52_428_800, u64::MAX].map(size);
        assert_eq!(
            sizes,
            ["0 B", "999 B", "1.0 kB", "1.9 MB", "52.4 MB", "18446744.0 TB"]
        );
    }
}
