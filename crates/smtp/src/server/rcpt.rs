//! RCPT: RFC 5321 section 4.1.1.3.

use super::ServerSession;
use super::ask::{Answer, Ask};
use super::fault::Fault;
use super::state::{State, Transaction};
use crate::codec::SyntaxError;
use crate::codec::rcpt::{self, NeedsUtf8};
use crate::codec::reply::Reply;
use crate::{Recipient, Refusal};

impl ServerSession {
    pub(super) fn rcpt(&mut self, argument: &str) {
        let State::AwaitRcpt(transaction) = self.leave() else {
            self.end(&Fault::Internal);
            return;
        };
        match self.checked_recipient(&transaction, argument) {
            Ok(recipient) => {
                let asked = (*transaction, recipient.clone());
                self.enter(State::AskedRecipient(Box::new(asked)));
                self.ask(Ask::Recipient(recipient));
            }
            Err(fault) => {
                self.enter(State::AwaitRcpt(transaction));
                self.refuse(&fault);
            }
        }
    }

    fn checked_recipient(&self, transaction: &Transaction, argument: &str) -> Result<Recipient, Fault> {
        let (recipient, needs_utf8) = rcpt::parse(argument, &self.config.hostname).map_err(Fault::Syntax)?;
        if needs_utf8 == NeedsUtf8::Yes && !transaction.sender.smtputf8 {
            return Err(Fault::Syntax(SyntaxError::NeedsSmtpUtf8));
        }
        if transaction.recipients.len() >= self.config.limits.recipients {
            return Err(Fault::Refused(Refusal::TooManyRecipients));
        }
        Ok(recipient)
    }

    pub(super) fn answer_recipient(
        &mut self,
        mut transaction: Transaction,
        recipient: Recipient,
        answer: Answer,
    ) {
        match answer {
            Answer::Ok => {
                transaction.recipients.push(recipient);
                self.enter(State::AwaitRcpt(Box::new(transaction)));
                self.send(&Reply::new(250, (2, 1, 5), "Recipient OK"));
            }
            Answer::Refuse(refusal) => {
                self.enter(State::AwaitRcpt(Box::new(transaction)));
                self.refuse(&Fault::Refused(refusal));
            }
            Answer::Credentials(_) | Answer::Accepted { .. } | Answer::PerRecipient(_) => {
                self.end(&Fault::Internal);
            }
        }
    }
}
