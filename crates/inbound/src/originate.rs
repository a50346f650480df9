//! What a message that begins its way here is given when its author's program left it out: Date and
//! Message-ID (RFC 6409 section 8).

use std::fmt::Write as _;

use posthorn_base::Timestamp;
use posthorn_message::header;

use crate::incoming::{Incoming, Origin};

/// The fields to put in front; empty for mail that comes from elsewhere.
pub(crate) fn missing_fields(incoming: &Incoming, hostname: &str, now: Timestamp) -> String {
    let mut fields = String::new();
    match incoming.origin {
        Origin::Relay => return fields,
        Origin::Submission(_) | Origin::Generated => {}
    }
    if header::first_field(&incoming.octets, "Date").is_none() {
        let _infallible = write!(fields, "Date: {}\r\n", now.to_rfc5322());
    }
    if header::first_field(&incoming.octets, "Message-ID").is_none() {
        let _infallible = write!(fields, "Message-ID: <{}@{hostname}>\r\n", incoming.queue_id);
    }
    fields
}
