//! NAMESPACE (RFC 2342): one personal namespace, no others.

use super::core::{Core, Step};
use super::reply::Reply;

pub(super) fn start(core: &mut Core) -> Step {
    core.untagged("NAMESPACE ((\"\" \"/\")) NIL NIL");
    Step::Done(Reply::ok("NAMESPACE completed"))
}
