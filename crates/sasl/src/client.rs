//! The client side, for handing mail to a smarthost. The caller picks the mechanism from what the
//! server offers, keeps PLAIN and LOGIN inside TLS and brings the randomness.

#[cfg(test)]
mod tests;

use posthorn_base::Secret;
use subtle::ConstantTimeEq as _;

use crate::channel::Channel;
use crate::encoding::{Malformed, encode_base64};
use crate::keys::{client_key, hmac, salted_password, server_key, sha256, xor};
use crate::mechanism::Mechanism;
use crate::prepare::prepare;
use crate::scram::{ServerFinal, ServerFirst, checked_nonce, encode_name};

/// Fewer rounds than this make the proof too easy to guess from (RFC 7677 section 4).
const MIN_ITERATIONS: u32 = 4_096;
/// More rounds than this are a way to keep us busy.
const MAX_ITERATIONS: u32 = 2_000_000;

/// Who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret<String>,
    /// The identity to act as; `None` is the user itself. LOGIN cannot say it.
    pub authorize_as: Option<String>,
}

/// Why a client gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientFailure {
    /// The server broke the mechanism's grammar or its order.
    #[error("the server's challenge breaks the mechanism's grammar")]
    Malformed,
    /// The server said so inside the mechanism.
    #[error("the server refused the log-in")]
    Rejected,
    /// The server does not know the password either: somebody pretends to be it.
    #[error("the server could not prove that it knows the password")]
    ServerNotProven,
    /// The server asks for too few or too many rounds.
    #[error("the server's iteration count is out of bounds")]
    Iterations,
    /// The setting does not fit the mechanism: a NUL in a name, or nothing to bind to.
    #[error("these credentials cannot be used with this mechanism")]
    Unusable,
}

/// One exchange as seen by the client.
#[derive(Clone, Debug)]
pub struct ClientExchange {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// The initial response is ready.
    First {
        message: Secret<Vec<u8>>,
        then: Box<Self>,
    },
    /// LOGIN: the user is asked for first.
    LoginUser(Credentials),
    /// LOGIN: then the password.
    LoginPassword(Secret<String>),
    /// SCRAM: the client-first message went out.
    ScramFirst(ScramFirst),
    /// SCRAM: the proof went out; the server must sign this.
    ScramFinal { verifier: Secret<[u8; 32]> },
    /// Everything has been said.
    Spoken,
    /// Given up.
    Failed(ClientFailure),
}

#[derive(Clone, Debug)]
struct ScramFirst {
    password: Secret<String>,
    client_nonce: String,
    bare: String,
    cbind_input: Vec<u8>,
}

impl ClientExchange {
    /// An exchange of `mechanism`. `client_nonce` is fresh randomness, printable ASCII without comma, at
    /// least 18 characters; only SCRAM uses it. `channel` is what our end knows of the TLS connection:
    /// with SCRAM-SHA-256 (without PLUS) the default, unless the server did not offer PLUS.
    #[must_use]
    pub fn new(
        mechanism: Mechanism,
        credentials: Credentials,
        client_nonce: String,
        channel: &Channel,
    ) -> Self {
        let state = match mechanism {
            Mechanism::Plain => plain(&credentials),
            Mechanism::Login => Ok(State::LoginUser(credentials)),
            Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => {
                scram(mechanism, credentials, client_nonce, channel)
            }
        };
        Self {
            state: state.unwrap_or_else(State::Failed),
        }
    }

    /// The strongest of `offered` that this end can do, given its channel; `None` when there is none.
    /// Without TLS the caller refuses what [`Mechanism::sends_password`].
    #[must_use]
    pub fn choose(offered: &[Mechanism], channel: &Channel) -> Option<Mechanism> {
        offered
            .iter()
            .copied()
            .filter(|mechanism| *mechanism != Mechanism::ScramSha256Plus || channel.can_bind())
            .max()
    }

    /// The initial response to send with the command, before encoding; `None` for LOGIN, whose server
    /// speaks first. When the protocol has no room for one, leave it and let the server prompt for it.
    ///
    /// # Errors
    /// When the credentials cannot be used.
    pub fn initial(&mut self) -> Result<Option<Vec<u8>>, ClientFailure> {
        match self.take() {
            State::First { message, then } => {
                self.state = *then;
                Ok(Some(message.into_declassified()))
            }
            State::Failed(failure) => self.fail(failure),
            other @ (State::LoginUser(_)
            | State::LoginPassword(_)
            | State::ScramFirst(_)
            | State::ScramFinal { .. }
            | State::Spoken) => {
                self.state = other;
                Ok(None)
            }
        }
    }

    /// The server's challenge, decoded; gives the response to send, before encoding.
    ///
    /// # Errors
    /// When the client gives up: send `*` and treat the exchange as failed.
    pub fn challenge(&mut self, challenge: &[u8]) -> Result<Vec<u8>, ClientFailure> {
        match self.take() {
            State::First { message, then } if challenge.is_empty() => {
                self.state = *then;
                Ok(message.into_declassified())
            }
            State::LoginUser(credentials) => {
                self.state = State::LoginPassword(credentials.password);
                Ok(credentials.user.into_bytes())
            }
            State::LoginPassword(password) => {
                self.state = State::Spoken;
                Ok(password.into_declassified().into_bytes())
            }
            State::ScramFirst(first) => match first.challenge(challenge) {
                Ok((response, verifier)) => {
                    self.state = State::ScramFinal { verifier };
                    Ok(response)
                }
                Err(failure) => self.fail(failure),
            },
            State::ScramFinal { verifier } => match check_final(challenge, &verifier) {
                Ok(()) => {
                    self.state = State::Spoken;
                    Ok(Vec::new())
                }
                Err(failure) => self.fail(failure),
            },
            State::Failed(failure) => self.fail(failure),
            State::First { .. } | State::Spoken => self.fail(ClientFailure::Malformed),
        }
    }

    /// The server says that we are logged in. `data` is what its protocol let it send along (decoded);
    /// servers that send SCRAM's last message as a challenge have none left.
    ///
    /// # Errors
    /// When it says so too early: with SCRAM, a server that has not proven itself is not believed.
    pub fn succeeded(&mut self, data: Option<&[u8]>) -> Result<(), ClientFailure> {
        match (self.take(), data) {
            (State::Spoken, None | Some([])) => Ok(()),
            (State::ScramFinal { verifier }, Some(data)) => check_final(data, &verifier),
            (State::ScramFirst(_) | State::ScramFinal { .. }, _) => Err(ClientFailure::ServerNotProven),
            (State::Failed(failure), _) => Err(failure),
            (State::First { .. } | State::LoginUser(_) | State::LoginPassword(_) | State::Spoken, _) => {
                Err(ClientFailure::Malformed)
            }
        }
    }

    const fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Failed(ClientFailure::Malformed))
    }

    fn fail<T>(&mut self, failure: ClientFailure) -> Result<T, ClientFailure> {
        self.state = State::Failed(failure);
        Err(failure)
    }
}

/// RFC 4616 section 2.
fn plain(credentials: &Credentials) -> Result<State, ClientFailure> {
    let authzid = credentials.authorize_as.as_deref().unwrap_or_default();
    let (user, password) = (&credentials.user, credentials.password.declassify());
    if [authzid, user, password].iter().any(|part| part.contains('\0')) || user.is_empty() {
        return Err(ClientFailure::Unusable);
    }
    let message = format!("{authzid}\0{user}\0{}", prepare(password)).into_bytes();
    Ok(State::First {
        message: Secret::new(message),
        then: Box::new(State::Spoken),
    })
}

/// RFC 5802 section 5: the client-first message.
fn scram(
    mechanism: Mechanism,
    credentials: Credentials,
    client_nonce: String,
    channel: &Channel,
) -> Result<State, ClientFailure> {
    checked_nonce(&client_nonce).map_err(|Malformed| ClientFailure::Unusable)?;
    if credentials.user.is_empty() || credentials.user.contains('\0') {
        return Err(ClientFailure::Unusable);
    }
    let (flag, data) = match (mechanism, channel.strongest()) {
        (Mechanism::ScramSha256Plus, Some((name, data))) => (format!("p={name}"), data),
        (Mechanism::ScramSha256Plus, None) => return Err(ClientFailure::Unusable),
        (_, Some(_)) => ("y".to_owned(), &[][..]),
        (_, None) => ("n".to_owned(), &[][..]),
    };
    let authzid = credentials
        .authorize_as
        .as_deref()
        .filter(|authzid| !authzid.is_empty())
        .map(|authzid| format!("a={}", encode_name(authzid)))
        .unwrap_or_default();
    let header = format!("{flag},{authzid},");
    let bare = format!("n={},r={client_nonce}", encode_name(&credentials.user));
    let message = format!("{header}{bare}").into_bytes();
    let mut cbind_input = header.into_bytes();
    cbind_input.extend_from_slice(data);
    let then = State::ScramFirst(ScramFirst {
        password: credentials.password,
        client_nonce,
        bare,
        cbind_input,
    });
    Ok(State::First {
        message: Secret::new(message),
        then: Box::new(then),
    })
}

impl ScramFirst {
    /// The server-first message came; gives the client-final message and the signature to expect.
    fn challenge(self, message: &[u8]) -> Result<(Vec<u8>, Secret<[u8; 32]>), ClientFailure> {
        let server = ServerFirst::parse(message).map_err(|Malformed| ClientFailure::Malformed)?;
        // The server must have added something of its own, or an old exchange could be replayed to us.
        if !server.nonce.starts_with(&self.client_nonce) || server.nonce == self.client_nonce {
            return Err(ClientFailure::Malformed);
        }
        if !(MIN_ITERATIONS..=MAX_ITERATIONS).contains(&server.iterations) {
            return Err(ClientFailure::Iterations);
        }
        let salted = salted_password(self.password.declassify(), &server.salt, server.iterations);
        let without_proof = format!("c={},r={}", encode_base64(&self.cbind_input), server.nonce);
        let mut auth_message = format!("{},", self.bare).into_bytes();
        auth_message.extend_from_slice(message);
        auth_message.push(b',');
        auth_message.extend_from_slice(without_proof.as_bytes());
        let key = client_key(&salted);
        let proof = xor(hmac(&sha256(&key), &auth_message), &key);
        let response = format!("{without_proof},p={}", encode_base64(&proof)).into_bytes();
        let verifier = Secret::new(hmac(&server_key(&salted), &auth_message));
        Ok((response, verifier))
    }
}

fn check_final(message: &[u8], verifier: &Secret<[u8; 32]>) -> Result<(), ClientFailure> {
    match ServerFinal::parse(message).map_err(|Malformed| ClientFailure::Malformed)? {
        ServerFinal::Error => Err(ClientFailure::Rejected),
        ServerFinal::Verifier(came) if bool::from(came.ct_eq(verifier.declassify().as_slice())) => Ok(()),
        ServerFinal::Verifier(_) => Err(ClientFailure::ServerNotProven),
    }
}
