//! The macro by which a table of settings is declared, and what it gives: a struct, a reader and a list of
//! [`Item`]s from which the example file, the manual and the printed file come.

use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use crate::reader::Reader;

/// One declared setting, as text.
pub(crate) struct Item {
    /// The table, as `queue.smarthost`; empty for the top.
    pub(crate) table: &'static str,
    /// What the table is for.
    pub(crate) table_doc: String,
    pub(crate) key: &'static str,
    pub(crate) doc: String,
    /// What can be written.
    pub(crate) kind: String,
    pub(crate) range: Option<(String, String)>,
    pub(crate) unit: Option<&'static str>,
    pub(crate) example: &'static str,
    pub(crate) is_required: bool,
    /// The default in TOML; `None` when it must be given, or is absent by default.
    pub(crate) default: Option<String>,
    /// The value in TOML; `None` when absent.
    pub(crate) value: Option<String>,
}

/// A table of settings.
pub(crate) trait Section: Sized {
    /// What the table is for, line by line.
    const ABOUT: &'static [&'static str];

    /// Full paths of everything below.
    fn paths(paths: &mut Vec<String>);

    /// Reads the table, which may be missing; `None` when something in it is faulty.
    fn read(table: Option<&Spanned<&DeTable<'_>>>, reader: &mut Reader<'_>) -> Option<Self>;

    /// The declared settings, with the values of `this` if it is given.
    fn items(this: Option<&Self>, items: &mut Vec<Item>);

    /// Makes relative paths start at `folder`.
    fn resolve(&mut self, folder: &Path);
}

/// A table that may be left out altogether.
impl<S: Section> Section for Option<S> {
    const ABOUT: &'static [&'static str] = S::ABOUT;

    fn paths(paths: &mut Vec<String>) {
        S::paths(paths);
    }
    fn read(table: Option<&Spanned<&DeTable<'_>>>, reader: &mut Reader<'_>) -> Option<Self> {
        match table {
            None => Some(None),
            Some(_) => S::read(table, reader).map(Some),
        }
    }
    fn items(this: Option<&Self>, items: &mut Vec<Item>) {
        S::items(this.and_then(Self::as_ref), items);
    }
    fn resolve(&mut self, folder: &Path) {
        if let Some(section) = self {
            section.resolve(folder);
        }
    }
}

/// Joins the lines of a doc comment to one text.
pub(crate) fn join_doc(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim().to_owned()
}

/// `Some(x)` for one argument, `None` for none.
macro_rules! given {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

/// `Default` for a table that asks for it, in which no setting is required.
macro_rules! defaults {
    ($name:ident; $($rest:tt)*) => {};
    (Default $name:ident; $($key:ident = ($default:expr);)* $(+ $inner:ident;)*) => {
        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* $($inner: Default::default(),)* }
            }
        }
    };
}

/// Declares a table of settings:
/// `key: Type = default, from LOW to HIGH, unit "words", example "TOML text";`
/// where the default (then the setting is required), the range and the unit may be left out. The doc
/// comments are the text of the manual. Tables inside the table come last, in `tables { … }`.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident at $table:literal $(impl $default_trait:ident)?;
        $(
            $(#[doc = $doc:literal])+
            $key:ident : $type:ty $(= $default:expr)? $(, from $low:expr, to $high:expr)?
                $(, unit $unit:literal)? , example $example:literal;
        )*
        $(tables {
            $(
                $(#[doc = $inner_doc:literal])+
                $inner:ident : $inner_type:ty;
            )+
        })?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $key: $type,)*
            $($($(#[doc = $inner_doc])+ pub $inner: $inner_type,)+)?
        }

        $crate::section::defaults! {
            $($default_trait)? $name;
            $($key = ($($default)?);)*
            $($(+ $inner;)+)?
        }

        impl $crate::section::Section for $name {
            const ABOUT: &'static [&'static str] = &[$($about),+];

            fn paths(paths: &mut Vec<String>) {
                $(paths.push($crate::reader::join($table, stringify!($key)));)*
                $($(<$inner_type as $crate::section::Section>::paths(paths);)+)?
            }

            fn read(
                table: Option<&toml::Spanned<&toml::de::DeTable<'_>>>,
                reader: &mut $crate::reader::Reader<'_>,
            ) -> Option<Self> {
                reader.unknown(table, $table, &[$(stringify!($key),)* $($(stringify!($inner),)+)?]);
                $(let $key = reader.field(table, &$crate::reader::Declared::<$type> {
                    table: $table,
                    key: stringify!($key),
                    default: $crate::section::given!($(|| $default)?),
                    range: $crate::section::given!($($crate::reader::Bounds {
                        low: $low,
                        high: $high,
                        holds: |low, value, high| low <= value && value <= high,
                    })?),
                    example: $example,
                });)*
                $($(let $inner = {
                    let inner = reader.table(table, &$crate::reader::join($table, stringify!($inner)), stringify!($inner));
                    <$inner_type as $crate::section::Section>::read(inner.as_ref(), reader)
                };)+)?
                Some(Self { $($key: $key?,)* $($($inner: $inner?,)+)? })
            }

            fn items(this: Option<&Self>, items: &mut Vec<$crate::section::Item>) {
                use $crate::value::Value;

                $({
                    let default: Option<fn() -> $type> = $crate::section::given!($(|| $default)?);
                    let range: Option<($type, $type)> = $crate::section::given!($(($low, $high))?);
                    items.push($crate::section::Item {
                        table: $table,
                        table_doc: $crate::section::join_doc(Self::ABOUT),
                        key: stringify!($key),
                        doc: $crate::section::join_doc(&[$($doc),+]),
                        kind: <$type as Value>::kind(),
                        range: range.and_then(|(low, high)| Some((low.print()?, high.print()?))),
                        unit: $crate::section::given!($($unit)?),
                        example: $example,
                        is_required: default.is_none(),
                        default: default.and_then(|default| default().print()),
                        value: this.and_then(|this| this.$key.print()),
                    });
                })*
                $($(<$inner_type as $crate::section::Section>::items(this.map(|this| &this.$inner), items);)+)?
            }

            fn resolve(&mut self, folder: &std::path::Path) {
                $($crate::value::Value::resolve(&mut self.$key, folder);)*
                $($($crate::section::Section::resolve(&mut self.$inner, folder);)+)?
            }
        }
    };
}

pub(crate) use {defaults, given, section};
