//! `enable = "ENABLE" 1*(SP capability)` (RFC 5161 section 4).

use super::reader::{Parsed, Reader, SyntaxError};
use crate::types::command::Command;

/// The most names in one ENABLE.
const CAPABILITIES: usize = 50;

/// Reads the arguments of ENABLE.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    let mut capabilities = Vec::new();
    loop {
        reader.space()?;
        capabilities.push(reader.atom("a capability")?.to_ascii_uppercase());
        if reader.end().is_ok() {
            return Ok(Command::Enable { capabilities });
        }
        if capabilities.len() >= CAPABILITIES {
            return Err(SyntaxError::TooMany("capabilities"));
        }
    }
}
