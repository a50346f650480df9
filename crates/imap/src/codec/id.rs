//! `id = "ID" SP id-params-list` (RFC 2971 section 4). What a client says of itself is checked and
//! dropped: nothing here depends on it.

use super::reader::{Parsed, Reader};
use crate::types::command::Command;

/// RFC 2971 section 3.3: at most 30 pairs.
const STRINGS: usize = 60;

/// Reads the arguments of ID.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    if !reader.keyword("NIL") {
        reader.list_or_empty(STRINGS, |reader| reader.nstring().map(|_dropped| ()))?;
    }
    Ok(Command::Id)
}
