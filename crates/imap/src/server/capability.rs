//! CAPABILITY (RFC 3501 section 6.1.1) and the greeting. What is not complete is not in the list.

use super::connection::{Connection, State, Step};
use super::reply::Reply;

/// Told in every state; one on a line, in the order of the alphabet behind the protocol itself.
const ALWAYS: &[&str] = &[
    "IMAP4rev1",
    "IMAP4rev2",
    "ACL",
    "BINARY",
    "CHILDREN",
    "COMPRESS=DEFLATE",
    "CONDSTORE",
    "CREATE-SPECIAL-USE",
    "ENABLE",
    "ESEARCH",
    "ESORT",
    "ID",
    "IDLE",
    "I18NLEVEL=1",
    "INPROGRESS",
    "LANGUAGE",
    "LIST-EXTENDED",
    "LIST-MYRIGHTS",
    "LIST-STATUS",
    "METADATA",
    "MOVE",
    "MULTIAPPEND",
    "MULTISEARCH",
    "NAMESPACE",
    "NOTIFY",
    "OBJECTID",
    "PARTIAL",
    "PREVIEW",
    "QRESYNC",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "REPLACE",
    "RIGHTS=kxte",
    "SASL-IR",
    "SAVEDATE",
    "SEARCHRES",
    "SORT",
    "SORT=DISPLAY",
    "SPECIAL-USE",
    "STATUS=SIZE",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "UIDONLY",
    "UIDPLUS",
    "UNAUTHENTICATE",
    "UNSELECT",
    "UTF8=ACCEPT",
    "WITHIN",
];

/// The capabilities of this moment.
pub(super) fn list(connection: &Connection) -> String {
    let literals = if connection.takes_large_literals() {
        "LITERAL+"
    } else {
        "LITERAL-"
    };
    let always = ALWAYS.join(" ");
    let append_limit = connection.append_limit();
    let mut list = format!("{always} {literals} APPENDLIMIT={append_limit}");
    if let State::NotAuthenticated = connection.state {
        if connection.offers_starttls() {
            list.push_str(" STARTTLS");
        }
        if !connection.is_private() {
            list.push_str(" LOGINDISABLED");
        }
        for mechanism in connection.mechanisms() {
            list.push_str(" AUTH=");
            list.push_str(mechanism.name());
        }
    }
    list
}

pub(super) fn start(connection: &mut Connection) -> Step {
    let line = format!("CAPABILITY {}", list(connection));
    connection.untagged(&line);
    Step::Done(Reply::ok("CAPABILITY completed"))
}

/// The first line of the connection.
pub(super) fn greet(connection: &mut Connection) {
    let line = format!(
        "OK [CAPABILITY {}] {} Posthorn ready",
        list(connection),
        connection.config.hostname
    );
    connection.untagged(&line);
}
