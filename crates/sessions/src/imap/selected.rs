//! The open mailbox: SELECT, STORE, COPY, EXPUNGE, and what others do in it. (FETCH and SEARCH have files of
//! their own.)

use posthorn_base::{ModSeq, Rights, Uid};
use posthorn_imap::{Answer, ResyncFrom, SelectedMailbox};
use posthorn_mailbox::{self as mailbox, CopyMode, CopyRequest, MailboxError, Which};
use posthorn_runtime::clock;

use super::place::{Named, Place};
use super::{ImapHandler, translate};
use crate::Watcher;

impl ImapHandler {
    pub(super) async fn select(
        &mut self,
        name: String,
        read_only: bool,
        resync: Option<ResyncFrom>,
    ) -> Result<Answer, MailboxError> {
        let Named { owner, name, rights } = self.named(name, Rights::READ).await?;
        // Listening begins before the snapshot, so that no change falls between the two.
        self.watcher = Some(self.services.watch.listen(owner));
        let (opened, missed) = self
            .read(move |tx| {
                let mailbox = mailbox::find(tx, owner, &name)?;
                let opened = mailbox::snapshot(tx, owner, mailbox)?;
                let same = resync.filter(|from| from.uid_validity == opened.status.uid_validity.0);
                let missed = match same {
                    Some(from) => Some(mailbox::changed_uids(tx, owner, mailbox, ModSeq(from.modseq))?),
                    None => None,
                };
                Ok((opened, missed))
            })
            .await?;
        let status = opened.status;
        self.uid_next = status.uid_next;
        let mailbox = self.handle(Place {
            owner,
            mailbox: status.id,
        });
        if !read_only && rights.contains(Rights::SEEN) && status.recent_from < status.uid_next {
            let claimed = self.write(owner, move |tx| mailbox::claim_recent(tx, owner, status.id));
            self.unless_stuck(claimed.await)?;
        }
        Ok(Answer::Selected(SelectedMailbox {
            mailbox,
            uid_validity: status.uid_validity.0,
            uid_next: status.uid_next.0,
            highest_modseq: status.modseq.0,
            uids: opened.uids,
            first_recent_uid: status.recent_from.0,
            first_unseen_uid: opened.first_unseen.map(|uid| uid.0),
            keywords: status.keywords,
            mailbox_id: translate::mailbox_id(status.id),
            rights,
            missed: missed.map(translate::changed_uids),
        }))
    }

    /// A courtesy that is written while somebody reads: a disk that is full must not keep them from it.
    pub(super) fn unless_stuck<T>(
        &self,
        written: Result<T, MailboxError>,
    ) -> Result<Option<T>, MailboxError> {
        match written {
            Ok(value) => Ok(Some(value)),
            Err(MailboxError::Store(cause)) => {
                tracing::warn!(session = %self.session, %cause, "read, and not noted as read");
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Changes flags. The session tells its client by itself what it did, and need not ask what happened.
    pub(super) async fn store_flags(
        &mut self,
        place: Place,
        uids: Vec<Uid>,
        change: mailbox::FlagChange,
        unchanged_since: Option<ModSeq>,
    ) -> Result<mailbox::Stored, MailboxError> {
        let Place { owner, mailbox } = place;
        let heard = self.watcher.as_ref().and_then(Watcher::heard);
        let stored = self
            .write(owner, move |tx| {
                mailbox::store_flags(tx, owner, mailbox, &uids, &change, unchanged_since)
            })
            .await?;
        if let Some(watcher) = &mut self.watcher
            && stored.rows.iter().any(|row| row.is_changed)
        {
            watcher.pass_over_own(heard);
        }
        Ok(stored)
    }

    pub(super) async fn store(
        &mut self,
        place: Place,
        uids: Vec<Uid>,
        change: mailbox::FlagChange,
        unchanged_since: Option<ModSeq>,
    ) -> Result<Answer, MailboxError> {
        let stored = self.store_flags(place, uids, change, unchanged_since).await?;
        Ok(Answer::Stored {
            changed: stored.rows.into_iter().map(translate::stored).collect(),
            modified: stored.modified.into_iter().map(|uid| uid.0).collect(),
        })
    }

    pub(super) async fn copy(
        &self,
        place: Place,
        uids: Vec<Uid>,
        to: String,
        mode: posthorn_imap::Transfer,
    ) -> Result<Answer, MailboxError> {
        let mode = match mode {
            posthorn_imap::Transfer::Copy => CopyMode::Copy,
            posthorn_imap::Transfer::Move => CopyMode::Move,
        };
        let owner = place.owner;
        let target = self.named(to, Rights::INSERT).await?;
        if target.owner != owner {
            return self.transfer(place, uids, target, mode).await;
        }
        let now = clock::wall();
        let copied = self
            .write(owner, move |tx| {
                mailbox::copy(
                    tx,
                    owner,
                    CopyRequest {
                        from: place.mailbox,
                        uids: &uids,
                        to: &target.name,
                        mode,
                        rights: target.rights,
                    },
                    now,
                )
            })
            .await?;
        Ok(Answer::Copied {
            uid_validity: copied.uid_validity.0,
            pairs: copied
                .pairs
                .into_iter()
                .map(|(old, new)| (old.0, new.0))
                .collect(),
        })
    }

    pub(super) async fn expunge(&self, place: Place, uids: Option<Vec<Uid>>) -> Result<Answer, MailboxError> {
        let Place { owner, mailbox } = place;
        let (expunged, modseq) = self
            .write(owner, move |tx| {
                let which = uids.as_deref().map_or(Which::Deleted, Which::DeletedAmong);
                let expunged = mailbox::expunge(tx, owner, mailbox, which)?;
                Ok((expunged, mailbox::status(tx, owner, mailbox)?.modseq))
            })
            .await?;
        Ok(Answer::Expunged {
            uids: expunged.uids.into_iter().map(|uid| uid.0).collect(),
            highest_modseq: modseq.0,
        })
    }

    pub(super) async fn changed_uids(&self, place: Place, since_modseq: i64) -> Result<Answer, MailboxError> {
        let since = ModSeq(since_modseq);
        let Place { owner, mailbox } = place;
        let found = self
            .read(move |tx| {
                mailbox::status(tx, owner, mailbox)?;
                mailbox::changed_uids(tx, owner, mailbox, since)
            })
            .await?;
        Ok(Answer::ChangedUids(translate::changed_uids(found)))
    }

    pub(super) async fn changes(
        &self,
        place: Place,
        rights: Rights,
        since: ModSeq,
    ) -> Result<Answer, MailboxError> {
        let Place { owner, mailbox } = place;
        let seen = self
            .read(move |tx| mailbox::changes(tx, owner, mailbox, since))
            .await?;
        Ok(translate::changes(seen, rights, self.uid_next))
    }
}
