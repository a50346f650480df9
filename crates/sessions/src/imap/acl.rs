//! GETACL, SETACL, DELETEACL, LISTRIGHTS and MYRIGHTS (RFC 4314). Identifiers are addresses of accounts of this
//! server and `anyone`, each also behind a `-`.

use std::cell::Cell;

use posthorn_base::{Address, MailboxId, Rights};
use posthorn_imap::Answer;
use posthorn_imap::types::AclChange;
use posthorn_mailbox::{self as mailbox, AclEntry, Effect, Grantee, Identifier, MailboxError, Sharing};
use posthorn_store::{Partition, Tx};

use super::ImapHandler;
use super::place::{Named, is_one_level};

const ANYONE: &str = "anyone";

/// What a client may ask about a list: which mailbox, of whom.
struct Subject {
    mailbox: MailboxId,
    identifier: Identifier,
    /// Can others name the mailboxes of the owner?
    is_nameable: bool,
}

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
                let mut entries = Vec::new();
                if let Some(address) = address_of(tx, Grantee::Account(owner))? {
                    entries.push((address, Rights::ALL));
                }
                for AclEntry { identifier, rights } in mailbox::acl(tx, owner, mailbox)? {
                    // An account that is just being removed is in no list any more.
                    let Some(address) = address_of(tx, identifier.grantee)? else {
                        continue;
                    };
                    entries.push(match identifier.effect {
                        Effect::Grants => (address, rights),
                        Effect::Denies => (format!("-{address}"), rights),
                    });
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
        let always = match self.subject(named, identifier).await? {
            Ok(subject) if subject.identifier.grantee == Grantee::Account(owner) => Rights::ALL,
            Ok(_) => Rights::NONE,
            Err(refused) => return Ok(refused),
        };
        Ok(Answer::Rights(always))
    }

    pub(super) async fn change_acl(
        &self,
        name: String,
        identifier: String,
        change: AclChange,
    ) -> Result<Answer, MailboxError> {
        let change = match change {
            AclChange::Set(rights) => mailbox::AclChange::Set(rights),
            AclChange::Add(rights) => mailbox::AclChange::Add(rights),
            AclChange::Remove(rights) => mailbox::AclChange::Remove(rights),
            AclChange::Delete => mailbox::AclChange::Delete,
        };
        let named = self.named(name, Rights::ADMINISTER).await?;
        let owner = named.owner;
        let subject = match self.subject(named, identifier).await? {
            Ok(subject) if subject.is_nameable => subject,
            Ok(_) => {
                let reason = "an address with /, * or % cannot stand in the name of a shared mailbox";
                return Ok(Answer::Refused(reason.to_owned()));
            }
            Err(refused) => return Ok(refused),
        };
        let grantee = subject.identifier.grantee;
        let partitions = vec![Partition::Account(owner), Partition::Account(grantee.partition())];
        // The first transaction tells the second.
        let sharing = Cell::new(Sharing::None);
        let changed = self.services.store.write_group(partitions, move |tx, part| {
            if part > 0 {
                return mailbox::set_sharing(tx, grantee, owner, sharing.get());
            }
            let Subject {
                mailbox, identifier, ..
            } = subject;
            sharing.set(mailbox::change_acl(tx, owner, mailbox, identifier, change)?);
            Ok(())
        });
        changed.await?;
        Ok(Answer::Ok)
    }

    /// The mailbox and whom an identifier means; or that it means nobody.
    async fn subject(
        &self,
        named: Named,
        identifier: String,
    ) -> Result<Result<Subject, Answer>, MailboxError> {
        let Named { owner, name, .. } = named;
        self.read(move |tx| {
            let mailbox = mailbox::find(tx, owner, &name)?;
            let address = posthorn_accounts::account(tx, owner)?.map(|account| account.address);
            Ok(match parse(tx, &identifier)? {
                Some(identifier) => Ok(Subject {
                    mailbox,
                    identifier,
                    is_nameable: address.is_some_and(|address| is_one_level(&address)),
                }),
                None => Err(Answer::Refused(format!(
                    "there is no account with the address {identifier} here"
                ))),
            })
        })
        .await
    }
}

/// Whom an identifier means; `None`: nobody.
fn parse(tx: &Tx<'_>, text: &str) -> Result<Option<Identifier>, MailboxError> {
    let (effect, whom) = match text.strip_prefix('-') {
        Some(whom) => (Effect::Denies, whom),
        None => (Effect::Grants, text),
    };
    let grantee = if whom == ANYONE {
        Some(Grantee::Anyone)
    } else if let Ok(address) = Address::parse(whom) {
        let account = posthorn_accounts::find_account(tx, &address)?;
        account.map(|account| Grantee::Account(account.id))
    } else {
        None
    };
    Ok(grantee.map(|grantee| Identifier { grantee, effect }))
}

fn address_of(tx: &Tx<'_>, grantee: Grantee) -> Result<Option<String>, MailboxError> {
    Ok(match grantee {
        Grantee::Anyone => Some(ANYONE.to_owned()),
        Grantee::Account(account) => {
            posthorn_accounts::account(tx, account)?.map(|account| account.address.to_string())
        }
    })
}
