//! The steps of SCRAM on the server, RFC 5802 sections 3, 5 and 6.

use subtle::ConstantTimeEq as _;

use super::{Ask, Failure, Outcome, State, Step, same_name};
use crate::channel::Channel;
use crate::encoding::{Malformed, encode_base64};
use crate::keys::{ScramKeys, hmac, sha256, xor};
use crate::mechanism::Mechanism;
use crate::scram::{CbindFlag, ClientFinal, ClientFirst, checked_nonce};

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// The client-first message was read; the keys are being looked up.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    client_nonce: String,
    first_bare: String,
    /// What `c=` must hold: the GS2 header and the binding data of our side of the channel.
    cbind_input: Vec<u8>,
}

impl Opening {
    pub(super) fn new(
        mechanism: Mechanism,
        channel: &Channel,
        message: &[u8],
    ) -> Result<(Self, Ask), Failure> {
        let first = ClientFirst::parse(message)?;
        let mut cbind_input = first.gs2_header.into_bytes();
        cbind_input.extend_from_slice(binding(mechanism, channel, &first.flag)?);
        // Nobody may act for another with SCRAM: the client would have to be told apart from a guesser
        // after the proof only, for a feature that mail programs do not use.
        if first
            .authzid
            .is_some_and(|authzid| !same_name(&authzid, &first.user))
        {
            return Err(Failure::AuthorizationDenied);
        }
        let opening = Self {
            client_nonce: first.nonce,
            first_bare: first.bare,
            cbind_input,
        };
        Ok((opening, Ask::ScramKeys { user: first.user }))
    }

    /// The keys are here: `server-first-message = nonce "," salt "," iteration-count`.
    pub(super) fn answer(self, identity: String, keys: ScramKeys, server_nonce: &str) -> Outcome {
        // A bad nonce is our own fault, not the client's.
        let server_nonce = checked_nonce(server_nonce).map_err(|Malformed| Failure::Unavailable)?;
        let nonce = format!("{}{server_nonce}", self.client_nonce);
        let server_first = format!("r={nonce},s={},i={}", encode_base64(&keys.salt), keys.iterations);
        let proving = Proving {
            identity,
            keys,
            nonce,
            cbind_input: self.cbind_input,
            signed: format!("{},{server_first}", self.first_bare),
        };
        Ok((
            State::AwaitProof(Box::new(proving)),
            Step::Challenge(server_first.into_bytes()),
        ))
    }
}

/// The data that `c=` must end with, or why the flag does not do (RFC 5802 section 6).
fn binding<'a>(mechanism: Mechanism, channel: &'a Channel, flag: &CbindFlag) -> Result<&'a [u8], Failure> {
    match (mechanism, flag) {
        (Mechanism::ScramSha256Plus, CbindFlag::Used(name)) => {
            channel.data(name).ok_or(Failure::ChannelBindingMismatch)
        }
        (Mechanism::ScramSha256, CbindFlag::Unsupported) => Ok(&[]),
        // "y" where we do offer binding: somebody took the -PLUS name out of our list.
        (Mechanism::ScramSha256, CbindFlag::ServerLacksIt) if !channel.can_bind() => Ok(&[]),
        (
            Mechanism::ScramSha256 | Mechanism::ScramSha256Plus | Mechanism::Plain | Mechanism::Login,
            CbindFlag::Unsupported | CbindFlag::ServerLacksIt | CbindFlag::Used(_),
        ) => Err(Failure::ChannelBindingMismatch),
    }
}

/// The server-first message went out; the client must prove that it knows the password.
#[derive(Clone, Debug)]
pub(super) struct Proving {
    identity: String,
    keys: ScramKeys,
    nonce: String,
    cbind_input: Vec<u8>,
    /// `client-first-message-bare + "," + server-first-message`.
    signed: String,
}

impl Proving {
    pub(super) fn respond(self, response: &[u8]) -> Outcome {
        let last = ClientFinal::parse(response)?;
        if last.nonce != self.nonce {
            return Err(Failure::Malformed);
        }
        if !bool::from(last.cbind_input.ct_eq(&self.cbind_input)) {
            return Err(Failure::ChannelBindingMismatch);
        }
        // AuthMessage, RFC 5802 section 3.
        let auth_message = format!("{},{}", self.signed, last.without_proof);
        let client_signature = hmac(&self.keys.stored_key, auth_message.as_bytes());
        let client_key = xor(client_signature, &last.proof);
        if !bool::from(sha256(&client_key).ct_eq(&self.keys.stored_key)) {
            return Err(Failure::Rejected);
        }
        let verifier = encode_base64(&hmac(&self.keys.server_key, auth_message.as_bytes()));
        Ok((
            State::AwaitConfirm(Confirm {
                identity: self.identity,
            }),
            Step::Challenge(format!("v={verifier}").into_bytes()),
        ))
    }
}

/// The server-final message went out; the client accepts it with an empty response.
#[derive(Clone, Debug)]
pub(super) struct Confirm {
    identity: String,
}

impl Confirm {
    pub(super) fn respond(self, response: &[u8]) -> Outcome {
        match response.is_empty() {
            true => Ok((
                State::Finished,
                Step::Done {
                    identity: self.identity,
                },
            )),
            false => Err(Failure::Malformed),
        }
    }
}
