//! Does a message fit a search key? Flags and dates from the small rows, the rest from the message itself, and
//! only when the cheap part of the key does not decide.

use std::cell::OnceCell;

use posthorn_base::{AccountId, Timestamp};
use posthorn_imap::types::{Date, DayIs, MessageDate, SearchCriterion, SearchKey, TextIn};
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
            SearchKey::Is(criterion) => self.is(criterion)?,
        })
    }

    fn is(&self, criterion: &SearchCriterion) -> Result<bool, MailboxError> {
        let row = self.row;
        Ok(match criterion {
            SearchCriterion::Flags(flags) => translate::flags(&row.flags).system.contains(*flags),
            SearchCriterion::Keyword(keyword) => {
                let mut keywords = row.flags.keywords().iter();
                keywords.any(|have| have.eq_ignore_ascii_case(keyword))
            }
            SearchCriterion::Dated(date, is, day) => is_dated(row, *date, *is, *day),
            SearchCriterion::Older(secs) => row.internal_date.as_secs() <= self.ago(*secs),
            SearchCriterion::Younger(secs) => row.internal_date.as_secs() >= self.ago(*secs),
            SearchCriterion::Larger(size) => row.size_octets > *size,
            SearchCriterion::Smaller(size) => row.size_octets < *size,
            SearchCriterion::Holds(place, text) => self.holds(place, text)?,
            SearchCriterion::ModSeq(modseq) => row.modseq.0 >= *modseq,
            SearchCriterion::EmailId(id) => translate::email_id(row.email) == *id,
            SearchCriterion::ThreadId(id) => translate::thread_id(row.thread) == *id,
        })
    }

    fn holds(&self, place: &TextIn, text: &str) -> Result<bool, MailboxError> {
        let raw = self.raw()?;
        Ok(match place {
            TextIn::Field(field) => field_has(raw, field, text),
            TextIn::Body => fold_case(&body_text(raw)).contains(text),
            TextIn::Message => fold_case(&whole_text(raw)).contains(text),
        })
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

/// An empty text asks whether the field is there (RFC 9051 section 6.4.4, HEADER).
fn field_has(raw: &[u8], field: &str, text: &str) -> bool {
    let values = header_text(raw, field);
    values.iter().any(|value| fold_case(value).contains(text))
}

/// Days are those of UTC.
fn is_dated(row: &MessageRow, date: MessageDate, is: DayIs, day: Date) -> bool {
    let have = Date::of(match date {
        MessageDate::Internal => row.internal_date,
        MessageDate::Sent => row.sent_date(),
        MessageDate::Saved => row.saved_at,
    });
    match is {
        DayIs::Before => have < day,
        DayIs::On => have == day,
        DayIs::Since => have >= day,
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
        SearchKey::Messages(_) => Cost::Row,
        SearchKey::Is(criterion) => match criterion {
            SearchCriterion::Holds(..) => Cost::Message,
            SearchCriterion::Flags(_)
            | SearchCriterion::Keyword(_)
            | SearchCriterion::Dated(..)
            | SearchCriterion::Older(_)
            | SearchCriterion::Younger(_)
            | SearchCriterion::Larger(_)
            | SearchCriterion::Smaller(_)
            | SearchCriterion::ModSeq(_)
            | SearchCriterion::EmailId(_)
            | SearchCriterion::ThreadId(_) => Cost::Row,
        },
    }
}
