//! CAPABILITY (RFC 3501 section 6.1.1) and the greeting. What is not complete is not in the list.

use super::core::{Core, State, Step};
use super::reply::Reply;

/// Told in every state.
const ALWAYS: &str = "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE NAMESPACE CHILDREN UIDPLUS UNSELECT MOVE \
                      ESEARCH CONDSTORE LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE";

/// The capabilities of this moment.
pub(super) fn list(core: &Core) -> String {
    let mut list = ALWAYS.to_owned();
    if let State::NotAuthenticated = core.state {
        if core.offers_starttls() {
            list.push_str(" STARTTLS");
        }
        if !core.is_private() {
            list.push_str(" LOGINDISABLED");
        }
        for mechanism in core.mechanisms() {
            list.push_str(" AUTH=");
            list.push_str(mechanism.name());
        }
    }
    list
}

pub(super) fn start(core: &mut Core) -> Step {
    let line = format!("CAPABILITY {}", list(core));
    core.untagged(&line);
    Step::Done(Reply::ok("CAPABILITY completed"))
}

/// The first line of the connection.
pub(super) fn greet(core: &mut Core) {
    let line = format!(
        "OK [CAPABILITY {}] {} Posthorn ready",
        list(core),
        core.config.hostname
    );
    core.untagged(&line);
}
