//! What happened in the selected mailbox, told before a reply and in IDLE (RFC 3501 sections 5.2, 7.4.1).

use super::connection::{Connection, Outcome, Step};
use super::reply::{Fault, Reply};
use super::selected::Numbers;
use super::table::News;
use crate::ask::Answer;

/// The answer to the question that stands before a reply.
pub(super) fn answered(connection: &mut Connection, news: News, reply: Reply, answer: Answer) -> Outcome {
    let numbers = match news {
        News::IfNoticed | News::Always if reply.keeps_numbers => Numbers::Stay,
        News::IfNoticed | News::Always => Numbers::MayChange,
        News::IfNoticedKeepNumbers => Numbers::Stay,
    };
    tell(connection, answer, numbers)?;
    if reply.tells_modseq && connection.qresync {
        let modseq = connection.selected()?.safe_modseq();
        return Ok(Step::Final(reply.with_code(format!("HIGHESTMODSEQ {modseq}"))));
    }
    Ok(Step::Final(reply))
}

/// Tells the client. That nothing can be found out now is no fault of its command: the next one asks again.
pub(super) fn tell(connection: &mut Connection, answer: Answer, numbers: Numbers) -> Result<(), Fault> {
    if answer == Answer::Unavailable {
        connection.noticed = true;
        if connection.qresync {
            // What the command itself told may have a higher one.
            let modseq = connection.selected()?.safe_modseq();
            connection.untagged(&format!("OK [HIGHESTMODSEQ {modseq}] Up to here"));
        }
        return Ok(());
    }
    let Answer::Changes {
        vanished,
        changed,
        arrived,
        highest_modseq,
        ..
    } = answer
    else {
        // Any other fault would be answered with a reply, and that asks for news again.
        return Err(match answer == Answer::MailboxGone {
            true => Fault::MailboxGone,
            false => Fault::UnfittingAnswer,
        });
    };
    let (condstore, qresync) = (connection.condstore, connection.qresync);
    let removals = connection.removals();
    let mut out = Vec::new();
    let selected = connection.selected()?;
    selected.vanish(&vanished);
    let some_vanished = selected.has_vanished();
    selected.print_vanished(&mut out, numbers, removals);
    // The flags of new messages are not told: the client asks for them.
    let known = changed
        .into_iter()
        .filter(|change| selected.knows(change.uid))
        .collect::<Vec<_>>();
    selected.arrive(&mut out, &arrived);
    selected.print_changed(&mut out, &known, condstore);
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
    Ok(())
}
