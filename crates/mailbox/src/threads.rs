//! Conversations: two messages belong together when they share a Message-ID (in Message-ID,
//! In-Reply-To or References) and a base subject (RFC 8621 section 3, RFC 5256 section 2.1). A thread id
//! never changes once given; a message that joins two threads goes to the older one.

use posthorn_base::{AccountId, ThreadId};
use posthorn_message::ThreadKeys;
use posthorn_store::{StoreError, Tx, params};

use crate::sql;

/// References that are looked at, the newest.
const REFERENCES: usize = 20;

/// The thread a message belongs to; `fresh` when it begins one.
pub(crate) fn join(
    tx: &mut Tx<'_>,
    account: AccountId,
    keys: &ThreadKeys,
    fresh: ThreadId,
) -> Result<ThreadId, StoreError> {
    let skipped = keys.references.len().saturating_sub(REFERENCES);
    let ids = keys.message_id.iter().chain(keys.references.iter().skip(skipped));
    let hashed: Vec<[u8; 16]> = ids.map(|id| key(id, &keys.base_subject)).collect();
    let mut thread = fresh;
    for key in &hashed {
        let known = tx.query_row(sql::SELECT_THREAD, params![account, key], |row| {
            row.int(0).map(ThreadId)
        })?;
        thread = known.map_or(thread, |known| known.min(thread));
    }
    for key in &hashed {
        tx.execute(sql::INSERT_THREAD, params![account, key, thread])?;
    }
    Ok(thread)
}

/// 128 bits of BLAKE3 over Message-ID and base subject.
fn key(message_id: &str, base_subject: &str) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(message_id.as_bytes()).update(&[0]);
    // Base subjects are compared without regard to case (RFC 5256 section 2.1, RFC 5051).
    hasher.update(base_subject.to_lowercase().as_bytes());
    let mut out = [0; 16];
    hasher.finalize_xof().fill(&mut out);
    out
}
