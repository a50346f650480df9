//! The ESEARCH command (RFC 7377): a search over several mailboxes.

use super::filter::MailboxFilter;
use super::search::{NamedMessages, SearchKey, SearchReturn};

/// ESEARCH.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EsearchCommand {
    /// Where; never `SelectedDelayed`.
    pub(crate) sources: Vec<MailboxFilter>,
    pub(crate) returns: SearchReturn,
    pub(crate) key: SearchKey<NamedMessages>,
}

impl EsearchCommand {
    /// Is the selected mailbox alone searched?
    pub(crate) fn is_of_selected(&self) -> bool {
        self.sources
            .iter()
            .all(|source| *source == MailboxFilter::Selected)
    }
}
