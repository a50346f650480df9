//! Listens to a connection until it is ready, or until a transaction has its outcome, and keeps the lines
//! that were said.

use posthorn_net::Ended;
use posthorn_smtp::client::{Direction, Outcome, Stage, Transaction};
use posthorn_smtp::{Class, Reply};

use crate::connection::{Connection, Report};

/// Lines kept of one exchange; a server that says more is not worth the space.
const LINES: usize = 400;
/// Characters kept of one line.
const LINE_CHARS: usize = 500;

/// The lines of an exchange, as the story of the message shows them.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    all: Vec<String>,
    /// Did the server say anything since MAIL?
    has_answer: bool,
}

impl Lines {
    fn add(&mut self, direction: Direction, text: &str) {
        let mark = match direction {
            Direction::Sent => {
                if text.starts_with("MAIL ") {
                    self.has_answer = false;
                }
                'C'
            }
            Direction::Received => {
                self.has_answer = true;
                'S'
            }
        };
        let short: String = text.chars().take(LINE_CHARS).collect();
        self.note(format!("{mark}: {short}"));
    }

    /// Something that nobody said.
    pub(crate) fn note(&mut self, text: String) {
        if self.all.len() < LINES {
            self.all.push(text);
        }
    }

    /// Did a reply with this code come? What a session makes up looks like a reply and is none.
    pub(crate) fn has_reply(&self, code: u16) -> bool {
        let start = format!("S: {code}");
        self.all.iter().any(|line| line.starts_with(&start))
    }

    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.all)
    }
}

/// Why a connection did not get ready.
#[derive(Debug)]
pub(crate) enum NotReady {
    /// The server refused, or fell silent.
    Refused(Reply, Class),
    /// The handshake of STARTTLS failed.
    TlsFailed(String),
    /// The connection broke.
    Broken(String),
}

/// What came of a transaction.
#[derive(Debug)]
pub(crate) enum Exchanged {
    /// It has an outcome.
    Outcome(Outcome),
    /// A kept connection had ended before the server heard of the transaction: nothing has happened.
    Stale,
    /// The connection broke in the midst of it.
    Broken(String),
}

/// Waits until the session asks for its first transaction.
pub(crate) async fn get_ready(connection: &mut Connection, lines: &mut Lines) -> Result<(), NotReady> {
    while let Some(report) = connection.reports.recv().await {
        match report {
            Report::Line(direction, text) => lines.add(direction, &text),
            Report::Tls(info) => connection.tls = Some(info),
            Report::Ready => return Ok(()),
            // The session takes leave by itself; nothing depends on it.
            Report::Refused(reply, class) => return Err(NotReady::Refused(reply, class)),
            Report::Outcome(_) => {}
            Report::Ended(Ended::TlsFailed(cause)) => return Err(NotReady::TlsFailed(cause.to_string())),
            Report::Ended(ended) => return Err(NotReady::Broken(describe(&ended))),
        }
    }
    Err(NotReady::Broken("the connection was given up".to_owned()))
}

/// Hands a transaction over and waits for its outcome.
pub(crate) async fn exchange(
    connection: &mut Connection,
    transaction: Transaction,
    lines: &mut Lines,
) -> Exchanged {
    let is_reused = connection.sent > 0;
    if is_reused {
        lines.note(format!("(connection kept; transaction {})", connection.sent + 1));
    }
    if !connection.send(transaction) {
        return Exchanged::Stale;
    }
    while let Some(report) = connection.reports.recv().await {
        match report {
            Report::Line(direction, text) => lines.add(direction, &text),
            Report::Outcome(outcome) => {
                connection.rest();
                return if is_reused && is_unheard(&outcome) {
                    Exchanged::Stale
                } else {
                    Exchanged::Outcome(outcome)
                };
            }
            Report::Ended(_) if is_reused && !lines.has_answer => return Exchanged::Stale,
            Report::Ended(ended) => return Exchanged::Broken(describe(&ended)),
            Report::Tls(_) | Report::Ready | Report::Refused(..) => {}
        }
    }
    Exchanged::Broken("the connection was given up".to_owned())
}

/// Servers end idle connections with 421; on a kept connection that says nothing of the message.
fn is_unheard(outcome: &Outcome) -> bool {
    outcome
        .recipients
        .iter()
        .all(|one| one.stage == Stage::Mail && one.class == Class::Temporary && one.reply.code == 421)
}

fn describe(ended: &Ended) -> String {
    match ended {
        Ended::Closed | Ended::Shutdown => "the connection was closed".to_owned(),
        Ended::PeerClosed => "the other server closed the connection".to_owned(),
        Ended::WriteTimeout => "the other server took nothing for too long".to_owned(),
        Ended::TlsFailed(cause) => format!("TLS failed: {cause}"),
        Ended::Io(kind) => format!("the connection broke: {kind}"),
        Ended::BrokenCompression | Ended::ContractBroken => {
            "an internal failure ended the connection".to_owned()
        }
    }
}
