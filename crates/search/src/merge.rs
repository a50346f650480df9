//! Several segments made into one, chunk by chunk, so that a search has few of them to go through. Contents that
//! are gone are left out, and when most are, a segment is written again alone.

use std::collections::VecDeque;

use posthorn_base::{AccountId, EmailId, Timestamp};
use posthorn_mailbox::{self as mailbox, MailboxError};
use posthorn_store::{Partition, Store, StoreError, Tx, params};
use roaring::RoaringBitmap;

use crate::chunk::{Chunk, Lists, corrupt, encode_contents, for_each_content, terms_of};
use crate::segment::{self, SPAN, Segment, State};
use crate::{Step, sql};

/// As many segments of a size are merged.
const FAN: usize = 8;
/// A segment with so many messages is merged no further.
const FULL: u64 = 16_384;
/// Messages of a segment at most.
const LARGEST: u64 = 32_768;

/// Segments have the same size when their messages, counted in powers of [`FAN`], are.
fn size(segment: &Segment) -> u32 {
    segment.emails.max(1).ilog(8)
}

/// The neighbours that are to be merged next, if any.
pub(crate) fn choose(segments: &[Segment]) -> Option<&[Segment]> {
    let open = segments.iter().rev().take_while(|segment| segment.emails < FULL);
    let (_, open) = segments.split_at_checked(segments.len() - open.count())?;
    let largest = open.iter().map(size).max()?;
    (0..=largest).find_map(|of| {
        let newest = open.iter().rev().take_while(|segment| size(segment) <= of);
        let (_, newest) = open.split_at_checked(open.len() - newest.count())?;
        let same = newest.iter().filter(|segment| size(segment) == of).count();
        (same >= FAN).then(|| (0..newest.len()).find_map(|from| fitting(newest.get(from..)?)))?
    })
}

/// A segment to be written again because most of its contents are gone: words of mail that is deleted do not
/// stay for ever. Only looks closely when the account holds less than half of what is indexed.
pub(crate) fn choose_thinned(
    tx: &Tx<'_>,
    account: AccountId,
    segments: &[Segment],
) -> Result<Option<Segment>, MailboxError> {
    let indexed: u64 = segments.iter().map(|segment| segment.emails).sum();
    if mailbox::message_count(tx, account)?.saturating_mul(2) >= indexed {
        return Ok(None);
    }
    for segment in segments {
        let there = mailbox::emails_among(tx, account, segment.first, segment.last)?;
        if there.len().saturating_mul(2) < usize::try_from(segment.emails).unwrap_or(usize::MAX) {
            return Ok(Some(segment.clone()));
        }
    }
    Ok(None)
}

/// As many of the first as make one segment; at least two.
fn fitting(segments: &[Segment]) -> Option<&[Segment]> {
    let first = segments.first()?.first;
    let mut emails = 0;
    let count = segments.iter().take_while(|segment| {
        emails += segment.emails;
        emails <= LARGEST && segment.last.0 - first.0 <= i64::from(SPAN)
    });
    let count = count.count();
    (count >= 2).then(|| segments.get(..count))?
}

/// A merge that is going on.
pub(crate) struct Merge {
    account: AccountId,
    /// The new segment.
    id: i64,
    /// Contents that are still there, counted from the first.
    there: RoaringBitmap,
    inputs: Vec<Input>,
    chunk: Chunk,
    number: i64,
}

/// A term with its mark, and the contents that have it.
type Term = (Vec<u8>, Vec<u32>);

/// A segment that is merged.
struct Input {
    segment: Segment,
    /// What its contents' numbers have to be raised by.
    shift: u32,
    /// The next chunk to read; `None`: all are read.
    next: Option<i64>,
    terms: VecDeque<Term>,
}

impl Merge {
    /// Begins a new segment, which nobody sees yet.
    pub(crate) fn begin(
        store: &Store,
        account: AccountId,
        segments: Vec<Segment>,
        now: Timestamp,
    ) -> Result<Option<Self>, MailboxError> {
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Ok(None);
        };
        let (first, last) = (first.first, last.last);
        let there = store.read_long(move |tx| mailbox::emails_among(tx, account, first, last));
        let there = there.wait()?.into_iter().filter_map(|email| offset(first, email));
        let there = there.collect();
        let begun = store.write(Partition::Account(account), move |tx| {
            let Some(id) = segment::take_id(tx, account)? else {
                return Ok::<_, MailboxError>(None);
            };
            segment::insert_building(tx, account, id, (first, last), now)?;
            Ok(Some(id))
        });
        let Some(id) = begun.wait()? else {
            return Ok(None);
        };
        let input = |segment: Segment| {
            Some(Input {
                shift: offset(first, segment.first)?,
                segment,
                next: Some(0),
                terms: VecDeque::new(),
            })
        };
        Ok(Some(Self {
            account,
            id,
            there,
            inputs: segments.into_iter().filter_map(input).collect(),
            chunk: Chunk::default(),
            number: 0,
        }))
    }

    /// Writes the next chunk, or makes the new segment visible in place of the old ones.
    pub(crate) fn step(&mut self, store: &Store) -> Result<Step, MailboxError> {
        while !self.chunk.is_full() {
            self.fill(store)?;
            if self.inputs.iter().all(|input| input.terms.is_empty()) {
                break;
            }
            while !self.chunk.is_full() && self.inputs.iter().all(Input::is_ready) {
                if !self.take_term() {
                    break;
                }
            }
        }
        if self.chunk.is_empty() {
            self.finish(store)?;
            return Ok(Step::Done);
        }
        let (account, id, number) = (self.account, self.id, self.number);
        let chunk = std::mem::take(&mut self.chunk);
        let written = store.write(Partition::Account(account), move |tx| {
            let is_mine = segment::state(tx, account, id)? == Some(State::Building);
            if is_mine {
                segment::insert_chunk(tx, account, (id, number), &chunk)?;
            }
            Ok::<_, MailboxError>(is_mine)
        });
        self.number += 1;
        // Whoever removed it took it for what a crash left behind.
        Ok(if written.wait()? { Step::More } else { Step::Done })
    }

    /// Reads a chunk for each input that has no more terms at hand.
    fn fill(&mut self, store: &Store) -> Result<(), MailboxError> {
        for input in &mut self.inputs {
            while let (Some(number), true) = (input.next, input.terms.is_empty()) {
                let (account, id) = (self.account, input.segment.id);
                let read = store.read_long(move |tx| segment::chunk(tx, account, (id, number), decode));
                let terms = read.wait()?;
                input.next = terms.is_some().then_some(number + 1);
                input.terms = terms.unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Moves the lowest term of all inputs to the new segment; `false`: there is none.
    fn take_term(&mut self) -> bool {
        let lowest = self.inputs.iter().filter_map(|input| input.terms.front());
        let Some(lowest) = lowest.map(|(term, _)| term).min().cloned() else {
            return false;
        };
        let mut contents = Vec::new();
        for input in &mut self.inputs {
            let (shift, there) = (input.shift, &self.there);
            if let Some((_, list)) = input.terms.pop_front_if(|(term, _)| *term == lowest) {
                let shifted = list.into_iter().map(|content| content.saturating_add(shift));
                contents.extend(shifted.filter(|content| there.contains(*content)));
            }
        }
        if !contents.is_empty() {
            self.chunk.push(&lowest, &contents);
        }
        true
    }

    fn finish(&self, store: &Store) -> Result<(), MailboxError> {
        let (account, id) = (self.account, self.id);
        let old: Vec<i64> = self.inputs.iter().map(|input| input.segment.id).collect();
        let unsure = self.inputs.iter().flat_map(|input| {
            let shift = input.shift;
            input
                .segment
                .unsure
                .iter()
                .map(move |content| content.saturating_add(shift))
        });
        let unsure: Vec<u32> = unsure.filter(|content| self.there.contains(*content)).collect();
        let unsure = encode_contents(&unsure);
        let emails = i64::try_from(self.there.len()).unwrap_or(i64::MAX);
        let replaced = store.write(Partition::Account(account), move |tx| {
            replace(tx, account, id, &old, (emails, &unsure))
        });
        Ok(replaced.wait()?)
    }
}

impl Input {
    /// Whether its next term is at hand, or there is none.
    fn is_ready(&self) -> bool {
        !self.terms.is_empty() || self.next.is_none()
    }
}

fn offset(first: EmailId, email: EmailId) -> Option<u32> {
    u32::try_from(email.0.checked_sub(first.0)?).ok()
}

fn decode(terms: &[u8], postings: &[u8]) -> Result<VecDeque<Term>, StoreError> {
    let mut lists = Lists::new(postings);
    let mut decoded = VecDeque::new();
    for term in terms_of(terms) {
        let (mut contents, mut is_ascending) = (Vec::new(), true);
        for_each_content(lists.nth(0)?, |content| {
            is_ascending &= contents.last().is_none_or(|last| *last < content);
            contents.push(content);
        })?;
        if !is_ascending {
            return Err(corrupt("postings are out of order"));
        }
        decoded.push_back((term.to_vec(), contents));
    }
    Ok(decoded)
}

/// Makes the new segment visible and the old ones invisible, if all are as they were.
fn replace(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: i64,
    old: &[i64],
    (emails, unsure): (i64, &[u8]),
) -> Result<(), StoreError> {
    // The account's row lock: two merges of the same segments do not both become visible.
    segment::take_id(tx, account)?;
    let mut is_so = segment::state(tx, account, id)? == Some(State::Building);
    for old in old {
        is_so = is_so && segment::state(tx, account, *old)? == Some(State::Live);
    }
    if !is_so {
        return Ok(());
    }
    for old in old {
        segment::set_state(tx, account, *old, State::Dead)?;
    }
    let state = if emails == 0 { State::Dead } else { State::Live };
    tx.execute(
        sql::FINISH_SEGMENT,
        params![account, id, state.column(), emails, unsure],
    )?;
    Ok(())
}
