//! A domain name taken apart the way eyes do: what stands in front, the name somebody registered, its ending.
//! The public suffix list is not consulted: an ending is the last label, or the last two where a country has
//! the usual second level (`co.uk`, `com.au`). Where that is wrong, two strangers under one suffix count as
//! related, which makes the judgement milder, never louder.

use posthorn_base::Domain;

/// Second levels that countries give names out under.
const SECOND_LEVELS: &[&str] = &[
    "ac", "co", "com", "edu", "gob", "gouv", "gov", "gv", "ltd", "me", "ne", "net", "nhs", "or", "org",
    "plc", "sch",
];

/// A name in its parts, in lower case and readable letters (U-labels).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The labels in front of the registered name: `www`, `bank.example` in `bank.example.evil.test`.
    pub(crate) front: String,
    /// The label somebody registered: `evil`.
    pub(crate) label: String,
    /// What it is registered under, without the dot before it: `test`, `co.uk`; may be empty.
    pub(crate) ending: String,
}

impl Name {
    /// Reads any text; what is no domain name is taken as it is, in lower case and cut to 253 characters.
    pub(crate) fn read(domain: &str) -> Self {
        let readable = Domain::parse(domain).map_or_else(
            |_no_name| domain.chars().take(253).flat_map(char::to_lowercase).collect(),
            |name| {
                if name.as_str().contains("xn--") {
                    name.to_unicode()
                } else {
                    name.as_str().to_owned()
                }
            },
        );
        let readable = readable.trim_matches('.');
        let labels: Vec<&str> = readable.split('.').collect();
        let ending_len = ending_len(&labels).min(labels.len().saturating_sub(1));
        let (rest, ending) = labels.split_at(labels.len().saturating_sub(ending_len));
        let (label, front) = rest
            .split_last()
            .map_or(("", rest), |(label, front)| (*label, front));
        Self {
            front: front.join("."),
            label: label.to_owned(),
            ending: ending.join("."),
        }
    }

    /// The registered name with its ending.
    pub(crate) fn registered(&self) -> String {
        if self.ending.is_empty() {
            return self.label.clone();
        }
        format!("{}.{}", self.label, self.ending)
    }

    /// Everything in front of the ending.
    pub(crate) fn before_ending(&self) -> String {
        if self.front.is_empty() {
            return self.label.clone();
        }
        format!("{}.{}", self.front, self.label)
    }
}

fn ending_len(labels: &[&str]) -> usize {
    match labels {
        [_, .., second, country] if country.len() == 2 && SECOND_LEVELS.contains(second) => 2,
        _ => 1,
    }
}

/// Are the two names the same, one below the other, or both below the same registered-looking name?
#[must_use]
pub fn related(a: &str, b: &str) -> bool {
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    let (a, b) = (Name::read(a), Name::read(b));
    a.label == b.label && a.ending == b.ending
}

/// Is `name` the same as `parent`, or below it? Both may be in any case.
pub(crate) fn is_within(name: &str, parent: &str) -> bool {
    match (Domain::parse(name), Domain::parse(parent)) {
        (Ok(name), Ok(parent)) => name.is_within(&parent),
        _ => name.eq_ignore_ascii_case(parent),
    }
}

/// The domain of an address as written: what stands behind its last `@`.
pub(crate) fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(domain: &str) -> (String, String, String) {
        let name = Name::read(domain);
        (name.front, name.label, name.ending)
    }

    fn three(front: &str, label: &str, ending: &str) -> (String, String, String) {
        (front.to_owned(), label.to_owned(), ending.to_owned())
    }

    #[test]
    fn a_name_is_taken_apart() {
        assert_eq!(parts("mail.Bank.example"), three("mail", "bank", "example"));
        assert_eq!(parts("www.bank.co.uk"), three("www", "bank", "co.uk"));
        assert_eq!(parts("co.uk"), three("", "co", "uk"));
        assert_eq!(parts("mail.gmx.de"), three("mail", "gmx", "de"));
        assert_eq!(parts("localhost"), three("", "localhost", ""));
        assert_eq!(parts("xn--bcher-kva.example"), three("", "bücher", "example"));
        assert_eq!(parts(""), three("", "", ""));
    }

    #[test]
    fn related_is_the_same_registered_name() {
        assert!(related("news.bank.example", "mail.bank.example"));
        assert!(related("BANK.example", "bank.example"));
        assert!(!related("bank.example", "bank.test"));
        assert!(!related("evil.co.uk", "bank.co.uk"));
        assert!(!related("bank.example.evil.test", "bank.example"));
    }
}
