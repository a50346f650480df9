//! How each type of setting is read from a TOML value and printed as one. Knows no setting by name.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use posthorn_base::{Domain, Secret};
use toml::Spanned;
use toml::de::DeValue;

use crate::kinds::{DetailSeparator, LogFormat, LogLevel, OverQuota, RemoteHost, SmarthostTls};
use crate::near::nearest;
use crate::units::{Size, parse_duration, print_duration};

/// Why a value cannot be used, and where it stands in the text.
pub(crate) struct Wrong {
    pub(crate) span: Range<usize>,
    pub(crate) what: String,
}

/// A type that a setting can have.
pub(crate) trait Value: Sized {
    /// What to write, for messages and the manual: "a time such as …".
    fn kind() -> String;

    /// Reads the value; `None` after adding to `wrong` why not.
    fn read(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>) -> Option<Self>;

    /// The TOML text that [`Self::read`] understands; `None` when the setting is absent.
    fn print(&self) -> Option<String>;

    /// Makes relative paths start at the folder of the settings file.
    fn resolve(&mut self, _folder: &Path) {}
}

fn refuse<T>(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>, what: String) -> Option<T> {
    wrong.push(Wrong {
        span: value.span(),
        what,
    });
    None
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn wrong_type<T>(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>, wanted: &str) -> Option<T> {
    let found = type_name(value.get_ref());
    refuse(value, wrong, format!("{found} stands here, not {wanted}"))
}

/// Reads a string and hands it to `parse`, whose error becomes the message.
fn read_text<T, E: std::fmt::Display>(
    value: &Spanned<DeValue<'_>>,
    wrong: &mut Vec<Wrong>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    let Some(text) = value.get_ref().as_str() else {
        return wrong_type(value, wrong, "a string");
    };
    match parse(text) {
        Ok(parsed) => Some(parsed),
        Err(why) => refuse(value, wrong, format!("`{text}` cannot be used: {why}")),
    }
}

/// A TOML basic string: in quotes, with what must be escaped escaped.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A list on one line.
fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

impl<T: Value> Value for Option<T> {
    fn kind() -> String {
        T::kind()
    }
    fn read(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>) -> Option<Self> {
        T::read(value, wrong).map(Some)
    }
    fn print(&self) -> Option<String> {
        self.as_ref().and_then(T::print)
    }
    fn resolve(&mut self, folder: &Path) {
        if let Some(value) = self {
            value.resolve(folder);
        }
    }
}

impl<T: Value> Value for Vec<T> {
    fn kind() -> String {
        format!("a list, each item {}", T::kind())
    }
    fn read(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>) -> Option<Self> {
        let Some(array) = value.get_ref().as_array() else {
            return wrong_type(value, wrong, "a list");
        };
        let items: Vec<Option<T>> = array.iter().map(|item| T::read(item, wrong)).collect();
        items.into_iter().collect()
    }
    fn print(&self) -> Option<String> {
        Some(list(self.iter().filter_map(T::print)))
    }
}

impl Value for bool {
    fn kind() -> String {
        "true or false".to_owned()
    }
    fn read(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>) -> Option<Self> {
        match value.get_ref().as_bool() {
            Some(is_true) => Some(is_true),
            None => wrong_type(value, wrong, "true or false"),
        }
    }
    fn print(&self) -> Option<String> {
        Some(self.to_string())
    }
}

macro_rules! whole_number {
    ($($type:ty),+) => {$(
        impl Value for $type {
            fn kind() -> String {
                "a whole number".to_owned()
            }
            fn read(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>) -> Option<Self> {
                let Some(number) = value.get_ref().as_integer() else {
                    return wrong_type(value, wrong, "a whole number");
                };
                match Self::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Some(number),
                    Err(_) => refuse(value, wrong, format!("`{number}` is outside 0 to {}", Self::MAX)),
                }
            }
            fn print(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+};
}

whole_number!(u16, u32);

macro_rules! text_value {
    ($type:ty, $kind:literal, $parse:expr, $print:expr) => {
        impl Value for $type {
            fn kind() -> String {
                $kind.to_owned()
            }
            fn read(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>) -> Option<Self> {
                read_text(value, wrong, $parse)
            }
            fn print(&self) -> Option<String> {
                let print: fn(&Self) -> String = $print;
                Some(quote(&print(self)))
            }
        }
    };
}

text_value!(
    Duration,
    "a time such as \"90s\", \"5m\" or \"1h30m\" (d, h, m, s, ms)",
    parse_duration,
    |time| print_duration(*time)
);
text_value!(
    Size,
    "a size such as \"512B\", \"50MB\" (of 1,000) or \"50MiB\" (of 1,024)",
    Size::parse,
    ToString::to_string
);
text_value!(
    SocketAddr,
    "an \"address:port\" such as \"127.0.0.1:25\" or \"[::1]:25\"",
    |text| text.parse().map_err(|_cause| "it is no IP address with a port"),
    ToString::to_string
);
text_value!(
    IpAddr,
    "an IP address such as \"192.0.2.1\" or \"2001:db8::1\"",
    |text| text.parse().map_err(|_cause| "it is no IP address"),
    ToString::to_string
);
text_value!(
    Domain,
    "a domain name such as \"mail.example.org\"",
    parse_domain,
    |domain| domain.to_unicode()
);
text_value!(
    RemoteHost,
    "a host name or an IP address",
    |text| match text.parse::<IpAddr>() {
        Ok(ip) => Ok(RemoteHost::Ip(ip)),
        Err(_) => parse_domain(text).map(RemoteHost::Name),
    },
    |host| match host {
        RemoteHost::Name(domain) => domain.to_unicode(),
        RemoteHost::Ip(ip) => ip.to_string(),
    }
);
text_value!(
    Secret<String>,
    "a string",
    |text| if text.is_empty() {
        Err("it is empty")
    } else {
        Ok(Self::new(text.to_owned()))
    },
    |secret| secret.declassify().clone()
);
text_value!(
    String,
    "a string",
    |text| if text.is_empty() {
        Err("it is empty")
    } else {
        Ok(text.to_owned())
    },
    Clone::clone
);

/// A name that is not an IP address: `Domain` alone would take `192.0.2.1` for a name.
fn parse_domain(text: &str) -> Result<Domain, String> {
    if text.parse::<IpAddr>().is_ok() {
        return Err("it is an IP address, not a name".to_owned());
    }
    Domain::parse(text).map_err(|why| why.to_string())
}

impl Value for PathBuf {
    fn kind() -> String {
        "a path; a relative one starts at the folder of this file".to_owned()
    }
    fn read(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>) -> Option<Self> {
        read_text(value, wrong, |text| {
            if text.is_empty() {
                Err("it is empty")
            } else {
                Ok(Self::from(text))
            }
        })
    }
    fn print(&self) -> Option<String> {
        Some(quote(&self.to_string_lossy()))
    }
    fn resolve(&mut self, folder: &Path) {
        *self = folder.join(&self);
    }
}

macro_rules! word_value {
    ($($type:ty),+) => {$(
        impl Value for $type {
            fn kind() -> String {
                let words: Vec<String> = Self::WORDS.iter().map(|word| quote(word)).collect();
                format!("one of {}", words.join(", "))
            }
            fn read(value: &Spanned<DeValue<'_>>, wrong: &mut Vec<Wrong>) -> Option<Self> {
                read_text(value, wrong, |text| {
                    let near = nearest(text, Self::WORDS.iter().copied());
                    let hint = near.map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
                    Self::from_word(text).ok_or_else(|| format!("the word is not known here{hint}"))
                })
            }
            fn print(&self) -> Option<String> {
                Some(quote(self.word()))
            }
        }
    )+};
}

word_value!(OverQuota, DetailSeparator, SmarthostTls, LogLevel, LogFormat);
