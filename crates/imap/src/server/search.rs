//! SEARCH and UID SEARCH (RFC 3501 section 6.4.4), with ESEARCH (RFC 4731), SAVE (RFC 5182), PARTIAL (RFC
//! 9394) and MODSEQ (RFC 7162).

use roaring::RoaringBitmap;

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::{Fault, Reply};
use super::selected::Selected;
use super::store::take_batch;
use crate::ask::{Answer, Ask};
use crate::codec::SyntaxError;
use crate::codec::search::{Esearch, print, print_extended};
use crate::types::search::{NamedMessages, SearchCommand, SearchReturn};
use crate::types::sequence_set::{MessageSet, Numbering};
use crate::types::{FetchWant, SearchKey};

/// SEARCH or SORT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Search,
    Sort,
}

/// A search under way.
#[derive(Debug)]
pub(super) struct Searching {
    verb: Verb,
    numbering: Numbering,
    returns: Option<SearchReturn>,
    has_modseq: bool,
    has_numbers: bool,
    /// UIDs, in the order of the reply.
    found: Vec<u32>,
    /// Of what is returned, that whose mod-sequence is not known yet.
    left: RoaringBitmap,
    /// The highest mod-sequence so far.
    modseq: Option<i64>,
}

impl Searching {
    pub(super) fn new(verb: Verb, numbering: Numbering, returns: Option<SearchReturn>) -> Self {
        Self {
            verb,
            numbering,
            returns,
            has_modseq: false,
            has_numbers: false,
            found: Vec::new(),
            left: RoaringBitmap::new(),
            modseq: None,
        }
    }

    /// Of a key that has mod-sequences, or message numbers.
    pub(super) fn with(mut self, has_modseq: bool, has_numbers: bool) -> Self {
        self.has_modseq = has_modseq;
        self.has_numbers = has_numbers;
        self
    }

    fn saves(&self) -> bool {
        self.returns.is_some_and(|returns| returns.save)
    }
}

pub(super) fn start(connection: &mut Connection, search: SearchCommand) -> Outcome {
    connection.may_name_by(search.numbering)?;
    if search.names_other_charset && connection.enabled.utf8 {
        // RFC 6855 section 3: the labels are in conflict.
        return Err(SyntaxError::Expected("no CHARSET but UTF-8 beside UTF8=ACCEPT").into());
    }
    let has_modseq = search.key.has_modseq();
    if has_modseq {
        connection.enable_condstore();
    }
    // RFC 9051 section 6.4.4: to ask for nothing is to ask for all, and every answer is an ESEARCH.
    let all = connection.enabled.rev2.then(SearchReturn::everything);
    let selected = connection.selected()?;
    let has_numbers = names_numbers(&search.key);
    let key = resolve(selected, search.key)?;
    let searching = Searching::new(Verb::Search, search.numbering, search.returns.or(all));
    let mailbox = selected.mailbox;
    Ok(Step::Ask(
        Ask::Search { mailbox, key },
        Asked::Search(searching.with(has_modseq, has_numbers)),
    ))
}

/// Does the key speak of message numbers? Then even a command with UID must not move them (RFC 7162 section
/// 3.2.10.2).
pub(super) fn names_numbers(key: &SearchKey<NamedMessages>) -> bool {
    key.any_messages(&|messages| match messages {
        NamedMessages::Set(Numbering::Sequence, MessageSet::Numbers(_)) => true,
        NamedMessages::Set(..) | NamedMessages::Recent => false,
    })
}

/// The key with its messages named by UID. A search that speaks of messages beyond the end finds none of them
/// (RFC 7377 section 2).
pub(super) fn resolve(
    selected: &Selected,
    key: SearchKey<NamedMessages>,
) -> Result<SearchKey<RoaringBitmap>, Fault> {
    key.try_map(&mut |messages| match messages {
        NamedMessages::Set(Numbering::Sequence, MessageSet::Numbers(_)) if selected.enabled.uid_only => {
            Err(Fault::UidRequired)
        }
        NamedMessages::Set(Numbering::Sequence, MessageSet::Numbers(set)) => {
            Ok(set.within_ranks(selected.uids()))
        }
        NamedMessages::Set(numbering, set) => selected.resolve(numbering, &set),
        NamedMessages::Recent => Ok(selected.recent()),
    })
}

/// Refuses a search. What was to be saved is then nothing (RFC 5182 section 2.1).
pub(super) fn unknown_charset(connection: &mut Connection, saves: bool) -> Fault {
    failed(connection, saves, Fault::Syntax(SyntaxError::BadCharset))
}

pub(super) fn failed(connection: &mut Connection, saves: bool, fault: Fault) -> Fault {
    if let (true, Ok(selected)) = (saves, connection.selected()) {
        selected.saved.clear();
    }
    fault
}

pub(super) fn answered(
    connection: &mut Connection,
    tag: &str,
    mut searching: Searching,
    answer: Answer,
) -> Outcome {
    let known = connection.selected()?.uids();
    let (found, highest_modseq) = match (searching.verb, answer) {
        (Verb::Search, Answer::Found { uids, highest_modseq }) => {
            let found = uids.into_iter().collect::<RoaringBitmap>() & known;
            (found.into_iter().collect(), highest_modseq)
        }
        (Verb::Sort, Answer::Sorted { uids, highest_modseq }) => {
            let found = uids.into_iter().filter(|uid| known.contains(*uid));
            (found.collect(), highest_modseq)
        }
        (Verb::Search | Verb::Sort, answer) => {
            return Err(failed(connection, searching.saves(), answer.into()));
        }
    };
    searching.found = found;
    if searching.has_modseq && !searching.found.is_empty() {
        match searching.returns.filter(|returns| returns.is_selective()) {
            Some(returns) => searching.left = returned(returns, &searching.found),
            None => searching.modseq = Some(highest_modseq),
        }
    }
    go_on(connection, tag, searching)
}

/// The messages that MIN, MAX and PARTIAL return.
pub(super) fn returned(returns: SearchReturn, found: &[u32]) -> RoaringBitmap {
    let page = returns.partial.map_or(&[][..], |page| page.slice(found));
    let first = found.first().filter(|_| returns.min);
    let last = found.last().filter(|_| returns.max);
    page.iter().chain(first).chain(last).copied().collect()
}

/// Asks for the mod-sequences of the messages that are returned, as long as some are not known.
fn go_on(connection: &mut Connection, tag: &str, mut searching: Searching) -> Outcome {
    let batch = connection.config.limits.batch_messages.saturating_mul(10);
    let uids = take_batch(&mut searching.left, batch);
    if uids.is_empty() {
        return reply(connection, tag, &searching);
    }
    let ask = Ask::Fetch {
        mailbox: connection.selected()?.mailbox,
        uids,
        want: FetchWant::default(),
        mark_seen: false,
        octets_at_most: u64::MAX,
    };
    Ok(Step::Ask(ask, Asked::SearchModSeq(searching)))
}

pub(super) fn modseq_answered(
    connection: &mut Connection,
    tag: &str,
    mut searching: Searching,
    answer: Answer,
) -> Outcome {
    let Answer::Fetched { rows, .. } = answer else {
        return Err(failed(connection, searching.saves(), answer.into()));
    };
    let highest = rows.iter().map(|row| row.modseq).max();
    searching.modseq = searching.modseq.max(highest);
    go_on(connection, tag, searching)
}

fn reply(connection: &mut Connection, tag: &str, searching: &Searching) -> Outcome {
    let selected = connection.selected()?;
    if let Some(returns) = searching.returns.filter(|returns| returns.save) {
        selected.saved = match returns.is_selective() {
            true => returned(returns, &searching.found),
            false => searching.found.iter().copied().collect(),
        };
    }
    let numbers = searching
        .found
        .iter()
        .copied()
        .filter_map(|uid| match searching.numbering {
            Numbering::Uid => Some(uid),
            Numbering::Sequence => selected.number_of(uid),
        });
    let name = match searching.verb {
        Verb::Search => "SEARCH",
        Verb::Sort => "SORT",
    };
    let mut out = Vec::new();
    match searching.returns {
        None => print(&mut out, name, numbers, searching.modseq),
        // RFC 5182 section 2.2: nothing but SAVE, nothing told.
        Some(returns) if returns.is_silent() => {}
        Some(returns) => {
            let found = Esearch {
                tag,
                mailbox: None,
                numbering: searching.numbering,
                returns,
                numbers: numbers.collect(),
                modseq: searching.modseq,
            };
            print_extended(&mut out, &found);
        }
    }
    connection.send(out);
    let reply = Reply::ok(&format!("{name} completed"));
    Ok(Step::Done(match searching.has_numbers {
        true => reply.keeping_numbers(),
        false => reply,
    }))
}
