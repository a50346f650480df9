//! MAIL: RFC 5321 section 4.1.1.2.

use super::ServerSession;
use super::ask::{Answer, Ask};
use super::config::Mode;
use super::fault::{Disorder, Fault};
use super::state::{State, Transaction};
use crate::codec::mail::Mail;
use crate::codec::reply::Reply;
use crate::{Body, Refusal, Sender};

impl ServerSession {
    pub(super) fn mail(&mut self, argument: &str) {
        match self.checked_sender(argument) {
            Ok(sender) => {
                self.enter(State::AskedSender(Box::new(sender.clone())));
                self.ask(Ask::Sender(sender));
            }
            Err(fault) => self.refuse(&fault),
        }
    }

    fn checked_sender(&self, argument: &str) -> Result<Sender, Fault> {
        if self.config.mode == Mode::Submission && self.identity.is_none() {
            let is_tls_first = self.config.starttls_offered && self.mechanisms().is_empty();
            return Err(Fault::OutOfOrder(if is_tls_first {
                Disorder::TlsFirst
            } else {
                Disorder::LoginFirst
            }));
        }
        let mail = Mail::parse(argument).map_err(Fault::Syntax)?;
        if mail
            .size
            .is_some_and(|size| size > self.config.limits.message_octets)
        {
            return Err(Fault::Refused(Refusal::MessageTooLarge));
        }
        Ok(Sender {
            reverse_path: mail.reverse_path,
            size: mail.size,
            body: mail.body.unwrap_or(Body::SevenBit),
            smtputf8: mail.smtputf8,
            ret: mail.ret,
            envelope_id: mail.envelope_id,
            identity: self.identity.clone(),
        })
    }

    pub(super) fn answer_sender(&mut self, sender: Sender, answer: Answer) {
        match answer {
            Answer::Ok => {
                self.enter(State::AwaitRcpt(Box::new(Transaction {
                    sender,
                    recipients: Vec::new(),
                })));
                self.send(&Reply::new(250, (2, 1, 0), "Sender OK"));
            }
            Answer::Refuse(refusal) => {
                self.enter(State::AwaitMail);
                self.refuse(&Fault::Refused(refusal));
            }
            Answer::Credentials(_) | Answer::Accepted { .. } | Answer::PerRecipient(_) => {
                self.end(&Fault::Internal);
            }
        }
    }
}
