//! The texts made from the declarations: the commented example file and the manual chapter; and a file
//! that says only what differs from the defaults.

use crate::section::{Item, Section};
use crate::settings::Settings;

/// The width at which comments are broken.
const WIDTH: usize = 100;

fn items(settings: Option<&Settings>) -> Vec<Item> {
    let mut items = Vec::new();
    Settings::items(settings, &mut items);
    items
}

/// The items table by table, in the order of the declaration.
fn tables(items: &[Item]) -> impl Iterator<Item = &[Item]> {
    items.chunk_by(|one, next| one.table == next.table)
}

/// Adds `text` as comment lines.
fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() >= WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}

/// `a time such as "5m"; from "1s" to "1h"; connections`.
fn describe(item: &Item) -> String {
    let mut text = item.kind.clone();
    if let Some((low, high)) = &item.range {
        text.push_str(&format!(", from {low} to {high}"));
    }
    if let Some(unit) = item.unit {
        text.push_str(&format!(" ({unit})"));
    }
    text
}

/// The commented example file: every setting with its default. Removing a `#` before a setting that has a
/// default changes nothing.
#[must_use]
pub fn example_file() -> String {
    let mut out = String::new();
    comment(
        &mut out,
        "The settings of Posthorn. A line that begins with # shows a default, or an example where there is none.",
    );
    comment(
        &mut out,
        "This file is made from the declarations in crates/config/src/settings.rs.",
    );
    for table in tables(&items(None)) {
        let Some(first) = table.first() else { continue };
        if !first.table.is_empty() {
            out.push('\n');
            comment(&mut out, &first.table_doc);
            let is_optional = first.table.contains('.');
            out.push_str(&format!(
                "{}[{}]\n",
                if is_optional { "#" } else { "" },
                first.table
            ));
        }
        for item in table {
            out.push('\n');
            comment(&mut out, &item.doc);
            comment(&mut out, &format!("It is {}.", describe(item)));
            let is_commented = !item.is_required || item.table.contains('.');
            let value = item.default.as_deref().unwrap_or(item.example);
            out.push_str(&format!(
                "{}{} = {value}\n",
                if is_commented { "#" } else { "" },
                item.key
            ));
        }
    }
    out
}

/// A cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The chapter of the manual: a table for each table of the file.
#[must_use]
pub fn manual_chapter() -> String {
    let mut out = String::from(
        "# Settings\n\n\
         One TOML file holds all settings. Every setting but `hostname` can be left out. `posthorn.example.toml`\n\
         shows all of them with their defaults. A key that is not known here is an error, so that a slip of the\n\
         pen is found at the start and not months later.\n\n\
         This chapter is made from the declarations in `crates/config/src/settings.rs`.\n",
    );
    for table in tables(&items(None)) {
        let Some(first) = table.first() else { continue };
        let title = if first.table.is_empty() {
            "The first lines".to_owned()
        } else {
            format!("`[{}]`", first.table)
        };
        out.push_str(&format!("\n## {title}\n\n{}\n\n", first.table_doc));
        out.push_str(
            "| setting | meaning | what to write | default | example |\n| --- | --- | --- | --- | --- |\n",
        );
        for item in table {
            let default = match (&item.default, item.is_required) {
                (Some(default), _) => format!("`{default}`"),
                (None, true) => "must be given".to_owned(),
                (None, false) => "none".to_owned(),
            };
            out.push_str(&format!(
                "| `{}` | {} | {} | {} | `{}` |\n",
                item.key,
                cell(&item.doc),
                cell(&describe(item)),
                cell(&default),
                cell(item.example),
            ));
        }
    }
    out
}

impl Settings {
    /// A settings file that gives these settings: what differs from the defaults, each with its comment. It
    /// holds the smarthost's password if one is set. Paths are written as they are: make relative ones absolute
    /// first if the file is to stand in another folder than the one they start at.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        for table in tables(&items(Some(self))) {
            let mut lines = String::new();
            for item in table
                .iter()
                .filter(|item| item.value != item.default || item.is_required)
            {
                let Some(value) = &item.value else { continue };
                comment(&mut lines, &item.doc);
                lines.push_str(&format!("{} = {value}\n\n", item.key));
            }
            let name = table.first().map_or("", |first| first.table);
            if !lines.is_empty() && !name.is_empty() {
                out.push_str(&format!("[{name}]\n"));
            }
            out.push_str(&lines);
        }
        let end = out.trim_end().len();
        out.truncate(end);
        out.push('\n');
        out
    }
}
