//! Why somebody may be known. Stored as a number, so that who may be known better sorts first.

/// The strongest reason for which an address or a domain may be known to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Has written, and nobody vouched for it.
    Stranger,
    /// Has written, and DMARC passed at least once.
    Vouched,
    /// The account has written to it.
    WrittenTo,
}

impl Standing {
    pub(crate) fn as_column(self) -> i64 {
        match self {
            Self::Stranger => 0,
            Self::Vouched => 1,
            Self::WrittenTo => 2,
        }
    }

    /// The reverse; a number that nobody wrote counts for nothing.
    pub(crate) fn from_column(column: i64) -> Self {
        match column {
            1 => Self::Vouched,
            2 => Self::WrittenTo,
            _ => Self::Stranger,
        }
    }
}
