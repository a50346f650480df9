//! What NOTIFY watches: the mailboxes of an account by their mod-sequences, and their names.

use posthorn_base::{ModSeq, Rights};
use posthorn_imap::{Answer, MailboxHandle, WatchedMailbox, WatchedMailboxes};
use posthorn_mailbox::{self as mailbox, ChangedMailbox, MailboxError};

use super::{ImapHandler, translate};

impl ImapHandler {
    pub(super) async fn watch(
        &mut self,
        since_modseq: i64,
        wants_names: bool,
    ) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        // Listening begins before the first look, so that no change falls between the two.
        if self.account_watcher.is_none() {
            self.account_watcher = Some(self.services.watch.listen(account));
        }
        let (found, folders) = self
            .read(move |tx| {
                let found = mailbox::changed_mailboxes(tx, account, ModSeq(since_modseq))?;
                let folders = match wants_names {
                    true => Some(mailbox::folders(tx, account)?),
                    false => None,
                };
                Ok((found, folders))
            })
            .await?;
        let listed = |folder: mailbox::Folder| {
            let handle = folder.id.map(|id| MailboxHandle(id.0));
            (handle, translate::folder(folder, Rights::ALL))
        };
        Ok(Answer::Watched(WatchedMailboxes {
            changed: found.changed.into_iter().map(watched).collect(),
            names: folders.map(|folders| folders.into_iter().map(listed).collect()),
            modseq: found.modseq.0,
        }))
    }
}

fn watched(mailbox: ChangedMailbox) -> WatchedMailbox {
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    WatchedMailbox {
        mailbox: MailboxHandle(mailbox.id.0),
        name: mailbox.name,
        subscribed: mailbox.is_subscribed,
        uid_validity: mailbox.uid_validity.0,
        uid_next: mailbox.uid_next.0,
        messages: number(mailbox.messages),
        unseen: number(mailbox.unseen),
        highest_modseq: mailbox.modseq.0,
    }
}
