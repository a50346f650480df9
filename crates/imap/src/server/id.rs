//! ID (RFC 2971): the name of the program and no version, which would help only attackers.

use super::core::{Core, Step};
use super::reply::Reply;

pub(super) fn start(core: &mut Core) -> Step {
    core.untagged("ID (\"name\" \"Posthorn\")");
    Step::Done(Reply::ok("ID completed"))
}
