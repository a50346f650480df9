//! SEARCH and UID SEARCH (RFC 3501 section 6.4.4), with ESEARCH (RFC 4731) and MODSEQ (RFC 7162).

use roaring::RoaringBitmap;

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::{Fault, Reply};
use crate::ask::{Answer, Ask};
use crate::codec::search::{Esearch, print, print_extended};
use crate::types::FetchWant;
use crate::types::search::{NamedMessages, SearchCommand, SearchReturn};
use crate::types::sequence_set::Numbering;

/// A search under way.
#[derive(Debug)]
pub(super) struct Searching {
    numbering: Numbering,
    returns: Option<SearchReturn>,
    has_modseq: bool,
    /// Known once [`Asked::SearchModSeq`] waits.
    found: RoaringBitmap,
}

pub(super) fn start(connection: &mut Connection, search: SearchCommand) -> Outcome {
    let has_modseq = search.key.has_modseq();
    if has_modseq {
        connection.enable_condstore();
    }
    let selected = connection.selected()?;
    let key = search.key.try_map(&mut |messages| match messages {
        NamedMessages::Set(numbering, set) => selected.resolve(numbering, &set),
        NamedMessages::Recent => Ok(selected.recent()),
    })?;
    let searching = Searching {
        numbering: search.numbering,
        returns: search.returns,
        has_modseq,
        found: RoaringBitmap::new(),
    };
    let mailbox = selected.mailbox;
    Ok(Step::Ask(Ask::Search { mailbox, key }, Asked::Search(searching)))
}

pub(super) fn answered(
    connection: &mut Connection,
    tag: &str,
    mut searching: Searching,
    answer: Answer,
) -> Outcome {
    let Answer::Found { uids, highest_modseq } = answer else {
        return Err(answer.into());
    };
    let selected = connection.selected()?;
    searching.found = uids.into_iter().collect::<RoaringBitmap>() & selected.uids();
    let modseq = (searching.has_modseq && !searching.found.is_empty()).then_some(highest_modseq);
    if modseq.is_some() && returns_ends_only(searching.returns) {
        let ask = Ask::Fetch {
            mailbox: selected.mailbox,
            uids: ends(&searching),
            want: FetchWant::default(),
            mark_seen: false,
            octets_at_most: 0,
        };
        return Ok(Step::Ask(ask, Asked::SearchModSeq(searching)));
    }
    reply(connection, tag, &searching, modseq)
}

/// With MIN or MAX alone the mod-sequence is that of the messages returned (RFC 4731 section 3.2).
fn returns_ends_only(returns: Option<SearchReturn>) -> bool {
    returns.is_some_and(|returns| !returns.all && !returns.count)
}

/// The messages that MIN and MAX return.
fn ends(searching: &Searching) -> Vec<u32> {
    let returns = searching.returns.unwrap_or_default();
    let min = searching.found.min().filter(|_| returns.min);
    let max = searching.found.max().filter(|_| returns.max);
    let mut ends: Vec<u32> = min.into_iter().chain(max).collect();
    ends.dedup();
    ends
}

pub(super) fn modseq_answered(
    connection: &mut Connection,
    tag: &str,
    searching: Searching,
    answer: Answer,
) -> Outcome {
    let Answer::Fetched { rows, .. } = answer else {
        return Err(answer.into());
    };
    let modseq = rows.iter().map(|row| row.modseq).max();
    reply(connection, tag, &searching, modseq)
}

fn reply(
    connection: &mut Connection,
    tag: &str,
    searching: &Searching,
    modseq: Option<i64>,
) -> Result<Step, Fault> {
    let selected = connection.selected()?;
    let numbers = searching
        .found
        .iter()
        .filter_map(|uid| match searching.numbering {
            Numbering::Uid => Some(uid),
            Numbering::Sequence => selected.number_of(uid),
        });
    let mut out = Vec::new();
    match searching.returns {
        None => print(&mut out, numbers, modseq),
        Some(returns) => {
            let numbers = numbers.collect();
            let numbering = searching.numbering;
            let found = Esearch {
                tag,
                numbering,
                returns,
                numbers,
                modseq,
            };
            print_extended(&mut out, &found);
        }
    }
    connection.send(out);
    Ok(Step::Done(Reply::ok("SEARCH completed")))
}
