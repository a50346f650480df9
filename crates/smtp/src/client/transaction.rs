//! A transaction as a client: RFC 5321 section 3.3, pipelined by RFC 2920 where offered. What the server
//! cannot take is refused here, before a word is said.

use std::sync::Arc;

use posthorn_base::Address;
use posthorn_base::session::Output;

use super::ClientSession;
use super::ask::{Direction, Event, RecipientOutcome, Stage, Transaction};
use super::config::Mode;
use super::hello::failed;
use super::state::{Content, Expect, Fate, Progress, Sent, State};
use crate::Body;
use crate::codec::bdat::Bdat;
use crate::codec::ehlo::Offers;
use crate::codec::mail::Mail;
use crate::codec::rcpt::{self, Dsn, NeedsUtf8};
use crate::codec::reply::{Class, Reply};
use crate::framing::stuffing::Stuffing;

/// Commands whose replies may be due at once. RFC 2920 section 3.1: neither side may fill both windows;
/// so many commands and replies fit into the smallest socket buffers.
const WINDOW: usize = 50;

/// Octets of one piece of a BDAT.
const PIECE_OCTETS: usize = 65_536;

impl ClientSession {
    pub(super) fn begin(&mut self, transaction: Transaction) {
        let mut progress = Progress::new(transaction);
        if let Some(reply) = self.unfit(&progress.transaction) {
            let class = reply.class();
            progress.settle_rest(&RecipientOutcome {
                reply,
                stage: Stage::Mail,
                class,
            });
        }
        if !self.offers.smtputf8 {
            refuse_utf8(&mut progress);
        } else if needs_utf8(&progress.transaction) {
            progress.utf8 = NeedsUtf8::Yes;
        }
        self.enter(State::InTransaction(Box::new(progress)));
        self.advance();
    }

    /// Why this server cannot take the message at all.
    fn unfit(&self, transaction: &Transaction) -> Option<Reply> {
        let octets = u64::try_from(transaction.body.len()).unwrap_or(u64::MAX);
        let is_utf8 = transaction.smtputf8
            || transaction
                .reverse_path
                .address()
                .is_some_and(Address::needs_utf8);
        if is_utf8 && !self.offers.smtputf8 {
            let text = "The message needs SMTPUTF8, which the receiving server does not offer";
            return Some(Reply::new(553, (5, 6, 7), text));
        }
        if self.offers.size.is_some_and(|limit| octets > limit) {
            let text = "The message is larger than the receiving server takes";
            return Some(Reply::new(552, (5, 3, 4), text));
        }
        if transaction.body_type == Body::BinaryMime && !(self.offers.chunking && self.offers.binary_mime) {
            let text = "The message needs BINARYMIME, which the receiving server does not offer";
            return Some(Reply::new(554, (5, 6, 3), text));
        }
        None
    }

    /// Sends what may be sent now; ends the transaction when nothing is left to do.
    fn advance(&mut self) {
        let window = if self.offers.pipelining { WINDOW } else { 1 };
        while let State::InTransaction(progress) = &mut self.state {
            if progress.waiting.len() >= window || progress.is_sending() {
                return;
            }
            match next_command(progress, &self.offers) {
                Some((expect, line)) => {
                    progress.waiting.push_back(expect);
                    self.command(&line);
                }
                None if progress.waiting.is_empty() => {
                    self.end_transaction();
                    return;
                }
                None => return,
            }
            self.start_octets();
        }
    }

    /// BDAT needs no 354: its octets follow at once.
    fn start_octets(&mut self) {
        if let State::InTransaction(progress) = &mut self.state
            && progress.sent == Sent::All
            && progress.transaction.body_type == Body::BinaryMime
        {
            progress.waiting.clear();
            progress.content = Content::Octets(0);
        }
    }

    pub(super) fn transaction_reply(&mut self, reply: Reply) {
        let State::InTransaction(progress) = &mut self.state else {
            return;
        };
        match progress.waiting.pop_front() {
            Some(Expect::Mail) => mail_reply(progress, reply),
            Some(Expect::Rcpt(index)) => rcpt_reply(progress, index, reply),
            Some(Expect::Data) => self.data_reply(reply),
            Some(Expect::Message) => {
                progress.is_open = false;
                let class = message_class(&reply);
                progress.settle_rest(&RecipientOutcome {
                    reply,
                    stage: Stage::Message,
                    class,
                });
            }
            Some(Expect::MessageFor(index)) => {
                progress.is_open = false;
                let class = message_class(&reply);
                let outcome = RecipientOutcome {
                    reply,
                    stage: Stage::Message,
                    class,
                };
                progress.set(index, Fate::Settled(outcome));
            }
            Some(Expect::Nothing) => progress.is_open = false,
            None => {
                let reply = Reply::new(451, (4, 5, 0), "The server spoke without being asked");
                self.lose_transaction(&reply);
                return;
            }
        }
        self.advance();
    }

    fn data_reply(&mut self, reply: Reply) {
        let State::InTransaction(progress) = &mut self.state else {
            return;
        };
        if reply.code != 354 {
            let class = failed(&reply);
            progress.settle_rest(&RecipientOutcome {
                reply,
                stage: Stage::Data,
                class,
            });
        } else if progress.is_any(&Fate::Accepted) {
            progress.content = Content::Lines(Stuffing::new(Arc::clone(&progress.transaction.body)));
        } else {
            // RFC 2920 section 3.1: DATA was sent ahead and nobody is left who would get the message.
            progress.waiting.push_back(Expect::Nothing);
            self.command(".");
        }
    }

    /// The next piece of the content; called when everything else has been handed over.
    pub(super) fn next_content(&mut self) {
        let State::InTransaction(progress) = &mut self.state else {
            return;
        };
        let piece = match &mut progress.content {
            Content::Idle => return,
            Content::Lines(stuffing) => stuffing.next_chunk(),
            Content::Octets(pos) => {
                let rest = progress.transaction.body.get(*pos..).unwrap_or_default();
                let piece = rest.get(..PIECE_OCTETS).unwrap_or(rest).to_vec();
                *pos = pos.saturating_add(piece.len());
                (!piece.is_empty()).then_some(piece)
            }
        };
        match piece {
            Some(piece) => self.output.push_back(Output::Send(piece)),
            None => self.content_ended(),
        }
    }

    fn content_ended(&mut self) {
        let State::InTransaction(progress) = &mut self.state else {
            return;
        };
        let is_lines = matches!(progress.content, Content::Lines(_));
        progress.content = Content::Idle;
        match self.config.mode {
            Mode::Smtp => progress.waiting.push_back(Expect::Message),
            Mode::Lmtp => {
                let due: Vec<Expect> = progress.accepted().map(Expect::MessageFor).collect();
                progress.waiting.extend(due);
            }
        }
        if is_lines {
            self.transcribe(Direction::Sent, ".");
        }
        self.resume();
    }

    fn end_transaction(&mut self) {
        let is_open = matches!(&self.state, State::InTransaction(progress) if progress.is_open);
        self.report();
        if is_open {
            self.enter(State::AwaitRset);
            self.command("RSET");
        } else {
            self.ready();
        }
    }

    /// The connection is lost in a transaction.
    pub(super) fn lose_transaction(&mut self, reply: &Reply) {
        let is_begun =
            matches!(&self.state, State::InTransaction(progress) if progress.sent != Sent::Nothing);
        let stage = match self.expected() {
            Some(Expect::Mail) => Stage::Mail,
            Some(Expect::Rcpt(_)) => Stage::Rcpt,
            Some(Expect::Data) => Stage::Data,
            Some(Expect::Message | Expect::MessageFor(_) | Expect::Nothing) => Stage::Message,
            None if is_begun => Stage::Message,
            None => Stage::Mail,
        };
        if let State::InTransaction(progress) = &mut self.state {
            progress.settle_rest(&RecipientOutcome {
                reply: reply.clone(),
                stage,
                class: Class::Temporary,
            });
        }
        self.report();
        self.finish();
    }

    fn report(&mut self) {
        if let State::InTransaction(progress) = self.enter(State::Closed) {
            let outcome = super::outcome::from_fates(progress.fates, self.offers.dsn);
            self.output.push_back(Output::Event(Event::Outcome(outcome)));
        }
    }
}

/// The next command and what its reply will be about; `None` when there is none, or none yet.
fn next_command(progress: &mut Progress, offers: &Offers) -> Option<(Expect, String)> {
    let is_hopeful = progress.is_any(&Fate::Open) || progress.is_any(&Fate::Accepted);
    if !is_hopeful {
        return None;
    }
    let dsn = if offers.dsn { Dsn::Offered } else { Dsn::NotOffered };
    match progress.sent {
        Sent::Nothing => {
            progress.sent = Sent::Recipients(0);
            Some((Expect::Mail, mail_line(progress, offers)))
        }
        Sent::Recipients(from) => match progress.next_open(from) {
            Some((index, recipient)) => {
                let line = rcpt::print(recipient, dsn, progress.utf8);
                progress.sent = Sent::Recipients(index.saturating_add(1));
                Some((Expect::Rcpt(index), line))
            }
            None => last_command(progress),
        },
        Sent::All => None,
    }
}

/// DATA; or BDAT, which carries the content and so waits for the replies to RCPT.
fn last_command(progress: &mut Progress) -> Option<(Expect, String)> {
    match progress.transaction.body_type {
        Body::SevenBit | Body::EightBitMime => {
            progress.sent = Sent::All;
            Some((Expect::Data, "DATA".to_owned()))
        }
        Body::BinaryMime if progress.waiting.is_empty() => {
            progress.sent = Sent::All;
            let bdat = Bdat {
                octets: u64::try_from(progress.transaction.body.len()).ok()?,
                is_last: true,
            };
            Some((Expect::Message, bdat.print()))
        }
        Body::BinaryMime => None,
    }
}

fn mail_line(progress: &Progress, offers: &Offers) -> String {
    let transaction = &progress.transaction;
    let mut mail = Mail::plain(transaction.reverse_path.clone());
    if offers.has_size {
        mail.size = u64::try_from(transaction.body.len()).ok();
    }
    mail.body = match transaction.body_type {
        Body::SevenBit => None,
        Body::EightBitMime => offers.eight_bit_mime.then_some(Body::EightBitMime),
        Body::BinaryMime => Some(Body::BinaryMime),
    };
    mail.smtputf8 = progress.utf8 == NeedsUtf8::Yes;
    if offers.dsn {
        mail.ret = transaction.ret;
        mail.envelope_id.clone_from(&transaction.envelope_id);
    }
    mail.print()
}

fn needs_utf8(transaction: &Transaction) -> bool {
    transaction.smtputf8
        || transaction
            .reverse_path
            .address()
            .is_some_and(Address::needs_utf8)
        || transaction
            .recipients
            .iter()
            .any(|recipient| recipient.address.needs_utf8())
}

/// A recipient whose address a server without SMTPUTF8 cannot even be told; the others are not to suffer.
fn refuse_utf8(progress: &mut Progress) {
    for (fate, recipient) in progress.fates.iter_mut().zip(&progress.transaction.recipients) {
        if *fate == Fate::Open && recipient.address.needs_utf8() {
            let text = "The address needs SMTPUTF8, which the receiving server does not offer";
            *fate = Fate::Settled(RecipientOutcome {
                reply: Reply::new(553, (5, 6, 7), text),
                stage: Stage::Rcpt,
                class: Class::Permanent,
            });
        }
    }
}

fn mail_reply(progress: &mut Progress, reply: Reply) {
    if reply.class() == Class::Delivered {
        progress.is_open = true;
        return;
    }
    let class = failed(&reply);
    progress.settle_rest(&RecipientOutcome {
        reply,
        stage: Stage::Mail,
        class,
    });
}

fn rcpt_reply(progress: &mut Progress, index: usize, reply: Reply) {
    if progress.fates.get(index) != Some(&Fate::Open) {
        return;
    }
    let fate = if reply.class() == Class::Delivered {
        Fate::Accepted
    } else {
        let class = failed(&reply);
        Fate::Settled(RecipientOutcome {
            reply,
            stage: Stage::Rcpt,
            class,
        })
    };
    progress.set(index, fate);
}

/// After the content a 2yz is what we came for.
fn message_class(reply: &Reply) -> Class {
    match reply.class() {
        Class::Delivered => Class::Delivered,
        Class::Temporary | Class::Permanent => failed(reply),
    }
}
