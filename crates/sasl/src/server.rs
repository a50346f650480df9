//! The server side of an exchange: octets and answers in, steps out. It knows no account and no
//! randomness; it asks. A finished or failed exchange stays that way.

mod scram;
#[cfg(test)]
mod tests;

use posthorn_base::Secret;

use crate::channel::Channel;
use crate::keys::ScramKeys;
use crate::mechanism::Mechanism;
use scram::{Confirm, Opening, Proving};

/// What a mechanism asks the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// PLAIN and LOGIN: is this the password of that user?
    VerifyPassword {
        /// The identity to act as, when the client named one that differs from `user`. Unless the shell
        /// knows a rule for it, the answer is [`Answer::AuthorizationDenied`].
        authorize_as: Option<String>,
        /// The user as the client wrote it.
        user: String,
        /// The password as it came; [`crate::prepare`] it before checking.
        password: Secret<String>,
    },
    /// SCRAM: the stored keys of the user.
    ScramKeys {
        /// The user as the client wrote it.
        user: String,
    },
}

/// What the shell answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The password was right.
    Verified {
        /// The canonical account address.
        identity: String,
    },
    /// The keys of the user, or made-up ones.
    Keys {
        /// The canonical account address.
        identity: String,
        /// The stored keys.
        keys: ScramKeys,
        /// Fresh randomness, printable ASCII without comma, at least 18 characters.
        server_nonce: String,
    },
    /// Wrong password or unknown user; also a user without SCRAM keys.
    Rejected,
    /// The password was right, but the user may not act as `authorize_as`.
    AuthorizationDenied,
    /// It could not be found out: a temporary failure.
    Unavailable,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this, base64-encoded, and hand the client's reply to [`ServerExchange::respond`].
    Challenge(Vec<u8>),
    /// Put this to the shell and hand what it says to [`ServerExchange::answer`].
    Ask(Ask),
    /// The client is who it says it is.
    Done {
        /// The canonical account address.
        identity: String,
    },
    /// The exchange is over.
    Failed(Failure),
}

/// Why an exchange failed. The peer is told no more than "refused", "cannot be read" or "try later".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The peer broke the mechanism's grammar or its order.
    #[error("the client's message breaks the mechanism's grammar")]
    Malformed,
    /// Wrong password, wrong proof or unknown user.
    #[error("wrong user or password")]
    Rejected,
    /// The user may not act as somebody else.
    #[error("not allowed to act as the requested identity")]
    AuthorizationDenied,
    /// The client sees another TLS connection than we do, uses a binding unknown here, or was led to
    /// believe that there is none (RFC 5802 section 6).
    #[error("channel bindings do not match")]
    ChannelBindingMismatch,
    /// An internal failure: temporary.
    #[error("temporary failure")]
    Unavailable,
}

/// One exchange, from the client's choice of mechanism to its end.
#[derive(Clone, Debug)]
pub struct ServerExchange {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Nothing happened yet.
    AwaitStart { mechanism: Mechanism, channel: Channel },
    /// An empty challenge went out; the client's first message comes as a response.
    AwaitFirst { mechanism: Mechanism, channel: Channel },
    /// LOGIN: "Username:" went out.
    AwaitUser,
    /// LOGIN: "Password:" went out.
    AwaitPassword { user: String },
    /// The shell verifies a password.
    AwaitVerdict,
    /// The shell looks up keys.
    AwaitKeys(Box<Opening>),
    /// The server-first message went out.
    AwaitProof(Box<Proving>),
    /// The server-final message went out.
    AwaitConfirm(Confirm),
    /// Done or failed.
    Finished,
}

/// What a handler gives: the next state with its step, or the end.
type Outcome = Result<(State, Step), Failure>;

impl ServerExchange {
    /// An exchange of `mechanism` in `channel`. Whether the mechanism is offered at all is the caller's
    /// to check; [`Channel`] says what to hand over when SCRAM-SHA-256-PLUS is not.
    #[must_use]
    pub fn new(mechanism: Mechanism, channel: &Channel) -> Self {
        Self {
            state: State::AwaitStart {
                mechanism,
                channel: channel.clone(),
            },
        }
    }

    /// Begins. `initial` is the client's initial response, decoded; `None` when it sent none.
    pub fn start(&mut self, initial: Option<&[u8]>) -> Step {
        let outcome = match (self.take(), initial) {
            (State::AwaitStart { mechanism, channel }, Some(message)) => first(mechanism, &channel, message),
            (State::AwaitStart { mechanism, channel }, None) => Ok(prompt(mechanism, channel)),
            (_, Some(_) | None) => Err(Failure::Unavailable),
        };
        self.settle(outcome)
    }

    /// The client's reply to a [`Step::Challenge`], decoded.
    pub fn respond(&mut self, response: &[u8]) -> Step {
        let outcome = match self.take() {
            State::AwaitFirst { mechanism, channel } => first(mechanism, &channel, response),
            State::AwaitUser => login_user(response),
            State::AwaitPassword { user } => login_password(user, response),
            State::AwaitProof(proving) => proving.respond(response),
            State::AwaitConfirm(confirm) => confirm.respond(response),
            State::AwaitStart { .. } | State::AwaitVerdict | State::AwaitKeys(_) | State::Finished => {
                Err(Failure::Unavailable)
            }
        };
        self.settle(outcome)
    }

    /// The shell's answer to a [`Step::Ask`]. One that does not fit is an internal failure.
    pub fn answer(&mut self, answer: Answer) -> Step {
        let outcome = match (self.take(), answer) {
            (State::AwaitVerdict, Answer::Verified { identity }) => {
                Ok((State::Finished, Step::Done { identity }))
            }
            (
                State::AwaitKeys(opening),
                Answer::Keys {
                    identity,
                    keys,
                    server_nonce,
                },
            ) => opening.answer(identity, keys, &server_nonce),
            (State::AwaitVerdict | State::AwaitKeys(_), Answer::Rejected) => Err(Failure::Rejected),
            (State::AwaitVerdict | State::AwaitKeys(_), Answer::AuthorizationDenied) => {
                Err(Failure::AuthorizationDenied)
            }
            (_, _) => Err(Failure::Unavailable),
        };
        self.settle(outcome)
    }

    /// Leaves the exchange finished until `settle` says otherwise, so that a failure is final.
    const fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Finished)
    }

    fn settle(&mut self, outcome: Outcome) -> Step {
        match outcome {
            Ok((state, step)) => {
                self.state = state;
                step
            }
            Err(failure) => Step::Failed(failure),
        }
    }
}

/// The client sent no initial response: LOGIN asks for the user, the others send nothing.
fn prompt(mechanism: Mechanism, channel: Channel) -> (State, Step) {
    match mechanism {
        Mechanism::Login => (State::AwaitUser, Step::Challenge(b"Username:".to_vec())),
        Mechanism::Plain | Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => (
            State::AwaitFirst { mechanism, channel },
            Step::Challenge(Vec::new()),
        ),
    }
}

/// The client's first message, wherever it came.
fn first(mechanism: Mechanism, channel: &Channel, message: &[u8]) -> Outcome {
    match mechanism {
        Mechanism::Plain => plain(message),
        Mechanism::Login => login_user(message),
        Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => {
            let (opening, ask) = Opening::new(mechanism, channel, message)?;
            Ok((State::AwaitKeys(Box::new(opening)), Step::Ask(ask)))
        }
    }
}

/// RFC 4616 section 2: `message = [authzid] UTF8NUL authcid UTF8NUL passwd`, the last two not empty.
fn plain(message: &[u8]) -> Outcome {
    let text = std::str::from_utf8(message).map_err(|_cause| Failure::Malformed)?;
    let mut parts = text.split('\0');
    let (Some(authzid), Some(user), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Failure::Malformed);
    };
    if user.is_empty() || password.is_empty() {
        return Err(Failure::Malformed);
    }
    let authorize_as = (!authzid.is_empty() && !same_name(authzid, user)).then(|| authzid.to_owned());
    let ask = Ask::VerifyPassword {
        authorize_as,
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
    };
    Ok((State::AwaitVerdict, Step::Ask(ask)))
}

fn login_user(response: &[u8]) -> Outcome {
    let user = login_text(response)?;
    Ok((
        State::AwaitPassword { user },
        Step::Challenge(b"Password:".to_vec()),
    ))
}

fn login_password(user: String, response: &[u8]) -> Outcome {
    let ask = Ask::VerifyPassword {
        authorize_as: None,
        user,
        password: Secret::new(login_text(response)?),
    };
    Ok((State::AwaitVerdict, Step::Ask(ask)))
}

fn login_text(response: &[u8]) -> Result<String, Failure> {
    match std::str::from_utf8(response) {
        Ok(text) if !text.is_empty() && !text.contains('\0') => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(Failure::Malformed),
    }
}

/// Addresses are compared without regard to case.
fn same_name(authzid: &str, user: &str) -> bool {
    authzid.to_lowercase() == user.to_lowercase()
}
