//! LIST in its basic and extended form (RFC 3501 section 6.3.8, RFC 5258 section 6, RFC 5819, RFC 6154),
//! LSUB, and their responses.

use super::mailbox::{self, NameCoding};
use super::reader::{Parsed, Reader, SyntaxError};
use super::status;
use crate::types::command::Command;
use crate::types::list::{ListCommand, ListForm, ListReturn, ListSelect};

/// The most patterns of one command.
const PATTERNS: usize = 50;
/// The longest pattern with its reference.
const PATTERN_OCTETS: usize = 1_024;
/// The most options in one list.
const OPTIONS: usize = 20;

/// Reads the arguments of LIST.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let mut form = ListForm::Basic;
    let mut select = ListSelect::default();
    if reader.peek() == Some(b'(') {
        form = ListForm::Extended;
        select = parse_select(reader)?;
        reader.space()?;
    }
    let reference = mailbox::parse_reference(reader)?;
    reader.space()?;
    let patterns = if reader.peek() == Some(b'(') {
        form = ListForm::Extended;
        reader.list(PATTERNS, mailbox::parse_pattern)?
    } else {
        vec![mailbox::parse_pattern(reader)?]
    };
    let mut returns = ListReturn::default();
    if reader.take(b' ') {
        form = ListForm::Extended;
        returns = parse_returns(reader)?;
    }
    // RFC 5258 section 3.1: selecting subscribed mailboxes also returns that they are.
    returns.subscribed |= select.subscribed;
    checked(ListCommand {
        form,
        select,
        reference,
        patterns,
        returns,
    })
}

/// Reads the arguments of LSUB.
pub(crate) fn parse_lsub(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let reference = mailbox::parse_reference(reader)?;
    reader.space()?;
    let patterns = vec![mailbox::parse_pattern(reader)?];
    checked(ListCommand {
        form: ListForm::Lsub,
        select: ListSelect::default(),
        reference,
        patterns,
        returns: ListReturn::default(),
    })
}

fn checked(list: ListCommand) -> Parsed<Command> {
    let reference = list.reference.len();
    let is_long = |pattern: &String| pattern.len().saturating_add(reference) > PATTERN_OCTETS;
    match list.patterns.iter().any(is_long) {
        true => Err(SyntaxError::Expected("a pattern of at most 1024 octets")),
        false => Ok(Command::List(list)),
    }
}

fn parse_select(reader: &mut Reader<'_>) -> Parsed<ListSelect> {
    let mut select = ListSelect::default();
    reader.list_or_empty(OPTIONS, |reader| {
        match reader.word("a selection option")?.to_ascii_uppercase().as_str() {
            "SUBSCRIBED" => select.subscribed = true,
            "RECURSIVEMATCH" => select.recursive_match = true,
            "SPECIAL-USE" => select.special_use = true,
            // There are no remote mailboxes, so that they may be listed changes nothing.
            "REMOTE" => {}
            _ => return Err(SyntaxError::Expected("a selection option")),
        }
        Ok(())
    })?;
    match select.recursive_match && !select.subscribed {
        true => Err(SyntaxError::Expected("SUBSCRIBED with RECURSIVEMATCH")),
        false => Ok(select),
    }
}

fn parse_returns(reader: &mut Reader<'_>) -> Parsed<ListReturn> {
    if !reader.keyword("RETURN") {
        return Err(SyntaxError::Expected("RETURN"));
    }
    reader.space()?;
    let mut returns = ListReturn::default();
    reader.list_or_empty(OPTIONS, |reader| {
        match reader.word("a return option")?.to_ascii_uppercase().as_str() {
            "SUBSCRIBED" => returns.subscribed = true,
            // Always told.
            "CHILDREN" | "SPECIAL-USE" => {}
            "MYRIGHTS" => returns.my_rights = true,
            "STATUS" => {
                reader.space()?;
                returns.status = status::parse_items(reader)?;
            }
            _ => return Err(SyntaxError::Expected("a return option")),
        }
        Ok(())
    })?;
    Ok(returns)
}

/// A LIST or LSUB response.
pub(crate) struct ListLine<'a> {
    /// `LIST` or `LSUB`.
    pub(crate) label: &'static str,
    pub(crate) attributes: Vec<&'static str>,
    pub(crate) name: &'a str,
    /// OLDNAME (RFC 5465 section 5.4): what a renamed mailbox was called.
    pub(crate) old_name: Option<&'a str>,
    /// CHILDINFO: children match though their parent does not.
    pub(crate) has_subscribed_children: bool,
}

/// Prints a LIST or LSUB response with its line end.
pub(crate) fn print(out: &mut Vec<u8>, names: NameCoding, line: &ListLine<'_>) {
    out.extend_from_slice(format!("* {} ({}) \"/\" ", line.label, line.attributes.join(" ")).as_bytes());
    mailbox::print(out, names, line.name);
    if let Some(old_name) = line.old_name {
        out.extend_from_slice(b" (\"OLDNAME\" (");
        mailbox::print(out, names, old_name);
        out.extend_from_slice(b"))");
    }
    if line.has_subscribed_children {
        out.extend_from_slice(b" (\"CHILDINFO\" (\"SUBSCRIBED\"))");
    }
    out.extend_from_slice(b"\r\n");
}
