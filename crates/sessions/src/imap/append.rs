//! APPEND: the octets are gathered, then stored as a delivery is.

use std::sync::Arc;

use posthorn_base::Timestamp;
use posthorn_imap::Answer;
use posthorn_imap::types::Flags;
use posthorn_mailbox::{self as mailbox, MailboxError, NewMessage, Quota, Target};
use posthorn_runtime::clock;

use super::{ImapHandler, panicked, translate};

impl ImapHandler {
    pub(super) async fn append_start(
        &mut self,
        name: String,
        size_octets: u64,
    ) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        self.appended = Vec::new();
        let usage = self
            .read(move |tx| {
                mailbox::find(tx, account, &name)?;
                mailbox::usage(tx, account)
            })
            .await?;
        if usage.is_exceeded_by(size_octets) {
            return Err(MailboxError::OverQuota);
        }
        Ok(Answer::Ok)
    }

    pub(super) async fn append_finish(
        &mut self,
        name: String,
        flags: &Flags,
        internal_date: Option<Timestamp>,
    ) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        let octets: Arc<[u8]> = std::mem::take(&mut self.appended).into();
        let now = clock::wall();
        let flags = translate::stored_flags(flags);
        let store = self.services.store.clone();
        // Rendering takes the processor and a large blob the disk; other sessions go on meanwhile.
        let staged = tokio::task::spawn_blocking(move || {
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
        });
        let message = staged.await.map_err(panicked)??;
        let target = Target::Name(name);
        let delivered = self
            .write(account, move |tx| {
                mailbox::deliver(tx, account, &target, &message, Quota::Enforce, now)
            })
            .await?;
        Ok(Answer::Appended {
            uid_validity: delivered.uid_validity.0,
            uid: delivered.uid.0,
        })
    }
}
