//! CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 3501 sections 6.3.3 to 6.3.7): the rules about
//! names. All else is the shell's.

use super::connection::{Asked, Outcome, Step};
use super::reply::{Fault, Reply};
use crate::ask::{Answer, Ask};
use crate::types::SpecialUse;
use crate::types::mailbox::is_fit_to_create;

pub(super) fn start(name: String, special_use: Option<SpecialUse>) -> Outcome {
    if name == "INBOX" {
        return Err(Fault::Inbox("INBOX exists always"));
    }
    if !is_fit_to_create(&name) {
        return Err(Fault::UnfitName);
    }
    Ok(Step::Ask(Ask::Create { name, special_use }, Asked::Create))
}

/// RFC 8474 section 4.1: the client is told under which id it will know the mailbox.
pub(super) fn created(answer: Answer) -> Outcome {
    let Answer::Created { mailbox_id } = answer else {
        return Err(answer.into());
    };
    let reply = Reply::ok("CREATE completed").with_code(format!("MAILBOXID ({mailbox_id})"));
    Ok(Step::Done(reply))
}

pub(super) fn start_delete(name: String) -> Outcome {
    if name == "INBOX" {
        return Err(Fault::Inbox("INBOX cannot be deleted"));
    }
    Ok(Step::Ask(Ask::Delete { name }, Asked::Change("DELETE completed")))
}

pub(super) fn start_rename(from: String, to: String) -> Outcome {
    if to == "INBOX" {
        return Err(Fault::Inbox("INBOX exists always"));
    }
    let is_below = to
        .strip_prefix(from.as_str())
        .is_some_and(|rest| rest.starts_with('/'));
    if !is_fit_to_create(&to) || is_below {
        return Err(Fault::UnfitName);
    }
    let ask = Ask::Rename { from, to };
    Ok(Step::Ask(ask, Asked::Change("RENAME completed")))
}

/// A name that no mailbox can have is not worth remembering; to forget one is always allowed.
pub(super) fn start_subscribe(name: String, subscribed: bool) -> Outcome {
    if subscribed && !is_fit_to_create(&name) {
        return Err(Fault::UnfitName);
    }
    let text = match subscribed {
        true => "SUBSCRIBE completed",
        false => "UNSUBSCRIBE completed",
    };
    Ok(Step::Ask(
        Ask::Subscribe { name, subscribed },
        Asked::Change(text),
    ))
}

pub(super) fn answered(text: &str, answer: Answer) -> Outcome {
    match answer == Answer::Ok {
        true => Ok(Step::Done(Reply::ok(text))),
        false => Err(answer.into()),
    }
}
