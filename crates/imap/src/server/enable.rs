//! ENABLE (RFC 5161). What is unknown is passed over, as section 3.1 demands.

use super::connection::{Connection, Step};
use super::reply::Reply;

pub(super) fn start(connection: &mut Connection, capabilities: &[String]) -> Step {
    let wants = |name: &str| capabilities.iter().any(|capability| capability == name);
    let qresync = !connection.qresync && wants("QRESYNC");
    // RFC 7162 section 3.2.3: QRESYNC holds CONDSTORE.
    let condstore = !connection.condstore && (qresync || wants("CONDSTORE"));
    let mut line = "ENABLED".to_owned();
    for (is_new, name) in [(qresync, " QRESYNC"), (condstore, " CONDSTORE")] {
        if is_new {
            line.push_str(name);
        }
    }
    connection.untagged(&line);
    connection.qresync |= qresync;
    if condstore {
        connection.enable_condstore();
    }
    Step::Done(Reply::ok("ENABLE completed"))
}
