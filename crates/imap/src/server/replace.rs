//! REPLACE and UID REPLACE (RFC 8508): an APPEND that takes a message of the selected mailbox away, both or
//! neither. All but that is in `append.rs`.

use super::connection::{Connection, Outcome, Step};
use super::expunge;
use super::reply::{Fault, Reply};
use crate::ask::Replaced;
use crate::types::sequence_set::{MessageSet, Numbering};
use crate::types::{SequenceNumber, SequenceRange, SequenceSet};

/// The message that goes.
pub(super) fn resolve(
    connection: &mut Connection,
    numbering: Numbering,
    number: SequenceNumber,
) -> Result<Replaced, Fault> {
    let selected = connection.selected()?;
    let range = SequenceRange {
        from: number,
        to: number,
    };
    let uids = selected.resolve(numbering, &MessageSet::Numbers(SequenceSet(vec![range])))?;
    selected.writable()?;
    let uid = uids
        .min()
        .ok_or_else(|| Fault::Refused("There is no such message".to_owned()))?;
    Ok(Replaced {
        mailbox: selected.mailbox,
        uid,
    })
}

/// RFC 8508 section 4.3: the client learns of the new message before the old one goes.
pub(super) fn finished(connection: &mut Connection, gone: Replaced, code: &str) -> Outcome {
    connection.untagged(&format!("OK [{code}] Replacement message ready"));
    expunge::tell(connection, &[gone.uid])?;
    Ok(Step::Done(Reply::ok("REPLACE completed").telling_modseq()))
}
