//! APPEND (RFC 3501 section 6.3.11, RFC 3502 for several messages at once, RFC 4315 for APPENDUID). The
//! messages are handed on in chunks and never collected; the session only counts.

use super::connection::{Asked, Connection, Outcome, Step};
use super::replace;
use super::reply::{Fault, Reply};
use super::table::Appends;
use crate::ask::{Answer, Ask, Event, Replaced};
use crate::codec::{self, Reader, SyntaxError, sequence_set};
use crate::config::Limits;
use crate::framing::{LiteralHead, Sync};
use crate::types::append::AppendOptions;
use crate::types::sequence_set::Numbering;

/// An APPEND under way.
#[derive(Debug)]
pub(super) struct Appending {
    mailbox_name: String,
    /// The message that goes (RFC 8508).
    replaces: Option<Replaced>,
    sync: Sync,
    /// Octets of the literal still to come.
    left: u64,
    /// Messages announced so far, and their octets.
    messages: usize,
    octets: u64,
    /// Did a NUL come in a `literal8` (RFC 3516)?
    has_nul: bool,
    fate: Fate,
}

/// What happens to the octets that come.
#[derive(Debug)]
enum Fate {
    /// The shell was asked whether it wants them.
    Open(AppendOptions),
    /// They are handed on.
    Accepted(AppendOptions),
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
pub(super) fn start(
    connection: &mut Connection,
    reader: &mut Reader<'_>,
    appends: Appends,
    literal: LiteralHead,
) -> Start {
    if literal.size_octets > connection.config.limits.message_octets {
        return Start::Refuse(Fault::MessageTooBig);
    }
    let (parsed, numbering) = match appends {
        Appends::New => (codec::append::parse_head(reader), Numbering::Sequence),
        Appends::InsteadOf(numbering) => (codec::replace::parse_head(reader), numbering),
    };
    let head = match parsed {
        Err(SyntaxError::LiteralMissing) => return Start::NotYet,
        Err(error) => Err(Fault::Syntax(error)),
        Ok(_) if literal.size_octets == 0 => Err(Fault::EmptyMessage),
        Ok(head) => match head.replaces {
            Some(number) => {
                replace::resolve(connection, numbering, number).map(|replaced| (head, Some(replaced)))
            }
            None => Ok((head, None)),
        },
    };
    let appending = |mailbox_name, replaces, fate| {
        Box::new(Appending {
            mailbox_name,
            replaces,
            sync: literal.sync,
            left: literal.size_octets,
            messages: 1,
            octets: literal.size_octets,
            has_nul: false,
            fate,
        })
    };
    match head {
        Ok((head, replaces)) => {
            let ask = Ask::AppendStart {
                mailbox_name: head.mailbox_name.clone(),
                size_octets: literal.size_octets,
                replaces,
            };
            let appending = appending(head.mailbox_name, replaces, Fate::Open(head.options));
            Start::Go(Ok(Step::Ask(ask, Asked::AppendStart(appending))))
        }
        Err(fault) if literal.sync == Sync::Waits => Start::Refuse(fault),
        Err(fault) => Start::Go(Ok(Step::Data(appending(String::new(), None, Fate::Void(fault))))),
    }
}

/// Behind a message another is announced; `line` is what stands between the two.
pub(super) fn another(
    connection: &mut Connection,
    mut appending: Box<Appending>,
    line: &[u8],
    literal: LiteralHead,
) -> Outcome {
    appending.messages = appending.messages.saturating_add(1);
    appending.octets = appending.octets.saturating_add(literal.size_octets);
    appending.sync = literal.sync;
    appending.left = literal.size_octets;
    let parsed = appending
        .behind_message(line)
        .and_then(|line| codec::append::parse_options(&mut Reader::new(line, connection.names())));
    let options = match parsed {
        Err(error) => Err(Fault::Syntax(error)),
        Ok(_) if appending.has_nul => Err(Fault::NulOctets),
        // RFC 8508 section 4.7: a message is replaced by one.
        Ok(_) if appending.replaces.is_some() => {
            Err(Fault::Syntax(SyntaxError::Expected("the end of the command")))
        }
        // RFC 3502: this is how a client cancels the command.
        Ok(_) if literal.size_octets == 0 => Err(Fault::EmptyMessage),
        Ok(options) => appending.within(&connection.config.limits).map(|()| options),
    };
    let options = match options {
        Ok(options) => options,
        Err(fault) => return appending.into_void(connection, fault),
    };
    match &mut appending.fate {
        Fate::Accepted(accepted) => {
            let before = std::mem::take(accepted);
            appending.fate = Fate::Open(options);
            let ask = Ask::AppendNext {
                mailbox_name: appending.mailbox_name.clone(),
                flags: before.flags,
                internal_date: before.internal_date,
                size_octets: literal.size_octets,
            };
            Ok(Step::Ask(ask, Asked::AppendStart(appending)))
        }
        Fate::Void(fault) => {
            let fault = fault.clone();
            appending.into_void(connection, fault)
        }
        Fate::Open(_) => Err(Fault::UnfittingAnswer),
    }
}

/// The shell says whether it wants the message.
pub(super) fn answered(
    connection: &mut Connection,
    mut appending: Box<Appending>,
    answer: Answer,
) -> Outcome {
    let fate = match (appending.fate, answer) {
        (Fate::Open(options), Answer::Ok) => Fate::Accepted(options),
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
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    fn within(&self, limits: &Limits) -> Result<(), Fault> {
        if self.messages > limits.append_messages {
            return Err(Fault::Limit("Too many messages for one APPEND".into()));
        }
        if self.octets > limits.message_octets {
            return Err(Fault::Limit("The messages are too large for one APPEND".into()));
        }
        Ok(())
    }

    /// Nothing of the command counts any more. A literal that waits for "+" is never sent; another still
    /// comes and is dropped.
    fn into_void(mut self: Box<Self>, connection: &mut Connection, fault: Fault) -> Outcome {
        self.discard(connection);
        // What went wrong first is what the client is told.
        let fault = match &self.fate {
            Fate::Void(first) => first.clone(),
            Fate::Open(_) | Fate::Accepted(_) => fault,
        };
        if self.sync == Sync::Waits {
            return Err(fault);
        }
        self.fate = Fate::Void(fault);
        Ok(Step::Data(self))
    }

    /// Octets of the literal.
    pub(super) fn take(&mut self, connection: &mut Connection, octets: Vec<u8>) {
        let count = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(count);
        match &self.fate {
            Fate::Accepted(options) => {
                self.has_nul |= options.is_binary && octets.contains(&0);
                connection.event(Event::AppendData(octets));
            }
            Fate::Open(_) | Fate::Void(_) => {}
        }
    }

    /// Behind the message stands more, or it is none that can be stored: the command is not what it seemed.
    pub(super) fn void_if_unfit(&mut self, connection: &mut Connection, line: &[u8]) {
        let fault = match (self.behind_message(line), self.has_nul) {
            (Ok([]), false) => return,
            (Ok([]), true) => Fault::NulOctets,
            (Ok(_), _) => Fault::Syntax(SyntaxError::Expected("the end of the command")),
            (Err(error), _) => Fault::Syntax(error),
        };
        self.discard(connection);
        match self.fate {
            Fate::Void(_) => {}
            Fate::Open(_) | Fate::Accepted(_) => self.fate = Fate::Void(fault),
        }
    }

    /// What stands behind the message, and behind the parenthesis that ends it.
    fn behind_message<'a>(&self, line: &'a [u8]) -> Result<&'a [u8], SyntaxError> {
        match &self.fate {
            Fate::Open(options) | Fate::Accepted(options) if options.is_utf8 => {
                line.strip_prefix(b")").ok_or(SyntaxError::Expected(")"))
            }
            Fate::Open(_) | Fate::Accepted(_) | Fate::Void(_) => Ok(line),
        }
    }

    /// Nothing more will come of it.
    pub(super) fn discard(&self, connection: &mut Connection) {
        match self.fate {
            Fate::Accepted(_) => connection.event(Event::AppendDiscarded),
            Fate::Open(_) if self.messages > 1 => connection.event(Event::AppendDiscarded),
            Fate::Open(_) | Fate::Void(_) => {}
        }
    }
}

/// The command is complete.
pub(super) fn end(appending: Appending) -> Outcome {
    match appending.fate {
        Fate::Accepted(options) => {
            let ask = Ask::AppendFinish {
                mailbox_name: appending.mailbox_name,
                flags: options.flags,
                internal_date: options.internal_date,
                replaces: appending.replaces,
            };
            Ok(Step::Ask(ask, Asked::AppendFinish(appending.replaces)))
        }
        Fate::Void(fault) => Err(fault),
        Fate::Open(_) => Err(Fault::UnfittingAnswer),
    }
}

/// The message is stored, or not.
pub(super) fn finished(connection: &mut Connection, replaced: Option<Replaced>, answer: Answer) -> Outcome {
    let Answer::Appended { uid_validity, uids } = answer else {
        return Err(Fault::of_target(answer));
    };
    // It may be the selected mailbox; then the client is to hear of it at once (RFC 3501 section 6.3.11).
    connection.noticed = true;
    connection.note_own_messages(uid_validity, &uids);
    let mut code = format!("APPENDUID {uid_validity} ").into_bytes();
    sequence_set::print(&mut code, uids);
    let code = String::from_utf8_lossy(&code).into_owned();
    match replaced {
        Some(gone) => replace::finished(connection, gone, &code),
        None => Ok(Step::Done(Reply::ok("APPEND completed").with_code(code))),
    }
}
