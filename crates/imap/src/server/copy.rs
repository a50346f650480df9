//! COPY, MOVE and their UID forms (RFC 3501 section 6.4.7, RFC 6851, RFC 4315).

use super::connection::{Asked, Connection, Outcome, Step};
use super::expunge;
use super::reply::{Fault, Reply};
use crate::ask::{Answer, Ask, Transfer};
use crate::codec;
use crate::types::command::CopyCommand;

pub(super) fn start(connection: &mut Connection, copy: CopyCommand) -> Outcome {
    connection.may_name_by(copy.numbering)?;
    let selected = connection.selected()?;
    let uids: Vec<u32> = selected.resolve(copy.numbering, &copy.set)?.into_iter().collect();
    if copy.transfer == Transfer::Move {
        selected.writable()?;
    }
    if uids.is_empty() {
        return Ok(Step::Done(Reply::ok(completed(copy.transfer))));
    }
    let ask = Ask::Copy {
        mailbox: selected.mailbox,
        uids,
        to: copy.to,
        mode: copy.transfer,
    };
    Ok(Step::Ask(ask, Asked::Copy(copy.transfer)))
}

const fn completed(transfer: Transfer) -> &'static str {
    match transfer {
        Transfer::Copy => "COPY completed",
        Transfer::Move => "MOVE completed",
    }
}

pub(super) fn answered(connection: &mut Connection, transfer: Transfer, answer: Answer) -> Outcome {
    let Answer::Copied { uid_validity, pairs } = answer else {
        return Err(Fault::of_target(answer));
    };
    // The target may be the selected mailbox itself.
    connection.noticed = true;
    let reply = Reply::ok(completed(transfer));
    if pairs.is_empty() {
        return Ok(Step::Done(reply));
    }
    let uids: Vec<u32> = pairs.iter().map(|(_, target)| *target).collect();
    connection.note_own_messages(uid_validity, &uids);
    let code = codec::copy::print_copy_uid(uid_validity, &pairs);
    let code = String::from_utf8_lossy(&code).into_owned();
    match transfer {
        Transfer::Copy => Ok(Step::Done(reply.with_code(code))),
        Transfer::Move => {
            // RFC 6851 section 4.3: before the EXPUNGE responses, while the numbers still mean something.
            connection.untagged(&format!("OK [{code}] Moved"));
            let gone: Vec<u32> = pairs.into_iter().map(|(source, _)| source).collect();
            expunge::tell(connection, &gone)?;
            Ok(Step::Done(reply.telling_modseq()))
        }
    }
}
