//! What happened in the mailboxes, told before a reply and in IDLE (RFC 3501 sections 5.2, 7.4.1), and with
//! NOTIFY at any time between commands (RFC 5465): first what happened in the selected mailbox, then in others.

use roaring::RoaringBitmap;

use super::connection::{Asked, Connection, Outcome, Reading, State, Step};
use super::fetch;
use super::notify::{self, Beginning};
use super::reply::{Fault, Reply};
use super::selected::Numbers;
use super::table::News;
use crate::ask::Answer;

/// News that is being told.
#[derive(Debug)]
pub(super) struct Telling {
    numbers: Numbers,
    then: Then,
}

/// What comes once all is told.
#[derive(Debug)]
enum Then {
    Reply(Reply),
    Idle,
    /// Nobody asked.
    Nothing,
    Notify(Box<Beginning>),
}

impl Telling {
    /// In front of a reply.
    pub(super) fn before(reply: Reply, news: News) -> Self {
        let numbers = match news {
            News::IfNoticed | News::Always if reply.keeps_numbers => Numbers::Stay,
            News::IfNoticed | News::Always => Numbers::MayChange,
            News::IfNoticedKeepNumbers => Numbers::Stay,
        };
        Self {
            numbers,
            then: Then::Reply(reply),
        }
    }

    /// In IDLE.
    pub(super) const fn idle() -> Self {
        Self {
            numbers: Numbers::MayChange,
            then: Then::Idle,
        }
    }

    /// Between commands.
    pub(super) const fn unasked(numbers: Numbers) -> Self {
        Self {
            numbers,
            then: Then::Nothing,
        }
    }

    /// NOTIFY SET holds a NOOP (RFC 5465 section 3.1).
    pub(super) fn first(beginning: Beginning) -> Self {
        Self {
            numbers: Numbers::MayChange,
            then: Then::Notify(Box::new(beginning)),
        }
    }
}

/// Begins to tell.
pub(super) fn begin(connection: &mut Connection, telling: Telling) -> Outcome {
    connection.noticed = false;
    connection.pressing = false;
    let wants = wants(connection, &telling);
    match &connection.state {
        State::Selected(selected) if wants.messages => {
            let ask = selected.changes(wants.flags);
            Ok(Step::Ask(ask, Asked::News(telling)))
        }
        State::NotAuthenticated | State::Authenticated | State::Selected(_) => others(connection, telling),
    }
}

/// What the client wants to hear of the selected mailbox.
#[derive(Clone, Copy)]
struct Wants {
    messages: bool,
    flags: bool,
}

fn wants(connection: &Connection, telling: &Telling) -> Wants {
    match (&telling.then, &connection.notify) {
        (Then::Notify(_), _) | (_, None) => Wants {
            messages: true,
            flags: true,
        },
        (Then::Reply(_) | Then::Idle | Then::Nothing, Some(notify)) => Wants {
            messages: notify.selected().is_some(),
            flags: notify.selected().is_some_and(|selected| selected.flags),
        },
    }
}

/// The answer for the selected mailbox.
pub(super) fn answered(connection: &mut Connection, telling: Telling, answer: Answer) -> Outcome {
    let wants = wants(connection, &telling);
    let arrived = tell(connection, answer, telling.numbers, wants)?;
    let notify = match &telling.then {
        Then::Notify(beginning) => Some(&beginning.notify),
        Then::Reply(_) | Then::Idle | Then::Nothing => connection.notify.as_ref(),
    };
    let items = notify
        .and_then(|notify| notify.selected())
        .map(|selected| &selected.fetch);
    match items.filter(|items| !items.is_empty() && !arrived.is_empty()) {
        Some(items) => {
            let items = items.clone();
            fetch::start_news(connection, items, arrived, telling)
        }
        None => others(connection, telling),
    }
}

/// Tells of other mailboxes, once all of the selected one is told.
pub(super) fn others(connection: &mut Connection, telling: Telling) -> Outcome {
    let watched = connection.notify.as_ref().and_then(notify::Notify::question);
    let ask = match &telling.then {
        Then::Notify(beginning) => beginning.question(connection.notify.as_ref()),
        Then::Reply(_) | Then::Idle | Then::Nothing => watched,
    };
    match ask {
        Some(ask) => Ok(Step::Ask(ask, Asked::Watched(telling))),
        None => end(connection, telling, None),
    }
}

/// The answer for other mailboxes.
pub(super) fn watched(connection: &mut Connection, telling: Telling, answer: Answer) -> Outcome {
    match (answer, &telling.then) {
        (Answer::Watched(watched), _) => {
            notify::tell(connection, &watched);
            end(connection, telling, Some(&watched))
        }
        (Answer::Unavailable, Then::Notify(_)) => Err(Fault::Unavailable),
        // No fault of the command; the next one asks again.
        (Answer::Unavailable, Then::Reply(_) | Then::Idle | Then::Nothing) => {
            connection.noticed = true;
            end(connection, telling, None)
        }
        (_, _) => Err(Fault::UnfittingAnswer),
    }
}

fn end(
    connection: &mut Connection,
    telling: Telling,
    watched: Option<&crate::ask::WatchedMailboxes>,
) -> Outcome {
    if telling.numbers == Numbers::Stay
        && connection.tells_unasked() == Some(Numbers::MayChange)
        && connection.selected()?.has_vanished()
    {
        // Once the command is over, what it held back may be told.
        connection.pressing = true;
    }
    match telling.then {
        Then::Reply(reply) if reply.tells_modseq && connection.qresync => {
            let modseq = connection.selected()?.safe_modseq();
            Ok(Step::Final(reply.with_code(format!("HIGHESTMODSEQ {modseq}"))))
        }
        Then::Reply(reply) => Ok(Step::Final(reply)),
        Then::Idle => Ok(Step::Read(Reading::Idle)),
        Then::Nothing => Ok(Step::Told),
        Then::Notify(beginning) => notify::install(connection, *beginning, watched),
    }
}

/// Tells the client of the selected mailbox, and gives what is new there and not of its own making. That nothing can
/// be found out now is no fault of its command: the next one asks again.
fn tell(
    connection: &mut Connection,
    answer: Answer,
    numbers: Numbers,
    wants: Wants,
) -> Result<RoaringBitmap, Fault> {
    if answer == Answer::Unavailable {
        connection.noticed = true;
        if connection.qresync {
            // What the command itself told may have a higher one.
            let modseq = connection.selected()?.safe_modseq();
            connection.untagged(&format!("OK [HIGHESTMODSEQ {modseq}] Up to here"));
        }
        return Ok(RoaringBitmap::new());
    }
    let Answer::Changes {
        vanished,
        changed,
        arrived,
        highest_modseq,
        rights,
        ..
    } = answer
    else {
        // Any other fault would be answered with a reply, and that asks for news again.
        return Err(match answer == Answer::MailboxGone {
            true => Fault::MailboxGone,
            false => Fault::UnfittingAnswer,
        });
    };
    let (items, qresync) = (connection.change_items(), connection.qresync);
    let removals = connection.removals();
    let mut out = Vec::new();
    let selected = connection.selected()?;
    selected.set_rights(&mut out, rights);
    selected.vanish(&vanished);
    let some_vanished = selected.has_vanished();
    selected.print_vanished(&mut out, numbers, removals);
    // The flags of new messages are not told: the client asks for them.
    let known = changed
        .into_iter()
        .filter(|change| selected.knows(change.uid))
        .collect::<Vec<_>>();
    let arrived = selected.arrive(&mut out, &arrived);
    match wants.flags {
        true => selected.print_changed(&mut out, &known, items),
        false => selected.pass_over(&known),
    }
    selected.synced(highest_modseq);
    // What is held back is still to be told.
    let holds_back = selected.has_vanished();
    if qresync && some_vanished {
        // RFC 7162 section 3.2: what is held back must not be taken for known because of the higher
        // mod-sequences that were told; what was told by UID alone carried none.
        let code = format!("* OK [HIGHESTMODSEQ {}] Up to here\r\n", selected.safe_modseq());
        out.extend_from_slice(code.as_bytes());
    }
    connection.noticed |= holds_back;
    connection.send(out);
    Ok(arrived)
}
