//! By what SORT orders (RFC 5256 section 3, DISPLAY… of RFC 5957).

use super::search::{NamedMessages, SearchKey, SearchReturn};
use super::sequence_set::Numbering;

/// `sort-key`. Texts are compared as `i;unicode-casemap` has it; what is absent is the empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// INTERNALDATE with its time.
    Arrival,
    /// What stands before the `@` of the first address of Cc.
    Cc,
    /// The Date field with its time, or else INTERNALDATE.
    Date,
    /// What stands before the `@` of the first address of From.
    From,
    /// Octets.
    Size,
    /// The base subject.
    Subject,
    /// What stands before the `@` of the first address of To.
    To,
    /// The name of the first address of From, or else the address.
    DisplayFrom,
    /// The name of the first address of To, or else the address.
    DisplayTo,
}

impl SortKey {
    /// All keys with their names.
    pub const NAMES: [(Self, &'static str); 9] = [
        (Self::Arrival, "ARRIVAL"),
        (Self::Cc, "CC"),
        (Self::Date, "DATE"),
        (Self::From, "FROM"),
        (Self::Size, "SIZE"),
        (Self::Subject, "SUBJECT"),
        (Self::To, "TO"),
        (Self::DisplayFrom, "DISPLAYFROM"),
        (Self::DisplayTo, "DISPLAYTO"),
    ];
}

/// The direction of one key; messages that are equal stay in the order of the mailbox either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Earlier, smaller and empty first.
    Ascending,
    /// `REVERSE`.
    Descending,
}

/// `sort-criterion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortCriterion {
    /// By what.
    pub key: SortKey,
    /// In which direction.
    pub order: SortOrder,
}

/// SORT and UID SORT.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SortCommand {
    pub(crate) numbering: Numbering,
    /// `Some`: answered with ESEARCH (RFC 5267 section 3).
    pub(crate) returns: Option<SearchReturn>,
    /// At least one, the most important first.
    pub(crate) criteria: Vec<SortCriterion>,
    pub(crate) key: SearchKey<NamedMessages>,
}
