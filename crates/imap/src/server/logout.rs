//! LOGOUT (RFC 3501 section 6.1.3).

use super::connection::{Connection, Step};
use super::reply::{Farewell, Reply};

pub(super) fn start(connection: &mut Connection) -> Step {
    let bye = Farewell::Logout.print(&connection.config.reference);
    connection.send(bye);
    Step::Logout(Reply::ok("LOGOUT completed"))
}
