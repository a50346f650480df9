//! From the input to the handlers: commands, literals, single lines and the message of APPEND. A
//! malformed command is refused here, and its literals with it.

use super::append::{self, Appending};
use super::connection::Reading;
use super::reply::{self, Farewell, Fault};
use super::table::{self, Row};
use super::{ImapSession, Phase, Progress, Running, authenticate, idle};
use crate::codec::Reader;
use crate::framing::{Frame, LiteralHead, Sync};

/// Octets of a literal that a client may send without being asked before it has logged in (RFC 7888 section 5).
const UNASKED_OCTETS: usize = 4_096;

impl ImapSession {
    pub(super) fn next_command(&mut self) -> Progress {
        match self.framing.next(self.connection.config.limits.command_octets) {
            Frame::Incomplete => return Progress::Waits,
            Frame::TooLong => self.close(Farewell::LineTooLong),
            Frame::BareLf => self.close(Farewell::BareLf),
            Frame::Literal(head) => self.literal(head),
            Frame::Complete => self.execute(),
        }
        Progress::Made
    }

    /// A command is complete.
    fn execute(&mut self) {
        let octets = self.framing.take_command();
        let mut reader = Reader::new(&octets, self.connection.names());
        let (tag, row) = match self.head(&mut reader) {
            Ok(found) => found,
            Err((tag, fault)) => return self.refuse(tag.as_deref(), &fault),
        };
        match row.parse(&mut reader) {
            Ok(command) => {
                let outcome = table::start(&mut self.connection, command);
                self.settle(Running::new(tag, row), outcome);
            }
            Err(error) => self.refuse(Some(&tag), &Fault::Syntax(error)),
        }
    }

    /// Reads tag and verb.
    fn head(&self, reader: &mut Reader<'_>) -> Result<(String, &'static Row), (Option<String>, Fault)> {
        let tag = match reader.tag() {
            Ok(tag) => tag.to_owned(),
            Err(error) => return Err((None, Fault::Syntax(error))),
        };
        let row = match reader.space() {
            Ok(()) => table::find(reader, &self.connection.state),
            Err(error) => Err(Fault::Syntax(error)),
        };
        row.map_err(|fault| (Some(tag.clone()), fault))
            .map(|row| (tag, row))
    }

    /// The command so far announces a literal.
    fn literal(&mut self, head: LiteralHead) {
        if self.starts_append(head) {
            return;
        }
        if let (Sync::Waits, Some(fault)) = (head.sync, self.early_fault()) {
            self.refuse_command(head, &fault);
            return;
        }
        let limit = self.connection.config.limits.command_octets;
        let mut room = limit.saturating_sub(self.framing.command_octets());
        if head.sync == Sync::SendsAnyway && !self.connection.takes_large_literals() {
            room = room.min(UNASKED_OCTETS);
        }
        match usize::try_from(head.size_octets) {
            Ok(size_octets) if size_octets <= room => {
                self.framing.include_literal(size_octets);
                if head.sync == Sync::Waits {
                    self.connection.send(b"+ Ready\r\n".to_vec());
                }
            }
            Ok(_) | Err(_) => self.refuse_command(head, &Fault::LiteralTooBig),
        }
    }

    /// What is already wrong with a command whose literal the client still holds back. A password above
    /// all need not be sent in plain text to be refused.
    fn early_fault(&self) -> Option<Fault> {
        let mut reader = Reader::new(self.framing.command(), self.connection.names());
        match self.head(&mut reader) {
            Ok((_, row)) if row.is_login() && !self.connection.is_private() => Some(Fault::PrivacyRequired),
            Ok(_) => None,
            Err((_, fault)) => Some(fault),
        }
    }

    /// Begins an APPEND if what was announced is its message.
    fn starts_append(&mut self, literal: LiteralHead) -> bool {
        let octets = self.framing.command().to_vec();
        let mut reader = Reader::new(&octets, self.connection.names());
        let Ok((tag, row)) = self.head(&mut reader) else {
            return false;
        };
        let Some(appends) = row.appends() else {
            return false;
        };
        match append::start(&mut self.connection, &mut reader, appends, literal) {
            append::Start::NotYet => return false,
            append::Start::Refuse(fault) => self.refuse_command(literal, &fault),
            append::Start::Go(outcome) => {
                self.framing.take_command();
                self.settle(Running::new(tag, row), outcome);
            }
        }
        true
    }

    /// Refuses a command at its literal: one that waits for "+" is never sent, the other cannot be told
    /// from commands any more.
    fn refuse_command(&mut self, literal: LiteralHead, fault: &Fault) {
        let octets = self.framing.take_command();
        let tag = Reader::new(&octets, self.connection.names())
            .tag()
            .ok()
            .map(str::to_owned);
        match literal.sync {
            Sync::Waits => self.refuse(tag.as_deref(), fault),
            Sync::SendsAnyway => self.close(Farewell::LiteralTooBig),
        }
    }

    fn refuse(&mut self, tag: Option<&str>, fault: &Fault) {
        let reply = reply::of_fault(fault, &self.connection.config.reference);
        self.connection.send(reply.print(tag));
    }

    pub(super) fn next_line(&mut self, running: Running, reading: Reading) -> Progress {
        let limits = &self.connection.config.limits;
        match reading {
            Reading::AppendEnd(appending) => self.append_end(running, appending),
            Reading::Authenticate(exchange) => {
                let frame = self.framing.next_line(limits.sasl_line_octets);
                self.plain_line(frame, running, Reading::Authenticate(exchange))
            }
            Reading::Idle => {
                let frame = self.framing.next_line(limits.command_octets);
                self.plain_line(frame, running, Reading::Idle)
            }
        }
    }

    fn plain_line(&mut self, frame: Frame, running: Running, reading: Reading) -> Progress {
        match frame {
            Frame::Incomplete => {
                self.phase = Phase::AwaitLine(running, reading);
                return Progress::Waits;
            }
            Frame::TooLong => self.close(Farewell::LineTooLong),
            Frame::BareLf => self.close(Farewell::BareLf),
            Frame::Complete | Frame::Literal(_) => {
                let line = self.framing.take_command();
                let outcome = match reading {
                    Reading::Authenticate(exchange) => {
                        authenticate::line(&mut self.connection, exchange, &line)
                    }
                    Reading::Idle => idle::line(&line),
                    Reading::AppendEnd(appending) => append::end(*appending),
                };
                self.settle(running, outcome);
            }
        }
        Progress::Made
    }

    /// After a message of APPEND comes the end of the line, or another message (RFC 3502).
    fn append_end(&mut self, running: Running, mut appending: Box<Appending>) -> Progress {
        match self.framing.next(self.connection.config.limits.command_octets) {
            Frame::Incomplete => {
                self.phase = Phase::AwaitLine(running, Reading::AppendEnd(appending));
                return Progress::Waits;
            }
            Frame::TooLong => self.close_append(&appending, Farewell::LineTooLong),
            Frame::BareLf => self.close_append(&appending, Farewell::BareLf),
            Frame::Complete => {
                let line = self.framing.take_command();
                appending.void_if_unfit(&mut self.connection, &line);
                let outcome = append::end(*appending);
                self.settle(running, outcome);
            }
            Frame::Literal(literal) => {
                let line = self.framing.command().to_vec();
                self.framing.take_command();
                let limit = self.connection.config.limits.message_octets;
                if literal.sync == Sync::SendsAnyway && literal.size_octets > limit {
                    self.close_append(&appending, Farewell::LiteralTooBig);
                } else {
                    let outcome = append::another(&mut self.connection, appending, &line, literal);
                    self.settle(running, outcome);
                }
            }
        }
        Progress::Made
    }

    fn close_append(&mut self, appending: &Appending, farewell: Farewell) {
        appending.discard(&mut self.connection);
        self.close(farewell);
    }

    pub(super) fn next_data(&mut self, running: Running, mut appending: Box<Appending>) -> Progress {
        if appending.left() > 0 {
            let octets = self.framing.take_data(appending.left());
            if octets.is_empty() {
                self.phase = Phase::AwaitData(running, appending);
                return Progress::Waits;
            }
            appending.take(&mut self.connection, octets);
            self.phase = Phase::AwaitData(running, appending);
        } else {
            self.phase = Phase::AwaitLine(running, Reading::AppendEnd(appending));
        }
        Progress::Made
    }
}
