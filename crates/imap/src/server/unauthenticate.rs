//! UNAUTHENTICATE (RFC 8437): the connection is as it was before the log-in, but for TLS. Compression ends
//! behind the reply.

use super::capability;
use super::connection::{Connection, Enabled, State, Step};
use super::reply::Reply;
use crate::ask::Event;

pub(super) fn start(connection: &mut Connection) -> Step {
    connection.notify = None;
    connection.deselect();
    connection.state = State::NotAuthenticated;
    // What was enabled is enabled no longer (RFC 8437 section 4.1). Failed log-ins stay counted: this must
    // not be a way to guess on.
    connection.enabled = Enabled::default();
    connection.condstore = false;
    connection.qresync = false;
    connection.event(Event::LoggedOut);
    let capabilities = capability::list(connection);
    Step::LoggedOut(Reply::ok("Logged out").with_code(format!("CAPABILITY {capabilities}")))
}
