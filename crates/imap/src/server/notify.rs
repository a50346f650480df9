//! NOTIFY (RFC 5465): what the client is told unasked. What happens in the selected mailbox is told as ever
//! (`news.rs`), but only what was asked for; of all others STATUS and LIST tell.
//!
//! A notice has no data. The session remembers the numbers of the mailboxes that it watches, and where wanted all
//! names; it asks what has a higher mod-sequence than it has seen, and compares.

mod annotations;
mod names;
mod numbers;

use std::collections::BTreeMap;

use self::names::Names;
use super::connection::{Connection, Outcome, State, Step};
use super::news::{self, Telling};
use super::reply::{Fault, Reply};
use super::selected::{Numbers, Selected};
use crate::ask::{Ask, Event, MailboxHandle, WatchedMailbox, WatchedMailboxes};
use crate::types::command::Command;
use crate::types::fetch::FetchItem;
use crate::types::filter::MailboxFilter;
use crate::types::notify::{EventGroup, NotifyCommand, NotifySet};

/// What a client that has said NOTIFY wants to hear; by default nothing.
#[derive(Debug, Default)]
pub(super) struct Notify {
    selected: Option<SelectedEvents>,
    others: Option<Others>,
}

/// Events of the selected mailbox: MessageNew, MessageExpunge and these.
#[derive(Debug)]
pub(super) struct SelectedEvents {
    /// Are expunges told only where RFC 3501 section 7.4.1 allows it?
    is_delayed: bool,
    /// What is shown of new messages.
    pub(super) fetch: Vec<FetchItem>,
    /// FlagChange.
    pub(super) flags: bool,
}

/// What is watched beside the selected mailbox.
#[derive(Debug)]
struct Others {
    groups: Vec<EventGroup>,
    /// Everything up to here was looked at.
    modseq: i64,
    /// The mailboxes whose messages are watched, as they were looked at last.
    known: BTreeMap<MailboxHandle, WatchedMailbox>,
    /// All names as they were; empty unless they are watched.
    names: Names,
    /// Names that the client's own commands change: it is not told of these.
    own: Vec<String>,
}

/// NOTIFY SET, before it holds.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) notify: Notify,
    status: bool,
}

pub(super) fn start(connection: &mut Connection, command: NotifyCommand) -> Outcome {
    match command {
        NotifyCommand::None => {
            stop(connection);
            Ok(Step::Done(completed()))
        }
        NotifyCommand::UnknownEvent => Err(Fault::UnknownEvent),
        NotifyCommand::Set(set) => {
            let beginning = Beginning::new(set);
            let items = beginning
                .notify
                .selected
                .iter()
                .flat_map(|selected| &selected.fetch);
            if items.clone().any(|item| *item == FetchItem::ModSeq) {
                connection.enable_condstore();
            }
            news::begin(connection, Telling::first(beginning))
        }
    }
}

fn completed() -> Reply {
    Reply::ok("NOTIFY completed")
}

/// The client hears nothing any more.
fn stop(connection: &mut Connection) {
    connection.notify = Some(Notify::default());
    connection.event(Event::Watching(false));
}

impl Beginning {
    fn new(set: NotifySet) -> Self {
        let (selected, groups): (Vec<_>, Vec<_>) = set.groups.into_iter().partition(|group| {
            matches!(
                group.filter,
                MailboxFilter::Selected | MailboxFilter::SelectedDelayed
            )
        });
        let selected = selected
            .into_iter()
            .find(|group| group.events.messages)
            .map(|group| SelectedEvents {
                is_delayed: group.filter == MailboxFilter::SelectedDelayed,
                fetch: group.events.fetch,
                flags: group.events.flags,
            });
        let others = Others {
            groups,
            modseq: 0,
            known: BTreeMap::new(),
            names: Names::new(),
            own: Vec::new(),
        };
        Self {
            notify: Notify {
                selected,
                others: (!others.groups.is_empty()).then_some(others),
            },
            status: set.status,
        }
    }

    /// The question for all there is to watch. What held before is told once more with its answer.
    pub(super) fn question(&self, before: Option<&Notify>) -> Option<Ask> {
        let before = before.and_then(|notify| notify.others.as_ref());
        match (&self.notify.others, before) {
            (Some(others), before) => Some(Ask::Watch {
                since_modseq: 0,
                wants_names: others.wants_names()
                    || before.is_some_and(Others::wants_names)
                    || others.groups.iter().any(|group| group.filter.may_mean_others()),
            }),
            (None, Some(before)) => Some(before.question()),
            (None, None) => None,
        }
    }
}

impl Notify {
    /// What is told of the selected mailbox.
    pub(super) const fn selected(&self) -> Option<&SelectedEvents> {
        self.selected.as_ref()
    }

    /// The question for what happened in other mailboxes.
    pub(super) fn question(&self) -> Option<Ask> {
        self.others.as_ref().map(Others::question)
    }

    /// May the client be told something of the selected mailbox, or others, between commands? `None`: no.
    pub(super) fn tells_unasked(&self, state: &State) -> Option<Numbers> {
        match (state, &self.selected) {
            (State::Selected(_), Some(selected)) => Some(match selected.is_delayed {
                true => Numbers::Stay,
                false => Numbers::MayChange,
            }),
            (State::NotAuthenticated | State::Authenticated | State::Selected(_), _) => {
                self.others.as_ref().map(|_| Numbers::Stay)
            }
        }
    }

    /// The client is not told of what its own command does to mailboxes (RFC 5465 section 5).
    pub(super) fn note_own(&mut self, command: &Command) {
        let Some(others) = self.others.as_mut().filter(|others| others.wants_names()) else {
            return;
        };
        if let Command::Create { name, .. } | Command::Delete { name } | Command::Subscribe { name, .. } =
            command
        {
            others.own.push(name.clone());
        }
        if let Command::Rename { from, to } = command {
            others.own.extend([from.clone(), to.clone()]);
        }
    }

    /// The client put these messages there itself, as their UIDVALIDITY tells.
    pub(super) fn note_own_messages(&mut self, uid_validity: u32, uids: &[u32]) {
        let known = self
            .others
            .iter_mut()
            .flat_map(|others| others.known.values_mut());
        for mailbox in known.filter(|mailbox| mailbox.uid_validity == uid_validity) {
            for &uid in uids {
                // Behind a message of somebody else: that one is told of, with all numbers.
                if uid == mailbox.uid_next {
                    mailbox.uid_next = mailbox.uid_next.saturating_add(1);
                    mailbox.messages = mailbox.messages.saturating_add(1);
                }
            }
        }
    }

    /// The client leaves a mailbox, of which it knows what it was told.
    pub(super) fn leave(&mut self, selected: &Selected) {
        if let Some(others) = &mut self.others {
            others.modseq = others.modseq.min(selected.safe_modseq());
            if let Some(known) = others.known.get_mut(&selected.mailbox) {
                known.messages = u32::try_from(selected.uids().len()).unwrap_or(u32::MAX);
                known.uid_next = known.uid_next.max(selected.next_uid());
            }
        }
    }

    /// Is something watched that goes on when no mailbox is selected?
    pub(super) const fn has_others(&self) -> bool {
        self.others.is_some()
    }
}

impl Others {
    fn question(&self) -> Ask {
        Ask::Watch {
            since_modseq: self.modseq,
            wants_names: self.wants_names(),
        }
    }

    fn wants_names(&self) -> bool {
        let mut events = self.groups.iter().map(|group| &group.events);
        events.any(|events| events.names || events.subscriptions)
    }
}

/// Tells what happened in other mailboxes.
pub(super) fn tell(connection: &mut Connection, watched: &WatchedMailboxes) {
    let Some(mut notify) = connection.notify.take() else {
        return;
    };
    if let Some(others) = &mut notify.others {
        let mut out = Vec::new();
        others.tell_names(connection, &mut out, watched);
        others.tell_numbers(connection, &mut out, &watched.changed);
        others.tell_annotations(connection, &mut out, &watched.annotations);
        others.modseq = others.modseq.max(watched.modseq);
        connection.send(out);
    }
    let is_too_much = is_too_much(connection, &notify);
    connection.notify = Some(notify);
    if is_too_much {
        connection.untagged("OK [NOTIFICATIONOVERFLOW] Too many mailboxes to watch");
        stop(connection);
    }
}

fn is_too_much(connection: &Connection, notify: &Notify) -> bool {
    let limit = connection.config.limits.watched_mailboxes;
    let others = notify.others.as_ref();
    others.is_some_and(|others| others.known.len().max(others.names.len()) > limit)
}

/// From now on NOTIFY SET holds.
pub(super) fn install(
    connection: &mut Connection,
    beginning: Beginning,
    watched: Option<&WatchedMailboxes>,
) -> Outcome {
    let Beginning { mut notify, status } = beginning;
    if let (Some(others), Some(watched)) = (&mut notify.others, watched) {
        others.modseq = watched.modseq;
        others.begin(watched);
        if is_too_much(connection, &notify) {
            return Err(Fault::NotificationOverflow);
        }
    }
    if let Some(others) = &notify.others {
        let mut out = Vec::new();
        others.print_no_access(connection, &mut out, watched);
        if status {
            others.print_all(connection, &mut out);
        }
        connection.send(out);
    }
    connection.event(Event::Watching(notify.has_others()));
    connection.notify = Some(notify);
    Ok(Step::Final(completed()))
}
