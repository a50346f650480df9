//! Walks the parsed TOML text and collects every fault. A faulty setting does not stop the reading: all
//! that is wrong is told at once.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::error::Fault;
use crate::near::nearest;
use crate::value::Value;

/// What the declaration of a setting says, for reading.
pub(crate) struct Declared<T> {
    /// The table, as `queue.smarthost`; empty for the top.
    pub(crate) table: &'static str,
    pub(crate) key: &'static str,
    /// `None` when the setting must be given.
    pub(crate) default: Option<fn() -> T>,
    pub(crate) range: Option<Bounds<T>>,
    pub(crate) example: &'static str,
}

/// The smallest and largest value of a setting.
pub(crate) struct Bounds<T> {
    pub(crate) low: T,
    pub(crate) high: T,
    /// A function, so that only types with an order can have bounds.
    pub(crate) holds: fn(&T, &T, &T) -> bool,
}

/// A table of the file; `None` when it has none of that name.
pub(crate) type Table<'a, 'i> = Option<&'a Spanned<&'a DeTable<'i>>>;

type Entry<'a, 'i> = (&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>);

/// The text, and what was found wrong in it so far.
pub(crate) struct Reader<'t> {
    text: &'t str,
    faults: Vec<Fault>,
    /// Every setting's full path, for "did you mean".
    known: Vec<String>,
    /// Lines on which the TOML syntax is wrong: what else is said of them would only confuse.
    broken_lines: Vec<usize>,
}

/// `queue` and `port` to `queue.port`.
pub(crate) fn join(table: &str, key: &str) -> String {
    if table.is_empty() {
        key.to_owned()
    } else {
        format!("{table}.{key}")
    }
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str, known: Vec<String>) -> Self {
        Self {
            text,
            faults: Vec::new(),
            known,
            broken_lines: Vec::new(),
        }
    }

    /// The line of a place in the text, from 1 up.
    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().iter().take(span.start);
        before.filter(|octet| **octet == b'\n').count().saturating_add(1)
    }

    /// The text is no TOML there.
    pub(crate) fn syntax(&mut self, error: &toml::de::Error) {
        let line = error.span().map(|span| self.line(&span));
        self.broken_lines.extend(line);
        self.faults.push(Fault {
            line,
            key: String::new(),
            what: format!("this is not TOML: {}", error.message()),
            instead: "write `key = value`, with strings in double quotes".to_owned(),
        });
    }

    pub(crate) fn fault(&mut self, span: Option<&Range<usize>>, key: String, what: String, instead: String) {
        let line = span.map(|span| self.line(span));
        if line.is_some_and(|line| self.broken_lines.contains(&line)) {
            return;
        }
        self.faults.push(Fault {
            line,
            key,
            what,
            instead,
        });
    }

    /// All faults, in the order of the lines.
    pub(crate) fn into_faults(mut self) -> Vec<Fault> {
        self.faults.sort_by_key(|fault| fault.line.unwrap_or(usize::MAX));
        self.faults
    }

    fn find<'a, 'i>(table: Table<'a, 'i>, key: &str) -> Option<Entry<'a, 'i>> {
        table?.get_ref().iter().find(|(name, _)| name.get_ref() == key)
    }

    /// Reads one setting; `None` when it is faulty.
    pub(crate) fn field<T: Value>(&mut self, table: Table<'_, '_>, declared: &Declared<T>) -> Option<T> {
        let path = join(declared.table, declared.key);
        let Some((_, value)) = Self::find(table, declared.key) else {
            return self.absent(table, declared, path);
        };
        let mut wrong = Vec::new();
        let read = T::read(value, &mut wrong);
        let instead = || {
            format!(
                "write {}, for instance `{} = {}`",
                T::kind(),
                declared.key,
                declared.example
            )
        };
        for wrong in wrong {
            self.fault(Some(&wrong.span), path.clone(), wrong.what, instead());
        }
        let read = read?;
        if let Some(bounds) = &declared.range
            && !(bounds.holds)(&bounds.low, &read, &bounds.high)
        {
            let text = |value: &T| value.print().unwrap_or_default();
            let what = format!("{} is out of range", text(&read));
            let instead = format!(
                "write a value from {} to {}",
                text(&bounds.low),
                text(&bounds.high)
            );
            self.fault(Some(&value.span()), path, what, instead);
            return None;
        }
        Some(read)
    }

    fn absent<T>(&mut self, table: Table<'_, '_>, declared: &Declared<T>, path: String) -> Option<T> {
        if let Some(default) = declared.default {
            return Some(default());
        }
        let place = table.filter(|_| !declared.table.is_empty()).map(Spanned::span);
        let instead = format!("add `{} = {}`", declared.key, declared.example);
        self.fault(
            place.as_ref(),
            path,
            "this setting must be given".to_owned(),
            instead,
        );
        None
    }

    /// The table `key` inside `table`.
    pub(crate) fn table<'a, 'i>(
        &mut self,
        table: Table<'a, 'i>,
        path: &str,
        key: &str,
    ) -> Option<Spanned<&'a DeTable<'i>>> {
        let (_, value) = Self::find(table, key)?;
        if let Some(inner) = value.get_ref().as_table() {
            return Some(Spanned::new(value.span(), inner));
        }
        let what = "this is a table, not a setting".to_owned();
        self.fault(
            Some(&value.span()),
            path.to_owned(),
            what,
            format!("write `[{path}]` and its settings below"),
        );
        None
    }

    /// Complains of every key in the table that is not among `keys`.
    pub(crate) fn unknown(&mut self, table: Table<'_, '_>, path: &str, keys: &[&'static str]) {
        let Some(table) = table else { return };
        for (key, _) in *table.get_ref() {
            let name = key.get_ref().as_ref();
            if !keys.contains(&name) {
                let instead = self.suggest(path, name, keys);
                let what = "there is no such setting".to_owned();
                self.fault(Some(&key.span()), join(path, name), what, instead);
            }
        }
    }

    /// First a near miss in the same table, then the same or a near name elsewhere.
    fn suggest(&self, path: &str, name: &str, keys: &[&'static str]) -> String {
        if let Some(near) = nearest(name, keys.iter().copied()) {
            return format!("did you mean `{}`?", join(path, near));
        }
        let last = |known: &String| known.rsplit('.').next().unwrap_or_default().to_owned();
        if let Some(elsewhere) = self.known.iter().find(|known| last(known) == name) {
            return format!("did you mean `{elsewhere}`?");
        }
        let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        match path {
            "" => format!("the first level has {}", names.join(", ")),
            path => format!("`[{path}]` has {}", names.join(", ")),
        }
    }
}
