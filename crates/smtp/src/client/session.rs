//! The session contract on the client's side: `posthorn_base::session`.

use std::time::{Duration, Instant};

use posthorn_base::session::{Output, Session};
use posthorn_base::{TlsInfo, limits};

use super::ClientSession;
use super::ask::{Answer, Ask, Event};
use super::config::OCTETS_PER_SEC;
use super::state::{Expect, State};
use crate::codec::reply::Reply;

impl Session for ClientSession {
    type Ask = Ask;
    type Answer = Answer;
    type Event = Event;

    fn handle_input(&mut self, now: Instant, octets: &[u8]) {
        self.now = now;
        let used = self.consume(octets);
        if let Some(rest) = octets.get(used..).filter(|_| self.wants_input()) {
            self.held.extend_from_slice(rest);
        }
        self.flush();
    }

    fn handle_tls(&mut self, now: Instant, tls: TlsInfo) {
        self.now = now;
        self.tls_began(tls);
        self.flush();
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let text = format!("Timed out waiting for the reply to {}", self.awaited());
        self.lose(&Reply::new(421, (4, 4, 2), &text));
    }

    /// A transaction whose content is on its way is brought to its end, or the message would come twice.
    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.is_shutting_down = true;
        let is_under_way = match &self.state {
            State::InTransaction(progress) => {
                progress.is_sending()
                    || matches!(
                        progress.waiting.front(),
                        Some(Expect::Message | Expect::MessageFor(_))
                    )
            }
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
            | State::Closed => false,
        };
        if matches!(self.state, State::AskedNext) {
            self.command("QUIT");
        }
        if !is_under_way {
            self.lose(&Reply::new(421, (4, 3, 2), "This server is going down"));
        }
    }

    fn answer(&mut self, now: Instant, answer: Answer) {
        self.now = now;
        if !matches!(self.state, State::AskedNext) {
            // After a close there is nothing to say; else nothing was asked.
            self.lose(&Reply::new(421, (4, 3, 0), "Internal failure"));
            return;
        }
        match answer {
            Answer::Quit => self.quit(),
            Answer::Send(transaction) => self.send_next(transaction),
        }
        self.flush();
    }

    fn poll_output(&mut self) -> Option<Output<Ask, Event>> {
        if self.output.is_empty() {
            self.next_content();
        }
        self.output.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.waiting_since.checked_add(self.patience()?)
    }

    fn wants_input(&self) -> bool {
        !matches!(self.state, State::Closed) && self.held.len() < limits::HELD_INPUT_OCTETS
    }
}

impl ClientSession {
    /// Begins the next transaction; unless the server said something while none was open: then it is about
    /// to close, or replies and commands do not fit each other any more.
    fn send_next(&mut self, transaction: super::Transaction) {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            self.begin(transaction);
            return;
        }
        self.enter(State::InTransaction(Box::new(super::state::Progress::new(
            transaction,
        ))));
        let text = String::from_utf8_lossy(&held);
        let line = text.lines().next().unwrap_or_default().to_owned();
        self.transcribe_received(line.as_bytes());
        let reply = match crate::codec::reply::ReplyReader::default().read(line.as_bytes()) {
            Ok(Some(reply)) if reply.code == 421 => reply,
            Ok(_) | Err(_) => Reply::new(451, (4, 5, 0), "The server spoke without being asked"),
        };
        self.lose(&reply);
    }

    /// How long to wait in this state; `None` when it is not the server's turn.
    fn patience(&self) -> Option<Duration> {
        let timeouts = &self.config.timeouts;
        match &self.state {
            State::AwaitGreeting => Some(timeouts.greeting),
            State::AwaitEhlo
            | State::AwaitHelo
            | State::AwaitStartTls
            | State::AwaitTls
            | State::AwaitLogin(_)
            | State::AwaitLoginEnd(_)
            | State::AwaitRset => Some(timeouts.hello),
            State::InTransaction(progress) => Some(match progress.waiting.front() {
                Some(Expect::Mail) => timeouts.mail,
                Some(Expect::Rcpt(_)) => timeouts.rcpt,
                Some(Expect::Data) => timeouts.data,
                Some(Expect::Message | Expect::MessageFor(_) | Expect::Nothing) | None => {
                    let octets = u64::try_from(progress.transaction.body.len()).unwrap_or(u64::MAX);
                    let slow = Duration::from_secs(octets.checked_div(OCTETS_PER_SEC).unwrap_or(0));
                    timeouts.message.saturating_add(slow)
                }
            }),
            State::AwaitQuit => Some(timeouts.quit),
            State::AskedNext | State::Closed => None,
        }
    }

    /// The words for what has not come.
    fn awaited(&self) -> &'static str {
        match &self.state {
            State::AwaitGreeting => "the connection",
            State::AwaitEhlo | State::AwaitHelo => "EHLO",
            State::AwaitStartTls | State::AwaitTls => "STARTTLS",
            State::AwaitLogin(_) | State::AwaitLoginEnd(_) => "AUTH",
            State::InTransaction(_) => match self.expected() {
                Some(Expect::Mail) => "MAIL",
                Some(Expect::Rcpt(_)) => "RCPT",
                Some(Expect::Data) => "DATA",
                Some(Expect::Message | Expect::MessageFor(_) | Expect::Nothing) | None => "the message",
            },
            State::AwaitRset => "RSET",
            State::AskedNext | State::AwaitQuit | State::Closed => "QUIT",
        }
    }
}
