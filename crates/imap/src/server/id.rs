//! ID (RFC 2971): the name of the program and no version, which would help only attackers.

use super::connection::{Connection, Step};
use super::reply::Reply;

pub(super) fn start(connection: &mut Connection) -> Step {
    connection.untagged("ID (\"name\" \"Posthorn\")");
    Step::Done(Reply::ok("ID completed"))
}
