//! The commands as a table: verb, the phases in which it is allowed, whether it takes an argument, its
//! handler. RFC 5321 section 4.1.4 on order. Adding a command is adding a row and a handler.

use super::ServerSession;
use super::fault::{Disorder, Fault};
use super::state::Phase;
use crate::codec::{SyntaxError, split_word};

/// May something follow the verb?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Argument {
    Optional,
    /// RFC 5321 section 4.1.1: these take none; something behind them is 501.
    Absent,
}

/// One command.
pub(super) struct Row {
    pub(super) verb: &'static str,
    phases: &'static [Phase],
    argument: Argument,
    handler: fn(&mut ServerSession, &str),
}

const ANY: &[Phase] = &[Phase::Hello, Phase::Mail, Phase::Rcpt, Phase::Chunk];

const fn row(
    verb: &'static str,
    phases: &'static [Phase],
    argument: Argument,
    handler: fn(&mut ServerSession, &str),
) -> Row {
    Row {
        verb,
        phases,
        argument,
        handler,
    }
}

/// All commands, those of a usual transaction first.
pub(super) const TABLE: &[Row] = &[
    row("MAIL", &[Phase::Mail], Argument::Optional, ServerSession::mail),
    row("RCPT", &[Phase::Rcpt], Argument::Optional, ServerSession::rcpt),
    row("DATA", &[Phase::Rcpt], Argument::Absent, ServerSession::data),
    // Allowed everywhere, because its octets must be swallowed even when it is refused.
    row("BDAT", ANY, Argument::Optional, ServerSession::bdat),
    row("EHLO", ANY, Argument::Optional, ServerSession::ehlo),
    row("HELO", ANY, Argument::Optional, ServerSession::helo),
    row("LHLO", ANY, Argument::Optional, ServerSession::lhlo),
    row("RSET", ANY, Argument::Absent, ServerSession::rset),
    row("QUIT", ANY, Argument::Absent, ServerSession::quit),
    row("NOOP", ANY, Argument::Optional, ServerSession::noop),
    row(
        "STARTTLS",
        &[Phase::Hello, Phase::Mail],
        Argument::Absent,
        ServerSession::starttls,
    ),
    row("AUTH", &[Phase::Mail], Argument::Optional, ServerSession::auth),
    row("VRFY", ANY, Argument::Optional, ServerSession::vrfy),
    row("EXPN", ANY, Argument::Optional, ServerSession::expn),
    row("HELP", ANY, Argument::Optional, ServerSession::help),
];

/// A web browser, or something that makes one speak SMTP, is at the other end.
const HTTP_VERBS: &[&str] = &[
    "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE",
];

impl ServerSession {
    /// Finds the row of a command line and runs it.
    pub(super) fn dispatch(&mut self, line: &str) {
        let (word, argument) = split_word(line);
        let Some(row) = TABLE.iter().find(|row| row.verb.eq_ignore_ascii_case(word)) else {
            if HTTP_VERBS.contains(&word) {
                self.close(&Fault::NotSmtp);
            } else if word.is_empty() {
                self.refuse(&Fault::NotText);
            } else {
                self.refuse(&Fault::UnknownCommand);
            }
            return;
        };
        self.verb = row.verb;
        let length = line.len().saturating_add(2);
        if length > self.config.limits.command_line_octets && row.verb != "AUTH" {
            self.refuse(&Fault::LineTooLong);
        } else if !row.phases.contains(&self.phase()) {
            let disorder = self.disorder(row.verb);
            self.refuse(&Fault::OutOfOrder(disorder));
        } else if row.argument == Argument::Absent && !argument.is_empty() {
            self.refuse(&Fault::Syntax(SyntaxError::Expected(row.verb)));
        } else {
            (row.handler)(self, argument);
        }
    }

    fn disorder(&self, verb: &str) -> Disorder {
        match self.phase() {
            Phase::Hello => Disorder::HelloFirst,
            Phase::Rcpt if verb == "MAIL" => Disorder::NestedMail,
            Phase::Mail if verb == "RCPT" || verb == "DATA" => Disorder::MailFirst,
            Phase::Chunk => Disorder::ChunksBegun,
            Phase::Mail | Phase::Rcpt | Phase::Busy => Disorder::NotInTransaction,
        }
    }
}
