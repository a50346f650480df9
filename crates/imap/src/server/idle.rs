//! IDLE (RFC 2177): a notice brings news at once, until the client says DONE.

use super::connection::{Connection, Outcome, Step};
use super::news::{self, Telling};
use super::reply::Reply;
use crate::codec::SyntaxError;

pub(super) fn start(connection: &mut Connection) -> Outcome {
    connection.send(b"+ idling\r\n".to_vec());
    // What happened before is news as well.
    news::begin(connection, Telling::idle())
}

/// The line that ends it.
pub(super) fn line(line: &[u8]) -> Outcome {
    match line.eq_ignore_ascii_case(b"DONE") {
        true => Ok(Step::Done(Reply::ok("IDLE completed"))),
        false => Err(SyntaxError::Expected("DONE").into()),
    }
}
