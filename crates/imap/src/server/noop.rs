//! NOOP and CHECK (RFC 3501 sections 6.1.2 and 6.4.1): news is told before the reply. There is nothing
//! to check-point.

use super::connection::Step;
use super::reply::Reply;

pub(super) fn start(text: &str) -> Step {
    Step::Done(Reply::ok(text))
}
