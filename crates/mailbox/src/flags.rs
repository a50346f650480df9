//! Flags and keywords of a message (RFC 9051 section 2.3.2).

use std::fmt;

use posthorn_base::Rights;

/// Keywords one message may have.
const KEYWORDS: usize = 64;
/// Length of one keyword in octets.
const KEYWORD_OCTETS: usize = 128;

/// The system flags as bits, as the table has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct System(pub i64);

impl System {
    /// `\Seen`
    pub const SEEN: Self = Self(1);
    /// `\Answered`
    pub const ANSWERED: Self = Self(2);
    /// `\Flagged`
    pub const FLAGGED: Self = Self(4);
    /// `\Deleted`
    pub const DELETED: Self = Self(8);
    /// `\Draft`
    pub const DRAFT: Self = Self(16);

    /// The flags that these rights let one change.
    fn permitted(rights: Rights) -> Self {
        let others = Self::ANSWERED.with(Self::FLAGGED).with(Self::DRAFT);
        [
            (Rights::SEEN, Self::SEEN),
            (Rights::DELETE_MESSAGES, Self::DELETED),
            (Rights::WRITE, others),
        ]
        .into_iter()
        .filter(|(right, _)| rights.contains(*right))
        .fold(Self::default(), |flags, (_, more)| flags.with(more))
    }

    /// Are all flags of `other` set?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// System flags and keywords of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The flags with a backslash.
    pub system: System,
    /// The others, sorted, each once without regard to case.
    keywords: Vec<String>,
}

impl Flags {
    /// Sorts the keywords and drops doubles and what is no keyword (RFC 9051 section 9: an atom).
    #[must_use]
    pub fn new(system: System, keywords: Vec<String>) -> Self {
        let mut flags = Self {
            system,
            keywords: Vec::new(),
        };
        for keyword in keywords {
            flags.insert(keyword);
        }
        flags
    }

    /// Only system flags.
    #[must_use]
    pub const fn system(system: System) -> Self {
        Self {
            system,
            keywords: Vec::new(),
        }
    }

    /// The keywords, sorted.
    #[must_use]
    pub fn keywords(&self) -> &[String] {
        &self.keywords
    }

    fn insert(&mut self, keyword: String) {
        let is_atom = |c: u8| c.is_ascii_graphic() && !b"(){%*\"\\]".contains(&c);
        if keyword.is_empty() || keyword.len() > KEYWORD_OCTETS || !keyword.bytes().all(is_atom) {
            return;
        }
        let place = self.keywords.binary_search_by(|have| compare(have, &keyword));
        if let Err(place) = place
            && self.keywords.len() < KEYWORDS
        {
            self.keywords.insert(place, keyword);
        }
    }

    fn remove(&mut self, keyword: &str) {
        self.keywords.retain(|have| !have.eq_ignore_ascii_case(keyword));
    }

    pub(crate) fn from_columns(system: i64, keywords: &str) -> Self {
        Self {
            system: System(system),
            keywords: keywords.split_ascii_whitespace().map(str::to_owned).collect(),
        }
    }

    pub(crate) fn keywords_column(&self) -> String {
        self.keywords.join(" ")
    }

    /// Those of these flags that somebody with these rights may change (RFC 4314 section 4).
    #[must_use]
    pub fn permitted(&self, rights: Rights) -> Self {
        Self {
            system: System(self.system.0 & System::permitted(rights).0),
            keywords: match rights.contains(Rights::WRITE) {
                true => self.keywords.clone(),
                false => Vec::new(),
            },
        }
    }

    fn is_empty(&self) -> bool {
        self.system.0 == 0 && self.keywords.is_empty()
    }

    pub(crate) fn changed_by(&self, change: &FlagChange) -> Self {
        let mut after = self.clone();
        match change.mode {
            FlagMode::Replace => {
                // What may not be changed stays as it is.
                let kept = self.system.without(System::permitted(change.rights));
                after.system = kept.with(change.flags.system);
                if change.rights.contains(Rights::WRITE) {
                    after.keywords.clone_from(&change.flags.keywords);
                }
            }
            FlagMode::Add => {
                after.system = after.system.with(change.flags.system);
                for keyword in &change.flags.keywords {
                    after.insert(keyword.clone());
                }
            }
            FlagMode::Remove => {
                after.system = after.system.without(change.flags.system);
                for keyword in &change.flags.keywords {
                    after.remove(keyword);
                }
            }
        }
        after
    }
}

fn compare(a: &str, b: &str) -> std::cmp::Ordering {
    a.bytes()
        .map(|c| c.to_ascii_lowercase())
        .cmp(b.bytes().map(|c| c.to_ascii_lowercase()))
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.keywords_column())
    }
}

/// What STORE does with the flags it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagMode {
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
    /// `FLAGS`
    Replace,
}

/// A change of flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagChange {
    /// How.
    mode: FlagMode,
    /// Which; no flags that `rights` do not let one change.
    flags: Flags,
    /// Flags that these do not let one change stay as they are.
    rights: Rights,
}

impl FlagChange {
    /// A change by the owner.
    #[must_use]
    pub const fn new(mode: FlagMode, flags: Flags) -> Self {
        Self {
            mode,
            flags,
            rights: Rights::ALL,
        }
    }

    /// What is left of the change for somebody with these rights. `None` when that is nothing: then the client
    /// must hear of it (RFC 4314 section 4, STORE).
    #[must_use]
    pub fn permitted(self, rights: Rights) -> Option<Self> {
        let flags = self.flags.permitted(rights);
        let is_nothing = match self.flags.is_empty() {
            true => System::permitted(rights).0 == 0,
            false => flags.is_empty(),
        };
        (!is_nothing).then_some(Self {
            mode: self.mode,
            flags,
            rights,
        })
    }

    /// Of the system flags: those that a message keeps if it has them, and those that it gets.
    pub(crate) fn masks(&self) -> (System, System) {
        let named = self.flags.system;
        match self.mode {
            FlagMode::Add => (System(!0), named),
            FlagMode::Remove => (System(!named.0), System(0)),
            FlagMode::Replace => (System(!System::permitted(self.rights).0), named),
        }
    }

    /// The flags that are set or taken away.
    #[must_use]
    pub const fn flags(&self) -> &Flags {
        &self.flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(words: &[&str]) -> Flags {
        Flags::new(
            System::default(),
            words.iter().map(|&word| word.to_owned()).collect(),
        )
    }

    #[test]
    fn keywords_are_a_set_without_regard_to_case() {
        assert_eq!(
            flags(&["b", "A", "a", "$Junk", "B"]).keywords(),
            ["$Junk", "A", "b"]
        );
    }

    #[test]
    fn what_is_no_keyword_is_dropped() {
        assert_eq!(
            flags(&["a b", "", "\\Seen", "ü", "(x"]).keywords(),
            [] as [&str; 0]
        );
    }

    #[test]
    fn changes_add_remove_and_replace() {
        let before = Flags {
            system: System::SEEN,
            ..flags(&["a", "b"])
        };
        let by = |mode| {
            before.changed_by(&FlagChange::new(
                mode,
                Flags {
                    system: System::DRAFT,
                    ..flags(&["B", "c"])
                },
            ))
        };
        assert_eq!(by(FlagMode::Add).keywords(), ["a", "b", "c"]);
        assert_eq!(by(FlagMode::Add).system, System(17));
        assert_eq!(by(FlagMode::Remove).keywords(), ["a"]);
        assert_eq!(by(FlagMode::Remove).system, System::SEEN);
        assert_eq!(by(FlagMode::Replace).keywords(), ["B", "c"]);
    }

    #[test]
    fn only_what_is_permitted_is_changed() {
        let before = Flags {
            system: System::SEEN.with(System::DELETED),
            ..flags(&["a"])
        };
        let wanted = Flags {
            system: System::DRAFT.with(System::DELETED),
            ..flags(&["b"])
        };
        let by = |mode, letters: &str| {
            let change = FlagChange::new(mode, wanted.clone()).permitted(Rights::parse(letters).unwrap())?;
            let after = before.changed_by(&change);
            Some((after.system.0, after.keywords().join(" ")))
        };
        assert_eq!(by(FlagMode::Add, "w"), Some((25, "a b".to_owned())));
        assert_eq!(by(FlagMode::Remove, "t"), Some((1, "a".to_owned())));
        assert_eq!(by(FlagMode::Replace, "w"), Some((25, "b".to_owned())));
        assert_eq!(by(FlagMode::Replace, "st"), Some((8, "a".to_owned())));
        assert_eq!(by(FlagMode::Replace, "s"), None);
        assert_eq!(by(FlagMode::Add, "lri"), None);
        let clear = FlagChange::new(FlagMode::Replace, Flags::default());
        assert_eq!(
            before
                .changed_by(&clear.clone().permitted(Rights::SEEN).unwrap())
                .system,
            System::DELETED
        );
        assert_eq!(clear.permitted(Rights::READ), None);
    }

    #[test]
    fn the_columns_are_read_back() {
        let before = Flags {
            system: System(9),
            ..flags(&["a", "$b"])
        };
        assert_eq!(Flags::from_columns(9, &before.keywords_column()), before);
    }
}
