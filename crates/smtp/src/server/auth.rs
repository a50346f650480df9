//! AUTH: RFC 4954. The mechanisms are `sasl`'s; here are base64, cancelling, order and the replies.

use posthorn_sasl::{self as sasl, Channel, Failure, Mechanism, ServerExchange, Step};

use super::ServerSession;
use super::ask::{Answer, Ask, Event};
use super::config::Mode;
use super::fault::{Disorder, Fault, LoginFault};
use super::state::{Exchange, State};
use crate::codec::reply::Reply;
use crate::codec::{SyntaxError, split_word};

impl ServerSession {
    pub(super) fn auth(&mut self, argument: &str) {
        match self.checked_auth(argument) {
            Ok((mechanism, initial)) => {
                let mut exchange = Exchange {
                    sasl: ServerExchange::new(mechanism, &self.channel()),
                    mechanism,
                    user: None,
                };
                let step = exchange.sasl.start(initial.as_deref());
                self.login_step(exchange, step);
            }
            Err(fault) => self.refuse(&fault),
        }
    }

    fn checked_auth(&self, argument: &str) -> Result<(Mechanism, Option<Vec<u8>>), Fault> {
        if self.config.mode != Mode::Submission || self.config.mechanisms.is_empty() {
            return Err(Fault::NotOffered);
        }
        if self.identity.is_some() {
            return Err(Fault::OutOfOrder(Disorder::AlreadyLoggedIn));
        }
        if self.tls.is_none() && !self.config.allow_plaintext_login {
            return Err(Fault::Login(LoginFault::NotEncrypted));
        }
        let (name, initial) = split_word(argument);
        if name.is_empty() {
            return Err(Fault::Syntax(SyntaxError::Expected("AUTH mechanism")));
        }
        let mechanism = Mechanism::from_name(name)
            .filter(|mechanism| self.mechanisms().contains(mechanism))
            .ok_or(Fault::Login(LoginFault::UnknownMechanism))?;
        let initial = match initial {
            "" => None,
            text => Some(
                sasl::decode_base64(text.as_bytes()).map_err(|_cause| Fault::Login(LoginFault::NotBase64))?,
            ),
        };
        Ok((mechanism, initial))
    }

    /// The TLS connection as a mechanism may bind to it; nothing when binding is not offered.
    fn channel(&self) -> Channel {
        match &self.tls {
            Some(tls) if self.mechanisms().contains(&Mechanism::ScramSha256Plus) => Channel::from(tls),
            Some(_) | None => Channel::default(),
        }
    }

    /// A line of the exchange, or what was wrong with it.
    pub(super) fn handle_response(&mut self, line: Result<&str, Fault>) {
        self.verb = "AUTH";
        let State::AwaitResponse(exchange) = self.leave() else {
            self.end(&Fault::Internal);
            return;
        };
        let mut exchange = *exchange;
        let response = line.and_then(|text| match text {
            "*" => Err(Fault::Login(LoginFault::Cancelled)),
            _ => sasl::decode_base64(text.as_bytes()).map_err(|_cause| Fault::Login(LoginFault::NotBase64)),
        });
        match response {
            Ok(response) => {
                let step = exchange.sasl.respond(&response);
                self.login_step(exchange, step);
            }
            Err(fault) => {
                self.enter(State::AwaitMail);
                self.refuse(&fault);
            }
        }
    }

    pub(super) fn answer_credentials(&mut self, mut exchange: Exchange, answer: Answer) {
        match answer {
            Answer::Credentials(answer) => {
                let step = exchange.sasl.answer(answer);
                self.login_step(exchange, step);
            }
            Answer::Ok | Answer::Refuse(_) | Answer::Accepted { .. } | Answer::PerRecipient(_) => {
                self.end(&Fault::Internal);
            }
        }
    }

    fn login_step(&mut self, mut exchange: Exchange, step: Step) {
        match step {
            Step::Challenge(challenge) => {
                let text = sasl::encode_base64(&challenge);
                self.enter(State::AwaitResponse(Box::new(exchange)));
                self.send(&Reply::bare(334, [text.as_str()]));
            }
            Step::Ask(ask) => {
                exchange.user = Some(match &ask {
                    sasl::Ask::VerifyPassword { user, .. } | sasl::Ask::ScramKeys { user } => user.clone(),
                });
                self.enter(State::AskedCredentials(Box::new(exchange)));
                self.ask(Ask::Credentials(ask));
            }
            Step::Done { identity } => {
                self.identity = Some(identity.clone());
                self.login_failures = 0;
                self.enter(State::AwaitMail);
                self.event(Event::LoggedIn {
                    identity,
                    mechanism: exchange.mechanism,
                });
                self.send(&Reply::new(235, (2, 7, 0), "Logged in"));
            }
            Step::Failed(failure) => self.login_failed(exchange.user, failure),
        }
    }

    fn login_failed(&mut self, user: Option<String>, failure: Failure) {
        let fault = match failure {
            Failure::Malformed => LoginFault::Malformed,
            Failure::Rejected | Failure::ChannelBindingMismatch => LoginFault::Rejected,
            Failure::AuthorizationDenied => LoginFault::Denied,
            Failure::Unavailable => LoginFault::Unavailable,
        };
        self.enter(State::AwaitMail);
        self.event(Event::LoginFailed { user });
        self.refuse(&Fault::Login(fault));
        if matches!(fault, LoginFault::Rejected | LoginFault::Denied) {
            self.login_failures = self.login_failures.saturating_add(1);
            if self.login_failures >= self.config.limits.login_failures {
                self.close(&Fault::TooManyLogins);
            }
        }
    }
}
