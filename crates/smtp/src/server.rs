//! The server session: SMTP (RFC 5321) for strangers, submission (RFC 6409), and LMTP (RFC 2033).
//! What comes in is read here and handed to the command table; each command group has its file. The
//! session decides syntax and order, the shell decides about people and messages.

mod ask;
mod auth;
mod bdat;
mod config;
mod data;
mod fault;
mod hello;
mod mail;
mod other;
mod rcpt;
mod session;
mod starttls;
mod state;
mod table;

use std::collections::VecDeque;
use std::time::Instant;

use posthorn_base::session::Output;
use posthorn_base::{TlsInfo, limits};

use crate::codec::reply::{Class, Reply};
use crate::framing::line::{Line, LineEnd, LineReader};
use fault::Fault;
use state::{Phase, State};

pub use ask::{Answer, Ask, Event};
pub use config::{Config, Limits, Mode};

/// What the client called itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hello {
    name: String,
    is_extended: bool,
}

/// One connection of a client, from the greeting to the end.
#[derive(Debug)]
pub struct ServerSession {
    config: Config,
    state: State,
    hello: Option<Hello>,
    tls: Option<TlsInfo>,
    identity: Option<String>,
    lines: LineReader,
    /// A bare LF stood in the line that is still going on: nothing up to its CRLF is a command.
    is_line_tainted: bool,
    held: Held,
    output: VecDeque<Output<Ask, Event>>,
    /// The verb that is being handled, for the log.
    verb: &'static str,
    errors: u32,
    login_failures: u32,
    is_shutting_down: bool,
    now: Instant,
    /// Since when the client owes us something.
    idle_since: Instant,
    started: Instant,
}

/// Input that waits for an answer.
#[derive(Debug, Default)]
struct Held {
    octets: Vec<u8>,
    from: usize,
}

impl Held {
    fn len(&self) -> usize {
        self.octets.len().saturating_sub(self.from)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl ServerSession {
    /// A session whose client has just connected. With implicit TLS, call `handle_tls` before polling.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        let line_octets = if config.mechanisms.is_empty() {
            config.limits.command_line_octets
        } else {
            config
                .limits
                .command_line_octets
                .max(config.limits.sasl_line_octets)
        };
        let mut session = Self {
            config,
            state: State::AwaitHello,
            hello: None,
            tls: None,
            identity: None,
            lines: LineReader::new(line_octets),
            is_line_tainted: false,
            held: Held::default(),
            output: VecDeque::new(),
            verb: "",
            errors: 0,
            login_failures: 0,
            is_shutting_down: false,
            now,
            idle_since: now,
            started: now,
        };
        session.greet();
        session
    }

    /// The one place where the state changes; gives the old one.
    fn enter(&mut self, next: State) -> State {
        std::mem::replace(&mut self.state, next)
    }

    /// Takes the state out to build the next one from it; the caller enters one or ends the session.
    fn leave(&mut self) -> State {
        self.enter(State::Closed)
    }

    /// Reads as far as it can without an answer; gives how many octets were used.
    fn consume(&mut self, octets: &[u8]) -> usize {
        let mut used: usize = 0;
        while let Some(rest) = octets.get(used..).filter(|rest| !rest.is_empty()) {
            let step = match &self.state {
                State::AwaitHello
                | State::AwaitMail
                | State::AwaitRcpt(_)
                | State::AwaitChunk(_)
                | State::AwaitResponse(_) => self.read_line(rest),
                State::Data(_) => self.read_data(rest),
                State::Chunk(_) => self.read_chunk(rest),
                State::Swallow(_) => self.swallow(rest),
                // Octets sent ahead of the handshake are not to be trusted (RFC 3207 section 5).
                State::AwaitTls | State::Closed => return octets.len(),
                State::AskedCredentials(_)
                | State::AskedSender(_)
                | State::AskedRecipient(_)
                | State::AskedMessage(_) => return used,
            };
            used = used.saturating_add(step);
        }
        used
    }

    /// Goes on with what was held while a question was outstanding.
    fn resume(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        let rest = held.octets.get(held.from..).unwrap_or_default();
        let used = self.consume(rest);
        held.from = held.from.saturating_add(used);
        if held.len() > 0 {
            self.held = held;
        }
    }

    fn hold(&mut self, octets: &[u8]) {
        if self.held.len() > limits::HELD_INPUT_OCTETS {
            // The shell reads although we asked it not to: better to end than to grow.
            self.close(&Fault::Overrun);
            return;
        }
        if self.held.from > 0 {
            self.held.octets.drain(..self.held.from);
            self.held.from = 0;
        }
        self.held.octets.extend_from_slice(octets);
    }

    fn read_line(&mut self, octets: &[u8]) -> usize {
        let (used, line) = self.lines.read(octets);
        if let Some(line) = line {
            self.idle_since = self.now;
            self.handle_line(&line);
        }
        used
    }

    fn handle_line(&mut self, line: &Line) {
        self.verb = "";
        let was_tainted = self.is_line_tainted;
        self.is_line_tainted = line.end == LineEnd::BareLf;
        let text = match checked_text(line) {
            // A piece of a line with a bare LF in it is no command: another server may see one line here.
            _ if was_tainted || self.is_line_tainted => Err(Fault::BareLf),
            other => other,
        };
        match (text, &self.state) {
            (text, State::AwaitResponse(_)) => self.handle_response(text),
            (Ok(text), _) => self.dispatch(text),
            (Err(fault), _) => self.refuse(&fault),
        }
    }

    fn send(&mut self, reply: &Reply) {
        if let Some(Output::Send(octets)) = self.output.back_mut() {
            reply.print(octets);
        } else {
            let mut octets = Vec::with_capacity(64);
            reply.print(&mut octets);
            self.output.push_back(Output::Send(octets));
        }
    }

    fn ask(&mut self, ask: Ask) {
        self.output.push_back(Output::Ask(ask));
    }

    fn event(&mut self, event: Event) {
        self.output.push_back(Output::Event(event));
    }

    fn reference(&self) -> &str {
        &self.config.reference
    }

    /// The negative reply; counts what the client did wrong, and ends the session when it is too much.
    fn refuse(&mut self, fault: &Fault) {
        self.refuse_each(fault, 1);
    }

    /// The same reply for each of `count` recipients (LMTP), counted once.
    fn refuse_each(&mut self, fault: &Fault, count: usize) {
        let reply = fault.reply(self.reference());
        if !matches!(fault, Fault::Refused(_)) {
            self.event(Event::CommandRefused {
                verb: self.verb,
                reply: reply.clone(),
            });
        }
        for _ in 0..count {
            self.send(&reply);
        }
        self.count(&reply);
    }

    /// RFC 5321 section 4.2.1 on 421, and our limit of errors. Temporary replies are not the client's fault.
    fn count(&mut self, reply: &Reply) {
        if reply.code == 421 {
            self.finish();
        } else if reply.class() == Class::Permanent {
            self.errors = self.errors.saturating_add(1);
            if self.errors >= self.config.limits.errors {
                self.close(&Fault::TooManyErrors);
            }
        }
    }

    /// Says why, and closes; once.
    fn close(&mut self, fault: &Fault) {
        if !matches!(self.state, State::Closed) {
            self.end(fault);
        }
    }

    /// Like `close`, also when the state has been left.
    fn end(&mut self, fault: &Fault) {
        let reply = fault.reply(self.reference());
        self.event(Event::Ended { reply: reply.clone() });
        self.send(&reply);
        self.finish();
    }

    fn finish(&mut self) {
        self.discard_body();
        self.enter(State::Closed);
        self.held.clear();
        self.lines.reset();
        self.output.push_back(Output::Close);
    }

    /// Tells the shell that what it has of the body is void, if a body has begun.
    fn discard_body(&mut self) {
        let body = match &self.state {
            State::Data(transfer) | State::AwaitChunk(transfer) => &transfer.body,
            State::Chunk(chunk) => &chunk.transfer.body,
            State::AwaitHello
            | State::AwaitMail
            | State::AwaitRcpt(_)
            | State::Swallow(_)
            | State::AwaitResponse(_)
            | State::AwaitTls
            | State::AskedCredentials(_)
            | State::AskedSender(_)
            | State::AskedRecipient(_)
            | State::AskedMessage(_)
            | State::Closed => return,
        };
        if body.fault().is_none() {
            self.event(Event::BodyDiscarded);
        }
    }

    /// The state in which the next transaction may begin.
    fn between_transactions(&self) -> State {
        match self.hello {
            Some(_) => State::AwaitMail,
            None => State::AwaitHello,
        }
    }

    fn phase(&self) -> Phase {
        self.state.phase()
    }
}

/// A command line is text: UTF-8 (RFC 6531) without control characters.
fn checked_text(line: &Line) -> Result<&str, Fault> {
    if line.is_too_long {
        return Err(Fault::LineTooLong);
    }
    let text = std::str::from_utf8(&line.octets).map_err(|_cause| Fault::NotText)?;
    if text.contains(|c: char| c.is_ascii_control()) {
        return Err(Fault::NotText);
    }
    Ok(text)
}
