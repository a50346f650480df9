//! SORT (RFC 5256, RFC 5957): the messages found, ordered by what is stored of them. No message is opened.

use std::cmp::Ordering;

use posthorn_base::{AccountId, MailboxId};
use posthorn_imap::Answer;
use posthorn_imap::types::{SearchKey, SortCriterion, SortKey, SortOrder};
use posthorn_mailbox::{self as mailbox, EnvelopeAddress, MailboxError, MessageRow, StoredEnvelope};
use posthorn_message::base_subject;
use posthorn_message::header::decode;
use posthorn_message::search::fold_case;
use posthorn_store::Tx;
use roaring::RoaringBitmap;

use super::place::Place;
use super::{ImapHandler, panicked};

/// A message with what it is compared by, in the order of the criteria.
struct Sorted {
    uid: u32,
    values: Box<[Value]>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(i64),
    Text(Box<str>),
}

impl ImapHandler {
    pub(super) async fn sort(
        &self,
        place: Place,
        key: SearchKey<RoaringBitmap>,
        criteria: Vec<SortCriterion>,
    ) -> Result<Answer, MailboxError> {
        let Place { owner, mailbox } = place;
        let by = criteria.clone();
        let (mut found, highest_modseq) = self
            .find(owner, mailbox, key, move |tx, rows| {
                values_of(tx, owner, mailbox, &rows, &by)
            })
            .await?;
        let sorting = tokio::task::spawn_blocking(move || {
            found.sort_by(|one, other| compare(one, other, &criteria));
            found.into_iter().map(|sorted| sorted.uid).collect()
        });
        let uids = sorting.await.map_err(panicked)?;
        Ok(Answer::Sorted { uids, highest_modseq })
    }
}

fn compare(one: &Sorted, other: &Sorted, criteria: &[SortCriterion]) -> Ordering {
    let values = std::iter::zip(one.values.iter(), other.values.iter());
    values
        .zip(criteria)
        .map(|((one, other), criterion)| match criterion.order {
            SortOrder::Ascending => one.cmp(other),
            SortOrder::Descending => other.cmp(one),
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| one.uid.cmp(&other.uid))
}

fn values_of(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    rows: &[MessageRow],
    criteria: &[SortCriterion],
) -> Result<Vec<Sorted>, MailboxError> {
    let needs_envelope = criteria.iter().any(|criterion| !is_of_row(criterion.key));
    let described = match needs_envelope {
        true => mailbox::descriptions(tx, account, mailbox, rows)?,
        false => Vec::new(),
    };
    let none = StoredEnvelope::default();
    let envelopes = described.iter().map(|described| &described.envelope);
    let envelopes = envelopes.chain(std::iter::repeat(&none));
    let sorted = |(row, envelope): (&MessageRow, &StoredEnvelope)| Sorted {
        uid: row.uid.0,
        values: criteria
            .iter()
            .map(|criterion| value(row, envelope, criterion.key))
            .collect(),
    };
    Ok(rows.iter().zip(envelopes).map(sorted).collect())
}

/// Whether the small row of a message says it.
const fn is_of_row(key: SortKey) -> bool {
    match key {
        SortKey::Arrival | SortKey::Date | SortKey::Size => true,
        SortKey::Subject
        | SortKey::Cc
        | SortKey::From
        | SortKey::To
        | SortKey::DisplayFrom
        | SortKey::DisplayTo => false,
    }
}

fn value(row: &MessageRow, envelope: &StoredEnvelope, key: SortKey) -> Value {
    match key {
        SortKey::Arrival => Value::Number(row.internal_date.as_micros()),
        SortKey::Date => Value::Number(row.sent_date().as_micros()),
        SortKey::Size => Value::Number(i64::try_from(row.size_octets).unwrap_or(i64::MAX)),
        SortKey::Subject => text(&subject_of(envelope).text),
        SortKey::Cc => text(&local_part(envelope.cc.as_ref())),
        SortKey::From => text(&local_part(envelope.from.as_ref())),
        SortKey::To => text(&local_part(envelope.to.as_ref())),
        SortKey::DisplayFrom => text(&display(envelope.from.as_ref())),
        SortKey::DisplayTo => text(&display(envelope.to.as_ref())),
    }
}

fn text(text: &str) -> Value {
    Value::Text(fold_case(text).into())
}

/// The base subject of a message.
pub(super) fn subject_of(envelope: &StoredEnvelope) -> posthorn_message::BaseSubject {
    let subject = envelope.subject.as_deref().map(decode);
    base_subject(&subject.unwrap_or_default())
}

fn octets(value: Option<&Vec<u8>>) -> String {
    value
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .unwrap_or_default()
}

fn local_part(address: Option<&EnvelopeAddress>) -> String {
    octets(address.and_then(|address| address.mailbox.as_ref()))
}

/// RFC 5957 section 3. An address without a host has an empty one in our envelopes, which counts as none.
fn display(address: Option<&EnvelopeAddress>) -> String {
    let Some(address) = address else {
        return String::new();
    };
    let name = address.name.as_deref().map(decode).unwrap_or_default();
    if !name.is_empty() {
        return name;
    }
    let (local, host) = (octets(address.mailbox.as_ref()), octets(address.host.as_ref()));
    match address.mailbox.is_some() && !host.is_empty() {
        true => format!("{local}@{host}"),
        false => local,
    }
}

#[cfg(test)]
mod tests;
