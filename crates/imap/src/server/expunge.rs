//! EXPUNGE, UID EXPUNGE and CLOSE (RFC 3501 sections 6.4.2 and 6.4.3, RFC 4315 section 2.1, RFC
//! 7162 sections 3.2.7 to 3.2.9).

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::Reply;
use super::select;
use super::selected::Numbers;
use crate::ask::{Answer, Ask};
use crate::types::sequence_set::{MessageSet, Numbering};

pub(super) fn start(connection: &mut Connection, uids: Option<&MessageSet>) -> Outcome {
    let selected = connection.selected()?;
    selected.writable()?;
    let uids = match uids {
        Some(set) => {
            let uids: Vec<u32> = selected.resolve(Numbering::Uid, set)?.into_iter().collect();
            if uids.is_empty() {
                return Ok(Step::Done(Reply::ok("EXPUNGE completed")));
            }
            Some(uids)
        }
        None => None,
    };
    let mailbox = selected.mailbox;
    Ok(Step::Ask(Ask::Expunge { mailbox, uids }, Asked::Expunge))
}

pub(super) fn answered(connection: &mut Connection, answer: Answer) -> Outcome {
    let Answer::Expunged { uids, .. } = answer else {
        return Err(answer.into());
    };
    tell(connection, &uids)?;
    let reply = Reply::ok("EXPUNGE completed");
    if uids.is_empty() || !connection.qresync {
        return Ok(Step::Done(reply));
    }
    // What others did before is told first: the mod-sequence of this reply stands for all up to it.
    connection.noticed = true;
    Ok(Step::Done(reply.telling_modseq()))
}

/// Tells the client of messages that its own command removed.
pub(super) fn tell(connection: &mut Connection, uids: &[u32]) -> Result<(), super::reply::Fault> {
    let removals = connection.removals();
    let mut out = Vec::new();
    let selected = connection.selected()?;
    selected.vanish(uids);
    selected.print_vanished(&mut out, Numbers::MayChange, removals);
    connection.send(out);
    Ok(())
}

/// CLOSE removes without telling, and only what was opened for writing.
pub(super) fn start_close(connection: &mut Connection) -> Outcome {
    let selected = connection.selected()?;
    if selected.is_read_only() {
        return Ok(select::close(connection));
    }
    let mailbox = selected.mailbox;
    Ok(Step::Ask(Ask::Expunge { mailbox, uids: None }, Asked::Close))
}

pub(super) fn closed(connection: &mut Connection, answer: Answer) -> Outcome {
    // RFC 4314 section 4: who may not expunge closes all the same.
    if !matches!(answer, Answer::Expunged { .. } | Answer::NoPermission) {
        return Err(answer.into());
    }
    Ok(select::close(connection))
}
