//! Does a message fit a search key? Flags and dates from the small rows, the rest from the message itself, and
//! only when the cheap part of the key does not decide.

use std::cell::OnceCell;

use posthorn_base::{AccountId, Timestamp};
use posthorn_imap::types::{Date, SearchKey};
use posthorn_mailbox::{self as mailbox, MailboxError, MessageRow};
use posthorn_message::search::{body_text, fold_case, header_text, whole_text};
use posthorn_store::Tx;

use super::Key;
use crate::imap::translate;

/// One message, its large parts read when they are first needed.
pub(super) struct Candidate<'a, 'c> {
    tx: &'a Tx<'c>,
    account: AccountId,
    row: &'a MessageRow,
    now: Timestamp,
    email: OnceCell<Option<mailbox::EmailRow>>,
    raw: OnceCell<Vec<u8>>,
}

impl<'a, 'c> Candidate<'a, 'c> {
    /// A message of the account; ages are counted from `now`.
    pub(super) fn new(tx: &'a Tx<'c>, account: AccountId, row: &'a MessageRow, now: Timestamp) -> Self {
        Self {
            tx,
            account,
            row,
            now,
            email: OnceCell::new(),
            raw: OnceCell::new(),
        }
    }

    /// Whether the message fits a key whose texts are folded.
    pub(super) fn matches(&self, key: &Key) -> Result<bool, MailboxError> {
        Ok(match key {
            SearchKey::And(keys) => {
                // The cheap ones first: a date that does not fit spares reading the message.
                for cost in [Cost::Row, Cost::Message] {
                    for key in keys.iter().filter(|key| cost_of(key) == cost) {
                        if !self.matches(key)? {
                            return Ok(false);
                        }
                    }
                }
                true
            }
            SearchKey::Or(left, right) => self.matches(left)? || self.matches(right)?,
            SearchKey::Not(key) => !self.matches(key)?,
            SearchKey::Messages(uids) => uids.contains(self.row.uid.0),
            SearchKey::Flags(flags) => translate::flags(&self.row.flags).system.contains(*flags),
            SearchKey::Keyword(keyword) => self
                .row
                .flags
                .keywords()
                .iter()
                .any(|have| have.eq_ignore_ascii_case(keyword)),
            SearchKey::Before(date) => Date::of(self.row.internal_date) < *date,
            SearchKey::On(date) => Date::of(self.row.internal_date) == *date,
            SearchKey::Since(date) => Date::of(self.row.internal_date) >= *date,
            SearchKey::Older(secs) => self.row.internal_date.as_secs() <= self.ago(*secs),
            SearchKey::Younger(secs) => self.row.internal_date.as_secs() >= self.ago(*secs),
            SearchKey::SentBefore(date) => Date::of(self.row.sent_date()) < *date,
            SearchKey::SentOn(date) => Date::of(self.row.sent_date()) == *date,
            SearchKey::SentSince(date) => Date::of(self.row.sent_date()) >= *date,
            SearchKey::Larger(size) => self.row.size_octets > *size,
            SearchKey::Smaller(size) => self.row.size_octets < *size,
            SearchKey::From(text) => self.field_has("From", text)?,
            SearchKey::To(text) => self.field_has("To", text)?,
            SearchKey::Cc(text) => self.field_has("Cc", text)?,
            SearchKey::Bcc(text) => self.field_has("Bcc", text)?,
            SearchKey::Subject(text) => self.field_has("Subject", text)?,
            SearchKey::Header { field, value } => self.field_has(field, value)?,
            SearchKey::Body(text) => fold_case(&body_text(self.raw()?)).contains(text.as_str()),
            SearchKey::Text(text) => fold_case(&whole_text(self.raw()?)).contains(text.as_str()),
            SearchKey::ModSeq(modseq) => self.row.modseq.0 >= *modseq,
            SearchKey::EmailId(id) => translate::email_id(self.row.email) == *id,
            SearchKey::ThreadId(id) => translate::thread_id(self.row.thread) == *id,
            SearchKey::SavedBefore(date) => Date::of(self.row.saved_at) < *date,
            SearchKey::SavedOn(date) => Date::of(self.row.saved_at) == *date,
            SearchKey::SavedSince(date) => Date::of(self.row.saved_at) >= *date,
        })
    }

    /// An empty text asks whether the field is there (RFC 9051 section 6.4.4, HEADER).
    fn field_has(&self, field: &str, text: &str) -> Result<bool, MailboxError> {
        Ok(header_text(self.raw()?, field)
            .iter()
            .any(|value| fold_case(value).contains(text)))
    }

    /// The second that was so many seconds ago (RFC 5032 section 2).
    fn ago(&self, secs: u32) -> i64 {
        self.now.as_secs().saturating_sub(i64::from(secs))
    }

    fn email(&self) -> Result<Option<&mailbox::EmailRow>, MailboxError> {
        if self.email.get().is_none() {
            let read = mailbox::email(self.tx, self.account, self.row.email)?;
            drop(self.email.set(read));
        }
        Ok(self.email.get().and_then(Option::as_ref))
    }

    fn raw(&self) -> Result<&[u8], MailboxError> {
        if self.raw.get().is_none() {
            let octets = match self.email()? {
                Some(email) => self.tx.blob(&email.blob)?,
                None => Vec::new(),
            };
            drop(self.raw.set(octets));
        }
        Ok(self.raw.get().map_or(&[], Vec::as_slice))
    }
}

/// What deciding a key takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cost {
    /// The message's small row.
    Row,
    /// Its content.
    Message,
}

/// What deciding this key takes.
pub(super) fn cost_of(key: &Key) -> Cost {
    match key {
        SearchKey::And(keys) => keys.iter().map(cost_of).max().unwrap_or(Cost::Row),
        SearchKey::Or(left, right) => cost_of(left).max(cost_of(right)),
        SearchKey::Not(key) => cost_of(key),
        SearchKey::Messages(_)
        | SearchKey::Flags(_)
        | SearchKey::Keyword(_)
        | SearchKey::Before(_)
        | SearchKey::On(_)
        | SearchKey::Since(_)
        | SearchKey::Older(_)
        | SearchKey::Younger(_)
        | SearchKey::SentBefore(_)
        | SearchKey::SentOn(_)
        | SearchKey::SentSince(_)
        | SearchKey::Larger(_)
        | SearchKey::Smaller(_)
        | SearchKey::ModSeq(_)
        | SearchKey::EmailId(_)
        | SearchKey::ThreadId(_)
        | SearchKey::SavedBefore(_)
        | SearchKey::SavedOn(_)
        | SearchKey::SavedSince(_) => Cost::Row,
        SearchKey::From(_)
        | SearchKey::To(_)
        | SearchKey::Cc(_)
        | SearchKey::Bcc(_)
        | SearchKey::Subject(_)
        | SearchKey::Header { .. }
        | SearchKey::Body(_)
        | SearchKey::Text(_) => Cost::Message,
    }
}
