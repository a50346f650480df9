//! NAMESPACE (RFC 2342): the personal one, and that of mailboxes which other users share.

use super::connection::{Connection, Step};
use super::reply::Reply;
use crate::types::mailbox::OTHER_USERS;

pub(super) fn start(connection: &mut Connection) -> Step {
    connection.untagged(&format!(
        "NAMESPACE ((\"\" \"/\")) ((\"{OTHER_USERS}\" \"/\")) NIL"
    ));
    Step::Done(Reply::ok("NAMESPACE completed"))
}
