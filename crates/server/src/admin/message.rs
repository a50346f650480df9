//! One message of an account, for whoever wants to know how it came: what `posthorn explain` asks for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posthorn_base::{Address, EmailId};
use posthorn_store::Tx;

use super::accounts::account;
use super::refusal::Refusal;
use super::response::{FoundView, Response};
use super::{Admin, MessageRequest, Text};

pub(super) fn execute(admin: &Admin, request: MessageRequest) -> Result<Response, Refusal> {
    let MessageRequest::Find {
        account: Text(account),
        message_id,
    } = request;
    let found = admin
        .store
        .read(move |tx| find(tx, &account, &message_id))
        .wait()?;
    Ok(Response::Found(found))
}

fn find(tx: &Tx<'_>, address: &Address, message_id: &str) -> Result<FoundView, Refusal> {
    let account = account(tx, address)?;
    let found = posthorn_mailbox::with_message_id(tx, account.id, message_id)?;
    let [newest, others @ ..] = found.as_slice() else {
        return Err(Refusal::NoSuchMail {
            account: address.clone(),
            message_id: message_id.to_owned(),
        });
    };
    let email: EmailId = *newest;
    let places = posthorn_mailbox::places(tx, account.id, email)?;
    let evidence = posthorn_mailbox::evidence(tx, account.id, email)?;
    let octets = match (&evidence, posthorn_mailbox::email(tx, account.id, email)?) {
        (None, Some(row)) => Some(STANDARD.encode(tx.blob(&row.blob)?)),
        _ => None,
    };
    Ok(FoundView {
        mailboxes: places.into_iter().map(|place| place.mailbox).collect(),
        evidence: evidence.map(|evidence| String::from_utf8_lossy(&evidence).into_owned()),
        octets,
        others: u64::try_from(others.len()).unwrap_or(u64::MAX),
    })
}
