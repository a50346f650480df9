//! SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS and their responses (RFC 4314 section 7).

use posthorn_base::{AclChange, Rights};

use super::mailbox::{self, NameCoding};
use super::reader::{Parsed, Reader, SyntaxError, utf8};
use super::text;
use crate::types::acl::AclQuestion;
use crate::types::command::Command;

/// The longest identifier in octets.
const IDENTIFIER_OCTETS: usize = 1_024;

/// `setacl = "SETACL" SP mailbox SP identifier SP mod-rights`.
pub(crate) fn parse_set(reader: &mut Reader<'_>) -> Parsed<Command> {
    let (name, identifier) = parse_subject(reader)?;
    reader.space()?;
    let text = utf8(reader.astring()?)?;
    let change = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(letters), _) => AclChange::Add(rights(letters)?),
        (None, Some(letters)) => AclChange::Remove(rights(letters)?),
        (None, None) => AclChange::Set(rights(&text)?),
    };
    Ok(Command::SetAcl {
        name,
        identifier,
        change,
    })
}

/// `deleteacl = "DELETEACL" SP mailbox SP identifier`.
pub(crate) fn parse_delete(reader: &mut Reader<'_>) -> Parsed<Command> {
    let (name, identifier) = parse_subject(reader)?;
    Ok(Command::SetAcl {
        name,
        identifier,
        change: AclChange::Delete,
    })
}

/// `getacl = "GETACL" SP mailbox`.
pub(crate) fn parse_get(reader: &mut Reader<'_>) -> Parsed<Command> {
    parse_question(reader, AclQuestion::List)
}

/// `listrights = "LISTRIGHTS" SP mailbox SP identifier`.
pub(crate) fn parse_list_rights(reader: &mut Reader<'_>) -> Parsed<Command> {
    let (name, identifier) = parse_subject(reader)?;
    Ok(Command::Acl {
        name,
        question: AclQuestion::Grantable(identifier),
    })
}

/// `myrights = "MYRIGHTS" SP mailbox`.
pub(crate) fn parse_my_rights(reader: &mut Reader<'_>) -> Parsed<Command> {
    parse_question(reader, AclQuestion::Mine)
}

fn parse_question(reader: &mut Reader<'_>, question: AclQuestion) -> Parsed<Command> {
    reader.space()?;
    mailbox::parse(reader).map(|name| Command::Acl { name, question })
}

fn parse_subject(reader: &mut Reader<'_>) -> Parsed<(String, String)> {
    reader.space()?;
    let name = mailbox::parse(reader)?;
    reader.space()?;
    let identifier = utf8(reader.astring()?)?;
    let is_bad = |c: char| c.is_control();
    if identifier.is_empty() || identifier.len() > IDENTIFIER_OCTETS || identifier.contains(is_bad) {
        return Err(SyntaxError::Expected("an identifier"));
    }
    Ok((name, identifier))
}

/// An unknown right is an error and never passed over (RFC 4314 section 3.1).
fn rights(letters: &str) -> Parsed<Rights> {
    Rights::parse(letters).map_err(|_letter| SyntaxError::UnknownRight)
}

fn print_rights(out: &mut Vec<u8>, rights: Rights) {
    text::astring(out, rights.with_old_letters().as_bytes());
}

/// Prints `* ACL mailbox *(SP identifier SP rights)` with its line end.
pub(crate) fn print_list(out: &mut Vec<u8>, names: NameCoding, name: &str, entries: &[(String, Rights)]) {
    out.extend_from_slice(b"* ACL ");
    mailbox::print(out, names, name);
    for (identifier, rights) in entries {
        out.push(b' ');
        text::astring(out, identifier.as_bytes());
        out.push(b' ');
        print_rights(out, *rights);
    }
    out.extend_from_slice(b"\r\n");
}

/// Prints `* LISTRIGHTS mailbox identifier rights *(SP rights)` with its line end; no rights are tied
/// together, so that the old letters stand by themselves too.
pub(crate) fn print_grantable(
    out: &mut Vec<u8>,
    names: NameCoding,
    name: &str,
    identifier: &str,
    always: Rights,
) {
    out.extend_from_slice(b"* LISTRIGHTS ");
    mailbox::print(out, names, name);
    out.push(b' ');
    text::astring(out, identifier.as_bytes());
    out.push(b' ');
    print_rights(out, always);
    let always = always.with_old_letters();
    for letter in Rights::ALL.with_old_letters().chars() {
        if !always.contains(letter) {
            out.extend_from_slice(format!(" {letter}").as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Prints `* MYRIGHTS mailbox rights` with its line end.
pub(crate) fn print_mine(out: &mut Vec<u8>, names: NameCoding, name: &str, rights: Rights) {
    out.extend_from_slice(b"* MYRIGHTS ");
    mailbox::print(out, names, name);
    out.push(b' ');
    print_rights(out, rights);
    out.extend_from_slice(b"\r\n");
}
