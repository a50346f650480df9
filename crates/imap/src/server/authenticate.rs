//! AUTHENTICATE (RFC 3501 section 6.2.2) with the initial response of RFC 4959. The mechanisms are
//! `posthorn_sasl`'s; here are base64, the lone `*` and the replies.

use posthorn_base::Secret;
use posthorn_sasl::{Failure, Mechanism, ServerExchange, Step as SaslStep, decode_base64, encode_base64};

use super::connection::{Asked, Connection, Outcome, Reading, Step};
use super::login;
use super::reply::Fault;
use crate::ask::{Answer, Ask};

/// An exchange under way.
#[derive(Debug)]
pub(super) struct Authenticating {
    mechanism: Mechanism,
    exchange: ServerExchange,
    /// As the client wrote it, once known.
    user: Option<String>,
}

pub(super) fn start(
    connection: &mut Connection,
    mechanism: Option<Mechanism>,
    initial: Option<&Secret<Vec<u8>>>,
) -> Outcome {
    let mechanism = mechanism.ok_or(Fault::NoSuchMechanism)?;
    if !connection.config.mechanisms.contains(&mechanism) {
        return Err(Fault::NoSuchMechanism);
    }
    if mechanism.sends_password() && !connection.is_private() {
        return Err(Fault::PrivacyRequired);
    }
    if !connection.mechanisms().contains(&mechanism) {
        return Err(Fault::NoSuchMechanism);
    }
    let initial = match initial {
        Some(initial) => Some(decode_base64(initial.declassify()).map_err(|_malformed| Fault::NotBase64)?),
        None => None,
    };
    let mut exchange = ServerExchange::new(mechanism, &connection.channel());
    let step = exchange.start(initial.as_deref());
    let authenticating = Authenticating {
        mechanism,
        exchange,
        user: None,
    };
    go_on(connection, Box::new(authenticating), step)
}

/// A line of the client.
pub(super) fn line(connection: &mut Connection, mut exchange: Box<Authenticating>, line: &[u8]) -> Outcome {
    if line == b"*" {
        return Err(Fault::Cancelled);
    }
    let response = decode_base64(line).map_err(|_malformed| Fault::NotBase64)?;
    let step = exchange.exchange.respond(&response);
    go_on(connection, exchange, step)
}

pub(super) fn answered(
    connection: &mut Connection,
    mut exchange: Box<Authenticating>,
    answer: Answer,
) -> Outcome {
    let Answer::Credentials(answer) = answer else {
        return Err(answer.into());
    };
    let step = exchange.exchange.answer(answer);
    go_on(connection, exchange, step)
}

fn go_on(connection: &mut Connection, mut exchange: Box<Authenticating>, step: SaslStep) -> Outcome {
    match step {
        SaslStep::Challenge(octets) => {
            let line = format!("+ {}\r\n", encode_base64(&octets));
            connection.send(line.into_bytes());
            Ok(Step::Read(Reading::Authenticate(exchange)))
        }
        SaslStep::Ask(ask) => {
            let user = match &ask {
                posthorn_sasl::Ask::VerifyPassword { user, .. } | posthorn_sasl::Ask::ScramKeys { user } => {
                    user
                }
            };
            exchange.user = Some(user.clone());
            Ok(Step::Ask(Ask::Credentials(ask), Asked::Authenticate(exchange)))
        }
        SaslStep::Done { identity } => Ok(login::succeed(connection, identity, Some(exchange.mechanism))),
        SaslStep::Failed(failure) => Err(match failure {
            Failure::Malformed => {
                login::fail(connection, exchange.user);
                Fault::Syntax(crate::codec::SyntaxError::Expected("a message of that mechanism"))
            }
            Failure::Rejected | Failure::ChannelBindingMismatch => {
                login::fail(connection, exchange.user);
                Fault::WrongCredentials
            }
            Failure::AuthorizationDenied => {
                login::fail(connection, exchange.user);
                Fault::MayNotActAs
            }
            Failure::Unavailable => Fault::Unavailable,
        }),
    }
}
