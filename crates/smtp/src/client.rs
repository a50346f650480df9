//! The client session: hands messages to another server (RFC 5321, or LMTP by RFC 2033). Says EHLO, turns
//! TLS on, logs in where told to, and then runs one transaction after another, as long as the shell has
//! one. It neither looks up hosts nor decides when to try again.

mod ask;
mod auth;
mod config;
mod hello;
mod outcome;
mod session;
mod state;
mod transaction;

use std::collections::VecDeque;
use std::time::Instant;

use posthorn_base::TlsInfo;
use posthorn_base::session::Output;

use crate::codec::ehlo::Offers;
use crate::codec::reply::{Class, Reply, ReplyReader};
use crate::framing::line::LineReader;
use state::{Expect, State};

pub use ask::{Answer, Ask, Direction, Event, Outcome, RecipientOutcome, Stage, Transaction};
pub use config::{ClientConfig, ClientTls, Credentials, Mode, OCTETS_PER_SEC, Timeouts};

/// Octets of one line of a reply that are read; RFC 5321 section 4.5.3.1.5 says 512.
const REPLY_LINE_OCTETS: usize = 2_048;

/// One connection to a server, from its greeting to the end.
#[derive(Debug)]
pub struct ClientSession {
    config: ClientConfig,
    state: State,
    tls: Option<TlsInfo>,
    offers: Offers,
    lines: LineReader,
    replies: ReplyReader,
    /// What came while the shell was asked for the next transaction (nothing should) or while content was
    /// on its way.
    held: Vec<u8>,
    output: VecDeque<Output<Ask, Event>>,
    /// Commands that go out in one write.
    unsent: Vec<u8>,
    is_shutting_down: bool,
    now: Instant,
    /// Since when the server owes us a reply.
    waiting_since: Instant,
}

impl ClientSession {
    /// A session that has just connected. With implicit TLS, call `handle_tls` before the first octet.
    #[must_use]
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        Self {
            config,
            state: State::AwaitGreeting,
            tls: None,
            offers: Offers::default(),
            lines: LineReader::new(REPLY_LINE_OCTETS),
            replies: ReplyReader::default(),
            held: Vec::new(),
            output: VecDeque::new(),
            unsent: Vec::new(),
            is_shutting_down: false,
            now,
            waiting_since: now,
        }
    }

    /// The connection broke, or could not be made secure: reports what has become of the open transaction
    /// and closes.
    pub fn handle_disconnect(&mut self, now: Instant) {
        self.now = now;
        let reply = Reply::new(421, (4, 4, 2), "The connection broke");
        self.lose(&reply);
    }

    /// The one place where the state changes; gives the old one.
    fn enter(&mut self, next: State) -> State {
        std::mem::replace(&mut self.state, next)
    }

    /// Reads replies until the shell is asked or the session ends; gives how many octets were used.
    fn consume(&mut self, octets: &[u8]) -> usize {
        let mut used: usize = 0;
        while let Some(rest) = octets.get(used..).filter(|rest| !rest.is_empty()) {
            match &self.state {
                // What comes ahead of the handshake could be anybody's (RFC 3207 section 5).
                State::AwaitTls | State::Closed => return octets.len(),
                State::AskedNext => return used,
                // A reply to the content is read once the content is out, even when it came before: a
                // server may refuse early (RFC 5321 section 4.2), but what we send is not its command.
                State::InTransaction(progress) if progress.is_sending() => return used,
                State::AwaitGreeting
                | State::AwaitEhlo
                | State::AwaitHelo
                | State::AwaitStartTls
                | State::AwaitLogin(_)
                | State::AwaitLoginEnd(_)
                | State::InTransaction(_)
                | State::AwaitRset
                | State::AwaitQuit => {}
            }
            let (step, line) = self.lines.read(rest);
            used = used.saturating_add(step);
            if let Some(line) = line {
                // Some servers end replies with LF alone; it is taken for a line end. That can smuggle
                // nothing: what a server says is never taken for a command.
                self.handle_line(if line.is_too_long { b"" } else { &line.octets });
            }
        }
        used
    }

    /// Goes on with what was held while content was on its way.
    fn resume(&mut self) {
        let held = std::mem::take(&mut self.held);
        let used = self.consume(&held);
        if let Some(rest) = held.get(used..).filter(|_| !matches!(self.state, State::Closed)) {
            self.held.extend_from_slice(rest);
        }
    }

    fn handle_line(&mut self, line: &[u8]) {
        self.transcribe_received(line);
        match self.replies.read(line) {
            Ok(None) => {}
            Ok(Some(reply)) => {
                self.waiting_since = self.now;
                self.handle_reply(reply);
            }
            Err(cause) => {
                let reply = Reply::new(451, (4, 5, 0), &cause.to_string());
                self.lose(&reply);
            }
        }
        self.flush();
    }

    /// 421 may come at any time (RFC 5321 section 3.8); everything else answers what was sent.
    fn handle_reply(&mut self, reply: Reply) {
        if reply.code == 421 {
            self.lose(&reply);
            return;
        }
        match &self.state {
            State::AwaitGreeting => self.greeting(&reply),
            State::AwaitEhlo => self.ehlo_reply(&reply),
            State::AwaitHelo => self.helo_reply(&reply),
            State::AwaitStartTls => self.starttls_reply(&reply),
            State::AwaitLogin(_) => self.login_reply(&reply),
            State::AwaitLoginEnd(failure) => {
                let failure = failure.clone();
                self.refused(Stage::Auth, &failure, Class::Temporary);
            }
            State::InTransaction(_) => self.transaction_reply(reply),
            State::AwaitRset => self.ready(),
            State::AwaitQuit => self.finish(),
            State::AwaitTls | State::AskedNext | State::Closed => {}
        }
    }

    /// Asks for the next transaction, unless the server is going down.
    fn ready(&mut self) {
        if self.is_shutting_down {
            self.quit();
        } else {
            self.enter(State::AskedNext);
            self.output.push_back(Output::Ask(Ask::Next));
        }
    }

    fn quit(&mut self) {
        self.enter(State::AwaitQuit);
        self.command("QUIT");
    }

    /// Puts a command into the next write and the transcript.
    fn command(&mut self, line: &str) {
        self.command_shown_as(line, line);
    }

    /// Like `command`, with other words for the transcript.
    fn command_shown_as(&mut self, line: &str, shown: &str) {
        self.waiting_since = self.now;
        self.transcribe(Direction::Sent, shown);
        self.unsent.extend_from_slice(line.as_bytes());
        self.unsent.extend_from_slice(b"\r\n");
    }

    /// Hands over what `command` gathered.
    fn flush(&mut self) {
        if !self.unsent.is_empty() {
            let octets = std::mem::take(&mut self.unsent);
            self.output.push_back(Output::Send(octets));
        }
    }

    fn transcribe(&mut self, direction: Direction, text: &str) {
        self.output.push_back(Output::Event(Event::Line {
            direction,
            text: text.to_owned(),
        }));
    }

    fn transcribe_received(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line).replace(char::is_control, "?");
        if matches!(self.state, State::AwaitLogin(_)) && text.starts_with("334") {
            self.transcribe(Direction::Received, "334 …");
        } else {
            self.transcribe(Direction::Received, &text);
        }
    }

    /// The session can do no transaction: says so, takes leave and closes.
    fn refused(&mut self, stage: Stage, reply: &Reply, class: Class) {
        self.output.push_back(Output::Event(Event::Refused {
            stage,
            reply: reply.clone(),
            class,
        }));
        self.command("QUIT");
        self.finish();
    }

    /// The connection is of no more use: whatever is unfinished fails for now.
    fn lose(&mut self, reply: &Reply) {
        let stage = match &self.state {
            State::AwaitGreeting => Stage::Greeting,
            State::AwaitEhlo | State::AwaitHelo => Stage::Hello,
            State::AwaitStartTls | State::AwaitTls => Stage::StartTls,
            State::AwaitLogin(_) | State::AwaitLoginEnd(_) => Stage::Auth,
            State::InTransaction(_) => {
                self.lose_transaction(reply);
                return;
            }
            State::AskedNext | State::AwaitRset | State::AwaitQuit => {
                self.finish();
                return;
            }
            State::Closed => return,
        };
        self.output.push_back(Output::Event(Event::Refused {
            stage,
            reply: reply.clone(),
            class: Class::Temporary,
        }));
        self.finish();
    }

    fn finish(&mut self) {
        self.flush();
        self.enter(State::Closed);
        self.held = Vec::new();
        self.output.push_back(Output::Close);
    }

    /// What the server is expected to answer next, in a transaction.
    fn expected(&self) -> Option<Expect> {
        match &self.state {
            State::InTransaction(progress) => progress.waiting.front().copied(),
            State::AwaitGreeting
            | State::AwaitEhlo
            | State::AwaitHelo
            | State::AwaitStartTls
            | State::AwaitTls
            | State::AwaitLogin(_)
            | State::AwaitLoginEnd(_)
            | State::AskedNext
            | State::AwaitRset
            | State::AwaitQuit
            | State::Closed => None,
        }
    }
}
