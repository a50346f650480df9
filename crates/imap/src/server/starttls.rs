//! STARTTLS (RFC 3501 section 6.2.1).

use super::connection::{Connection, Outcome, Step};
use super::reply::{Fault, Reply};

pub(super) fn start(connection: &Connection) -> Outcome {
    match connection.offers_starttls() {
        true => Ok(Step::StartTls(Reply::ok("Begin TLS negotiation now"))),
        false => Err(Fault::NoTlsHere),
    }
}
