//! COPY and MOVE between mailboxes of two accounts. What is copied is delivered anew: octets are shared, the rest
//! is the other account's own, with its own quota and conversations. What was found out about the sender stays
//! behind, because it holds what the other reader knows of them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use posthorn_base::{EmailId, Rights, Uid};
use posthorn_imap::Answer;
use posthorn_mailbox::{
    self as mailbox, CopyMode, MailboxError, MessageRow, NewMessage, Quota, Target, Which,
};
use posthorn_message::Rendered;
use posthorn_runtime::clock;
use posthorn_store::{Blob, Partition, StoreError, Tx};

use super::place::{Named, Place};
use super::{ImapHandler, panicked};

/// A message's content, ready to be stored elsewhere.
type Content = (Blob, Arc<Rendered>);

impl ImapHandler {
    /// All or none; messages that are gone are left out.
    pub(super) async fn transfer(
        &self,
        from: Place,
        uids: Vec<Uid>,
        to: Named,
        mode: CopyMode,
    ) -> Result<Answer, MailboxError> {
        let contents = self.contents(from, &uids).await?;
        let now = clock::wall();
        let partitions = vec![Partition::Account(from.owner), Partition::Account(to.owner)];
        // The first transaction tells the second what is there to be copied.
        let rows = RefCell::new(Vec::new());
        let copied = self.services.store.write_group(partitions, move |tx, part| {
            if part == 0 {
                let there = mailbox::messages(tx, from.owner, from.mailbox, &uids)?;
                if mode == CopyMode::Move {
                    mailbox::expunge(tx, from.owner, from.mailbox, Which::Listed(&uids))?;
                }
                rows.replace(there);
                return Ok((0, Vec::new()));
            }
            let (mut uid_validity, mut pairs) = (target_validity(tx, &to)?, Vec::new());
            for row in rows.borrow().iter() {
                let message = message(row, &contents, to.rights)?;
                let target = Target::Name(to.name.clone());
                let delivered = mailbox::deliver(tx, to.owner, &target, &message, Quota::Enforce, now)?;
                uid_validity = delivered.uid_validity.0;
                pairs.push((row.uid.0, delivered.uid.0));
            }
            Ok::<_, MailboxError>((uid_validity, pairs))
        });
        let (uid_validity, pairs) = copied.await?.pop().unwrap_or_default();
        Ok(Answer::Copied { uid_validity, pairs })
    }

    /// What the messages hold. They are read one by one, so that no read is long, and described without holding
    /// up anybody.
    async fn contents(&self, from: Place, uids: &[Uid]) -> Result<HashMap<EmailId, Content>, MailboxError> {
        let mut contents = HashMap::new();
        for &uid in uids {
            let read = self.read(move |tx| read_content(tx, from, uid)).await?;
            let Some((email, blob, octets)) = read else {
                continue;
            };
            if contents.contains_key(&email) {
                continue;
            }
            let described = tokio::task::spawn_blocking(move || posthorn_message::render(&octets));
            let rendered = Arc::new(described.await.map_err(panicked)?);
            contents.insert(email, (blob, rendered));
        }
        Ok(contents)
    }
}

/// The content of a message with its octets; `None` when it is gone.
fn read_content(
    tx: &Tx<'_>,
    from: Place,
    uid: Uid,
) -> Result<Option<(EmailId, Blob, Vec<u8>)>, MailboxError> {
    let Some(row) = mailbox::message(tx, from.owner, from.mailbox, uid)? else {
        return Ok(None);
    };
    let Some(email) = mailbox::email(tx, from.owner, row.email)? else {
        return Ok(None);
    };
    let octets = tx.blob(&email.blob)?;
    Ok(Some((row.email, Blob::stored(email.blob), octets)))
}

fn message(
    row: &MessageRow,
    contents: &HashMap<EmailId, Content>,
    rights: Rights,
) -> Result<NewMessage, MailboxError> {
    // A UID is never another message's, so that what was read is what is there.
    let (blob, rendered) = contents
        .get(&row.email)
        .ok_or_else(|| StoreError::Corrupt(format!("message {} has no description", row.email)))?;
    Ok(NewMessage {
        blob: blob.clone(),
        rendered: Arc::clone(rendered),
        internal_date: row.internal_date,
        flags: row.flags.permitted(rights),
        evidence: None,
    })
}

fn target_validity(tx: &Tx<'_>, to: &Named) -> Result<u32, MailboxError> {
    let mailbox = mailbox::find(tx, to.owner, &to.name)?;
    Ok(mailbox::status(tx, to.owner, mailbox)?.uid_validity.0)
}
