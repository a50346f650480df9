//! The table of a run: Posthorn beside the peer, their ratio, and the goal. It judges nothing beyond printing.

mod rows;

use crate::error::{Error, Result};
use rows::{Better, Goal, Row};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(clap::Args, Clone)]
pub struct TableArgs {
    /// File of the lines that the scenarios printed
    #[arg(long)]
    lines: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// A line about the run, above the table
    #[arg(long)]
    note: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Markdown,
}

/// The lines of a run, by server and label.
#[derive(Default)]
struct Run {
    lines: HashMap<(String, String), Value>,
}

impl Run {
    fn read(text: &str) -> Result<Self> {
        let mut run = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let value: Value = serde_json::from_str(line).map_err(|e| Error(format!("{line}: {e}")))?;
            let key = (text_of(&value, "server"), text_of(&value, "label"));
            run.lines.insert(key, value);
        }
        Ok(run)
    }

    fn value(&self, server: &str, row: &Row) -> Option<f64> {
        let mut found = Vec::new();
        for label in row.labels {
            found.push(self.lines.get(&(server.to_owned(), (*label).to_owned()))?);
        }
        (row.value)(&found)
    }

    /// Wrong or missing answers of a server, and the first of each scenario in words.
    fn errors(&self, server: &str) -> (u64, Vec<String>) {
        let mut lines: Vec<_> = self.lines.iter().filter(|((s, _), _)| s == server).collect();
        lines.sort_by_key(|(key, _)| (*key).clone());
        let count = lines
            .iter()
            .filter_map(|(_, line)| line.get("errors")?.as_u64())
            .sum();
        let first = lines
            .iter()
            .filter(|(_, line)| line.get("first_error").is_some())
            .map(|((_, label), line)| format!("{server}, {label}: {}", text_of(line, "first_error")))
            .collect();
        (count, first)
    }
}

fn text_of(line: &Value, key: &str) -> String {
    line.get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

pub fn print(args: &TableArgs) -> Result<()> {
    let run = Run::read(&std::fs::read_to_string(&args.lines)?)?;
    let mut out = String::new();
    for note in &args.note {
        let _ = writeln!(out, "{note}");
    }
    let _ = writeln!(out);
    let head = [
        "measured",
        "unit",
        "Posthorn",
        "Postfix + Dovecot",
        "ratio",
        "goal",
    ];
    let mut cells = vec![head.map(str::to_owned)];
    cells.extend(rows::ROWS.iter().map(|row| cells_of(&run, row)));
    write_cells(&mut out, args.format, &cells);
    let _ = writeln!(out);
    write_cells(&mut out, args.format, &at_once(&run));
    let mut machine = vec![["alone on the machine in the same run", "unit", "", "goal"].map(str::to_owned)];
    machine.extend(rows::MACHINE.iter().map(|row| {
        let value = run.value("machine", row);
        [
            row.name.to_owned(),
            row.unit.to_owned(),
            shown(value),
            goal(row, value, None),
        ]
    }));
    let _ = writeln!(out);
    write_cells(&mut out, args.format, &machine);
    for server in ["posthorn", "peer"] {
        let (count, first) = run.errors(server);
        let _ = writeln!(out, "\n{server}: {count} wrong or missing answers.");
        for error in first {
            let _ = writeln!(out, "- {error}");
        }
    }
    print!("{out}");
    Ok(())
}

/// Medians of the same operations by several sessions at once.
fn at_once(run: &Run) -> Vec<[String; 8]> {
    let head = [
        "big mailbox, sessions at once: median of a command",
        "unit",
        "Posthorn 1",
        "10",
        "50",
        "Dovecot 1",
        "10",
        "50",
    ];
    let mut cells = vec![head.map(str::to_owned)];
    for (name, label) in rows::AT_ONCE {
        let mut row = [const { String::new() }; 8];
        row[0] = (*name).to_owned();
        row[1] = "ms".to_owned();
        for (place, (server, sessions)) in ["posthorn", "peer"]
            .iter()
            .flat_map(|server| ["", "-10", "-50"].map(|sessions| (server, sessions)))
            .enumerate()
        {
            let key = ((*server).to_owned(), format!("{label}{sessions}"));
            row[place + 2] = shown(
                run.lines
                    .get(&key)
                    .and_then(|l| l.get("command_p50_ms")?.as_f64()),
            );
        }
        cells.push(row);
    }
    cells
}

fn cells_of(run: &Run, row: &Row) -> [String; 6] {
    let (ours, peer) = (run.value("posthorn", row), run.value("peer", row));
    // Above 1 we are better, whichever way the figure runs.
    let ratio = ours.zip(peer).and_then(|(ours, peer)| {
        let (over, under) = match row.better {
            Better::More => (ours, peer),
            Better::Less => (peer, ours),
        };
        (over > 0.0 && under > 0.0).then(|| over / under)
    });
    [
        row.name.to_owned(),
        row.unit.to_owned(),
        shown(ours),
        shown(peer),
        ratio.map_or_else(String::new, |ratio| format!("{}×", number(ratio))),
        goal(row, ours, ratio),
    ]
}

/// The goal of a row, and whether it was reached.
fn goal(row: &Row, ours: Option<f64>, ratio: Option<f64>) -> String {
    let (wanted, reached) = match row.goal {
        Goal::None => return String::new(),
        Goal::Times(times) => (format!("≥ {times}×"), ratio.map(|ratio| ratio >= times)),
        Goal::AtLeast(least) => (format!("≥ {least}"), ours.map(|ours| ours >= least)),
        Goal::AtMost(most) => (format!("≤ {most}"), ours.map(|ours| ours <= most)),
    };
    match reached {
        None => wanted,
        Some(true) => format!("{wanted} reached"),
        Some(false) => format!("{wanted} missed"),
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

/// Three figures that mean something.
fn number(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v if v >= 0.1 => format!("{v:.3}"),
        v => format!("{v:.4}"),
    }
}

fn write_cells<const N: usize>(out: &mut String, format: Format, rows: &[[String; N]]) {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    // Numbers stand to the right: all behind the unit, but for the goal.
    let has_goal = rows[0][N - 1] == "goal";
    let is_number = |column: usize| (2..if has_goal { N - 1 } else { N }).contains(&column);
    let edge = if format == Format::Markdown { "|" } else { "" };
    for (n, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                if is_number(column) {
                    format!(" {cell:>width$} ")
                } else {
                    format!(" {cell:<width$} ")
                }
            })
            .collect();
        let line = format!("{edge}{}{edge}", cells.join(edge));
        let _ = writeln!(out, "{}", line.trim_end());
        if n == 0 {
            let rule: Vec<String> = widths
                .iter()
                .enumerate()
                .map(|(column, width)| match (format, column) {
                    (Format::Markdown, _) if is_number(column) => format!("{}:", "-".repeat(width + 1)),
                    (Format::Markdown, _) => "-".repeat(width + 2),
                    (Format::Text, _) => format!(" {} ", "-".repeat(*width)),
                })
                .collect();
            let _ = writeln!(out, "{edge}{}{edge}", rule.join(edge));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_one_is_better_either_way() {
        let lines = r#"{"server":"posthorn","label":"accept-10","visible_msgs_s":900,"cpu_server_s":1,"messages":1000,"cpu_other_s":0,"visible_s":1}
            {"server":"peer","label":"accept-10","visible_msgs_s":100,"cpu_server_s":4,"messages":1000}"#;
        let run = Run::read(lines).unwrap();
        let ratio = |name: &str| {
            let row = rows::ROWS.iter().find(|row| row.name.contains(name)).unwrap();
            (cells_of(&run, row)[4].clone(), cells_of(&run, row)[5].clone())
        };
        assert_eq!(
            ratio("10 connections: to be seen"),
            ("9.00×".to_owned(), "≥ 8× reached".to_owned())
        );
        assert_eq!(
            ratio("10 connections: processor"),
            ("4.00×".to_owned(), "≤ 0.6 missed".to_owned())
        );
    }

    #[test]
    fn what_trust_costs_is_held_against_its_goal() {
        let cost = |ms: f64| {
            let line = format!(r#"{{"server":"machine","label":"trust","cpu_ms_per_message":{ms}}}"#);
            let row = &rows::MACHINE[0];
            let value = Run::read(&line).unwrap().value("machine", row);
            (shown(value), goal(row, value, None))
        };
        assert_eq!(cost(0.0741), ("0.0741".to_owned(), "≤ 0.3 reached".to_owned()));
        assert_eq!(cost(0.301), ("0.301".to_owned(), "≤ 0.3 missed".to_owned()));
    }

    #[test]
    fn what_was_not_measured_is_a_gap() {
        let cells = cells_of(&Run::default(), &rows::ROWS[0]);
        assert_eq!(cells[2], "–");
        assert_eq!(cells[4], "");
    }
}
