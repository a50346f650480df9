//! THREAD and UID THREAD (RFC 5256).

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::Reply;
use super::search::{names_numbers, resolve};
use crate::ask::{Answer, Ask};
use crate::codec;
use crate::types::SearchKey;
use crate::types::sequence_set::Numbering;
use crate::types::thread::ThreadCommand;

/// A THREAD under way.
#[derive(Debug)]
pub(super) struct Threading {
    numbering: Numbering,
    has_numbers: bool,
}

pub(super) fn start(connection: &mut Connection, thread: ThreadCommand) -> Outcome {
    connection.may_name_by(thread.numbering)?;
    if thread.key.has_modseq() {
        connection.enable_condstore();
    }
    let selected = connection.selected()?;
    let threading = Threading {
        numbering: thread.numbering,
        has_numbers: names_numbers(&thread.key),
    };
    // A tree cannot be told without a message in its middle: what the client does not know yet must not
    // come into it.
    let known = SearchKey::Messages(selected.uids().clone());
    let key = resolve(selected, thread.key)?;
    let ask = Ask::Thread {
        mailbox: selected.mailbox,
        key: SearchKey::And(vec![known, key]),
        algorithm: thread.algorithm,
    };
    Ok(Step::Ask(ask, Asked::Thread(threading)))
}

pub(super) fn answered(connection: &mut Connection, threading: &Threading, answer: Answer) -> Outcome {
    let Answer::Threads(nodes) = answer else {
        return Err(answer.into());
    };
    let selected = connection.selected()?;
    let mut out = Vec::new();
    codec::thread::print(&mut out, &nodes, |uid| match threading.numbering {
        Numbering::Uid => Some(uid),
        Numbering::Sequence => selected.number_of(uid),
    });
    connection.send(out);
    let reply = Reply::ok("THREAD completed");
    Ok(Step::Done(match threading.has_numbers {
        true => reply.keeping_numbers(),
        false => reply,
    }))
}
