//! The session: states, timers, input and output. What the commands do stands in `session/authorization`
//! and `session/transaction`.
//!
//! Commands are handled one at a time and only when all output of the one before was taken, so neither
//! pipelining nor a slow reader makes the session hold more than one reply's chunk. Messages are marked
//! in TRANSACTION state and deleted by `QUIT` there, nowhere else: a timeout, a lost connection or a
//! shutdown deletes nothing.

mod authorization;
mod connection;
mod flow;
mod transaction;

use std::time::Instant;

use posthorn_base::session::{Output, Session};
use posthorn_base::{TlsInfo, limits};

use crate::config::Config;
use crate::maildrop::Maildrop;
use crate::question::{Answer, Ask, Event, LoginMethod};
use crate::reply::Refusal;
use crate::transfer::{ListingTransfer, MessageTransfer, Part};
use authorization::{Exchange, Login};
use connection::Connection;

/// The server side of one POP3 connection.
#[derive(Debug)]
pub struct ServerSession {
    connection: Connection,
    state: State,
}

#[derive(Debug)]
enum State {
    /// AUTHORIZATION, RFC 1939 section 4.
    Authorization(Login),
    /// `STLS` was accepted.
    AwaitTls,
    /// A challenge went out.
    AwaitResponse(Box<Exchange>),
    /// The shell looks at credentials.
    AwaitCredentials(Box<Exchange>),
    /// The shell opens the maildrop.
    AwaitMaildrop,
    /// TRANSACTION, RFC 1939 section 5.
    Transaction(Maildrop),
    /// The shell fetches a message.
    AwaitMessage(Maildrop, Part),
    /// A message goes out.
    SendMessage(Maildrop, MessageTransfer),
    /// A listing goes out.
    SendListing(Maildrop, ListingTransfer),
    /// UPDATE, RFC 1939 section 6: the shell deletes.
    AwaitCommit,
    /// The end.
    Closed,
}

impl ServerSession {
    /// A session that begins with the greeting. For implicit TLS call [`Session::handle_tls`] before the
    /// first input.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        let mut connection = Connection::new(config, now);
        let greeting = format!("{} Posthorn POP3 ready", connection.config.hostname);
        connection.ok(&greeting);
        Self {
            connection,
            state: State::Authorization(Login::default()),
        }
    }

    /// Is a question outstanding?
    const fn is_waiting(&self) -> bool {
        match self.state {
            State::AwaitCredentials(_)
            | State::AwaitMaildrop
            | State::AwaitMessage(..)
            | State::AwaitCommit => true,
            State::Authorization(_)
            | State::AwaitTls
            | State::AwaitResponse(_)
            | State::Transaction(_)
            | State::SendMessage(..)
            | State::SendListing(..)
            | State::Closed => false,
        }
    }

    const fn is_sending(&self) -> bool {
        matches!(self.state, State::SendMessage(..) | State::SendListing(..))
    }

    const fn is_logged_in(&self) -> bool {
        matches!(
            self.state,
            State::Transaction(_) | State::AwaitMessage(..) | State::AwaitCommit
        ) || self.is_sending()
    }

    /// More than this is not held for a client that does not wait for answers.
    fn check_held_input(&mut self) {
        if (self.is_waiting() || self.is_sending()) && self.connection.input.len() > limits::HELD_INPUT_OCTETS
        {
            self.fail(Refusal::TooMuchInput);
        }
    }
}

impl Session for ServerSession {
    type Ask = Ask;
    type Answer = Answer;
    type Event = Event;

    fn handle_input(&mut self, now: Instant, octets: &[u8]) {
        self.connection.now = now;
        match self.state {
            // Unprotected octets before the handshake, or words after the last: nobody acts on them.
            State::AwaitTls | State::AwaitCommit | State::Closed => {}
            State::Authorization(_)
            | State::AwaitResponse(_)
            | State::AwaitCredentials(_)
            | State::AwaitMaildrop
            | State::Transaction(_)
            | State::AwaitMessage(..)
            | State::SendMessage(..)
            | State::SendListing(..) => {
                self.connection.input.push(octets);
                self.check_held_input();
            }
        }
    }

    fn handle_tls(&mut self, now: Instant, tls: TlsInfo) {
        self.connection.now = now;
        self.connection.start_tls(&tls);
        if matches!(self.state, State::AwaitTls) {
            self.state = State::Authorization(Login::default());
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.connection.now = now;
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        // A long message takes its time, and sending it asks no clock: the silence counts from here.
        if std::mem::take(&mut self.connection.has_transferred) {
            self.connection.last_activity = now;
            return;
        }
        // RFC 1939 section 3: without removing messages and without a word.
        self.close();
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.connection.now = now;
        match self.state {
            // The deletion is under way and ends the session anyway; the client should hear of it.
            State::AwaitCommit | State::Closed => {}
            State::AwaitCredentials(_) | State::AwaitMaildrop | State::AwaitMessage(..) => {
                self.fail(Refusal::ShuttingDown);
            }
            // POP3 has no words that are no reply; half a message ends without its last line.
            State::Authorization(_)
            | State::AwaitTls
            | State::AwaitResponse(_)
            | State::Transaction(_)
            | State::SendMessage(..)
            | State::SendListing(..) => self.close(),
        }
    }

    fn answer(&mut self, now: Instant, answer: Answer) {
        self.connection.now = now;
        self.connection.last_activity = now;
        let login = || State::Authorization(Login::default());
        match (self.take(), answer) {
            (State::AwaitCredentials(mut exchange), Answer::Credentials(answer)) => {
                let step = exchange.answer(answer);
                self.go_on_exchange(exchange, step);
            }
            (State::AwaitMaildrop, Answer::Opened(entries)) => self.opened(entries),
            (State::AwaitMaildrop, Answer::InUse) => self.refuse(Refusal::InUse, login()),
            (State::AwaitMaildrop, Answer::LoginDelay) => self.refuse(Refusal::LoginDelay, login()),
            (State::AwaitMaildrop | State::AwaitCredentials(_), Answer::Unavailable) => {
                self.refuse(Refusal::Unavailable, login());
            }
            (State::AwaitMessage(maildrop, part), Answer::Message(message)) => {
                self.message(maildrop, part, message);
            }
            (State::AwaitMessage(maildrop, _), Answer::Gone) => {
                self.refuse(Refusal::Gone, State::Transaction(maildrop));
            }
            (State::AwaitMessage(maildrop, _), Answer::Unavailable) => {
                self.refuse(Refusal::Unavailable, State::Transaction(maildrop));
            }
            (State::AwaitCommit, answer) => self.committed(&answer),
            (State::Closed, _) => {}
            (_, _) => self.fail(Refusal::Unavailable),
        }
    }

    fn poll_output(&mut self) -> Option<Output<Ask, Event>> {
        loop {
            if let Some(output) = self.connection.out.pop_front() {
                return Some(output);
            }
            if !self.advance() {
                self.check_held_input();
                return self.connection.out.pop_front();
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        if self.is_waiting() || matches!(self.state, State::Closed) {
            return None;
        }
        let idle = self
            .connection
            .last_activity
            .checked_add(self.connection.config.idle_timeout);
        if self.is_logged_in() {
            return idle;
        }
        let login = self
            .connection
            .started
            .checked_add(self.connection.config.login_timeout);
        idle.into_iter().chain(login).min()
    }

    fn wants_input(&self) -> bool {
        match self.state {
            State::Authorization(_) | State::AwaitResponse(_) | State::Transaction(_) => {
                self.connection.input.len() < limits::HELD_INPUT_OCTETS
            }
            State::AwaitTls
            | State::AwaitCredentials(_)
            | State::AwaitMaildrop
            | State::AwaitMessage(..)
            | State::SendMessage(..)
            | State::SendListing(..)
            | State::AwaitCommit
            | State::Closed => false,
        }
    }
}

impl LoginMethod {
    /// What the exchange behind it is.
    const fn mechanism(self) -> posthorn_sasl::Mechanism {
        match self {
            // The same question and the same answer, in other words.
            Self::UserPass => posthorn_sasl::Mechanism::Plain,
            Self::Sasl(mechanism) => mechanism,
        }
    }
}
