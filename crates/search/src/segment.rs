//! Segments as rows.

use posthorn_base::{AccountId, EmailId, Timestamp};
use posthorn_store::{Row, StoreError, Tx, params};

use crate::build::Built;
use crate::chunk::{Chunk, corrupt, encode_contents, for_each_content};
use crate::sql;

/// How far the ids of a segment's contents may lie apart, so that a set of them is small.
pub(crate) const SPAN: u32 = 1 << 24;

/// Chunks removed in one transaction.
const REMOVED_AT_ONCE: i64 = 8;

/// What a segment's row says it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Being written, or left behind by who began to.
    Building,
    /// Searched.
    Live,
    /// Replaced; its chunks wait to be removed.
    Dead,
}

impl State {
    pub(crate) const fn column(self) -> i64 {
        match self {
            Self::Building => 0,
            Self::Live => 1,
            Self::Dead => 2,
        }
    }

    fn read(column: i64) -> Result<Self, StoreError> {
        let known = [Self::Building, Self::Live, Self::Dead];
        let found = known.into_iter().find(|state| state.column() == column);
        found.ok_or_else(|| corrupt("a segment has no possible state"))
    }
}

/// A segment that is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) id: i64,
    pub(crate) first: EmailId,
    pub(crate) last: EmailId,
    pub(crate) emails: u64,
    /// Contents whose terms are not all there, counted from the first.
    pub(crate) unsure: Vec<u32>,
}

impl Segment {
    /// How far the last content is from the first.
    pub(crate) fn span(&self) -> u32 {
        u32::try_from(self.last.0 - self.first.0).unwrap_or(SPAN)
    }
}

/// The segments that are searched, in the order of their contents.
pub(crate) fn live(tx: &Tx<'_>, account: AccountId) -> Result<Vec<Segment>, StoreError> {
    tx.query(sql::SELECT_SEGMENTS, params![account], read)
}

fn read(row: &Row<'_>) -> Result<Segment, StoreError> {
    let mut segment = Segment {
        id: row.int(0)?,
        first: EmailId(row.int(1)?),
        last: EmailId(row.int(2)?),
        emails: row.u64(3)?,
        unsure: Vec::new(),
    };
    let span = segment.last.0.checked_sub(segment.first.0);
    if !span.is_some_and(|span| (0..=i64::from(SPAN)).contains(&span)) {
        return Err(corrupt("a segment has no possible range"));
    }
    for_each_content(row.bytes(4)?, |content| segment.unsure.push(content))?;
    Ok(segment)
}

/// What a segment is for now; `None`: it is gone.
pub(crate) fn state(tx: &Tx<'_>, account: AccountId, id: i64) -> Result<Option<State>, StoreError> {
    tx.query_row(sql::SELECT_STATE, params![account, id], |row| {
        State::read(row.int(0)?)
    })
}

pub(crate) fn set_state(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: i64,
    state: State,
) -> Result<(), StoreError> {
    tx.execute(sql::UPDATE_STATE, params![account, id, state.column()])?;
    Ok(())
}

/// An id for a new segment, and with it the account's row lock; `None`: the account is gone.
pub(crate) fn take_id(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<i64>, StoreError> {
    tx.query_row(sql::TAKE_SEGMENT, params![account], |row| row.int(0))
}

/// Stores a segment as a whole.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: i64,
    built: &Built,
    now: Timestamp,
) -> Result<(), StoreError> {
    insert_building(tx, account, id, (built.first, built.last), now)?;
    for (number, chunk) in (0_i64..).zip(&built.chunks) {
        insert_chunk(tx, account, (id, number), chunk)?;
    }
    let unsure = encode_contents(&built.unsure);
    let state = State::Live.column();
    tx.execute(
        sql::FINISH_SEGMENT,
        params![account, id, state, built.emails, &unsure],
    )?;
    Ok(())
}

/// Begins a segment.
pub(crate) fn insert_building(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: i64,
    (first, last): (EmailId, EmailId),
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = State::Building.column();
    let unsure = &Vec::new();
    tx.execute(
        sql::INSERT_SEGMENT,
        params![account, id, state, first, last, now, unsure],
    )?;
    Ok(())
}

/// What `read` makes of the terms and postings of a chunk; `None`: the segment has no more.
pub(crate) fn chunk<T>(
    tx: &Tx<'_>,
    account: AccountId,
    (segment, number): (i64, i64),
    read: impl FnOnce(&[u8], &[u8]) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    tx.query_row(sql::SELECT_CHUNK, params![account, segment, number], |row| {
        let postings = row.opt_bytes(1)?;
        read(row.bytes(0)?, postings.ok_or_else(without_postings)?)
    })
}

/// What a chunk is called when its other half is not there.
pub(crate) fn without_postings() -> StoreError {
    corrupt("a chunk has no postings")
}

/// A segment that nobody sees and nobody works on any more: a dead one, or one begun before `since`.
pub(crate) fn left_behind(
    tx: &Tx<'_>,
    account: AccountId,
    since: Timestamp,
) -> Result<Option<i64>, StoreError> {
    tx.query_row(sql::SELECT_LEFT_BEHIND, params![account, since], |row| row.int(0))
}

/// Removes a few chunks of a segment that nobody sees, or at last its row.
pub(crate) fn remove_some(tx: &mut Tx<'_>, account: AccountId, id: i64) -> Result<(), StoreError> {
    let first = tx.query_row(sql::SELECT_FIRST_CHUNK, params![account, id], |row| row.int(0))?;
    match first {
        Some(first) => {
            let last = first.saturating_add(REMOVED_AT_ONCE);
            tx.execute(sql::DELETE_TERMS, params![account, id, first, last])?;
            tx.execute(sql::DELETE_POSTINGS, params![account, id, first, last])?;
        }
        None => {
            tx.execute(sql::DELETE_POSTINGS, params![account, id, 0_i64, i64::MAX])?;
            tx.execute(sql::DELETE_SEGMENT, params![account, id])?;
        }
    }
    Ok(())
}

/// Stores a chunk under its segment and its number.
pub(crate) fn insert_chunk(
    tx: &mut Tx<'_>,
    account: AccountId,
    (segment, number): (i64, i64),
    chunk: &Chunk,
) -> Result<(), StoreError> {
    let (first, last) = chunk.marks();
    tx.execute(
        sql::INSERT_TERMS,
        params![
            account,
            segment,
            number,
            u32::from(first),
            u32::from(last),
            &chunk.terms
        ],
    )?;
    tx.execute(
        sql::INSERT_POSTINGS,
        params![account, segment, number, &chunk.postings],
    )?;
    Ok(())
}
