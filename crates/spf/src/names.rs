//! Names as SPF meets them: from the client, from records, from macros. Asks nothing.

use posthorn_base::Domain;

/// Can the DNS hold the name? Labels of 1 to 63 octets, 253 in all, ASCII.
pub(crate) fn is_speakable(name: &str) -> bool {
    name.len() <= 253 && name.is_ascii() && name.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// A name as macros see it: a U-label becomes its A-label (RFC 7208 section 4.3), the final dot goes;
/// what is no name stays, cut to what a name may have.
pub(crate) fn plain(text: &str) -> String {
    if !text.is_ascii()
        && let Ok(domain) = Domain::parse(text)
    {
        return domain.as_str().to_owned();
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    text.chars().take(255).collect()
}

/// The domain that `check_host` begins with: a host name of at least two labels (RFC 7208 section 4.3),
/// in lower case, A-labels.
pub(crate) fn initial(text: &str) -> Option<String> {
    let domain = Domain::parse(text).ok()?;
    domain.as_str().contains('.').then(|| domain.as_str().to_owned())
}

/// Is `name` `parent` or below it?
pub(crate) fn is_within(name: &str, parent: &str) -> bool {
    let Some(at) = name.len().checked_sub(parent.len()) else {
        return false;
    };
    let (Some(head), Some(tail)) = (name.get(..at), name.get(at..)) else {
        return false;
    };
    tail.eq_ignore_ascii_case(parent) && (head.is_empty() || head.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_respects_labels_and_ignores_case() {
        assert!(is_within("a.Example.org", "example.org"));
        assert!(is_within("example.org", "example.org"));
        assert!(!is_within("anexample.org", "example.org"));
        assert!(!is_within("org", "example.org"));
    }

    #[test]
    fn the_first_domain_is_a_host_name_of_two_labels() {
        assert_eq!(
            initial("Bücher.example").as_deref(),
            Some("xn--bcher-kva.example")
        );
        assert_eq!(initial("Example.ORG.").as_deref(), Some("example.org"));
        for text in ["", "localhost", "[192.0.2.1]", "a..org", "über", "a b.org"] {
            assert_eq!(initial(text), None, "{text}");
        }
    }
}
