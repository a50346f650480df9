//! STATUS (RFC 3501 section 6.3.10).

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::Reply;
use crate::ask::{Answer, Ask};
use crate::codec;
use crate::types::status::StatusItem;

pub(super) fn start(connection: &mut Connection, name: String, items: Vec<StatusItem>) -> Step {
    if items.contains(&StatusItem::HighestModSeq) {
        connection.enable_condstore();
    }
    let ask = question(name.clone(), &items);
    Step::Ask(ask, Asked::Status { name, items })
}

/// The question for these items.
pub(super) fn question(name: String, items: &[StatusItem]) -> Ask {
    let wants_deleted_octets = items.contains(&StatusItem::DeletedStorage);
    Ask::Status {
        name,
        wants_deleted_octets,
    }
}

pub(super) fn answered(
    connection: &mut Connection,
    name: &str,
    items: &[StatusItem],
    answer: Answer,
) -> Outcome {
    let Answer::Status(status) = answer else {
        return Err(answer.into());
    };
    let mut out = Vec::new();
    codec::status::print(
        &mut out,
        connection.names(),
        name,
        items,
        &status,
        connection.append_limit(),
    );
    connection.send(out);
    Ok(Step::Done(Reply::ok("STATUS completed")))
}
