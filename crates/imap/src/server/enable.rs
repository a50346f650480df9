//! ENABLE (RFC 5161). What is unknown is passed over, as section 3.1 demands.

use super::connection::{Connection, Step};
use super::reply::Reply;

pub(super) fn start(connection: &mut Connection, capabilities: &[String]) -> Step {
    let is_new = !connection.condstore && capabilities.iter().any(|name| name == "CONDSTORE");
    if is_new {
        connection.untagged("ENABLED CONDSTORE");
        connection.enable_condstore();
    } else {
        connection.untagged("ENABLED");
    }
    Step::Done(Reply::ok("ENABLE completed"))
}
