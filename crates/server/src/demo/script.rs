//! A client that says given lines and keeps what it hears: enough to fetch a message by POP3 or IMAP, and
//! to show the dialogue. Speaks through the same driver as every session.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use posthorn_base::TlsInfo;
use posthorn_base::session::{Output, Session};
use posthorn_net::Handler;

/// The longest a server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// When an answer is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// After one line.
    Line,
    /// After a line with a lone dot (POP3), unless the first line is an error.
    Dot,
    /// After the line that begins with this tag (IMAP).
    Tag(&'static str),
}

/// One thing to say.
#[derive(Clone, Debug)]
pub(super) struct Say {
    pub(super) line: String,
    /// What is shown in its place when it holds a password.
    pub(super) shown: Option<String>,
    pub(super) until: Until,
}

/// A line of the dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Client(String),
    Server(String),
}

/// The session: waits for the greeting, then says one line after the other.
pub(super) struct Script {
    left: VecDeque<Say>,
    until: Until,
    heard: Vec<u8>,
    output: VecDeque<Output<(), Spoken>>,
    deadline: Option<Instant>,
    is_first_line: bool,
}

impl Script {
    pub(super) fn new(says: Vec<Say>, now: Instant) -> Self {
        Self {
            left: says.into(),
            until: Until::Line,
            heard: Vec::new(),
            output: VecDeque::new(),
            deadline: now.checked_add(PATIENCE),
            is_first_line: true,
        }
    }

    fn hear(&mut self, now: Instant, line: String) {
        let is_error = self.is_first_line && line.starts_with("-ERR");
        self.is_first_line = false;
        let is_complete = match self.until {
            Until::Line => true,
            Until::Dot => line == "." || is_error,
            Until::Tag(tag) => line.starts_with(tag),
        };
        self.output.push_back(Output::Event(Spoken::Server(line)));
        if is_complete {
            self.say_next(now);
        }
    }

    fn say_next(&mut self, now: Instant) {
        let Some(say) = self.left.pop_front() else {
            self.deadline = None;
            self.output.push_back(Output::Close);
            return;
        };
        self.until = say.until;
        self.is_first_line = true;
        self.deadline = now.checked_add(PATIENCE);
        let shown = say.shown.unwrap_or_else(|| say.line.clone());
        self.output.push_back(Output::Event(Spoken::Client(shown)));
        self.output
            .push_back(Output::Send(format!("{}\r\n", say.line).into_bytes()));
    }
}

impl Session for Script {
    type Ask = ();
    type Answer = ();
    type Event = Spoken;

    fn handle_input(&mut self, now: Instant, octets: &[u8]) {
        self.heard.extend_from_slice(octets);
        while let Some(end) = self.heard.iter().position(|&c| c == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line)
                .trim_end_matches(['\r', '\n'])
                .to_owned();
            self.hear(now, line);
        }
    }

    fn handle_tls(&mut self, _now: Instant, _tls: TlsInfo) {}

    fn handle_timeout(&mut self, _now: Instant) {
        self.deadline = None;
        self.output.push_back(Output::Close);
    }

    fn handle_shutdown(&mut self, _now: Instant) {
        self.output.push_back(Output::Close);
    }

    fn answer(&mut self, _now: Instant, (): ()) {}

    fn poll_output(&mut self) -> Option<Output<(), Spoken>> {
        self.output.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn wants_input(&self) -> bool {
        true
    }
}

/// Keeps the dialogue.
#[derive(Default)]
pub(super) struct Listener {
    pub(super) spoken: Vec<Spoken>,
}

impl Handler<Script> for Listener {
    async fn answer(&mut self, (): ()) {}

    fn event(&mut self, event: Spoken) {
        self.spoken.push(event);
    }
}
