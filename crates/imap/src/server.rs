//! The session: what it waits for, and the road of a command from the input to its reply. States and
//! rules of single commands are in the files below.

mod acl;
mod append;
mod authenticate;
mod capability;
mod compress;
mod connection;
mod copy;
mod create;
mod enable;
mod esearch;
mod expunge;
mod fetch;
mod id;
mod idle;
mod inprogress;
mod input;
mod language;
mod list;
mod login;
mod logout;
mod metadata;
mod namespace;
mod news;
mod noop;
mod notify;
mod quota;
mod replace;
mod reply;
mod search;
mod select;
mod selected;
mod sort;
mod starttls;
mod status;
mod store;
mod table;
mod thread;
mod unauthenticate;

use std::collections::VecDeque;
use std::time::Instant;

use posthorn_base::TlsInfo;
use posthorn_base::session::{Output, Session};

use self::append::Appending;
use self::connection::{Asked, Connection, Outcome, Reading, State, Step};
use self::fetch::Fetching;
use self::news::Telling;
use self::reply::{Farewell, Fault, Reply};
use self::table::{News, Row};
use crate::ask::{Answer, Ask, Event};
use crate::config::Config;
use crate::framing::Framing;

/// One IMAP connection, server side.
///
/// Input that is handed over while [`Session::wants_input`] is false is held whatever its size: not to
/// read more is the shell's part of the contract.
#[derive(Debug)]
pub struct ImapSession {
    connection: Connection,
    framing: Framing,
    phase: Phase,
    opened: Instant,
    active: Instant,
    /// When the peer last sent something or heard of a command.
    spoke: Instant,
}

/// The command that is being carried out.
#[derive(Debug)]
struct Running {
    /// Empty: there is none, the client is told news.
    tag: String,
    news: News,
}

impl Running {
    fn new(tag: String, row: &Row) -> Self {
        Self { tag, news: row.news }
    }

    const fn nothing() -> Self {
        Self {
            tag: String::new(),
            news: News::IfNoticed,
        }
    }

    fn is_nothing(&self) -> bool {
        self.tag.is_empty()
    }
}

/// What the session waits for.
#[derive(Debug)]
enum Phase {
    /// The first poll: TLS may still be told of.
    AwaitStart,
    /// A command of the peer.
    AwaitCommand,
    /// The shell's answer.
    AwaitAnswer(Running, Asked),
    /// That what was sent is polled.
    AwaitPoll(Running, Box<Fetching>),
    /// A line of the peer that is no command.
    AwaitLine(Running, Reading),
    /// The octets of APPEND's literal.
    AwaitData(Running, Box<Appending>),
    /// The TLS handshake.
    AwaitTls,
    /// That both ways are compressed.
    AwaitCompression,
    /// Nothing any more.
    Closed,
}

/// Can the session go on without anything from outside?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Made,
    Waits,
}

impl ImapSession {
    /// A new connection; the greeting is the first output. For implicit TLS call
    /// [`Session::handle_tls`] before polling.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            connection: Connection::new(config),
            framing: Framing::new(),
            phase: Phase::AwaitStart,
            opened: now,
            active: now,
            spoke: now,
        }
    }

    /// Goes one step on.
    fn advance(&mut self) -> Progress {
        if self.connection.pressing && self.tell_unasked() {
            return Progress::Made;
        }
        match std::mem::replace(&mut self.phase, Phase::AwaitCommand) {
            Phase::AwaitStart => {
                capability::greet(&mut self.connection);
                Progress::Made
            }
            Phase::AwaitCommand => self.next_command(),
            Phase::AwaitPoll(running, fetching) => {
                let outcome = fetch::resume(&mut self.connection, fetching);
                self.settle(running, outcome);
                Progress::Made
            }
            Phase::AwaitLine(running, reading) => self.next_line(running, reading),
            Phase::AwaitData(running, appending) => self.next_data(running, appending),
            phase @ (Phase::AwaitAnswer(..) | Phase::AwaitTls | Phase::AwaitCompression | Phase::Closed) => {
                self.phase = phase;
                Progress::Waits
            }
        }
    }

    /// Begins to tell the client what it did not ask for, if this is a moment for it.
    fn tell_unasked(&mut self) -> bool {
        match std::mem::replace(&mut self.phase, Phase::AwaitCommand) {
            Phase::AwaitLine(running, Reading::Idle) => {
                let outcome = news::begin(&mut self.connection, Telling::idle());
                self.settle(running, outcome);
                true
            }
            Phase::AwaitCommand => match self.connection.tells_unasked() {
                Some(numbers) => {
                    let outcome = news::begin(&mut self.connection, Telling::unasked(numbers));
                    self.settle(Running::nothing(), outcome);
                    true
                }
                None => false,
            },
            phase @ (Phase::AwaitStart
            | Phase::AwaitAnswer(..)
            | Phase::AwaitPoll(..)
            | Phase::AwaitLine(..)
            | Phase::AwaitData(..)
            | Phase::AwaitTls
            | Phase::AwaitCompression
            | Phase::Closed) => {
                self.phase = phase;
                false
            }
        }
    }

    /// The one place where what a handler wants becomes what the session waits for.
    fn settle(&mut self, running: Running, outcome: Outcome) {
        match outcome {
            Ok(Step::Ask(ask, asked)) => {
                self.connection.out.push_back(Output::Ask(ask));
                self.phase = Phase::AwaitAnswer(running, asked);
            }
            Ok(Step::Send(fetching)) => self.phase = Phase::AwaitPoll(running, fetching),
            Ok(Step::Read(reading)) => self.phase = Phase::AwaitLine(running, reading),
            Ok(Step::Data(appending)) => self.phase = Phase::AwaitData(running, appending),
            Ok(Step::Done(reply)) => self.finish(running, reply),
            Ok(Step::Final(reply)) => self.reply(&running, &reply),
            Ok(Step::Told) => self.phase = Phase::AwaitCommand,
            Ok(Step::LoggedOut(reply)) => {
                // The time for logging in begins anew.
                self.opened = self.active;
                self.finish(running, reply);
                // RFC 8437 section 4.1.
                if std::mem::take(&mut self.connection.is_compressed) {
                    self.connection.out.push_back(Output::EndCompression);
                }
            }
            Ok(Step::StartTls(reply)) => {
                self.connection.send(reply.print(Some(&running.tag)));
                self.connection.out.push_back(Output::StartTls);
                self.framing.clear();
                self.phase = Phase::AwaitTls;
            }
            Ok(Step::Compress(reply)) => {
                self.connection.send(reply.print(Some(&running.tag)));
                self.connection.out.push_back(Output::StartCompression);
                self.framing.clear();
                self.phase = Phase::AwaitCompression;
            }
            Ok(Step::Logout(reply)) => {
                self.connection.send(reply.print(Some(&running.tag)));
                self.connection.out.push_back(Output::Close);
                self.phase = Phase::Closed;
            }
            Err(Fault::MailboxGone) => self.close(Farewell::MailboxGone),
            Err(Fault::UnfittingAnswer) => self.close(Farewell::Internal),
            Err(fault) => {
                let reply = reply::of_fault(&fault, &self.connection.config.reference);
                self.finish(running, reply);
            }
        }
    }

    /// Ends a command; before its reply the client is told news.
    fn finish(&mut self, running: Running, reply: Reply) {
        if self.connection.noticed || running.news == News::Always {
            let telling = Telling::before(reply, running.news);
            let outcome = news::begin(&mut self.connection, telling);
            self.settle(running, outcome);
            return;
        }
        self.reply(&running, &reply);
    }

    fn reply(&mut self, running: &Running, reply: &Reply) {
        self.connection.send(reply.print(Some(&running.tag)));
        self.spoke = self.active;
        self.phase = Phase::AwaitCommand;
        if let Some(farewell) = self.connection.farewell.take() {
            self.close(farewell);
        }
    }

    fn close(&mut self, farewell: Farewell) {
        let octets = farewell.print(&self.connection.config.reference);
        self.connection.send(octets);
        self.connection.out.push_back(Output::Close);
        self.framing.clear();
        self.phase = Phase::Closed;
    }

    /// Ends the session because of something from outside, whatever it is doing.
    fn interrupt(&mut self, farewell: Farewell) {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Closed => return,
            Phase::AwaitData(_, appending)
            | Phase::AwaitLine(_, Reading::AppendEnd(appending))
            | Phase::AwaitAnswer(_, Asked::AppendStart(appending)) => appending.discard(&mut self.connection),
            Phase::AwaitStart
            | Phase::AwaitCommand
            | Phase::AwaitAnswer(..)
            | Phase::AwaitPoll(..)
            | Phase::AwaitLine(..)
            | Phase::AwaitTls
            | Phase::AwaitCompression => {}
        }
        self.close(farewell);
    }
}

impl Session for ImapSession {
    type Ask = Ask;
    type Answer = Answer;
    type Event = Event;

    fn handle_input(&mut self, now: Instant, octets: &[u8]) {
        self.active = now;
        self.spoke = now;
        match self.phase {
            // What comes before the handshake is over was sent in plain text by anybody (RFC 9051
            // section 6.2.1); before compression begins the client waits for the reply (RFC 4978 section 3).
            Phase::AwaitTls | Phase::AwaitCompression | Phase::Closed => {}
            Phase::AwaitStart
            | Phase::AwaitCommand
            | Phase::AwaitAnswer(..)
            | Phase::AwaitPoll(..)
            | Phase::AwaitLine(..)
            | Phase::AwaitData(..) => self.framing.push(octets),
        }
    }

    fn handle_tls(&mut self, now: Instant, tls: TlsInfo) {
        self.active = now;
        self.framing.clear();
        self.connection.tls = Some(tls);
        if let Phase::AwaitTls = self.phase {
            self.phase = Phase::AwaitCommand;
        }
    }

    fn handle_compression(&mut self, now: Instant) {
        self.active = now;
        if let Phase::AwaitCompression = self.phase {
            self.phase = Phase::AwaitCommand;
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match (&self.connection.state, &self.phase) {
            (State::NotAuthenticated, _) => self.interrupt(Farewell::LoginTooSlow),
            (State::Authenticated | State::Selected(_), Phase::AwaitAnswer(running, asked)) => {
                inprogress::tell(&mut self.connection, &running.tag, asked);
                self.spoke = now;
            }
            (State::Authenticated | State::Selected(_), _) => self.interrupt(Farewell::Idle),
        }
    }

    fn handle_shutdown(&mut self, _now: Instant) {
        self.interrupt(Farewell::Shutdown);
    }

    fn handle_notice(&mut self, now: Instant) {
        if let Phase::AwaitLine(_, Reading::Idle) = self.phase {
            // Until now there was nothing to say.
            self.spoke = now;
        }
        self.connection.noticed = true;
        self.connection.pressing = true;
    }

    fn answer(&mut self, now: Instant, answer: Answer) {
        self.active = now;
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::AwaitAnswer(running, asked) => {
                let outcome = answered(&mut self.connection, &running, asked, answer);
                self.settle(running, outcome);
            }
            Phase::Closed => {}
            phase @ (Phase::AwaitStart
            | Phase::AwaitCommand
            | Phase::AwaitPoll(..)
            | Phase::AwaitLine(..)
            | Phase::AwaitData(..)
            | Phase::AwaitTls
            | Phase::AwaitCompression) => {
                self.phase = phase;
                self.interrupt(Farewell::Internal);
            }
        }
    }

    fn poll_output(&mut self) -> Option<Output<Ask, Event>> {
        loop {
            if let Some(output) = self.connection.out.pop_front() {
                return Some(output);
            }
            if self.advance() == Progress::Waits {
                // No room is kept while the session waits, perhaps for half an hour.
                self.connection.out = VecDeque::new();
                return None;
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let limits = &self.connection.config.limits;
        match (&self.phase, &self.connection.state) {
            (Phase::Closed, _) => None,
            (_, State::NotAuthenticated) => self.opened.checked_add(limits.login_timeout),
            // Then we are the slow ones.
            (Phase::AwaitAnswer(running, _), _) if running.is_nothing() => None,
            (Phase::AwaitAnswer(..), _) => self.spoke.checked_add(inprogress::EVERY),
            (Phase::AwaitPoll(..), _) => None,
            (_, State::Authenticated | State::Selected(_)) => self.active.checked_add(limits.idle_timeout),
        }
    }

    fn wants_input(&self) -> bool {
        match self.phase {
            Phase::AwaitAnswer(..) | Phase::AwaitPoll(..) | Phase::Closed => false,
            Phase::AwaitTls | Phase::AwaitCompression => true,
            Phase::AwaitStart | Phase::AwaitCommand | Phase::AwaitLine(..) | Phase::AwaitData(..) => {
                let limits = &self.connection.config.limits;
                self.framing.held_octets() <= limits.held_octets.max(limits.command_octets)
            }
        }
    }
}

/// Hands an answer to what waited for it.
fn answered(connection: &mut Connection, running: &Running, asked: Asked, answer: Answer) -> Outcome {
    match asked {
        Asked::Login { user } => login::answered(connection, user, answer),
        Asked::Authenticate(exchange) => authenticate::answered(connection, exchange, answer),
        Asked::SelectList(command) => select::listed(connection, command, answer),
        Asked::Select(selecting) => select::answered(connection, &selecting, answer),
        Asked::Create => create::created(answer),
        Asked::Quota => quota::answered(connection, answer),
        Asked::Metadata(get) => metadata::answered(connection, &get, answer),
        Asked::SetMetadata => metadata::set(answer),
        Asked::Acl { name, question } => acl::answered(connection, &name, &question, answer),
        Asked::QuotaRoot { name } => quota::root_answered(connection, &name, answer),
        Asked::Change(text) => create::answered(text, answer),
        Asked::List(list) => list::answered(connection, &list, answer),
        Asked::ListStatus(listing) => list::status_answered(connection, listing, answer),
        Asked::Status { name, items } => status::answered(connection, &name, &items, answer),
        Asked::AppendStart(appending) => append::answered(connection, appending, answer),
        Asked::AppendFinish(replaced) => append::finished(connection, replaced, answer),
        Asked::FetchSince(fetching) => fetch::since_answered(connection, fetching, answer),
        Asked::Fetch(fetching) => fetch::answered(connection, fetching, answer),
        Asked::Store(storing) => store::answered(connection, storing, answer),
        Asked::Copy(transfer) => copy::answered(connection, transfer, answer),
        Asked::Expunge => expunge::answered(connection, answer),
        Asked::Close => expunge::closed(connection, answer),
        Asked::Search(searching) => search::answered(connection, &running.tag, searching, answer),
        Asked::Esearch(esearching) => esearch::answered(connection, &running.tag, esearching, answer),
        Asked::Thread(threading) => thread::answered(connection, &threading, answer),
        Asked::SearchModSeq(searching) => {
            search::modseq_answered(connection, &running.tag, searching, answer)
        }
        Asked::News(telling) => news::answered(connection, telling, answer),
        Asked::Watched(telling) => news::watched(connection, telling, answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand of them wait for half an hour.
    #[test]
    fn a_session_is_small() {
        let size = size_of::<ImapSession>();
        assert!(size <= 800, "{size}");
        let selected = size_of::<selected::Selected>();
        assert!(selected <= 300, "{selected}");
    }
}
