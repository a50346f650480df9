//! Domain names: RFC 1035 section 2.3.1, RFC 5321 section 4.1.2, IDNA (RFC 5891, UTS 46).
//! Does not look anything up.

use std::fmt;
use std::str::FromStr;

/// A domain name in its comparable form: lower case, A-labels (`xn--…`), no dot at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(String);

/// Why a text is not a domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// Nothing stands between two dots, or nothing at all.
    #[error("a part of the domain name is empty")]
    EmptyLabel,
    /// RFC 1035 section 2.3.4: a label has at most 63 octets, a name at most 253.
    #[error("the domain name is too long (63 characters a part, 253 in all)")]
    TooLong,
    /// A character that no host name may have, or an invalid international name.
    #[error("the domain name has a character that is not allowed")]
    BadCharacter,
}

impl Domain {
    /// Reads a domain name in any letter case, as U-labels or A-labels; one dot at the end is dropped.
    ///
    /// # Errors
    /// When the text is no domain name: see [`DomainError`].
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let ascii = if text.is_ascii() && !text.contains("xn--") {
            text.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(text).map_err(|_cause| DomainError::BadCharacter)?
        };
        if ascii.len() > 253 {
            return Err(DomainError::TooLong);
        }
        for label in ascii.split('.') {
            check_label(label)?;
        }
        Ok(Self(ascii))
    }

    /// The comparable form, ASCII only.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form a person reads: U-labels where the name has them.
    #[must_use]
    pub fn to_unicode(&self) -> String {
        let (text, result) = idna::domain_to_unicode(&self.0);
        if result.is_ok() { text } else { self.0.clone() }
    }

    /// Is this `parent` itself or a name below it?
    #[must_use]
    pub fn is_within(&self, parent: &Self) -> bool {
        self.0
            .strip_suffix(parent.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// RFC 5321 section 4.1.2: `sub-domain = Let-dig [Ldh-str]`; the underscore is tolerated, as service
/// names (`_dmarc`) and some hosts have it.
fn check_label(label: &str) -> Result<(), DomainError> {
    if label.is_empty() {
        return Err(DomainError::EmptyLabel);
    }
    if label.len() > 63 {
        return Err(DomainError::TooLong);
    }
    let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    if !label.bytes().all(allowed) || label.starts_with('-') || label.ends_with('-') {
        return Err(DomainError::BadCharacter);
    }
    Ok(())
}

impl FromStr for Domain {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        Self::parse(text)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_final_dot_do_not_matter() {
        assert_eq!(Domain::parse("Example.TEST."), Domain::parse("example.test"));
    }

    #[test]
    fn a_u_label_becomes_an_a_label_and_back() {
        let domain = Domain::parse("Bücher.example").unwrap();
        assert_eq!(domain.as_str(), "xn--bcher-kva.example");
        assert_eq!(domain.to_unicode(), "bücher.example");
    }

    #[test]
    fn wrong_names_are_refused_with_the_reason() {
        assert_eq!(Domain::parse(""), Err(DomainError::EmptyLabel));
        assert_eq!(Domain::parse("a..b"), Err(DomainError::EmptyLabel));
        assert_eq!(Domain::parse("-a.b"), Err(DomainError::BadCharacter));
        assert_eq!(Domain::parse("a b.c"), Err(DomainError::BadCharacter));
        assert_eq!(Domain::parse(&"a".repeat(64)), Err(DomainError::TooLong));
        assert_eq!(Domain::parse(&"a.".repeat(140)), Err(DomainError::TooLong));
    }

    #[test]
    fn within_respects_label_borders() {
        let parent = Domain::parse("b.test").unwrap();
        assert!(Domain::parse("a.b.test").unwrap().is_within(&parent));
        assert!(parent.is_within(&parent));
        assert!(!Domain::parse("ab.test").unwrap().is_within(&parent));
    }
}
