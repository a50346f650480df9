//! SELECT, EXAMINE (RFC 3501 sections 6.3.1 and 6.3.2) and UNSELECT (RFC 3691).

use super::connection::{Asked, Connection, Outcome, State, Step};
use super::reply::Reply;
use super::selected::Selected;
use crate::ask::{Answer, Ask, Event};
use crate::codec::flags;
use crate::types::command::{Access, SelectCommand};

/// The former selection ends even if this one fails (RFC 3501 section 6.3.1).
pub(super) fn start(connection: &mut Connection, select: SelectCommand) -> Step {
    if let State::Selected(_) = connection.state {
        connection.deselect();
        // RFC 7162 section 3.2.11.
        connection.untagged("OK [CLOSED] The former mailbox is closed");
    }
    if select.condstore {
        connection.enable_condstore();
    }
    let ask = Ask::Select {
        name: select.name.clone(),
        read_only: select.access == Access::ReadOnly,
    };
    Step::Ask(ask, Asked::Select(select))
}

pub(super) fn answered(connection: &mut Connection, select: &SelectCommand, answer: Answer) -> Outcome {
    let Answer::Selected(mut opened) = answer else {
        return Err(answer.into());
    };
    let (uid_validity, uid_next) = (opened.uid_validity, opened.uid_next);
    let (modseq, first_unseen) = (opened.highest_modseq, opened.first_unseen_uid);
    let mailbox_id = std::mem::take(&mut opened.mailbox_id);
    let selected = Selected::new(opened, select.access);
    let mut out = Vec::new();
    selected.print_flags(&mut out);
    out.extend_from_slice(b"* OK [PERMANENTFLAGS ");
    match select.access {
        Access::ReadWrite => flags::print(&mut out, &selected.all_flags(), Some("\\*")),
        Access::ReadOnly => out.extend_from_slice(b"()"),
    }
    out.extend_from_slice(b"] Flags that can be changed\r\n");
    selected.print_counts(&mut out);
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
    connection.send(out);
    connection.event(Event::Selected(Some(selected.mailbox)));
    connection.state = State::Selected(Box::new(selected));
    Ok(Step::Done(match select.access {
        Access::ReadWrite => Reply::ok("SELECT completed").with_code("READ-WRITE"),
        Access::ReadOnly => Reply::ok("EXAMINE completed").with_code("READ-ONLY"),
    }))
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
