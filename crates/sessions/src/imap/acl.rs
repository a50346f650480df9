//! GETACL, SETACL, DELETEACL, LISTRIGHTS and MYRIGHTS (RFC 4314).

use posthorn_base::{AccountId, AclChange, MailboxId, Rights};
use posthorn_imap::Answer;
use posthorn_mailbox::{self as mailbox, AclEntry, Effect, Grantee, Identifier, MailboxError};
use posthorn_store::Tx;

use super::ImapHandler;
use super::place::Named;
use crate::sharing;

impl ImapHandler {
    pub(super) async fn my_rights(&self, name: String) -> Result<Answer, MailboxError> {
        let any = [
            Rights::LOOKUP,
            Rights::READ,
            Rights::INSERT,
            Rights::CREATE,
            Rights::DELETE_MAILBOX,
            Rights::ADMINISTER,
        ];
        let any = any.into_iter().fold(Rights::NONE, Rights::with);
        let Named { owner, name, rights } = self.named_with_any(name, any).await?;
        self.read(move |tx| mailbox::find(tx, owner, &name)).await?;
        Ok(Answer::Rights(rights))
    }

    pub(super) async fn acl(&self, name: String) -> Result<Answer, MailboxError> {
        let Named { owner, name, .. } = self.named(name, Rights::ADMINISTER).await?;
        let entries = self
            .read(move |tx| {
                let mailbox = mailbox::find(tx, owner, &name)?;
                let of_owner = AclEntry {
                    identifier: Identifier {
                        grantee: Grantee::Account(owner),
                        effect: Effect::Grants,
                    },
                    rights: Rights::ALL,
                };
                let mut entries = Vec::new();
                for entry in std::iter::once(of_owner).chain(mailbox::acl(tx, owner, mailbox)?) {
                    if let Some(identifier) = sharing::identifier_text(tx, entry.identifier)? {
                        entries.push((identifier, entry.rights));
                    }
                }
                Ok(entries)
            })
            .await?;
        Ok(Answer::Acl(entries))
    }

    pub(super) async fn grantable_rights(
        &self,
        name: String,
        identifier: String,
    ) -> Result<Answer, MailboxError> {
        let named = self.named(name, Rights::ADMINISTER).await?;
        let owner = named.owner;
        Ok(match self.subject(named, identifier).await? {
            Ok((_, of)) if of.grantee == Grantee::Account(owner) => Answer::Rights(Rights::ALL),
            Ok(_) => Answer::Rights(Rights::NONE),
            Err(refused) => refused,
        })
    }

    pub(super) async fn change_acl(
        &self,
        name: String,
        identifier: String,
        change: AclChange,
    ) -> Result<Answer, MailboxError> {
        let named = self.named(name, Rights::ADMINISTER).await?;
        let owner = named.owner;
        self.read(move |tx| require_nameable(tx, owner)).await?;
        let (mailbox, identifier) = match self.subject(named, identifier).await? {
            Ok(subject) => subject,
            Err(refused) => return Ok(refused),
        };
        sharing::change(&self.services.store, owner, mailbox, identifier, change).await?;
        Ok(Answer::Ok)
    }

    /// The mailbox and whom an identifier means; or that it means nobody.
    async fn subject(
        &self,
        named: Named,
        text: String,
    ) -> Result<Result<(MailboxId, Identifier), Answer>, MailboxError> {
        let Named { owner, name, .. } = named;
        self.read(move |tx| {
            let mailbox = mailbox::find(tx, owner, &name)?;
            Ok(match sharing::identifier(tx, &text)? {
                Some(identifier) => Ok((mailbox, identifier)),
                None => Err(Answer::Refused(format!(
                    "there is no account with the address {text} here"
                ))),
            })
        })
        .await
    }
}

/// Can others name the mailboxes of that account?
fn require_nameable(tx: &Tx<'_>, owner: AccountId) -> Result<(), MailboxError> {
    match posthorn_accounts::account(tx, owner)? {
        Some(account) => sharing::require_nameable(&account.address),
        None => Err(MailboxError::NoSuchMailbox),
    }
}
