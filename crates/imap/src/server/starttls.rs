//! STARTTLS (RFC 3501 section 6.2.1).

use super::core::{Core, Outcome, Step};
use super::reply::{Fault, Reply};

pub(super) fn start(core: &Core) -> Outcome {
    match core.offers_starttls() {
        true => Ok(Step::StartTls(Reply::ok("Begin TLS negotiation now"))),
        false => Err(Fault::NoTlsHere),
    }
}
