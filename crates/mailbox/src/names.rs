//! Mailbox names: UTF-8, parts divided by `/` (RFC 9051 section 5.1).

use crate::MailboxError;

/// Octets of a whole name.
const NAME_OCTETS: usize = 1_000;
/// Octets of one part.
const PART_OCTETS: usize = 255;
/// Parts of a name.
const PARTS: usize = 20;

/// The name in the form it is stored under: `INBOX` in any letter case is `INBOX`, also as the first
/// part; one `/` at the end, which clients send to announce a parent, is dropped.
///
/// # Errors
/// [`MailboxError::BadName`] with the rule that is broken.
pub fn check_name(name: &str) -> Result<String, MailboxError> {
    let name = name.strip_suffix('/').unwrap_or(name);
    if name.len() > NAME_OCTETS {
        return Err(MailboxError::BadName("the name is longer than 1000 octets"));
    }
    let mut parts: Vec<&str> = name.split('/').collect();
    if parts.len() > PARTS {
        return Err(MailboxError::BadName("the name has more than 20 parts"));
    }
    for part in &parts {
        if part.is_empty() {
            return Err(MailboxError::BadName("a part of the name is empty"));
        }
        if part.len() > PART_OCTETS {
            return Err(MailboxError::BadName(
                "a part of the name is longer than 255 octets",
            ));
        }
        if part.chars().any(char::is_control) {
            return Err(MailboxError::BadName("the name has a control character"));
        }
        if part.contains(['*', '%']) {
            return Err(MailboxError::BadName("the name has * or %, which are wildcards"));
        }
    }
    if let Some(first) = parts.first_mut()
        && first.eq_ignore_ascii_case("INBOX")
    {
        *first = "INBOX";
    }
    Ok(parts.join("/"))
}

/// The names above `name`, outermost first.
pub(crate) fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').filter_map(|(at, _)| name.get(..at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbox_is_inbox_in_any_case() {
        assert_eq!(check_name("inBox").unwrap(), "INBOX");
        assert_eq!(check_name("inbox/Work/").unwrap(), "INBOX/Work");
        assert_eq!(check_name("Inboxes").unwrap(), "Inboxes");
    }

    #[test]
    fn wrong_names_are_refused() {
        for name in [
            "",
            "/",
            "a//b",
            "/a",
            "a\0b",
            "a*",
            &"x".repeat(256),
            &"a/".repeat(21),
        ] {
            assert!(
                matches!(check_name(name), Err(MailboxError::BadName(_))),
                "{name:?}"
            );
        }
    }

    #[test]
    fn parents_are_listed_from_the_outside() {
        assert_eq!(parents("a/b/c").collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(parents("a").count(), 0);
    }
}
