//! The evidence as header fields for other programs: Authentication-Results (RFC 8601) and Received-SPF
//! (RFC 7208 section 9.1); and forged ones that claim to be ours are found and taken out.
//!
//! Whatever strangers chose (names, paths, their records in a reason) is ASCII on one line here, and cannot
//! look like a result: many programs search these fields for `dmarc=pass` and are not too particular about
//! where it stands.

mod authentication_results;
mod folded;
mod forged;
mod received_spf;

pub use authentication_results::authentication_results;
pub use forged::{is_forged, strip_forged};
pub use received_spf::received_spf;

use posthorn_base::{Address, Domain};

/// Octets of a comment.
const COMMENT_OCTETS: usize = 300;
/// Octets of a value.
const VALUE_OCTETS: usize = 253;
/// The methods whose results somebody may look for (the IANA registry that RFC 8601 section 6.3 makes).
const METHODS: [&str; 12] = [
    "arc",
    "auth",
    "bimi",
    "compauth",
    "dara",
    "dkim",
    "dkim-adsp",
    "dkim-atps",
    "dmarc",
    "domainkeys",
    "iprev",
    "spf",
];

/// The text as ASCII on one line, at most `octets` long; `=` behind the name of a method becomes `:`.
fn harmless(text: &str, octets: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if out.len() >= octets {
            out.push_str("...");
            break;
        }
        match c {
            '=' if ends_with_method(&out) => out.push(':'),
            ' '..='~' => out.push(c),
            '→' => out.push_str("->"),
            '…' => out.push_str("..."),
            '‘' | '’' => out.push('\''),
            c if c.is_whitespace() => out.push(' '),
            c if c.is_control() => {}
            _ => out.push('?'),
        }
    }
    out
}

fn ends_with_method(text: &str) -> bool {
    let text = text.trim_end().as_bytes();
    METHODS.iter().any(|method| {
        text.len()
            .checked_sub(method.len())
            .and_then(|at| text.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(method.as_bytes()))
    })
}

/// The words of a comment `(…)`; none for an empty text. Parentheses and semicolons within it become others:
/// the RFC allows them, many readers do not expect them.
fn comment(text: &str) -> Vec<String> {
    let text: String = harmless(text, COMMENT_OCTETS)
        .chars()
        .map(|c| match c {
            '(' => '[',
            ')' => ']',
            ';' => ',',
            '\\' => '/',
            '"' => '\'',
            other => other,
        })
        .collect();
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if let Some(first) = words.first_mut() {
        first.insert(0, '(');
    }
    if let Some(last) = words.last_mut() {
        last.push(')');
    }
    words
}

/// `value` of RFC 8601 section 2.2: a token of RFC 2045 section 5.1, or else a quoted string.
fn value(text: &str) -> String {
    let text = harmless(text, VALUE_OCTETS);
    let is_token_octet = |octet: u8| octet.is_ascii_graphic() && !br#"()<>@,;:\"/[]?="#.contains(&octet);
    if !text.is_empty() && text.bytes().all(is_token_octet) {
        return text;
    }
    quoted(&text)
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('"');
    for c in text.chars() {
        if c == '"' || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// What of a mail address can be written bare (`[local-part "@"] domain-name`): all of it, or its domain
/// alone when the local part needs quotes, is no ASCII or looks like a result. `None` without a domain.
fn bare_address(text: &str) -> Option<String> {
    let address = Address::parse(text).ok()?;
    let domain = address.domain()?.as_str();
    let local = address.local().to_string();
    let is_plain = local.is_ascii() && !local.starts_with('"') && harmless(&local, VALUE_OCTETS) == local;
    Some(if is_plain {
        format!("{local}@{domain}")
    } else {
        domain.to_owned()
    })
}

/// A name as a value: a domain name as it is, anything else with quotes.
fn name(text: &str) -> String {
    match Domain::parse(text) {
        Ok(domain) => domain.as_str().to_owned(),
        Err(_no_name) => value(text),
    }
}

#[cfg(test)]
mod tests;
