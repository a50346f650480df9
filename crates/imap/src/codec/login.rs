//! `login = "LOGIN" SP userid SP password`.

use posthorn_base::Secret;

use super::reader::{Parsed, Reader};
use crate::types::command::Command;

/// Reads the arguments of LOGIN.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let user = reader.text()?;
    reader.space()?;
    let password = Secret::new(reader.text()?);
    Ok(Command::Login { user, password })
}
