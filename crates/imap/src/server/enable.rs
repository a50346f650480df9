//! ENABLE (RFC 5161). What is unknown is passed over, as section 3.1 demands.

use super::core::{Core, Step};
use super::reply::Reply;

pub(super) fn start(core: &mut Core, capabilities: &[String]) -> Step {
    let is_new = !core.condstore && capabilities.iter().any(|name| name == "CONDSTORE");
    if is_new {
        core.untagged("ENABLED CONDSTORE");
        core.enable_condstore();
    } else {
        core.untagged("ENABLED");
    }
    Step::Done(Reply::ok("ENABLE completed"))
}
