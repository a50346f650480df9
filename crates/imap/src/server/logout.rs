//! LOGOUT (RFC 3501 section 6.1.3).

use super::core::{Core, Step};
use super::reply::{Farewell, Reply};

pub(super) fn start(core: &mut Core) -> Step {
    let bye = Farewell::Logout.print(&core.config.reference);
    core.send(bye);
    Step::Logout(Reply::ok("LOGOUT completed"))
}
