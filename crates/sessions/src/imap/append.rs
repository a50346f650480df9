//! APPEND: the octets of each message are gathered, then all are stored as a delivery is.

use std::sync::Arc;

use posthorn_base::{Rights, Timestamp, Uid};
use posthorn_imap::types::Flags;
use posthorn_imap::{Answer, Replaced};
use posthorn_mailbox::{self as mailbox, MailboxError, NewMessage, Quota, Target, Which};
use posthorn_runtime::clock;
use posthorn_store::{INLINE_BLOB_OCTETS, Partition, Tx};

use super::place::{Named, Place};
use super::{ImapHandler, panicked, translate};
use crate::gathering::gather;

/// What came of an APPEND so far.
#[derive(Default)]
pub(super) struct Appending {
    /// Octets of the message that comes, and how many there will be.
    octets: Vec<u8>,
    announced_octets: u64,
    /// The messages of the same command before it.
    staged: Vec<NewMessage>,
}

impl ImapHandler {
    /// Octets of the message that was announced last.
    pub(super) fn append_data(&mut self, octets: &[u8]) {
        let appending = self.appending.get_or_insert_default();
        gather(&mut appending.octets, octets, Some(appending.announced_octets));
    }

    pub(super) async fn append_start(
        &mut self,
        name: String,
        size_octets: u64,
        replaces: Option<Replaced>,
    ) -> Result<Answer, MailboxError> {
        self.appending = None;
        self.append_room(name, size_octets, replaces).await
    }

    /// Is there room for a message of that size besides those staged?
    async fn append_room(
        &mut self,
        name: String,
        size_octets: u64,
        replaces: Option<Replaced>,
    ) -> Result<Answer, MailboxError> {
        let Named { owner, name, .. } = self.named(name, Rights::INSERT).await?;
        let replaces = self.replaced(replaces).await?;
        let usage = self
            .read(move |tx| {
                mailbox::find(tx, owner, &name)?;
                let mut usage = mailbox::usage(tx, owner)?;
                if let Some((place, uid)) = replaces.filter(|(place, _)| place.owner == owner) {
                    let gone = mailbox::message(tx, place.owner, place.mailbox, uid)?;
                    let freed = gone.map_or(0, |gone| gone.size_octets);
                    usage.used_octets = usage.used_octets.saturating_sub(freed);
                }
                Ok(usage)
            })
            .await?;
        let appending = self.appending.get_or_insert_default();
        let staged = appending
            .staged
            .iter()
            .map(|message| message.blob.reference().size_octets);
        if usage.is_exceeded_by(staged.fold(size_octets, u64::saturating_add)) {
            return Err(MailboxError::OverQuota);
        }
        appending.announced_octets = size_octets;
        Ok(Answer::Ok)
    }

    /// One message is there and another is announced.
    pub(super) async fn append_next(
        &mut self,
        name: String,
        flags: &Flags,
        internal_date: Option<Timestamp>,
        size_octets: u64,
    ) -> Result<Answer, MailboxError> {
        let mut appending = self.appending.take().unwrap_or_default();
        let octets = std::mem::take(&mut appending.octets);
        appending
            .staged
            .push(self.stage(octets, flags, internal_date).await?);
        self.appending = Some(appending);
        let room = self.append_room(name, size_octets, None).await;
        if room.is_err() {
            self.appending = None;
        }
        room
    }

    pub(super) async fn append_finish(
        &mut self,
        name: String,
        flags: &Flags,
        internal_date: Option<Timestamp>,
        replaces: Option<Replaced>,
    ) -> Result<Answer, MailboxError> {
        let Appending { octets, staged, .. } = *self.appending.take().unwrap_or_default();
        let mut messages = staged;
        messages.push(self.stage(octets, flags, internal_date).await?);
        let Named { owner, name, rights } = self.named(name, Rights::INSERT).await?;
        for message in &mut messages {
            message.flags = message.flags.permitted(rights);
        }
        let replaces = self.replaced(replaces).await?;
        let target = Target::Name(name);
        let now = clock::wall();
        let owners = replaces.map(|(place, _)| place.owner).into_iter().chain([owner]);
        // One group: all or none (RFC 3502), and what is replaced goes first, so that its room counts
        // (RFC 8508).
        let done =
            self.services
                .store
                .write_group(owners.map(Partition::Account).collect(), move |tx, part| {
                    if let (0, Some((place, uid))) = (part, replaces) {
                        take_away(tx, place, uid)?;
                        return Ok(Vec::new());
                    }
                    let deliver =
                        |message| mailbox::deliver(tx, owner, &target, message, Quota::Enforce, now);
                    messages.iter().map(deliver).collect::<Result<_, MailboxError>>()
                });
        let delivered = done.await?.pop().unwrap_or_default();
        Ok(Answer::Appended {
            uid_validity: delivered.first().map_or(0, |first| first.uid_validity.0),
            uids: delivered.iter().map(|message| message.uid.0).collect(),
        })
    }

    /// The message that another takes the place of.
    async fn replaced(&self, gone: Option<Replaced>) -> Result<Option<(Place, Uid)>, MailboxError> {
        let Some(gone) = gone else { return Ok(None) };
        let place = self.opened(gone.mailbox)?;
        // RFC 8508 section 4.1.
        let removing = Rights::DELETE_MESSAGES.with(Rights::EXPUNGE);
        match self.rights_in(place).await?.contains(removing) {
            true => Ok(Some((place, Uid(gone.uid)))),
            false => Err(MailboxError::NotPermitted),
        }
    }

    /// Makes a message of the octets that came.
    async fn stage(
        &self,
        octets: Vec<u8>,
        flags: &Flags,
        internal_date: Option<Timestamp>,
    ) -> Result<NewMessage, MailboxError> {
        let now = clock::wall();
        let flags = translate::stored_flags(flags);
        let store = self.services.store.clone();
        let is_small = u64::try_from(octets.len()).is_ok_and(|size| size <= INLINE_BLOB_OCTETS);
        let stage = move || {
            let rendered = Arc::new(posthorn_message::render(&octets));
            let blob = store.stage_blob(octets, now)?;
            Ok::<_, MailboxError>(NewMessage {
                blob,
                rendered,
                internal_date: internal_date.unwrap_or(now),
                flags,
                // Nobody watched it arrive.
                evidence: None,
            })
        };
        if is_small {
            // Shorter than the way to another thread and back.
            return stage();
        }
        // Rendering takes the processor and the blob the disk; other sessions go on meanwhile.
        tokio::task::spawn_blocking(stage).await.map_err(panicked)?
    }
}

/// Removes the message that another takes the place of.
fn take_away(tx: &mut Tx<'_>, place: Place, uid: Uid) -> Result<(), MailboxError> {
    let expunged = mailbox::expunge(tx, place.owner, place.mailbox, Which::Listed(&[uid]))?;
    match expunged.uids.is_empty() {
        true => Err(MailboxError::NoSuchMessage),
        false => Ok(()),
    }
}
