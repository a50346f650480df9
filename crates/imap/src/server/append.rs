//! APPEND (RFC 3501 section 6.3.11, RFC 4315 for APPENDUID). The message is handed on in chunks and never
//! collected; the session only counts.

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::{Fault, Reply};
use crate::ask::{Answer, Ask, Event};
use crate::codec::{self, Reader, SyntaxError};
use crate::framing::{LiteralHead, Sync};
use crate::types::append::AppendHead;

/// An APPEND under way.
#[derive(Debug)]
pub(super) struct Appending {
    sync: Sync,
    /// Octets of the literal still to come.
    pub(super) left: u64,
    fate: Fate,
}

/// What happens to the octets that come.
#[derive(Debug)]
enum Fate {
    /// The shell was asked whether it wants them.
    Open(AppendHead),
    /// They are handed on.
    Accepted(AppendHead),
    /// They are dropped: this is why.
    Void(Fault),
}

/// What an announced literal of an APPEND means.
pub(super) enum Start {
    /// It is an argument, not the message.
    NotYet,
    /// The message must not come.
    Refuse(Fault),
    /// The message may come, or comes anyway.
    Go(Outcome),
}

/// Reads the command up to its announced literal; the reader stands behind the verb.
pub(super) fn start(reader: &mut Reader<'_>, literal: LiteralHead, message_octets: u64) -> Start {
    if literal.size_octets > message_octets {
        return Start::Refuse(Fault::MessageTooBig);
    }
    let head = match codec::append::parse_head(reader) {
        Err(SyntaxError::LiteralMissing) => return Start::NotYet,
        Err(error) => Err(Fault::Syntax(error)),
        Ok(_) if literal.size_octets == 0 => Err(Fault::EmptyMessage),
        Ok(head) => Ok(head),
    };
    let appending = |fate| {
        Box::new(Appending {
            sync: literal.sync,
            left: literal.size_octets,
            fate,
        })
    };
    match head {
        Ok(head) => {
            let ask = Ask::AppendStart {
                mailbox_name: head.mailbox_name.clone(),
                size_octets: literal.size_octets,
            };
            Start::Go(Ok(Step::Ask(
                ask,
                Asked::AppendStart(appending(Fate::Open(head))),
            )))
        }
        Err(fault) if literal.sync == Sync::Waits => Start::Refuse(fault),
        Err(fault) => Start::Go(Ok(Step::Data(appending(Fate::Void(fault))))),
    }
}

/// The shell says whether it wants the message.
pub(super) fn answered(
    connection: &mut Connection,
    mut appending: Box<Appending>,
    answer: Answer,
) -> Outcome {
    let fate = match (appending.fate, answer) {
        (Fate::Open(head), Answer::Ok) => Fate::Accepted(head),
        (_, answer) => match (Fault::of_target(answer), appending.sync) {
            (fault @ (Fault::MailboxGone | Fault::UnfittingAnswer), _) | (fault, Sync::Waits) => {
                return Err(fault);
            }
            (fault, Sync::SendsAnyway) => Fate::Void(fault),
        },
    };
    if appending.sync == Sync::Waits {
        connection.send(b"+ Ready\r\n".to_vec());
    }
    appending.fate = fate;
    Ok(Step::Data(appending))
}

impl Appending {
    /// Octets of the literal.
    pub(super) fn take(&mut self, connection: &mut Connection, octets: Vec<u8>) {
        let count = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(count);
        match self.fate {
            Fate::Accepted(_) => connection.event(Event::AppendData(octets)),
            Fate::Open(_) | Fate::Void(_) => {}
        }
    }

    /// Behind the message stands more: the command is not what it seemed.
    pub(super) fn void_if_more(&mut self, connection: &mut Connection, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        self.discard(connection);
        match self.fate {
            Fate::Void(_) => {}
            Fate::Open(_) | Fate::Accepted(_) => {
                self.fate = Fate::Void(Fault::Syntax(SyntaxError::Expected("the end of the command")));
            }
        }
    }

    /// Nothing more will come of it.
    pub(super) fn discard(&self, connection: &mut Connection) {
        match self.fate {
            Fate::Accepted(_) => connection.event(Event::AppendDiscarded),
            Fate::Open(_) | Fate::Void(_) => {}
        }
    }
}

/// The command is complete.
pub(super) fn end(appending: Appending) -> Outcome {
    match appending.fate {
        Fate::Accepted(head) => {
            let ask = Ask::AppendFinish {
                mailbox_name: head.mailbox_name,
                flags: head.flags,
                internal_date: head.internal_date,
            };
            Ok(Step::Ask(ask, Asked::AppendFinish))
        }
        Fate::Void(fault) => Err(fault),
        Fate::Open(_) => Err(Fault::UnfittingAnswer),
    }
}

/// The message is stored, or not.
pub(super) fn finished(connection: &mut Connection, answer: Answer) -> Outcome {
    let Answer::Appended { uid_validity, uid } = answer else {
        return Err(Fault::of_target(answer));
    };
    // It may be the selected mailbox; then the client is to hear of it at once (RFC 3501 section 6.3.11).
    connection.noticed = true;
    let reply = Reply::ok("APPEND completed").with_code(format!("APPENDUID {uid_validity} {uid}"));
    Ok(Step::Done(reply))
}
