//! What LIST and LSUB ask for (RFC 3501 section 6.3.8, RFC 5258, RFC 5819, RFC 6154).

use super::status::StatusItem;

/// `list-select-opts`: which mailboxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListSelect {
    /// Only subscribed names, also of mailboxes that do not exist.
    pub subscribed: bool,
    /// Also parents of a match that do not match themselves, with CHILDINFO.
    pub recursive_match: bool,
    /// Only mailboxes with a special use.
    pub special_use: bool,
}

/// `list-return-opts`: what of them. Children and special uses are always told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListReturn {
    /// The `\Subscribed` attribute.
    pub subscribed: bool,
    /// A MYRIGHTS response for each mailbox that is there (RFC 8440).
    pub my_rights: bool,
    /// A STATUS response for each mailbox that can be selected.
    pub status: Vec<StatusItem>,
}

/// Which form of the command it was, hence of the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    /// LIST of RFC 3501.
    Basic,
    /// LIST of RFC 5258: with options or several patterns.
    Extended,
    /// LSUB.
    Lsub,
}

/// LIST and LSUB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCommand {
    /// Which form.
    pub form: ListForm,
    /// Which mailboxes.
    pub select: ListSelect,
    /// The reference name, put before each pattern.
    pub reference: String,
    /// Patterns with `*` and `%`, in UTF-8.
    pub patterns: Vec<String>,
    /// What is returned.
    pub returns: ListReturn,
}
