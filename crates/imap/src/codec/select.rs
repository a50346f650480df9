//! `select = "SELECT" SP mailbox [SP "(" select-param … ")"]` (RFC 4466 section 2.4, RFC 7162).

use super::mailbox;
use super::reader::{Parsed, Reader, SyntaxError};
use crate::types::command::{Access, Command, SelectCommand};

/// Reads the arguments of SELECT or EXAMINE.
pub(crate) fn parse(reader: &mut Reader<'_>, access: Access) -> Parsed<Command> {
    reader.space()?;
    let name = mailbox::parse(reader)?;
    let mut condstore = false;
    if reader.take(b' ') {
        reader.list(1, |reader| match reader.keyword("CONDSTORE") {
            true => Ok(()),
            false => Err(SyntaxError::Expected("CONDSTORE")),
        })?;
        condstore = true;
    }
    Ok(Command::Select(SelectCommand {
        name,
        access,
        condstore,
    }))
}
