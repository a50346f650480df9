//! `store = "STORE" SP sequence-set [SP "(UNCHANGEDSINCE" … ")"] SP store-att-flags` (RFC 7162).

use super::reader::{Parsed, Reader, SyntaxError};
use super::{flags, sequence_set};
use crate::types::command::Command;
use crate::types::sequence_set::Numbering;
use crate::types::store::{Echo, StoreCommand};
use crate::types::{FlagChange, FlagMode};

/// Reads the arguments of STORE.
pub(crate) fn parse(reader: &mut Reader<'_>, numbering: Numbering) -> Parsed<Command> {
    reader.space()?;
    let set = sequence_set::parse_messages(reader)?;
    reader.space()?;
    let mut unchanged_since = None;
    if reader.peek() == Some(b'(') {
        unchanged_since = reader.list(1, parse_modifier)?.pop();
        reader.space()?;
    }
    let mode = if reader.take(b'+') {
        FlagMode::Add
    } else if reader.take(b'-') {
        FlagMode::Remove
    } else {
        FlagMode::Replace
    };
    let echo = if reader.keyword("FLAGS.SILENT") {
        Echo::Silent
    } else if reader.keyword("FLAGS") {
        Echo::Flags
    } else {
        return Err(SyntaxError::Expected("FLAGS, +FLAGS or -FLAGS"));
    };
    reader.space()?;
    let flags = match reader.peek() {
        Some(b'(') => flags::parse_list(reader)?,
        Some(_) | None => flags::parse_bare(reader)?,
    };
    Ok(Command::Store(StoreCommand {
        numbering,
        set,
        change: FlagChange { mode, flags },
        echo,
        unchanged_since,
    }))
}

fn parse_modifier(reader: &mut Reader<'_>) -> Parsed<i64> {
    if !reader.keyword("UNCHANGEDSINCE") {
        return Err(SyntaxError::Expected("UNCHANGEDSINCE"));
    }
    reader.space()?;
    reader.number64()
}
