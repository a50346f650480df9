//! The rights to a mailbox (RFC 4314 section 2.1): a set of letters. Which of them an access control list gives
//! to whom is `mailbox`'s to say; here is only what they are called.

use std::fmt;
use std::str::FromStr;

/// A set of rights.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rights(u16);

/// The letters in the order in which sets are written.
const LETTERS: [(Rights, char); 11] = [
    (Rights::LOOKUP, 'l'),
    (Rights::READ, 'r'),
    (Rights::SEEN, 's'),
    (Rights::WRITE, 'w'),
    (Rights::INSERT, 'i'),
    (Rights::POST, 'p'),
    (Rights::CREATE, 'k'),
    (Rights::DELETE_MAILBOX, 'x'),
    (Rights::DELETE_MESSAGES, 't'),
    (Rights::EXPUNGE, 'e'),
    (Rights::ADMINISTER, 'a'),
];

/// The letters of RFC 2086 that stand for several (RFC 4314 section 2.1.1, its first reading).
const OLD_LETTERS: [(Rights, char); 2] = [
    (Rights(Rights::CREATE.0 | Rights::DELETE_MAILBOX.0), 'c'),
    (Rights(Rights::EXPUNGE.0 | Rights::DELETE_MESSAGES.0), 'd'),
];

impl Rights {
    /// No right.
    pub const NONE: Self = Self(0);
    /// `l`: the mailbox is listed.
    pub const LOOKUP: Self = Self(1);
    /// `r`: it can be opened and read.
    pub const READ: Self = Self(1 << 1);
    /// `s`: `\Seen` can be changed.
    pub const SEEN: Self = Self(1 << 2);
    /// `w`: flags other than `\Seen` and `\Deleted` can be changed.
    pub const WRITE: Self = Self(1 << 3);
    /// `i`: messages can be put into it.
    pub const INSERT: Self = Self(1 << 4);
    /// `p`: mail can be sent to it. Nothing here asks for it.
    pub const POST: Self = Self(1 << 5);
    /// `k`: mailboxes can be made below it.
    pub const CREATE: Self = Self(1 << 6);
    /// `x`: it can be deleted or renamed.
    pub const DELETE_MAILBOX: Self = Self(1 << 7);
    /// `t`: `\Deleted` can be changed.
    pub const DELETE_MESSAGES: Self = Self(1 << 8);
    /// `e`: messages can be expunged.
    pub const EXPUNGE: Self = Self(1 << 9);
    /// `a`: these rights can be read and changed.
    pub const ADMINISTER: Self = Self(1 << 10);
    /// Every right.
    pub const ALL: Self = Self((1 << 11) - 1);

    /// Those of both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without the rights of the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Does this set hold all rights of the other?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Does this set hold any right of the other?
    #[must_use]
    pub const fn has_any_of(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Is there no right?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Reads letters, also the old `c` and `d`; `Err` with the first that is no right.
    ///
    /// # Errors
    /// When a letter is unknown; a capital is.
    pub fn parse(letters: &str) -> Result<Self, char> {
        letters.chars().try_fold(Self::NONE, |rights, letter| {
            LETTERS
                .iter()
                .chain(&OLD_LETTERS)
                .find(|(_, known)| *known == letter)
                .map(|(right, _)| rights.with(*right))
                .ok_or(letter)
        })
    }

    /// Each right of this set by itself.
    pub fn each(self) -> impl Iterator<Item = Self> {
        LETTERS
            .into_iter()
            .map(|(right, _)| right)
            .filter(move |right| self.contains(*right))
    }

    /// The letters with the old `c` and `d` where one of their members is there, as clients of RFC 2086 want
    /// them in every reply (RFC 4314 section 2.1.1).
    #[must_use]
    pub fn with_old_letters(self) -> String {
        let old = OLD_LETTERS
            .iter()
            .filter(|(members, _)| self.has_any_of(*members))
            .map(|(_, letter)| *letter);
        self.to_string().chars().chain(old).collect()
    }
}

impl FromStr for Rights {
    type Err = char;

    /// [`Rights::parse`].
    fn from_str(letters: &str) -> Result<Self, char> {
        Self::parse(letters)
    }
}

/// What becomes of the rights of an entry of an access control list (RFC 4314 sections 3.1, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AclChange {
    /// These and no others; the entry stays even if there are none.
    Set(Rights),
    /// `+`: these too.
    Add(Rights),
    /// `-`: no longer these.
    Remove(Rights),
    /// The entry goes.
    Delete,
}

impl fmt::Display for Rights {
    /// The letters, without the old ones.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LETTERS
            .iter()
            .filter(|(right, _)| self.contains(*right))
            .try_for_each(|(_, letter)| write!(f, "{letter}"))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rights({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_back_in_one_order() {
        assert_eq!(Rights::ALL.to_string(), "lrswipkxtea");
        assert_eq!(Rights::parse("aetxkpiwsrl"), Ok(Rights::ALL));
        assert_eq!(Rights::parse("rlrl").unwrap().to_string(), "lr");
        assert_eq!(Rights::parse(""), Ok(Rights::NONE));
    }

    #[test]
    fn the_old_letters_stand_for_two_rights_each_and_are_shown_for_one() {
        assert_eq!(Rights::parse("cd").unwrap().to_string(), "kxte");
        assert_eq!(Rights::parse("lrk").unwrap().with_old_letters(), "lrkc");
        assert_eq!(Rights::parse("lre").unwrap().with_old_letters(), "lred");
        assert_eq!(Rights::ALL.with_old_letters(), "lrswipkxteacd");
        assert_eq!(Rights::READ.with_old_letters(), "r");
    }

    #[test]
    fn what_is_no_right_is_named() {
        assert_eq!(Rights::parse("lrq"), Err('q'));
        assert_eq!(Rights::parse("lR"), Err('R'));
        assert_eq!(Rights::parse("l5"), Err('5'));
    }
}
