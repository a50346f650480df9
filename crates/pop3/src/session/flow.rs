//! How a session goes from one state to the next: lines and answers in, replies and questions out.

use std::sync::Arc;

use posthorn_base::limits;
use posthorn_base::session::Output;

use super::authorization::{self, Exchange, Login, NextLogin};
use super::transaction::{self, NextTransaction};
use super::{ServerSession, State};
use crate::maildrop::Maildrop;
use crate::question::{Answer, Ask, Entry, Event};
use crate::reply::{Counts, Refusal};
use crate::transfer::{ListingTransfer, MessageTransfer, Part};

impl ServerSession {
    /// Leaves the session closed until the handler says otherwise.
    pub(super) const fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Closed)
    }

    /// The last outputs; nothing is handled after this.
    pub(super) fn close(&mut self) {
        self.connection.input.clear();
        self.connection.close();
        self.state = State::Closed;
    }

    /// Refuses, and goes on in `state` unless a limit was reached.
    pub(super) fn refuse(&mut self, refusal: Refusal, state: State) {
        self.state = state;
        let is_over = match refusal.counts() {
            Counts::Error => {
                self.connection.errors = self.connection.errors.saturating_add(1);
                self.connection.errors >= self.connection.config.errors
            }
            Counts::LoginFailure => {
                self.connection.failures = self.connection.failures.saturating_add(1);
                self.connection.failures >= self.connection.config.login_failures
            }
            Counts::Nothing => false,
        };
        match (is_over, refusal.counts()) {
            (true, Counts::Error) => self.fail(Refusal::TooManyErrors),
            (true, Counts::LoginFailure | Counts::Nothing) => self.fail(refusal),
            (false, _) => self.connection.err(refusal),
        }
    }

    /// Refuses and ends.
    pub(super) fn fail(&mut self, refusal: Refusal) {
        self.connection.err(refusal);
        self.close();
    }

    /// Makes the next output, when there is something to do; `false` when the session waits.
    pub(super) fn advance(&mut self) -> bool {
        match &mut self.state {
            State::SendMessage(_, transfer) => {
                let chunk = transfer.next_chunk();
                self.send_chunk(chunk);
                true
            }
            State::SendListing(maildrop, transfer) => {
                let chunk = transfer.next_chunk(maildrop);
                self.send_chunk(chunk);
                true
            }
            State::Authorization(_) | State::Transaction(_) => {
                self.handle_next_line(self.connection.input.command_limit())
            }
            State::AwaitResponse(_) => self.handle_next_line(limits::SASL_LINE_OCTETS),
            State::AwaitTls
            | State::AwaitCredentials(_)
            | State::AwaitMaildrop
            | State::AwaitMessage(..)
            | State::AwaitCommit
            | State::Closed => false,
        }
    }

    /// A chunk of a long reply, or `None` at its end.
    fn send_chunk(&mut self, chunk: Option<Vec<u8>>) {
        self.connection.has_transferred = true;
        match (chunk, self.take()) {
            (Some(chunk), state) => {
                self.connection.send(chunk);
                self.state = state;
            }
            (None, State::SendMessage(maildrop, _) | State::SendListing(maildrop, _)) => {
                self.state = State::Transaction(maildrop);
            }
            (None, state) => self.state = state,
        }
    }

    fn handle_next_line(&mut self, limit: usize) -> bool {
        let Some(line) = self.connection.input.next_line(limit) else {
            return false;
        };
        self.connection.last_activity = self.connection.now;
        self.connection.has_transferred = false;
        match line {
            Ok(line) => self.handle_line(&line),
            Err(too_long) => {
                // A response that does not fit ends its exchange.
                if matches!(self.state, State::AwaitResponse(_)) {
                    self.state = State::Authorization(Login::default());
                }
                let state = self.take();
                self.refuse(too_long.into(), state);
            }
        }
        true
    }

    fn handle_line(&mut self, line: &[u8]) {
        match self.take() {
            State::Authorization(mut login) => {
                match authorization::handle_line(&mut self.connection, &mut login, line) {
                    Ok(next) => self.go_on_login(next, login),
                    Err(refusal) => self.refuse(refusal, State::Authorization(login)),
                }
            }
            State::AwaitResponse(mut exchange) => match exchange.respond(line) {
                Ok(step) => self.go_on_exchange(exchange, step),
                Err(refusal) => self.refuse(refusal, State::Authorization(Login::default())),
            },
            State::Transaction(mut maildrop) => {
                match transaction::handle_line(&mut self.connection, &mut maildrop, line) {
                    Ok(next) => self.go_on_transaction(next, maildrop),
                    Err(refusal) => self.refuse(refusal, State::Transaction(maildrop)),
                }
            }
            // `advance` takes lines in the three states above only.
            state @ (State::AwaitTls
            | State::AwaitCredentials(_)
            | State::AwaitMaildrop
            | State::AwaitMessage(..)
            | State::SendMessage(..)
            | State::SendListing(..)
            | State::AwaitCommit
            | State::Closed) => self.state = state,
        }
    }

    fn go_on_login(&mut self, next: NextLogin, login: Login) {
        match next {
            NextLogin::Stay => self.state = State::Authorization(login),
            NextLogin::Exchange(exchange, step) => self.go_on_exchange(exchange, step),
            NextLogin::StartTls => {
                // What came behind STLS was not protected: nobody may act on it (command injection).
                self.connection.input.clear();
                self.connection.ok("begin TLS negotiation");
                self.connection.out.push_back(Output::StartTls);
                self.state = State::AwaitTls;
            }
            NextLogin::Quit => {
                self.connection.ok("bye");
                self.close();
            }
        }
    }

    pub(super) fn go_on_exchange(&mut self, mut exchange: Box<Exchange>, step: posthorn_sasl::Step) {
        match step {
            posthorn_sasl::Step::Challenge(challenge) => {
                self.connection.challenge(&challenge);
                self.state = State::AwaitResponse(exchange);
            }
            posthorn_sasl::Step::Ask(ask) => {
                exchange.note_user(&ask);
                self.connection.ask(Ask::Credentials(ask));
                self.state = State::AwaitCredentials(exchange);
            }
            posthorn_sasl::Step::Done { identity } => {
                self.connection.event(Event::LoggedIn {
                    identity: identity.clone(),
                    mechanism: exchange.method,
                });
                self.connection.ask(Ask::Open { identity });
                self.state = State::AwaitMaildrop;
            }
            posthorn_sasl::Step::Failed(failure) => {
                let refusal = Refusal::from(failure);
                if refusal.counts() == Counts::LoginFailure {
                    self.connection.event(Event::LoginFailed { user: exchange.user });
                }
                self.refuse(refusal, State::Authorization(Login::default()));
            }
        }
    }

    fn go_on_transaction(&mut self, next: NextTransaction, maildrop: Maildrop) {
        match next {
            NextTransaction::Stay => self.state = State::Transaction(maildrop),
            NextTransaction::Listing(listing) => {
                self.state = State::SendListing(maildrop, ListingTransfer::new(listing));
            }
            NextTransaction::Fetch(index, part) => {
                self.connection.ask(Ask::Retrieve { index });
                self.state = State::AwaitMessage(maildrop, part);
            }
            NextTransaction::Quit => {
                self.connection.ask(Ask::Commit {
                    delete: maildrop.deleted(),
                });
                self.state = State::AwaitCommit;
            }
        }
    }

    pub(super) fn opened(&mut self, entries: Vec<Entry>) {
        // A unique-id that breaks the protocol is our own failure.
        let Some(maildrop) = Maildrop::new(entries) else {
            self.refuse(Refusal::Unavailable, State::Authorization(Login::default()));
            return;
        };
        let text = format!("{} messages ({} octets)", maildrop.count(), maildrop.octets());
        self.connection.ok(&text);
        self.state = State::Transaction(maildrop);
    }

    pub(super) fn committed(&mut self, answer: &Answer) {
        match answer {
            Answer::Committed => self.connection.ok("bye"),
            Answer::Credentials(_)
            | Answer::Opened(_)
            | Answer::InUse
            | Answer::LoginDelay
            | Answer::Message(_)
            | Answer::Gone
            | Answer::CommitFailed
            | Answer::Unavailable => self.connection.err(Refusal::CommitFailed),
        }
        self.close();
    }

    pub(super) fn message(&mut self, maildrop: Maildrop, part: Part, message: Arc<[u8]>) {
        if self.connection.refuses_utf8(&message) {
            self.refuse(Refusal::Utf8Needed, State::Transaction(maildrop));
            return;
        }
        self.connection.ok("message follows");
        self.state = State::SendMessage(maildrop, MessageTransfer::new(message, part));
    }
}
