//! The session contract on the server's side: `posthorn_base::session`.

use std::time::Instant;

use posthorn_base::session::{Output, Session};
use posthorn_base::{TlsInfo, limits};

use super::ServerSession;
use super::ask::{Answer, Ask, Event};
use super::fault::Fault;
use super::state::State;

impl Session for ServerSession {
    type Ask = Ask;
    type Answer = Answer;
    type Event = Event;

    fn handle_input(&mut self, now: Instant, octets: &[u8]) {
        self.now = now;
        if self.state.is_asking() {
            self.hold(octets);
            return;
        }
        if self.state.is_in_body() {
            self.idle_since = now;
        }
        // Nothing is held here: whenever no question is outstanding, all input has been read.
        let used = self.consume(octets);
        if let Some(rest) = octets.get(used..).filter(|rest| !rest.is_empty()) {
            self.held.octets.extend_from_slice(rest);
        }
    }

    fn handle_tls(&mut self, now: Instant, tls: TlsInfo) {
        self.now = now;
        self.idle_since = now;
        self.tls_began(tls);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let is_session = now.saturating_duration_since(self.started) >= self.config.limits.session_timeout;
        self.close(if is_session {
            &Fault::SessionTimeout
        } else {
            &Fault::Timeout
        });
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        if matches!(self.state, State::AskedMessage(_)) {
            // The message may be stored already: its sender must hear of it, or it comes twice.
            self.is_shutting_down = true;
        } else {
            self.close(&Fault::Shutdown);
        }
    }

    fn answer(&mut self, now: Instant, answer: Answer) {
        self.now = now;
        self.idle_since = now;
        match self.leave() {
            State::AskedCredentials(exchange) => self.answer_credentials(*exchange, answer),
            State::AskedSender(sender) => self.answer_sender(*sender, answer),
            State::AskedRecipient(asked) => {
                let (transaction, recipient) = *asked;
                self.answer_recipient(transaction, recipient, answer);
            }
            State::AskedMessage(count) => self.answer_message(count, answer),
            State::Closed => {}
            other @ (State::AwaitHello
            | State::AwaitMail
            | State::AwaitRcpt(_)
            | State::AwaitChunk(_)
            | State::Data(_)
            | State::Chunk(_)
            | State::Swallow(_)
            | State::AwaitResponse(_)
            | State::AwaitTls) => {
                self.enter(other);
                self.end(&Fault::Internal);
            }
        }
        if self.is_shutting_down {
            self.close(&Fault::Shutdown);
        }
        self.resume();
    }

    fn poll_output(&mut self) -> Option<Output<Ask, Event>> {
        self.output.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        if self.state.is_asking() || matches!(self.state, State::Closed) {
            return None;
        }
        let command = self.idle_since.checked_add(self.config.limits.command_timeout);
        let session = self.started.checked_add(self.config.limits.session_timeout);
        command.into_iter().chain(session).min()
    }

    /// Also while a question is outstanding, up to the limit: so the shell notices a client that goes away.
    fn wants_input(&self) -> bool {
        !matches!(self.state, State::Closed) && self.held.len() < limits::HELD_INPUT_OCTETS
    }
}
