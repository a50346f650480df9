//! ESEARCH (RFC 7377): the mailboxes are searched one after the other, each as SEARCH does it. The selected
//! one is searched as the client knows it, any other as it is at that moment.

use std::collections::VecDeque;

use roaring::RoaringBitmap;

use super::connection::{Asked, Connection, Outcome, State, Step};
use super::reply::{Fault, Reply};
use super::search::{failed, names_numbers, resolve, returned};
use super::store::take_batch;
use crate::ask::{Answer, Ask, MailboxHandle, MailboxInfo, PeekedMailbox};
use crate::codec::search::{Esearch, Searched, print_extended};
use crate::types::esearch::EsearchCommand;
use crate::types::filter::MailboxFilter;
use crate::types::search::{NamedMessages, SearchReturn};
use crate::types::sequence_set::{MessageSet, Numbering};
use crate::types::{FetchWant, SearchKey};

/// An ESEARCH under way.
#[derive(Debug)]
pub(super) struct Esearching {
    returns: SearchReturn,
    key: SearchKey<NamedMessages>,
    /// What else is to be searched; empty once it is known which mailboxes these are.
    filters: Vec<MailboxFilter>,
    /// Names of mailboxes to be searched.
    left: VecDeque<String>,
    /// None is searched twice, whatever its name.
    searched: Vec<MailboxHandle>,
    stage: Stage,
}

/// What the next answer is to.
#[derive(Debug)]
enum Stage {
    Begin,
    Mailboxes,
    Peek(String),
    Search(Target),
    ModSeq(Found),
}

/// The mailbox that is being searched.
#[derive(Debug)]
struct Target {
    mailbox: MailboxHandle,
    name: String,
    uid_validity: u32,
}

/// What was found in it.
#[derive(Debug)]
struct Found {
    target: Target,
    uids: Vec<u32>,
    /// Those whose mod-sequence is not known yet.
    left: RoaringBitmap,
    modseq: Option<i64>,
}

pub(super) fn start(connection: &mut Connection, esearch: EsearchCommand) -> Outcome {
    if names_numbers(&esearch.key) {
        connection.may_name_by(Numbering::Sequence)?;
    }
    let names_saved = esearch
        .key
        .any_messages(&|messages| matches!(messages, NamedMessages::Set(_, MessageSet::Saved)));
    if names_saved && !esearch.is_of_selected() {
        return Err(Fault::WrongState(
            "$ stands for messages of the selected mailbox alone",
        ));
    }
    let (selected, filters): (Vec<_>, Vec<_>) = esearch
        .sources
        .into_iter()
        .partition(|source| *source == MailboxFilter::Selected);
    if !selected.is_empty() {
        connection.selected()?;
    }
    if esearch.key.has_modseq() {
        connection.enable_condstore();
    }
    let esearching = Box::new(Esearching {
        returns: esearch.returns,
        key: esearch.key,
        filters,
        left: VecDeque::new(),
        searched: Vec::new(),
        stage: Stage::Begin,
    });
    match selected.is_empty() {
        true => next(esearching),
        false => search_selected(connection, esearching),
    }
}

/// Goes on with the next mailbox.
fn next(mut esearching: Box<Esearching>) -> Outcome {
    if !esearching.filters.is_empty() {
        return ask(Ask::Mailboxes, esearching, Stage::Mailboxes);
    }
    let Some(name) = esearching.left.pop_front() else {
        let reply = Reply::ok("ESEARCH completed");
        return Ok(Step::Done(match names_numbers(&esearching.key) {
            true => reply.keeping_numbers(),
            false => reply,
        }));
    };
    let peek = Ask::Peek {
        name: name.clone(),
        wants_uids: esearching.key.any_messages(&|_| true),
    };
    ask(peek, esearching, Stage::Peek(name))
}

fn ask(ask: Ask, mut esearching: Box<Esearching>, stage: Stage) -> Outcome {
    esearching.stage = stage;
    Ok(Step::Ask(ask, Asked::Esearch(esearching)))
}

fn search_selected(connection: &mut Connection, esearching: Box<Esearching>) -> Outcome {
    let selected = connection.selected()?;
    let target = Target {
        mailbox: selected.mailbox,
        name: selected.name.clone(),
        uid_validity: selected.uid_validity,
    };
    let key = resolve(selected, esearching.key.clone())?;
    search(esearching, target, key)
}

fn search(mut esearching: Box<Esearching>, target: Target, key: SearchKey<RoaringBitmap>) -> Outcome {
    let mailbox = target.mailbox;
    esearching.searched.push(mailbox);
    ask(Ask::Search { mailbox, key }, esearching, Stage::Search(target))
}

pub(super) fn answered(
    connection: &mut Connection,
    tag: &str,
    mut esearching: Box<Esearching>,
    answer: Answer,
) -> Outcome {
    match (std::mem::replace(&mut esearching.stage, Stage::Begin), answer) {
        (Stage::Mailboxes, Answer::Mailboxes(mailboxes)) => {
            let filters = std::mem::take(&mut esearching.filters);
            let is_meant = |mailbox: &MailboxInfo| filters.iter().any(|filter| filter.selects(mailbox));
            let meant = mailboxes.into_iter().filter(is_meant);
            esearching.left = meant.map(|mailbox| mailbox.name).collect();
            next(esearching)
        }
        (Stage::Peek(name), Answer::Peeked(peeked)) => peeked_at(connection, esearching, name, peeked),
        (Stage::Search(target), Answer::Found { uids, highest_modseq }) => {
            let found = found(connection, &esearching, target, (uids, highest_modseq));
            go_on(connection, tag, esearching, found)
        }
        (Stage::ModSeq(mut found), Answer::Fetched { rows, .. }) => {
            found.modseq = found.modseq.max(rows.iter().map(|row| row.modseq).max());
            go_on(connection, tag, esearching, found)
        }
        // It went away meanwhile, and is passed over like any other that is not there.
        (Stage::Peek(_), Answer::NoSuchMailbox | Answer::NoPermission) => next(esearching),
        (
            Stage::Search(Target { mailbox, .. })
            | Stage::ModSeq(Found {
                target: Target { mailbox, .. },
                ..
            }),
            Answer::MailboxGone,
        ) if !is_selected(connection, mailbox) => next(esearching),
        (_, answer) => Err(failed(connection, esearching.returns.save, answer.into())),
    }
}

fn is_selected(connection: &Connection, mailbox: MailboxHandle) -> bool {
    match &connection.state {
        State::Selected(selected) => selected.mailbox == mailbox,
        State::NotAuthenticated | State::Authenticated => false,
    }
}

fn peeked_at(
    connection: &mut Connection,
    esearching: Box<Esearching>,
    name: String,
    peeked: PeekedMailbox,
) -> Outcome {
    if esearching.searched.contains(&peeked.mailbox) {
        return next(esearching);
    }
    if is_selected(connection, peeked.mailbox) {
        return search_selected(connection, esearching);
    }
    let key = resolve_peeked(&peeked, esearching.key.clone());
    let target = Target {
        mailbox: peeked.mailbox,
        name,
        uid_validity: peeked.uid_validity,
    };
    search(esearching, target, key)
}

/// The key with its messages named by UID, as they are numbered in a mailbox that is not selected.
fn resolve_peeked(peeked: &PeekedMailbox, key: SearchKey<NamedMessages>) -> SearchKey<RoaringBitmap> {
    let uids = &peeked.uids;
    let resolved: Result<_, std::convert::Infallible> = key.try_map(&mut |messages| {
        Ok(match messages {
            NamedMessages::Set(Numbering::Sequence, MessageSet::Numbers(set)) => set.within_ranks(uids),
            NamedMessages::Set(Numbering::Uid, MessageSet::Numbers(set)) => set.among_uids(uids),
            // Was refused at the beginning.
            NamedMessages::Set(_, MessageSet::Saved) => RoaringBitmap::new(),
            NamedMessages::Recent => uids.range(peeked.first_recent_uid..).collect(),
        })
    });
    match resolved {
        Ok(key) => key,
        Err(never) => match never {},
    }
}

/// What of the messages found is returned, and whose mod-sequence is still wanted for that.
fn found(
    connection: &Connection,
    esearching: &Esearching,
    target: Target,
    (uids, highest_modseq): (Vec<u32>, i64),
) -> Found {
    let mut uids: RoaringBitmap = uids.into_iter().collect();
    if let State::Selected(selected) = &connection.state
        && selected.mailbox == target.mailbox
    {
        uids &= selected.uids();
    }
    let uids: Vec<u32> = uids.into_iter().collect();
    let (mut left, mut modseq) = (RoaringBitmap::new(), None);
    if esearching.key.has_modseq() {
        match esearching.returns.is_selective() {
            true => left = returned(esearching.returns, &uids),
            false => modseq = Some(highest_modseq),
        }
    }
    Found {
        target,
        uids,
        left,
        modseq,
    }
}

/// Asks for what mod-sequences are missing, then tells what was found. A mailbox without any is not told of (RFC
/// 7377 section 2.1).
fn go_on(connection: &mut Connection, tag: &str, esearching: Box<Esearching>, mut found: Found) -> Outcome {
    let batch = connection.config.limits.batch_messages.saturating_mul(10);
    let uids = take_batch(&mut found.left, batch);
    if !uids.is_empty() {
        let fetch = Ask::Fetch {
            mailbox: found.target.mailbox,
            uids,
            want: FetchWant::default(),
            mark_seen: false,
            octets_at_most: u64::MAX,
        };
        return ask(fetch, esearching, Stage::ModSeq(found));
    }
    let returns = esearching.returns;
    if returns.save {
        let selected = connection.selected()?;
        selected.saved = match returns.is_selective() {
            true => returned(returns, &found.uids),
            false => found.uids.iter().copied().collect(),
        };
    }
    if !found.uids.is_empty() && !returns.is_silent() {
        let mut out = Vec::new();
        let esearch = Esearch {
            tag,
            mailbox: Some(Searched {
                names: connection.names(),
                name: &found.target.name,
                uid_validity: found.target.uid_validity,
            }),
            numbering: Numbering::Uid,
            returns,
            numbers: found.uids,
            modseq: found.modseq,
        };
        print_extended(&mut out, &esearch);
        connection.send(out);
    }
    next(esearching)
}
