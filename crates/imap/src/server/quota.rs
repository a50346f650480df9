//! GETQUOTA and GETQUOTAROOT (RFC 9208 sections 4.1.1 and 4.1.2). An account has one quota root, named
//! `""`, over all its mailboxes; without a limit it has none. The roots of mailboxes that others share are told
//! with these mailboxes and not by themselves.

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::{Fault, Reply};
use crate::ask::{Answer, Ask};
use crate::codec::quota;

pub(super) fn start(root: &[u8]) -> Outcome {
    match root.is_empty() {
        true => Ok(Step::Ask(Ask::Quota { of_mailbox: None }, Asked::Quota)),
        false => Err(Fault::NoSuchQuotaRoot),
    }
}

/// The mailbox need not exist (RFC 9208 section 4.1.2).
pub(super) fn start_root(name: String) -> Step {
    let of_mailbox = Some(name.clone());
    Step::Ask(Ask::Quota { of_mailbox }, Asked::QuotaRoot { name })
}

pub(super) fn answered(connection: &mut Connection, answer: Answer) -> Outcome {
    let (root, used_octets, limit_octets) = numbers(answer)?;
    let limit_octets = limit_octets.ok_or(Fault::NoSuchQuotaRoot)?;
    let mut out = Vec::new();
    quota::print(&mut out, &root, used_octets, limit_octets);
    connection.send(out);
    Ok(Step::Done(Reply::ok("GETQUOTA completed")))
}

pub(super) fn root_answered(connection: &mut Connection, name: &str, answer: Answer) -> Outcome {
    let (root, used_octets, limit_octets) = numbers(answer)?;
    let mut out = Vec::new();
    match limit_octets {
        Some(limit_octets) => {
            quota::print_roots(&mut out, connection.names(), name, &[&root]);
            quota::print(&mut out, &root, used_octets, limit_octets);
        }
        None => quota::print_roots(&mut out, connection.names(), name, &[]),
    }
    connection.send(out);
    Ok(Step::Done(Reply::ok("GETQUOTAROOT completed")))
}

fn numbers(answer: Answer) -> Result<(String, u64, Option<u64>), Fault> {
    let Answer::Quota {
        root,
        used_octets,
        limit_octets,
    } = answer
    else {
        return Err(answer.into());
    };
    Ok((root, used_octets, limit_octets))
}
