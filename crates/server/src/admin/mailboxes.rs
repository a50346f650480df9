//! Mailboxes and with whom they are shared: what `posthorn mailbox` asks for.

use posthorn_accounts::Account;
use posthorn_base::{AclChange, Address, MailboxId, Rights};
use posthorn_mailbox::{Effect, Folder, Identifier, check_name};
use posthorn_sessions::sharing;
use posthorn_store::Tx;

use super::accounts::account;
use super::refusal::Refusal;
use super::response::{MailboxView, Response, ShareView};
use super::{Admin, MailboxName, MailboxRequest, Text};

/// Names that a refusal tells.
const NAMES_TOLD: usize = 20;

pub(super) fn execute(admin: &Admin, request: MailboxRequest) -> Result<Response, Refusal> {
    match request {
        MailboxRequest::List(Text(address)) => {
            let views = admin.store.read(move |tx| list(tx, &address)).wait()?;
            Ok(Response::Mailboxes(views))
        }
        MailboxRequest::Share {
            mailbox,
            whom,
            rights: Text(rights),
        } => share(admin, mailbox, whom, rights),
        MailboxRequest::Unshare { mailbox, whom } => unshare(admin, mailbox, whom),
    }
}

fn list(tx: &Tx<'_>, address: &Address) -> Result<Vec<MailboxView>, Refusal> {
    let account = account(tx, address)?;
    let mut views = Vec::new();
    for (id, folder) in mailboxes(tx, &account)? {
        let status = posthorn_mailbox::status(tx, account.id, id)?;
        let mut shared_with = Vec::new();
        for entry in posthorn_mailbox::acl(tx, account.id, id)? {
            if let Some(with) = sharing::identifier_text(tx, entry.identifier)? {
                shared_with.push(ShareView {
                    with,
                    rights: entry.rights.to_string(),
                });
            }
        }
        views.push(MailboxView {
            name: folder.name,
            messages: status.messages,
            unseen: status.unseen,
            size_octets: status.size_octets,
            special_use: folder
                .special_use
                .map(|special_use| special_use.name().to_owned()),
            shared_with,
        });
    }
    Ok(views)
}

fn share(admin: &Admin, mailbox: MailboxName, whom: String, rights: Rights) -> Result<Response, Refusal> {
    let shared = admin
        .store
        .read(move |tx| Shared::find(tx, &mailbox, &whom))
        .wait()?;
    sharing::require_nameable(&shared.owner.address)?;
    shared.change(admin, AclChange::Set(rights))?;
    let Shared {
        owner, name, whom, ..
    } = &shared;
    Ok(Response::Done(match shared.identifier.effect {
        Effect::Grants => format!(
            "{name} of {} is shared with {whom} now ({rights}), under the name {}",
            owner.address,
            sharing::name_for_others(&owner.address, name)
        ),
        Effect::Denies => format!(
            "{name} of {} has the entry {whom} now: it takes {rights} away, whoever gives them",
            owner.address
        ),
    }))
}

fn unshare(admin: &Admin, mailbox: MailboxName, whom: String) -> Result<Response, Refusal> {
    let shared = admin
        .store
        .read(move |tx| {
            let shared = Shared::find(tx, &mailbox, &whom)?;
            let entries = posthorn_mailbox::acl(tx, shared.owner.id, shared.mailbox)?;
            if entries.iter().all(|entry| entry.identifier != shared.identifier) {
                return Err(Refusal::NotShared {
                    mailbox: shared.name,
                    owner: shared.owner.address,
                    whom: shared.whom,
                });
            }
            Ok(shared)
        })
        .wait()?;
    shared.change(admin, AclChange::Delete)?;
    let Shared {
        owner, name, whom, ..
    } = &shared;
    Ok(Response::Done(match shared.identifier.effect {
        Effect::Grants => format!("{name} of {} is no longer shared with {whom}", owner.address),
        Effect::Denies => format!("{name} of {} no longer has the entry {whom}", owner.address),
    }))
}

/// A mailbox and whom it is shared with.
struct Shared {
    owner: Account,
    mailbox: MailboxId,
    /// Its name as it is stored.
    name: String,
    identifier: Identifier,
    /// The same for people.
    whom: String,
}

impl Shared {
    fn find(tx: &Tx<'_>, mailbox: &MailboxName, whom: &str) -> Result<Self, Refusal> {
        let owner = account(tx, &mailbox.owner.0)?;
        let all = mailboxes(tx, &owner)?;
        let name = check_name(&mailbox.name).ok();
        let Some((id, folder)) = all.iter().find(|(_, folder)| Some(&folder.name) == name.as_ref()) else {
            return Err(Refusal::NoSuchMailbox {
                name: mailbox.name.clone(),
                there: told(&all),
                owner: owner.address,
            });
        };
        let Some(identifier) = sharing::identifier(tx, whom)? else {
            return Err(Refusal::NobodyToShareWith(whom.to_owned()));
        };
        Ok(Self {
            mailbox: *id,
            name: folder.name.clone(),
            owner,
            identifier,
            whom: sharing::identifier_text(tx, identifier)?.unwrap_or_else(|| whom.to_owned()),
        })
    }

    fn change(&self, admin: &Admin, change: AclChange) -> Result<(), Refusal> {
        sharing::change(&admin.store, self.owner.id, self.mailbox, self.identifier, change).wait()?;
        Ok(())
    }
}

/// All that are there, without names that are only subscribed.
fn mailboxes(tx: &Tx<'_>, account: &Account) -> Result<Vec<(MailboxId, Folder)>, Refusal> {
    let folders = posthorn_mailbox::folders(tx, account.id)?;
    Ok(folders
        .into_iter()
        .filter_map(|folder| Some((folder.id?, folder)))
        .collect())
}

fn told(all: &[(MailboxId, Folder)]) -> String {
    let mut names: Vec<&str> = all
        .iter()
        .take(NAMES_TOLD)
        .map(|(_, folder)| folder.name.as_str())
        .collect();
    if all.len() > NAMES_TOLD {
        names.push("…");
    }
    names.join(", ")
}
