//! Segments as rows.

use posthorn_base::{AccountId, EmailId, Timestamp};
use posthorn_store::{Row, StoreError, Tx, params};

use crate::build::Built;
use crate::chunk::{Chunk, corrupt, encode_contents, for_each_content};
use crate::sql;

/// How far the ids of a segment's contents may lie apart, so that a set of them is small.
pub(crate) const SPAN: u32 = 1 << 24;

/// What a segment's row says it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Searched.
    Live,
}

impl State {
    pub(crate) const fn column(self) -> i64 {
        match self {
            Self::Live => 1,
        }
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

/// Stores a segment as a whole.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: i64,
    built: &Built,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (number, chunk) in (0_i64..).zip(&built.chunks) {
        insert_chunk(tx, account, (id, number), chunk)?;
    }
    let unsure = encode_contents(&built.unsure);
    let state = State::Live.column();
    tx.execute(
        sql::INSERT_SEGMENT,
        params![
            account,
            id,
            state,
            built.first,
            built.last,
            built.emails,
            now,
            &unsure
        ],
    )?;
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
