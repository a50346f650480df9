//! Names and uses of mailboxes (RFC 9051 section 5.1, RFC 6154).

/// In front of the names of mailboxes that other users share, and of the owner's address (RFC 2342 section 5).
pub const OTHER_USERS: &str = "Other Users/";

/// The longest mailbox name in octets of UTF-8.
pub const NAME_OCTETS: usize = 1024;

/// What a mailbox is for (RFC 6154 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialUse {
    /// All messages of the account.
    All,
    /// Archived messages.
    Archive,
    /// Drafts.
    Drafts,
    /// All flagged messages.
    Flagged,
    /// Unwanted messages.
    Junk,
    /// Copies of sent messages.
    Sent,
    /// Deleted messages.
    Trash,
}

impl SpecialUse {
    /// All uses with their attributes.
    pub const NAMES: [(Self, &'static str); 7] = [
        (Self::All, "\\All"),
        (Self::Archive, "\\Archive"),
        (Self::Drafts, "\\Drafts"),
        (Self::Flagged, "\\Flagged"),
        (Self::Junk, "\\Junk"),
        (Self::Sent, "\\Sent"),
        (Self::Trash, "\\Trash"),
    ];

    /// The attribute in LIST, such as `\Sent`.
    #[must_use]
    pub fn attribute(self) -> &'static str {
        Self::NAMES
            .into_iter()
            .find(|(known, _)| *known == self)
            .map_or("", |(_, name)| name)
    }

    /// Finds a use by its attribute, in any case.
    #[must_use]
    pub fn from_attribute(attribute: &str) -> Option<Self> {
        Self::NAMES
            .into_iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(attribute))
            .map(|(known, _)| known)
    }
}

/// The name in the one spelling Posthorn uses: INBOX in capitals, also as the first part of a name; everything
/// else as it is.
#[must_use]
pub fn canonical(name: String) -> String {
    let (first, below) = name
        .split_once('/')
        .map_or((name.as_str(), None), |(first, below)| (first, Some(below)));
    match (first.eq_ignore_ascii_case("INBOX"), below) {
        (true, Some(below)) => format!("INBOX/{below}"),
        (true, None) => "INBOX".to_owned(),
        (false, _) => name,
    }
}

/// May a mailbox be created under this name? No empty level, no control character, no wildcard
/// (RFC 9051 section 5.1 asks to avoid these), at most [`NAME_OCTETS`], and nothing but Net-Unicode (RFC 5198
/// section 2), so that no two names look alike because one is composed and the other is not.
#[must_use]
pub fn is_fit_to_create(name: &str) -> bool {
    name.len() <= NAME_OCTETS
        && name.split('/').all(|level| !level.is_empty())
        && !name
            .chars()
            .any(|c| c.is_control() || matches!(c, '%' | '*' | '\u{2028}' | '\u{2029}'))
        && unicode_normalization::is_nfc(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbox_has_one_spelling() {
        assert_eq!(canonical("iNbOx".to_owned()), "INBOX");
        assert_eq!(canonical("Inbox2".to_owned()), "Inbox2");
        assert_eq!(canonical("inbox/Work".to_owned()), "INBOX/Work");
        assert_eq!(canonical("a/inbox".to_owned()), "a/inbox");
    }

    #[test]
    fn names_with_empty_levels_or_wildcards_are_not_created() {
        for bad in [
            "",
            "/",
            "a//b",
            "/a",
            "a/",
            "a*",
            "a%b",
            "a\nb",
            "a\u{2028}b",
            "\u{85}",
            "Entwu\u{308}rfe",
            &"x".repeat(1025),
        ] {
            assert!(!is_fit_to_create(bad), "{bad:?}");
        }
        assert!(is_fit_to_create("Lists/Übung & mehr"));
    }
}
