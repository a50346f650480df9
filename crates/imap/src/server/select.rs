//! SELECT, EXAMINE (RFC 3501 sections 6.3.1 and 6.3.2, RFC 9051 sections 6.3.2 and 6.3.3), with QRESYNC (RFC 7162
//! section 3.2.5), and UNSELECT (RFC 3691).

use super::connection::{Asked, Connection, Outcome, State, Step};
use super::reply::{Fault, Reply};
use super::selected::Selected;
use super::{fetch, list};
use crate::ask::{Answer, Ask, Event, ResyncFrom};
use crate::codec;
use crate::types::ChangedUids;
use crate::types::command::{Access, SelectCommand};
use crate::types::resync::Resync;

/// A SELECT under way.
#[derive(Debug)]
pub(super) struct Selecting {
    command: SelectCommand,
    /// The LIST response, for a client with IMAP4rev2.
    list_line: Vec<u8>,
}

/// The former selection ends even if this one fails (RFC 3501 section 6.3.1), but not by a command that is
/// not allowed.
pub(super) fn start(connection: &mut Connection, select: SelectCommand) -> Outcome {
    if select.resync.is_some() {
        connection.qresync_enabled()?;
    }
    let knows_numbers = |resync: &Resync| resync.known_pairs.is_some();
    if connection.enabled.uid_only && select.resync.as_ref().is_some_and(knows_numbers) {
        return Err(Fault::UidRequired);
    }
    if let State::Selected(_) = connection.state {
        connection.deselect();
        // RFC 7162 section 3.2.11.
        connection.untagged("OK [CLOSED] The former mailbox is closed");
    }
    if select.condstore {
        connection.enable_condstore();
    }
    Ok(match connection.enabled.rev2 {
        true => Step::Ask(Ask::Mailboxes, Asked::SelectList(select)),
        false => open(select, Vec::new()),
    })
}

/// RFC 9051 section 6.3.2: the client is told the attributes of what it selects.
pub(super) fn listed(connection: &Connection, select: SelectCommand, answer: Answer) -> Outcome {
    let Answer::Mailboxes(mailboxes) = answer else {
        return Err(answer.into());
    };
    let list_line = list::describe(connection.names(), mailboxes, &select.name);
    Ok(open(select, list_line))
}

fn open(command: SelectCommand, list_line: Vec<u8>) -> Step {
    let ask = Ask::Select {
        name: command.name.clone(),
        read_only: command.access == Access::ReadOnly,
        resync: command.resync.as_ref().map(|resync| ResyncFrom {
            uid_validity: resync.uid_validity,
            modseq: resync.modseq,
        }),
    };
    Step::Ask(ask, Asked::Select(Box::new(Selecting { command, list_line })))
}

pub(super) fn answered(connection: &mut Connection, selecting: &Selecting, answer: Answer) -> Outcome {
    let select = &selecting.command;
    let Answer::Selected(mut opened) = answer else {
        return Err(answer.into());
    };
    let (uid_validity, uid_next) = (opened.uid_validity, opened.uid_next);
    let (modseq, first_unseen) = (opened.highest_modseq, opened.first_unseen_uid);
    let mailbox_id = std::mem::take(&mut opened.mailbox_id);
    let missed = match (&select.resync, opened.missed.take()) {
        (Some(resync), Some(missed)) => resync.among(missed, &opened.uids),
        (Some(_) | None, _) => ChangedUids::default(),
    };
    let selected = Selected::new(select.name.clone(), opened, select.access, connection.enabled);
    let mut out = Vec::new();
    selected.print_flags(&mut out);
    selected.print_permanent_flags(&mut out);
    selected.print_counts(&mut out);
    out.extend_from_slice(&selecting.list_line);
    let first_unseen = first_unseen.filter(|_| !connection.enabled.rev2 && !connection.enabled.uid_only);
    if let Some(number) = first_unseen.and_then(|uid| selected.number_of(uid)) {
        out.extend_from_slice(format!("* OK [UNSEEN {number}] The first unseen message\r\n").as_bytes());
    }
    let codes = format!(
        "* OK [UIDVALIDITY {uid_validity}] UIDs are valid\r\n\
         * OK [UIDNEXT {uid_next}] The next UID\r\n\
         * OK [HIGHESTMODSEQ {modseq}] The highest mod-sequence\r\n\
         * OK [MAILBOXID ({mailbox_id})] The mailbox, whatever its name\r\n"
    );
    out.extend_from_slice(codes.as_bytes());
    codec::vanished::print_earlier(&mut out, &missed.vanished);
    connection.send(out);
    let code = match selected.is_read_only() {
        true => "READ-ONLY",
        false => "READ-WRITE",
    };
    connection.event(Event::Selected(Some(selected.mailbox)));
    connection.state = State::Selected(Box::new(selected));
    let reply = match select.access {
        Access::ReadWrite => Reply::ok("SELECT completed"),
        Access::ReadOnly => Reply::ok("EXAMINE completed"),
    };
    let reply = reply.with_code(code);
    fetch::start_resync(connection, missed.changed, reply)
}

pub(super) fn start_unselect(connection: &mut Connection) -> Step {
    connection.deselect();
    Step::Done(Reply::ok("UNSELECT completed"))
}

/// Ends the selection after CLOSE.
pub(super) fn close(connection: &mut Connection) -> Step {
    connection.deselect();
    Step::Done(Reply::ok("CLOSE completed"))
}
