//! NAMESPACE (RFC 2342): one personal namespace, no others.

use super::connection::{Connection, Step};
use super::reply::Reply;

pub(super) fn start(connection: &mut Connection) -> Step {
    connection.untagged("NAMESPACE ((\"\" \"/\")) NIL NIL");
    Step::Done(Reply::ok("NAMESPACE completed"))
}
