//! `compress = "COMPRESS" SP algorithm`, `algorithm = "DEFLATE"` (RFC 4978 section 5).

use super::reader::{Parsed, Reader, SyntaxError};
use crate::types::command::Command;

const EXPECTED: &str = "DEFLATE";

/// Reads the argument of COMPRESS.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    match reader.atom(EXPECTED)?.eq_ignore_ascii_case(EXPECTED) {
        true => Ok(Command::Compress),
        false => Err(SyntaxError::Expected(EXPECTED)),
    }
}
