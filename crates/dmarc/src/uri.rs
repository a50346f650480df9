//! Where reports are asked for: the URIs of `rua=` and `ruf=` (RFC 9989 sections 4.6 and 4.8, RFC 3986, RFC
//! 6068). Only `mailto:` is ever used; other schemes are well-formed and not for us.

use posthorn_base::Address;

/// Longer URIs are nobody's mail address.
const MAX_URI_OCTETS: usize = 320;

/// One entry of a list of URIs.
pub(crate) struct Entry {
    /// Without the size.
    pub(crate) uri: String,
    /// Had it a size (`!10m`), which no longer means anything?
    pub(crate) has_size: bool,
}

/// Reads one entry; `None` when it is no URI, or a `mailto:` without an address.
///
/// ```text
/// dmarc-uri     = URI ; commas and exclamation points MUST be encoded
/// obs-dmarc-uri = dmarc-uri "!" 1*DIGIT [ "k" / "m" / "g" / "t" ]
/// ```
pub(crate) fn entry(text: &str) -> Option<Entry> {
    let text = text.trim_matches([' ', '\t']);
    let (uri, size) = match text.split_once('!') {
        Some((uri, size)) => (uri.trim_end_matches([' ', '\t']), Some(size)),
        None => (text, None),
    };
    if size.is_some_and(|size| !is_size(size)) || uri.len() > MAX_URI_OCTETS || !is_uri(uri) {
        return None;
    }
    if is_mailto(uri) && mail_address(uri).is_none() {
        return None;
    }
    Some(Entry {
        uri: uri.to_owned(),
        has_size: size.is_some(),
    })
}

/// The address that a `mailto:` URI names; `None` for any other URI.
#[must_use]
pub fn mail_address(uri: &str) -> Option<Address> {
    let (_mailto, rest) = uri.split_once(':').filter(|_| is_mailto(uri))?;
    let address = rest.split_once('?').map_or(rest, |(address, _)| address);
    Address::parse(&percent_decode(address)?).ok()
}

/// The `mailto:` URI of an address, with everything encoded that a record or a list could stumble over.
#[must_use]
pub fn mailto(address: &Address) -> String {
    use std::fmt::Write as _;
    let mut uri = String::from("mailto:");
    for octet in address.to_string().bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~@+=".contains(&octet) {
            uri.push(char::from(octet));
        } else {
            let _infallible = write!(uri, "%{octet:02X}");
        }
    }
    uri
}

fn is_mailto(uri: &str) -> bool {
    uri.get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
}

/// `URI = scheme ":" hier-part …` by its characters alone.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let in_rest = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@$&'()*+;=%".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(in_scheme)
        && !rest.is_empty()
        && rest.chars().all(in_rest)
}

fn is_size(text: &str) -> bool {
    let digits = text
        .strip_suffix(['k', 'K', 'm', 'M', 'g', 'G', 't', 'T'])
        .unwrap_or(text);
    let digits = digits.trim_matches([' ', '\t']);
    !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit())
}

fn percent_decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            octets.push(u8::try_from((high << 4) | low).ok()?);
        } else {
            octets.push(octet);
        }
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(uri: &str) -> Option<String> {
        mail_address(uri).map(|address| address.to_string())
    }

    #[test]
    fn a_size_is_dropped() {
        let entry = entry(" mailto:a@example.org!10m ").unwrap();
        assert_eq!(
            (entry.uri.as_str(), entry.has_size),
            ("mailto:a@example.org", true)
        );
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in [
            "",
            "a@example.org",
            "mailto:",
            "mailto:nobody",
            "mailto:a@example.org!",
            "mailto:a@example.org!10x",
            "mailto:a b@example.org",
            "mailto:%zz@example.org",
            "1mailto:a@example.org",
            "https:",
        ] {
            assert!(entry(text).is_none(), "{text}");
        }
        assert!(entry("https://example.org/reports").is_some());
    }

    #[test]
    fn an_address_is_decoded_and_encoded() {
        assert_eq!(
            address("MAILTO:a%2Bb@Example.ORG?subject=x").as_deref(),
            Some("a+b@example.org")
        );
        assert_eq!(address("https://example.org/a@b"), None);
        let odd = Address::parse("\"a;b,c!d\"@example.org").unwrap();
        assert_eq!(mailto(&odd), "mailto:%22a%3Bb%2Cc%21d%22@example.org");
        assert_eq!(mail_address(&mailto(&odd)), Some(odd));
    }
}
