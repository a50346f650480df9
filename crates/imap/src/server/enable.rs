//! ENABLE (RFC 5161): IMAP4rev2 (RFC 9051), UTF8=ACCEPT (RFC 6855), UIDONLY (RFC 9586), CONDSTORE and
//! QRESYNC. What is unknown is passed over, as section 3.1 demands.

use super::connection::{Connection, Enabled, State, Step};
use super::reply::Reply;

pub(super) fn start(connection: &mut Connection, capabilities: &[String]) -> Step {
    let wants = |name: &str| capabilities.iter().any(|capability| capability == name);
    let enabled = connection.enabled;
    let rev2 = !enabled.rev2 && wants("IMAP4REV2");
    let utf8 = !enabled.utf8 && wants("UTF8=ACCEPT");
    let uid_only = !enabled.uid_only && wants("UIDONLY");
    let qresync = !connection.qresync && wants("QRESYNC");
    // RFC 7162 section 3.2.3: QRESYNC holds CONDSTORE.
    let condstore = !connection.condstore && (qresync || wants("CONDSTORE"));
    let mut line = "ENABLED".to_owned();
    for (is_new, name) in [
        (rev2, " IMAP4rev2"),
        (utf8, " UTF8=ACCEPT"),
        (uid_only, " UIDONLY"),
        (qresync, " QRESYNC"),
        (condstore, " CONDSTORE"),
    ] {
        if is_new {
            line.push_str(name);
        }
    }
    connection.untagged(&line);
    connection.enabled = Enabled {
        rev2: enabled.rev2 || rev2,
        utf8: enabled.utf8 || utf8,
        uid_only: enabled.uid_only || uid_only,
    };
    if let State::Selected(selected) = &mut connection.state {
        selected.enabled = connection.enabled;
    }
    connection.qresync |= qresync;
    if condstore {
        connection.enable_condstore();
    }
    Step::Done(Reply::ok("ENABLE completed"))
}
