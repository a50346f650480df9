//! `language-cmd = "LANGUAGE" *(SP lang-range-quoted)` (RFC 5255 section 3.5).

use super::reader::{Parsed, Reader, SyntaxError};
use crate::types::command::Command;

/// The most ranges of one command.
const RANGES: usize = 50;

/// Reads the arguments of LANGUAGE.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    let mut ranges = Vec::new();
    while reader.take(b' ') {
        if ranges.len() >= RANGES {
            return Err(SyntaxError::TooMany("languages"));
        }
        ranges.push(reader.text()?);
    }
    Ok(Command::Language { ranges })
}
