//! Flags of a message (RFC 9051 section 2.3.2). `\Recent` is not among them: it belongs to the session
//! (RFC 3501 section 2.3.2) and cannot be stored.

use std::fmt;

/// A set of the five system flags.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SystemFlags(u8);

impl SystemFlags {
    /// `\Seen`: it was read.
    pub const SEEN: Self = Self(1);
    /// `\Answered`.
    pub const ANSWERED: Self = Self(2);
    /// `\Flagged`: urgent or special.
    pub const FLAGGED: Self = Self(4);
    /// `\Deleted`: EXPUNGE will remove it.
    pub const DELETED: Self = Self(8);
    /// `\Draft`.
    pub const DRAFT: Self = Self(16);
    /// None.
    pub const EMPTY: Self = Self(0);

    /// Each flag with its name, in the order in which they are printed.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::ANSWERED, "\\Answered"),
        (Self::FLAGGED, "\\Flagged"),
        (Self::DELETED, "\\Deleted"),
        (Self::SEEN, "\\Seen"),
        (Self::DRAFT, "\\Draft"),
    ];

    /// The set as bits: 1 seen, 2 answered, 4 flagged, 8 deleted, 16 draft.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From [`Self::bits`]; bits without a meaning are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 31)
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without the flags of the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Does this set hold all flags of the other?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Finds a system flag by its name, in any case; `None` when there is no such flag.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .into_iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(flag, _)| flag)
    }

    /// The names of the flags in this set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| name)
    }
}

impl fmt::Debug for SystemFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// The flags of a message, or those of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The system flags.
    pub system: SystemFlags,
    /// The keywords, such as `$Forwarded`; compared without case (RFC 9051 section 2.3.2).
    pub keywords: Vec<String>,
}

impl Flags {
    /// System flags without keywords.
    #[must_use]
    pub const fn from_system(system: SystemFlags) -> Self {
        Self {
            system,
            keywords: Vec::new(),
        }
    }
}
