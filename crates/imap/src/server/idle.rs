//! IDLE (RFC 2177): a notice brings news at once, until the client says DONE.

use super::connection::{Asked, Connection, Outcome, Reading, State, Step};
use super::news;
use super::reply::Reply;
use super::selected::Numbers;
use crate::ask::Answer;
use crate::codec::SyntaxError;

pub(super) fn start(connection: &mut Connection) -> Step {
    connection.send(b"+ idling\r\n".to_vec());
    match &connection.state {
        // What happened before is news as well.
        State::Selected(selected) => {
            connection.noticed = false;
            Step::Ask(selected.changes(), Asked::IdleNews)
        }
        State::NotAuthenticated | State::Authenticated => Step::Read(Reading::Idle),
    }
}

pub(super) fn answered(connection: &mut Connection, answer: Answer) -> Outcome {
    // To ask again at once would be a loop; the next notice, or the next command, asks.
    if answer != Answer::Unavailable {
        news::tell(connection, answer, Numbers::MayChange)?;
    }
    Ok(Step::Read(Reading::Idle))
}

/// The line that ends it.
pub(super) fn line(line: &[u8]) -> Outcome {
    match line.eq_ignore_ascii_case(b"DONE") {
        true => Ok(Step::Done(Reply::ok("IDLE completed"))),
        false => Err(SyntaxError::Expected("DONE").into()),
    }
}
