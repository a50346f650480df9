//! Mailboxes as such: LIST, STATUS, CREATE, DELETE, RENAME, SUBSCRIBE, and the quota over them all.

use posthorn_base::{AccountId, Rights};
use posthorn_imap::types::SpecialUse;
use posthorn_imap::{Answer, MailboxStatus, PeekedMailbox};
use posthorn_mailbox::{self as mailbox, MailboxError, Subscription};
use posthorn_runtime::clock;
use posthorn_store::Tx;
use roaring::RoaringBitmap;

use super::place::{Named, Place};
use super::{ImapHandler, translate};
use crate::sharing::name_for_others;

impl ImapHandler {
    pub(super) async fn mailboxes(&self) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        let all = self
            .read(move |tx| {
                let own = mailbox::folders(tx, account)?;
                let mut all: Vec<_> = own.into_iter().map(|folder| (folder, Rights::ALL)).collect();
                all.extend(shared_with(tx, account)?);
                Ok(all)
            })
            .await?;
        Ok(Answer::Mailboxes(
            all.into_iter()
                .map(|(folder, rights)| translate::folder(folder, rights))
                .collect(),
        ))
    }

    pub(super) async fn quota(&self, of_mailbox: Option<String>) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        let owner = match of_mailbox {
            Some(name) => self.named(name, Rights::READ).await?.owner,
            None => account,
        };
        let (usage, root) = self
            .read(move |tx| {
                let usage = mailbox::usage(tx, owner)?;
                let entry = match owner == account {
                    true => None,
                    false => posthorn_accounts::account(tx, owner)?,
                };
                Ok((usage, entry.map(|owner| owner.address.to_string())))
            })
            .await?;
        Ok(Answer::Quota {
            root: root.unwrap_or_default(),
            used_octets: usage.used_octets,
            limit_octets: usage.quota_octets,
        })
    }

    pub(super) async fn status(
        &self,
        name: String,
        wants_deleted_octets: bool,
    ) -> Result<Answer, MailboxError> {
        let Named { owner, name, .. } = self.named(name, Rights::READ).await?;
        let (status, recent, deleted_octets) = self
            .read(move |tx| {
                let id = mailbox::find(tx, owner, &name)?;
                let status = mailbox::status(tx, owner, id)?;
                let recent = mailbox::count_from(tx, owner, id, status.recent_from)?;
                let deleted_octets = match wants_deleted_octets && status.deleted > 0 {
                    true => mailbox::deleted_octets(tx, owner, id)?,
                    false => 0,
                };
                Ok((status, recent, deleted_octets))
            })
            .await?;
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Answer::Status(MailboxStatus {
            messages: number(status.messages),
            recent: number(recent),
            unseen: number(status.unseen),
            deleted: number(status.deleted),
            deleted_octets,
            size_octets: status.size_octets,
            uid_next: status.uid_next.0,
            uid_validity: status.uid_validity.0,
            highest_modseq: status.modseq.0,
            mailbox_id: translate::mailbox_id(status.id),
        }))
    }

    /// A mailbox that is about to be searched without being selected.
    pub(super) async fn peek(&mut self, name: String, wants_uids: bool) -> Result<Answer, MailboxError> {
        let Named { owner, name, .. } = self.named(name, Rights::READ).await?;
        let (status, uids) = self
            .read(move |tx| {
                let id = mailbox::find(tx, owner, &name)?;
                let status = mailbox::status(tx, owner, id)?;
                let uids = match wants_uids {
                    true => mailbox::snapshot(tx, owner, id)?.uids,
                    false => RoaringBitmap::new(),
                };
                Ok((status, uids))
            })
            .await?;
        Ok(Answer::Peeked(PeekedMailbox {
            mailbox: self.handle(Place {
                owner,
                mailbox: status.id,
            }),
            uid_validity: status.uid_validity.0,
            first_recent_uid: status.recent_from.0,
            uids,
        }))
    }

    pub(super) async fn create(
        &self,
        name: String,
        special_use: Option<SpecialUse>,
    ) -> Result<Answer, MailboxError> {
        let Named { owner, name, .. } = self.named_anew(name).await?;
        if special_use.is_some() && owner != self.account()? {
            let reason = "what a mailbox is for is said by its owner";
            return Ok(Answer::Refused(reason.to_owned()));
        }
        let special_use = match special_use.map(translate::stored_use) {
            Some(None) => return Ok(Answer::UnfitUse),
            Some(stored) => stored,
            None => None,
        };
        let now = clock::wall();
        let id = self
            .write(owner, move |tx| {
                mailbox::create(tx, owner, &name, special_use, now)
            })
            .await?;
        Ok(Answer::Created {
            mailbox_id: translate::mailbox_id(id),
        })
    }

    pub(super) async fn delete(&self, name: String) -> Result<Answer, MailboxError> {
        let Named { owner, name, .. } = self.named(name, Rights::DELETE_MAILBOX).await?;
        self.write(owner, move |tx| mailbox::delete(tx, owner, &name))
            .await?;
        Ok(Answer::Ok)
    }

    pub(super) async fn rename(&self, from: String, to: String) -> Result<Answer, MailboxError> {
        let Named {
            owner, name: from, ..
        } = self.named(from, Rights::DELETE_MAILBOX).await?;
        let Named {
            owner: new_owner,
            name: to,
            ..
        } = self.named_anew(to).await?;
        if new_owner != owner {
            let reason = "a mailbox cannot be renamed into another account; its messages can be moved";
            return Ok(Answer::Refused(reason.to_owned()));
        }
        let now = clock::wall();
        self.write(owner, move |tx| mailbox::rename(tx, owner, &from, &to, now))
            .await?;
        Ok(Answer::Ok)
    }

    pub(super) async fn subscribe(&self, name: String, subscribed: bool) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        let subscription = match subscribed {
            true if self.named(name.clone(), Rights::LOOKUP).await?.owner != account => {
                Subscription::Elsewhere
            }
            true => Subscription::On,
            false => Subscription::Off,
        };
        self.write(account, move |tx| {
            mailbox::subscribe(tx, account, &name, subscription)
        })
        .await?;
        Ok(Answer::Ok)
    }
}

/// The mailboxes of others that may be listed, under the names they have for this reader.
fn shared_with(tx: &Tx<'_>, reader: AccountId) -> Result<Vec<(mailbox::Folder, Rights)>, MailboxError> {
    let mut all = Vec::new();
    for owner in mailbox::sharers(tx, reader)? {
        let Some(entry) = posthorn_accounts::account(tx, owner)? else {
            continue;
        };
        for (mut folder, rights) in mailbox::shared_folders(tx, owner, reader)? {
            if rights.contains(Rights::LOOKUP) {
                folder.name = name_for_others(&entry.address, &folder.name);
                all.push((folder, rights));
            }
        }
    }
    Ok(all)
}
