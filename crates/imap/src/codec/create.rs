//! CREATE with the USE parameter (RFC 6154 section 6), DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE.

use super::mailbox;
use super::reader::{Parsed, Reader, SyntaxError};
use crate::types::SpecialUse;
use crate::types::command::Command;
use crate::types::mailbox::canonical;

/// The most uses that are read before they are refused.
const USES: usize = 20;

/// Reads the arguments of CREATE. A trailing separator only announces children (RFC 9051 section 6.3.4).
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let name = mailbox::parse(reader)?;
    let name = match name.strip_suffix('/') {
        Some(name) => canonical(name.to_owned()),
        None => name,
    };
    let mut special_use = None;
    if reader.take(b' ') {
        reader.expect(b'(', "(")?;
        if !reader.keyword("USE") {
            return Err(SyntaxError::Expected("USE"));
        }
        reader.space()?;
        // A mailbox has one use here; RFC 6154 section 3 leaves that to the server.
        let mut uses = reader.list_or_empty(USES, parse_use)?;
        if uses.len() > 1 {
            return Err(SyntaxError::BadUse);
        }
        special_use = uses.pop();
        reader.expect(b')', ")")?;
    }
    Ok(Command::Create { name, special_use })
}

fn parse_use(reader: &mut Reader<'_>) -> Parsed<SpecialUse> {
    reader.expect(b'\\', "a special use")?;
    let name = reader.atom("a special use")?;
    SpecialUse::from_attribute(&format!("\\{name}")).ok_or(SyntaxError::BadUse)
}

/// Reads the argument of DELETE.
pub(crate) fn parse_delete(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    mailbox::parse(reader).map(|name| Command::Delete { name })
}

/// Reads the arguments of RENAME.
pub(crate) fn parse_rename(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let from = mailbox::parse(reader)?;
    reader.space()?;
    let to = mailbox::parse(reader)?;
    Ok(Command::Rename { from, to })
}

/// Reads the argument of SUBSCRIBE.
pub(crate) fn parse_subscribe(reader: &mut Reader<'_>) -> Parsed<Command> {
    parse_subscription(reader, true)
}

/// Reads the argument of UNSUBSCRIBE.
pub(crate) fn parse_unsubscribe(reader: &mut Reader<'_>) -> Parsed<Command> {
    parse_subscription(reader, false)
}

fn parse_subscription(reader: &mut Reader<'_>, subscribed: bool) -> Parsed<Command> {
    reader.space()?;
    mailbox::parse(reader).map(|name| Command::Subscribe { name, subscribed })
}
