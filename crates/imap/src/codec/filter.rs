//! `filter-mailboxes` (RFC 5465 section 8, RFC 7377 section 4).

use super::mailbox;
use super::reader::{Parsed, Reader, SyntaxError};
use crate::types::filter::MailboxFilter;

/// The most names in one filter.
const NAMES: usize = 1_000;

/// Reads one filter.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<MailboxFilter> {
    Ok(
        match reader.word("a mailbox filter")?.to_ascii_uppercase().as_str() {
            "SELECTED" => MailboxFilter::Selected,
            "SELECTED-DELAYED" => MailboxFilter::SelectedDelayed,
            "INBOXES" => MailboxFilter::Inboxes,
            "PERSONAL" => MailboxFilter::Personal,
            "SUBSCRIBED" => MailboxFilter::Subscribed,
            "SUBTREE" => MailboxFilter::Subtree(parse_names(reader)?),
            "SUBTREE-ONE" => MailboxFilter::SubtreeOne(parse_names(reader)?),
            "MAILBOXES" => MailboxFilter::Mailboxes(parse_names(reader)?),
            _ => return Err(SyntaxError::Expected("a mailbox filter")),
        },
    )
}

/// `one-or-more-mailbox`; wildcards are letters like others.
fn parse_names(reader: &mut Reader<'_>) -> Parsed<Vec<String>> {
    reader.space()?;
    match reader.peek() {
        Some(b'(') => reader.list(NAMES, mailbox::parse),
        Some(_) | None => Ok(vec![mailbox::parse(reader)?]),
    }
}
