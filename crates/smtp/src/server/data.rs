//! DATA and what follows a complete body: RFC 5321 sections 4.1.1.4 and 6.1, RFC 2033 section 4.2. The
//! 250 is said here alone, and only after the shell has said that the message is safe.

use super::ServerSession;
use super::ask::{Answer, Ask, Event};
use super::config::Mode;
use super::fault::{Disorder, Fault};
use super::state::{State, Transfer};
use crate::codec::reply::Reply;
use crate::framing::body::{BodyLimits, BodyReader, Framing, Progress};
use crate::{Body, Envelope, Refusal};

impl ServerSession {
    pub(super) fn data(&mut self, _argument: &str) {
        let State::AwaitRcpt(transaction) = self.leave() else {
            self.end(&Fault::Internal);
            return;
        };
        let disorder = if transaction.sender.body == Body::BinaryMime {
            Some(Disorder::BinaryNeedsBdat)
        } else if transaction.recipients.is_empty() {
            Some(Disorder::NoRecipients)
        } else {
            None
        };
        if let Some(disorder) = disorder {
            self.enter(State::AwaitRcpt(transaction));
            self.refuse(&Fault::OutOfOrder(disorder));
            return;
        }
        let transfer = Transfer {
            transaction: *transaction,
            body: BodyReader::new(Framing::Dots, self.body_limits()),
        };
        self.enter(State::Data(Box::new(transfer)));
        self.send(&Reply::bare(354, ["Send the message, end it with CR LF . CR LF"]));
    }

    pub(super) fn body_limits(&self) -> BodyLimits {
        BodyLimits {
            line_octets: self.config.limits.text_line_octets,
            message_octets: self.config.limits.message_octets,
        }
    }

    /// Octets of DATA; gives how many were used.
    pub(super) fn read_data(&mut self, octets: &[u8]) -> usize {
        let State::Data(transfer) = &mut self.state else {
            return octets.len();
        };
        let (progress, events) = read_body(&mut transfer.body, octets);
        self.output
            .extend(events.into_iter().flatten().map(super::Output::Event));
        let Progress::End(used) = progress else {
            return octets.len();
        };
        if let State::Data(transfer) = self.leave() {
            self.complete(*transfer);
        }
        used
    }

    /// The body has ended: puts the message to the shell, or refuses it when it is void.
    pub(super) fn complete(&mut self, transfer: Transfer) {
        let Transfer { transaction, body } = transfer;
        let count = transaction.recipients.len();
        if let Some(fault) = body.fault() {
            self.enter(State::AwaitMail);
            self.refuse_message(&Fault::Body(fault), count);
            return;
        }
        let (helo, esmtp) = match &self.hello {
            Some(hello) => (hello.name.clone(), hello.is_extended),
            None => (String::new(), false),
        };
        let envelope = Envelope {
            helo,
            esmtp,
            tls: self.tls.clone(),
            identity: self.identity.clone(),
            sender: transaction.sender,
            recipients: transaction.recipients,
            size_octets: body.total_octets(),
        };
        self.enter(State::AskedMessage(count));
        self.ask(Ask::Message(envelope));
    }

    /// LMTP has one reply for each of the `count` accepted recipients, whatever became of the message.
    fn refuse_message(&mut self, fault: &Fault, count: usize) {
        match self.config.mode {
            Mode::Lmtp => self.refuse_each(fault, count),
            Mode::Mx | Mode::Submission => self.refuse(fault),
        }
    }

    pub(super) fn answer_message(&mut self, count: usize, answer: Answer) {
        self.enter(State::AwaitMail);
        match (answer, self.config.mode) {
            (Answer::Accepted { queue_id }, Mode::Lmtp) => {
                self.errors = 0;
                for _ in 0..count {
                    self.send(&accepted(&queue_id));
                }
            }
            (Answer::Accepted { queue_id }, Mode::Mx | Mode::Submission) => {
                self.errors = 0;
                self.send(&accepted(&queue_id));
            }
            (Answer::Refuse(refusal), Mode::Mx | Mode::Submission | Mode::Lmtp) => {
                self.refuse_message(&Fault::Refused(refusal), count);
            }
            (Answer::PerRecipient(results), Mode::Lmtp) => self.answer_each(count, results),
            (Answer::PerRecipient(_), Mode::Mx | Mode::Submission)
            | (Answer::Ok | Answer::Credentials(_), Mode::Mx | Mode::Submission | Mode::Lmtp) => {
                self.end(&Fault::Internal);
            }
        }
    }

    /// A recipient without a result has not been delivered to, so it gets the temporary failure.
    fn answer_each(&mut self, count: usize, results: Vec<Result<String, Refusal>>) {
        let missing = std::iter::repeat_with(|| Err(Refusal::Internal));
        let replies: Vec<Reply> = results
            .into_iter()
            .chain(missing)
            .take(count)
            .map(|result| match result {
                Ok(queue_id) => accepted(&queue_id),
                Err(refusal) => refusal.reply(self.reference()),
            })
            .collect();
        for reply in &replies {
            self.send(reply);
        }
    }
}

fn accepted(queue_id: &str) -> Reply {
    Reply::new(250, (2, 0, 0), &format!("Accepted as {queue_id}"))
}

/// Reads body octets; gives what to report: the good octets, and that the body has become void.
pub(super) fn read_body(body: &mut BodyReader, octets: &[u8]) -> (Progress, [Option<Event>; 2]) {
    let was_void = body.fault().is_some();
    let mut out = Vec::with_capacity(if was_void { 0 } else { octets.len() });
    let progress = body.read(octets, &mut out);
    let is_void = !was_void && body.fault().is_some();
    let events = [
        (!out.is_empty()).then_some(Event::Body(out)),
        is_void.then_some(Event::BodyDiscarded),
    ];
    (progress, events)
}
