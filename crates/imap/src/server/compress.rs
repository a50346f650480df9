//! COMPRESS (RFC 4978). The shell compresses; the session only says from where to where. No layer below
//! compresses: TLS does not do so here.

use super::connection::{Connection, Outcome, Step};
use super::reply::{Fault, Reply};

pub(super) fn start(connection: &mut Connection) -> Outcome {
    if connection.is_compressed {
        return Err(Fault::CompressionActive);
    }
    connection.is_compressed = true;
    Ok(Step::Compress(Reply::ok("DEFLATE begins now")))
}
