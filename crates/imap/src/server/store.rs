//! STORE and UID STORE (RFC 3501 section 6.4.6), with UNCHANGEDSINCE (RFC 7162 section 3.1.3). Large sets
//! go to the shell in batches; each batch is one change, the whole is not.

use roaring::RoaringBitmap;

use super::connection::{Asked, Connection, Outcome, Step};
use super::inprogress::Share;
use super::reply::{Fault, Reply};
use super::selected::Selected;
use crate::ask::{Answer, Ask, MessageChange, StoredMessage};
use crate::codec::{sequence_set, text};
use crate::types::FlagChange;
use crate::types::sequence_set::Numbering;
use crate::types::store::{Echo, StoreCommand};

/// A STORE under way.
#[derive(Debug)]
pub(super) struct Storing {
    numbering: Numbering,
    change: FlagChange,
    echo: Echo,
    unchanged_since: Option<i64>,
    /// Not asked yet.
    left: RoaringBitmap,
    /// Refused because of UNCHANGEDSINCE.
    modified: RoaringBitmap,
    share: Share,
}

impl Storing {
    /// How far it is.
    pub(super) const fn share(&self) -> Share {
        self.share
    }
}

pub(super) fn start(connection: &mut Connection, store: StoreCommand) -> Outcome {
    connection.may_name_by(store.numbering)?;
    let selected = connection.selected()?;
    let left = selected.resolve(store.numbering, &store.set)?;
    selected.writable()?;
    if store.unchanged_since.is_some() {
        connection.enable_condstore();
    }
    let storing = Storing {
        numbering: store.numbering,
        change: store.change,
        echo: store.echo,
        unchanged_since: store.unchanged_since,
        share: Share {
            done: 0,
            goal: left.len(),
        },
        left,
        modified: RoaringBitmap::new(),
    };
    go_on(connection, Box::new(storing))
}

fn go_on(connection: &mut Connection, mut storing: Box<Storing>) -> Outcome {
    let batch = connection.config.limits.batch_messages.saturating_mul(10);
    let selected = connection.selected()?;
    let uids = take_batch(&mut storing.left, batch);
    if uids.is_empty() {
        return Ok(Step::Done(reply(connection, &storing)?));
    }
    let ask = Ask::Store {
        mailbox: selected.mailbox,
        uids,
        change: storing.change.clone(),
        unchanged_since: storing.unchanged_since,
    };
    Ok(Step::Ask(ask, Asked::Store(storing)))
}

/// Takes the first UIDs out of a set.
pub(super) fn take_batch(left: &mut RoaringBitmap, batch: usize) -> Vec<u32> {
    let uids: Vec<u32> = left.iter().take(batch.max(1)).collect();
    left.remove_smallest(u64::try_from(uids.len()).unwrap_or(u64::MAX));
    uids
}

fn reply(connection: &mut Connection, storing: &Storing) -> Result<Reply, Fault> {
    let reply = Reply::ok("STORE completed");
    if storing.modified.is_empty() {
        return Ok(reply);
    }
    let selected = connection.selected()?;
    let mut code = b"MODIFIED ".to_vec();
    let numbers = storing.modified.iter().filter_map(|uid| match storing.numbering {
        Numbering::Uid => Some(uid),
        Numbering::Sequence => selected.number_of(uid),
    });
    sequence_set::print(&mut code, numbers);
    // RFC 7162 section 3.1.3 recommends to show at once what the others look like now.
    connection.noticed = true;
    Ok(reply.with_code(String::from_utf8_lossy(&code).into_owned()))
}

pub(super) fn answered(connection: &mut Connection, mut storing: Box<Storing>, answer: Answer) -> Outcome {
    let Answer::Stored { changed, modified } = answer else {
        return Err(answer.into());
    };
    let settled = changed.len().saturating_add(modified.len());
    storing.share.done = storing
        .share
        .done
        .saturating_add(u64::try_from(settled).unwrap_or(u64::MAX));
    storing.modified.extend(modified);
    let condstore = connection.condstore;
    let selected = connection.selected()?;
    // A client that reckons by mod-sequences must hear of what happened before this change as well.
    let tells_modseq = condstore
        && changed
            .iter()
            .any(|stored| stored.now.modseq > selected.since_modseq);
    let mut out = Vec::new();
    selected.meet_keywords(
        &mut out,
        changed.iter().flat_map(|stored| &stored.now.flags.keywords),
    );
    for StoredMessage { now, modseq_before } in &changed {
        // A silent reply does not show what somebody else had changed before.
        if storing.echo == Echo::Flags || selected.is_told(now.uid, *modseq_before) {
            selected.note_told(now.uid, now.modseq);
        }
    }
    if storing.echo == Echo::Flags || condstore {
        let mut numbers = selected.ascending();
        for StoredMessage { now, .. } in &changed {
            if numbers.open_fetch(&mut out, now.uid) {
                print_change(&mut out, selected, &storing, now, condstore);
            }
        }
    }
    connection.noticed |= tells_modseq;
    connection.send(out);
    go_on(connection, storing)
}

/// Prints the rest of the FETCH response for one message. A silent STORE has none, unless the client must learn the
/// mod-sequence (RFC 7162 sections 3.1.3 and 3.1.4.2).
fn print_change(
    out: &mut Vec<u8>,
    selected: &Selected,
    storing: &Storing,
    change: &MessageChange,
    condstore: bool,
) {
    // RFC 7162 section 3.2.4; UIDFETCH begins with the UID.
    if (storing.numbering == Numbering::Uid || condstore) && !selected.enabled.uid_only {
        out.extend_from_slice(b"UID ");
        text::number(out, change.uid);
        out.push(b' ');
    }
    if condstore {
        out.extend_from_slice(b"MODSEQ (");
        text::number(out, change.modseq);
        out.extend_from_slice(b") ");
    }
    if storing.echo == Echo::Flags {
        out.extend_from_slice(b"FLAGS ");
        selected.print_message_flags(out, change.uid, &change.flags);
    } else {
        // The space behind the item before.
        out.pop();
    }
    out.extend_from_slice(b")\r\n");
}
