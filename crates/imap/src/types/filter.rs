//! Which mailboxes a command means (`filter-mailboxes`, RFC 5465 section 6, with `subtree-one` of RFC 7377
//! section 2.2).

use posthorn_base::Rights;

use super::mailbox::OTHER_USERS;
use crate::ask::MailboxInfo;

/// `filter-mailboxes`. None but the first two mean the selected mailbox as the session has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MailboxFilter {
    Selected,
    /// NOTIFY alone: expunges are told when RFC 3501 section 7.4.1 allows it.
    SelectedDelayed,
    /// Rules of the reader may deliver into any mailbox of theirs: RFC 5465 section 6.3 makes this the same as
    /// `Personal`.
    Inboxes,
    /// All mailboxes of the account itself.
    Personal,
    Subscribed,
    /// These mailboxes and all below.
    Subtree(Vec<String>),
    /// These mailboxes and those one level below.
    SubtreeOne(Vec<String>),
    Mailboxes(Vec<String>),
}

impl MailboxFilter {
    /// Is a mailbox of that name meant?
    pub(crate) fn fits(&self, name: &str, is_subscribed: bool) -> bool {
        let below = |root: &String| {
            name.strip_prefix(root.as_str())
                .and_then(|rest| rest.strip_prefix('/'))
        };
        match self {
            Self::Selected | Self::SelectedDelayed => false,
            Self::Inboxes | Self::Personal => !name.starts_with(OTHER_USERS),
            Self::Subscribed => is_subscribed,
            Self::Subtree(roots) => roots.iter().any(|root| name == root || below(root).is_some()),
            Self::SubtreeOne(roots) => roots
                .iter()
                .any(|root| name == root || below(root).is_some_and(|rest| !rest.contains('/'))),
            Self::Mailboxes(names) => names.iter().any(|known| known == name),
        }
    }

    /// Can a mailbox of another account be meant?
    pub(crate) fn may_mean_others(&self) -> bool {
        let is_of_others = |name: &String| format!("{name}/").starts_with(OTHER_USERS);
        match self {
            Self::Selected | Self::SelectedDelayed | Self::Inboxes | Self::Personal => false,
            Self::Subscribed => true,
            Self::Subtree(names) | Self::SubtreeOne(names) | Self::Mailboxes(names) => {
                names.iter().any(is_of_others)
            }
        }
    }

    /// Is this mailbox there, may it be read, and is it meant?
    pub(crate) fn selects(&self, mailbox: &MailboxInfo) -> bool {
        let is_readable = mailbox.exists && mailbox.rights.contains(Rights::READ);
        is_readable && self.fits(&mailbox.name, mailbox.subscribed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subtree_holds_its_root_and_what_is_below() {
        let roots = || vec!["a".to_owned(), "x/y".to_owned()];
        let (all, one) = (
            MailboxFilter::Subtree(roots()),
            MailboxFilter::SubtreeOne(roots()),
        );
        let named = MailboxFilter::Mailboxes(roots());
        for (name, in_all, in_one, is_named) in [
            ("a", true, true, true),
            ("a/b", true, true, false),
            ("a/b/c", true, false, false),
            ("ab", false, false, false),
            ("x", false, false, false),
            ("x/y", true, true, true),
            ("x/y/z", true, true, false),
            ("A", false, false, false),
        ] {
            assert_eq!(all.fits(name, false), in_all, "{name}");
            assert_eq!(one.fits(name, false), in_one, "{name}");
            assert_eq!(named.fits(name, false), is_named, "{name}");
        }
        assert!(!MailboxFilter::Subscribed.fits("a", false));
        assert!(MailboxFilter::Subscribed.fits("a", true));
        let shared = "Other Users/bert@x.test/a";
        assert!(MailboxFilter::Personal.fits("Other", false));
        assert!(!MailboxFilter::Personal.fits(shared, true));
        let others = MailboxFilter::Subtree(vec!["Other Users".to_owned()]);
        assert!(others.fits(shared, false) && others.may_mean_others());
        assert!(!one.may_mean_others());
    }
}
