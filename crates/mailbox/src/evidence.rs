//! What is kept beside a message about how it came, and finding the message that somebody means.

use posthorn_base::{AccountId, EmailId, Uid};
use posthorn_store::{Tx, params};

use crate::{MailboxError, sql};

/// Where copies of a message lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The mailbox, by name.
    pub mailbox: String,
    /// The UID there.
    pub uid: Uid,
}

/// What was found out about the sender when the message arrived, as `posthorn_trust::Evidence` stores it;
/// `None` when nobody watched it arrive, or the message is gone.
///
/// # Errors
/// When the store fails.
pub fn evidence(tx: &Tx<'_>, account: AccountId, email: EmailId) -> Result<Option<Vec<u8>>, MailboxError> {
    let found = tx.query_row(sql::SELECT_EVIDENCE, params![account, email], |row| {
        Ok(row.bytes(0)?.to_vec())
    })?;
    Ok(found)
}

/// The contents with that Message-ID (with or without its angle brackets), newest first. Reads the
/// description of every message: for a person who asks, not for a session.
///
/// # Errors
/// When the store fails.
pub fn with_message_id(
    tx: &Tx<'_>,
    account: AccountId,
    message_id: &str,
) -> Result<Vec<EmailId>, MailboxError> {
    let message_id = message_id.trim().trim_matches(['<', '>']);
    // The Message-ID is the envelope's last value (RFC 9051 section 7.5.2).
    let end = format!("<{message_id}>\")");
    let mut found = Vec::new();
    tx.for_each(sql::SELECT_ENVELOPES, params![account], |row| {
        if row.bytes(1)?.ends_with(end.as_bytes()) {
            found.push(EmailId(row.int(0)?));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Where copies of a content lie.
///
/// # Errors
/// When the store fails.
pub fn places(tx: &Tx<'_>, account: AccountId, email: EmailId) -> Result<Vec<Place>, MailboxError> {
    Ok(tx.query(sql::SELECT_PLACES, params![account, email], |row| {
        Ok(Place {
            mailbox: row.text(0)?.to_owned(),
            uid: Uid(row.u32(1)?),
        })
    })?)
}
