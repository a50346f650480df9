//! SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314 section 3). Who has which right is the shell's
//! to say.

use posthorn_base::{AclChange, Rights};

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::Reply;
use crate::ask::{Answer, Ask};
use crate::codec::acl as codec;
use crate::types::acl::AclQuestion;

pub(super) fn start_set(name: String, identifier: String, change: AclChange) -> Step {
    let text = match change {
        AclChange::Set(_) | AclChange::Add(_) | AclChange::Remove(_) => "SETACL completed",
        AclChange::Delete => "DELETEACL completed",
    };
    let ask = Ask::ChangeAcl {
        name,
        identifier,
        change,
    };
    Step::Ask(ask, Asked::Change(text))
}

pub(super) fn start(name: String, question: AclQuestion) -> Step {
    let ask = match &question {
        AclQuestion::List => Ask::Acl { name: name.clone() },
        AclQuestion::Grantable(identifier) => Ask::GrantableRights {
            name: name.clone(),
            identifier: identifier.clone(),
        },
        AclQuestion::Mine => Ask::MyRights { name: name.clone() },
    };
    Step::Ask(ask, Asked::Acl { name, question })
}

pub(super) fn answered(
    connection: &mut Connection,
    name: &str,
    question: &AclQuestion,
    answer: Answer,
) -> Outcome {
    let names = connection.names();
    let mut out = Vec::new();
    let text = match (question, answer) {
        (AclQuestion::List, Answer::Acl(entries)) => {
            codec::print_list(&mut out, names, name, &entries);
            "GETACL completed"
        }
        (AclQuestion::Grantable(identifier), Answer::Rights(always)) => {
            codec::print_grantable(&mut out, names, name, identifier, always);
            "LISTRIGHTS completed"
        }
        (AclQuestion::Mine, Answer::Rights(rights)) => {
            codec::print_mine(&mut out, names, name, rights);
            "MYRIGHTS completed"
        }
        (_, answer) => return Err(answer.into()),
    };
    connection.send(out);
    Ok(Step::Done(Reply::ok(text)))
}

/// The rights of which SELECT is told that it may write, if it has any (RFC 4314 section 5.2): all flags are
/// shared by those who read a mailbox.
pub(super) const fn writing() -> Rights {
    Rights::INSERT
        .with(Rights::EXPUNGE)
        .with(Rights::SEEN)
        .with(Rights::WRITE)
        .with(Rights::DELETE_MESSAGES)
}
