//! Messages in mailboxes that are not selected, as STATUS tells of them (RFC 5465 sections 3.1, 5.1 to 5.3).

use super::super::connection::{Connection, State};
use super::Others;
use crate::ask::{MailboxHandle, MailboxStatus, WatchedMailbox, WatchedMailboxes};
use crate::codec;
use crate::types::status::StatusItem;

/// What is told of the messages of a mailbox.
#[derive(Clone, Copy)]
struct Wanted {
    flags: bool,
}

impl Others {
    fn wanted(&self, mailbox: &WatchedMailbox) -> Option<Wanted> {
        let fitting = |events: fn(&crate::types::notify::Events) -> bool| {
            self.groups
                .iter()
                .any(|group| events(&group.events) && group.filter.fits(&mailbox.name, mailbox.subscribed))
        };
        fitting(|events| events.messages).then(|| Wanted {
            flags: fitting(|events| events.flags),
        })
    }

    /// Remembers all that is to be watched.
    pub(super) fn begin(&mut self, watched: &WatchedMailboxes) {
        for mailbox in &watched.changed {
            if self.wanted(mailbox).is_some() {
                self.known.insert(mailbox.mailbox, mailbox.clone());
            }
        }
        if let Some(names) = watched.names.as_ref().filter(|_| self.wants_names()) {
            self.names = super::names::of(names);
        }
    }

    /// Prints the numbers of every mailbox but the selected one.
    pub(super) fn print_all(&self, connection: &Connection, out: &mut Vec<u8>) {
        let selected = selected(connection);
        let others = self
            .known
            .values()
            .filter(|known| Some(known.mailbox) != selected);
        for mailbox in others {
            let flags = self.wanted(mailbox).is_some_and(|wanted| wanted.flags);
            let mut items = vec![StatusItem::Messages, StatusItem::UidNext, StatusItem::UidValidity];
            if flags || connection.condstore {
                items.push(StatusItem::HighestModSeq);
            }
            if flags {
                items.push(StatusItem::Unseen);
            }
            print(connection, out, mailbox, &items);
        }
    }

    /// Prints what changed.
    pub(super) fn tell_numbers(
        &mut self,
        connection: &Connection,
        out: &mut Vec<u8>,
        changed: &[WatchedMailbox],
    ) {
        let selected = selected(connection);
        for mailbox in changed.iter().filter(|mailbox| Some(mailbox.mailbox) != selected) {
            let Some(wanted) = self.wanted(mailbox) else {
                self.known.remove(&mailbox.mailbox);
                continue;
            };
            let before = self.known.insert(mailbox.mailbox, mailbox.clone());
            let items = news(before.as_ref(), mailbox, wanted, connection.condstore);
            if !items.is_empty() {
                print(connection, out, mailbox, &items);
            }
        }
    }
}

/// What the client is told of a mailbox that changed.
fn news(
    before: Option<&WatchedMailbox>,
    now: &WatchedMailbox,
    wanted: Wanted,
    condstore: bool,
) -> Vec<StatusItem> {
    let unseen_changed = before.is_none_or(|before| before.unseen != now.unseen);
    let messages_changed = match before {
        Some(before) => before.uid_next != now.uid_next || before.messages != now.messages,
        // It is new, or was not meant before; with FlagChange its UIDVALIDITY is news.
        None => now.uid_next > 1 || wanted.flags,
    };
    let flags_changed = wanted.flags && (unseen_changed || condstore);
    let mut items = Vec::new();
    if messages_changed {
        items.extend([StatusItem::Messages, StatusItem::UidNext]);
    }
    if messages_changed || flags_changed {
        items.push(StatusItem::UidValidity);
        items.extend(condstore.then_some(StatusItem::HighestModSeq));
        items.extend((wanted.flags && unseen_changed).then_some(StatusItem::Unseen));
    }
    items
}

fn selected(connection: &Connection) -> Option<MailboxHandle> {
    match &connection.state {
        State::Selected(selected) => Some(selected.mailbox),
        State::NotAuthenticated | State::Authenticated => None,
    }
}

fn print(connection: &Connection, out: &mut Vec<u8>, mailbox: &WatchedMailbox, items: &[StatusItem]) {
    let status = MailboxStatus {
        messages: mailbox.messages,
        unseen: mailbox.unseen,
        uid_next: mailbox.uid_next,
        uid_validity: mailbox.uid_validity,
        highest_modseq: mailbox.highest_modseq,
        ..MailboxStatus::default()
    };
    codec::status::print(
        out,
        connection.names(),
        &mailbox.name,
        items,
        &status,
        connection.append_limit(),
    );
}
