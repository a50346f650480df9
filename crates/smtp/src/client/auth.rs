//! AUTH as a client: RFC 4954. The mechanisms are `sasl`'s.

use posthorn_sasl::{self as sasl, Channel, ClientExchange, Mechanism};

use super::ClientSession;
use super::ask::Stage;
use super::hello::failed;
use super::state::State;
use crate::codec::reply::{Class, Reply};

/// An initial response that makes the command longer than this waits for the server's prompt (RFC 4954
/// section 4).
const INITIAL_OCTETS: usize = 400;

impl ClientSession {
    /// Logs in if told to; then the session is ready.
    pub(super) fn log_in(&mut self) {
        let Some(credentials) = self.config.credentials.clone() else {
            self.ready();
            return;
        };
        let channel = self.tls.as_ref().map(Channel::from).unwrap_or_default();
        let usable: Vec<Mechanism> = self
            .offers
            .mechanisms
            .iter()
            .copied()
            .filter(|mechanism| self.tls.is_some() || !mechanism.sends_password())
            .collect();
        let Some(mechanism) = ClientExchange::choose(&usable, &channel) else {
            let text = "The server offers no way to log in that can be used here";
            self.refused(Stage::Auth, &Reply::new(454, (4, 7, 0), text), Class::Temporary);
            return;
        };
        // A server that offers PLUS to a client that cannot bind must not hear "you do not offer it".
        let is_plus_offered = self.offers.mechanisms.contains(&Mechanism::ScramSha256Plus);
        let channel = if mechanism == Mechanism::ScramSha256Plus || !is_plus_offered {
            channel
        } else {
            Channel::default()
        };
        let who = sasl::Credentials {
            user: credentials.user,
            password: credentials.password,
            authorize_as: None,
        };
        let exchange = ClientExchange::new(mechanism, who, credentials.client_nonce, &channel);
        self.begin_login(mechanism, exchange);
    }

    fn begin_login(&mut self, mechanism: Mechanism, mut exchange: ClientExchange) {
        let name = mechanism.name();
        let before = exchange.clone();
        match exchange.initial() {
            Ok(Some(message)) => {
                let encoded = match sasl::encode_base64(&message) {
                    empty if empty.is_empty() => "=".to_owned(),
                    text => text,
                };
                if encoded.len() > INITIAL_OCTETS {
                    self.enter(State::AwaitLogin(Box::new(before)));
                    self.command(&format!("AUTH {name}"));
                } else {
                    self.enter(State::AwaitLogin(Box::new(exchange)));
                    self.command_shown_as(&format!("AUTH {name} {encoded}"), &format!("AUTH {name} …"));
                }
            }
            Ok(None) => {
                self.enter(State::AwaitLogin(Box::new(exchange)));
                self.command(&format!("AUTH {name}"));
            }
            Err(failure) => {
                let reply = Reply::new(454, (4, 7, 0), &failure.to_string());
                self.refused(Stage::Auth, &reply, Class::Temporary);
            }
        }
    }

    pub(super) fn login_reply(&mut self, reply: &Reply) {
        let State::AwaitLogin(exchange) = &mut self.state else {
            return;
        };
        match reply.code {
            334 => {
                let text = reply.lines.first().map(String::as_str).unwrap_or_default();
                let response = match sasl::decode_base64(text.trim().as_bytes()) {
                    Ok(challenge) => exchange.challenge(&challenge).map_err(|cause| cause.to_string()),
                    Err(cause) => Err(cause.to_string()),
                };
                self.respond(response);
            }
            235 => match exchange.succeeded(None) {
                Ok(()) => self.ready(),
                Err(failure) => {
                    let reply = Reply::new(454, (4, 7, 0), &failure.to_string());
                    self.refused(Stage::Auth, &reply, Class::Temporary);
                }
            },
            _ => self.refused(Stage::Auth, reply, failed(reply)),
        }
    }

    fn respond(&mut self, response: Result<Vec<u8>, String>) {
        match response {
            Ok(response) => self.command_shown_as(&sasl::encode_base64(&response), "…"),
            Err(cause) => {
                let reply = Reply::new(454, (4, 7, 0), &cause);
                self.enter(State::AwaitLoginEnd(Box::new(reply)));
                self.command("*");
            }
        }
    }
}
