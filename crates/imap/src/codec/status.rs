//! `status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"` and its response.

use super::mailbox::{self, NameCoding};
use super::reader::{Parsed, Reader, SyntaxError};
use super::text;
use crate::ask::MailboxStatus;
use crate::types::command::Command;
use crate::types::status::StatusItem;

/// The most items in one list.
const ITEMS: usize = 30;

/// Reads the arguments of STATUS.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let name = mailbox::parse(reader)?;
    reader.space()?;
    let items = parse_items(reader)?;
    Ok(Command::Status { name, items })
}

/// Reads the items in their parentheses.
pub(crate) fn parse_items(reader: &mut Reader<'_>) -> Parsed<Vec<StatusItem>> {
    let mut items = reader.list(ITEMS, |reader| {
        let word = reader.word("a status item")?;
        StatusItem::NAMES
            .into_iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(word))
            .map(|(item, _)| item)
            .ok_or(SyntaxError::Expected("a status item"))
    })?;
    let mut seen = Vec::new();
    items.retain(|item| {
        let is_new = !seen.contains(item);
        seen.push(*item);
        is_new
    });
    Ok(items)
}

/// Prints `* STATUS name (…)` with its line end.
pub(crate) fn print(
    out: &mut Vec<u8>,
    names: NameCoding,
    name: &str,
    items: &[StatusItem],
    status: &MailboxStatus,
    append_limit: u32,
) {
    out.extend_from_slice(b"* STATUS ");
    mailbox::print(out, names, name);
    out.extend_from_slice(b" (");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        let label = StatusItem::NAMES.iter().find(|(known, _)| known == item);
        out.extend_from_slice(label.map_or("", |(_, label)| label).as_bytes());
        out.push(b' ');
        match item {
            StatusItem::Messages => text::number(out, status.messages),
            StatusItem::Recent => text::number(out, status.recent),
            StatusItem::UidNext => text::number(out, status.uid_next),
            StatusItem::UidValidity => text::number(out, status.uid_validity),
            StatusItem::Unseen => text::number(out, status.unseen),
            StatusItem::Deleted => text::number(out, status.deleted),
            StatusItem::Size => text::number(out, status.size_octets),
            StatusItem::HighestModSeq => text::number(out, status.highest_modseq),
            StatusItem::AppendLimit => text::number(out, append_limit),
            StatusItem::DeletedStorage => text::number(out, status.deleted_octets),
            StatusItem::MailboxId => out.extend_from_slice(format!("({})", status.mailbox_id).as_bytes()),
        }
    }
    out.extend_from_slice(b")\r\n");
}
