//! Which messages of a mailbox a search must look at, and which it need not because the index knows.

use posthorn_base::{AccountId, EmailId, MailboxId, Uid};
use posthorn_imap::types::{SearchCriterion, SearchKey, TextIn};
use posthorn_mailbox::{self as mailbox, MailboxError};
use posthorn_message::search::TextPlace;
use posthorn_search::{Bounds, EmailSet, Index, Query};
use posthorn_store::{StoreError, Tx};
use roaring::RoaringBitmap;

use super::Key;
use crate::imap::translate;

/// Ids of contents that lie at most so far apart are read in one sweep: passing over a few is cheaper than
/// beginning anew.
const NEIGHBOURS: u64 = 40;

/// What a search knows of a mailbox before it looks at messages.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// These fit.
    pub(super) certain: RoaringBitmap,
    /// These may; no others do.
    pub(super) uncertain: RoaringBitmap,
    /// What is wrong with the index, which then was not asked.
    pub(super) damage: Option<String>,
}

impl Plan {
    /// For a key whose texts are folded.
    pub(super) fn new(
        tx: &Tx<'_>,
        account: AccountId,
        mailbox: MailboxId,
        key: &Key,
    ) -> Result<Self, MailboxError> {
        // A mailbox that is gone is an error, not an empty one.
        mailbox::status(tx, account, mailbox)?;
        let mut queries = Vec::new();
        ask(key, &mut queries);
        let (known, indexed_to, damage) = match consult(tx, account, &queries) {
            Ok((known, indexed_to)) => (known, indexed_to, None),
            Err(StoreError::Corrupt(what)) => (Vec::new(), EmailId(0), Some(what)),
            Err(cause) => return Err(cause.into()),
        };
        let bounds = combine(key, &mut known.into_iter());
        let named = named(key);
        let mut plan = match (bounds.is_unknown(), &named) {
            (false, _) => Self::of_copies(tx, account, mailbox, &bounds, indexed_to)?,
            (true, Some(named)) => Self::look_at(named.clone()),
            (true, None) => Self::look_at(mailbox::snapshot(tx, account, mailbox)?.uids),
        };
        if let Some(named) = named {
            plan.uncertain &= named;
        }
        plan.damage = damage;
        Ok(plan)
    }

    fn look_at(uncertain: RoaringBitmap) -> Self {
        Self {
            uncertain,
            ..Self::default()
        }
    }

    /// From what is known of contents up to `indexed_to`; copies of later ones are all uncertain.
    fn of_copies(
        tx: &Tx<'_>,
        account: AccountId,
        mailbox: MailboxId,
        bounds: &Bounds,
        indexed_to: EmailId,
    ) -> Result<Self, MailboxError> {
        let mut plan = Self::default();
        let mut place = |email: EmailId, uid: Uid| {
            if email <= indexed_to && bounds.certain.contains(email) {
                plan.certain.insert(uid.0);
            } else if email > indexed_to || bounds.possible.contains(email) {
                plan.uncertain.insert(uid.0);
            }
        };
        let ranges = match &bounds.possible {
            EmailSet::Only(emails) => sweeps(emails.iter()),
            EmailSet::AllBut(_) => vec![(EmailId(0), indexed_to)],
        };
        for (first, last) in ranges {
            let last = last.min(indexed_to);
            mailbox::copies_among(tx, account, mailbox, (first, last), &mut place)?;
        }
        let later = EmailId(indexed_to.0.saturating_add(1));
        mailbox::copies_among(tx, account, mailbox, (later, EmailId(i64::MAX)), &mut place)?;
        Ok(plan)
    }
}

/// What the index knows of each query, and up to which content.
fn consult(tx: &Tx<'_>, account: AccountId, queries: &[Query]) -> Result<(Vec<Bounds>, EmailId), StoreError> {
    let index = Index::open(tx, account)?;
    Ok((index.find(tx, queries)?, index.indexed_to()))
}

/// Ranges that hold these ids, and few others.
fn sweeps(emails: impl Iterator<Item = u64>) -> Vec<(EmailId, EmailId)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for email in emails {
        match ranges.last_mut() {
            Some((_, last)) if email - *last <= NEIGHBOURS => *last = email,
            Some(_) | None => ranges.push((email, email)),
        }
    }
    let id = |id: u64| EmailId(i64::try_from(id).unwrap_or(i64::MAX));
    ranges
        .into_iter()
        .map(|(first, last)| (id(first), id(last)))
        .collect()
}

/// What the index is asked for a criterion; `None`: it knows nothing of it.
fn query_of(criterion: &SearchCriterion) -> Option<Query> {
    let SearchCriterion::Holds(place, text) = criterion else {
        return None;
    };
    Some(match place {
        TextIn::Field(field) => Query::header(field, text),
        TextIn::Body => Query::at(TextPlace::Body, text),
        TextIn::Message => Query::anywhere(text),
    })
}

/// The messages that a key names by number, when it fits no others.
fn named(key: &Key) -> Option<RoaringBitmap> {
    match key {
        SearchKey::Messages(uids) => Some(uids.clone()),
        SearchKey::And(keys) => keys.iter().filter_map(named).reduce(|one, other| one & other),
        SearchKey::Or(..) | SearchKey::Not(_) | SearchKey::Is(_) => None,
    }
}

/// What the index is asked, in the order of the key.
fn ask(key: &Key, queries: &mut Vec<Query>) {
    match key {
        SearchKey::And(keys) => keys.iter().for_each(|key| ask(key, queries)),
        SearchKey::Or(left, right) => {
            ask(left, queries);
            ask(right, queries);
        }
        SearchKey::Not(key) => ask(key, queries),
        SearchKey::Is(criterion) => queries.extend(query_of(criterion)),
        SearchKey::Messages(_) => {}
    }
}

/// What is known of the key, from what is known of each query in the order of [`ask`].
fn combine(key: &Key, known: &mut impl Iterator<Item = Bounds>) -> Bounds {
    match key {
        SearchKey::And(keys) => {
            let each = keys.iter().map(|key| combine(key, known));
            each.fold(Bounds::all(), Bounds::and)
        }
        SearchKey::Or(left, right) => {
            let left = combine(left, known);
            left.or(combine(right, known))
        }
        SearchKey::Not(key) => combine(key, known).not(),
        SearchKey::Is(SearchCriterion::EmailId(id)) => match translate::stored_email_id(id) {
            Some(email) => Bounds::one(email),
            None => Bounds::all().not(),
        },
        SearchKey::Is(SearchCriterion::Holds(..)) => known.next().unwrap_or_else(Bounds::unknown),
        SearchKey::Is(_) | SearchKey::Messages(_) => Bounds::unknown(),
    }
}
