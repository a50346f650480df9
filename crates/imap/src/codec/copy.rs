//! `copy = "COPY" SP sequence-set SP mailbox`, and MOVE (RFC 6851 section 5); replies with COPYUID
//! (RFC 4315 section 3).

use super::reader::{Parsed, Reader};
use super::{mailbox, sequence_set, text};
use crate::ask::Transfer;
use crate::types::command::{Command, CopyCommand};
use crate::types::sequence_set::Numbering;

/// Reads the arguments of COPY or MOVE.
pub(crate) fn parse(reader: &mut Reader<'_>, numbering: Numbering, transfer: Transfer) -> Parsed<Command> {
    reader.space()?;
    let set = sequence_set::parse_messages(reader)?;
    reader.space()?;
    let to = mailbox::parse(reader)?;
    Ok(Command::Copy(CopyCommand {
        numbering,
        set,
        to,
        transfer,
    }))
}

/// Prints `COPYUID validity source target`.
pub(crate) fn print_copy_uid(uid_validity: u32, pairs: &[(u32, u32)]) -> Vec<u8> {
    let mut out = b"COPYUID ".to_vec();
    text::number(&mut out, uid_validity);
    out.push(b' ');
    sequence_set::print(&mut out, pairs.iter().map(|(source, _)| *source));
    out.push(b' ');
    sequence_set::print(&mut out, pairs.iter().map(|(_, target)| *target));
    out
}
