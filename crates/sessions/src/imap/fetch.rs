//! FETCH: rows from the small table, descriptions and sections from the large ones only when asked for.

use std::collections::HashSet;

use posthorn_base::{AccountId, MailboxId, Uid};
use posthorn_imap::types::{FetchWant, Partial, SectionWant};
use posthorn_imap::{Answer, FetchRow};
use posthorn_mailbox::{self as mailbox, FlagChange, FlagMode, Flags, MailboxError, MessageRow, System};
use posthorn_message::Parts;
use posthorn_store::{StoreError, Tx};

use super::{ImapHandler, bare_row, translate, uids_of};

/// Octets of the sections of one message in one answer.
const ROW_OCTETS: usize = 128 * 1024 * 1024;

/// What one question asks for.
pub(super) struct Request {
    pub(super) account: AccountId,
    pub(super) mailbox: MailboxId,
    pub(super) uids: Vec<u32>,
    pub(super) want: FetchWant,
    pub(super) octets_at_most: u64,
}

impl ImapHandler {
    pub(super) async fn fetch(&self, request: Request, mark_seen: bool) -> Result<Answer, MailboxError> {
        let (account, mailbox) = (request.account, request.mailbox);
        let (mut rows, not_reached) = self.read(move |tx| read_rows(tx, &request)).await?;
        if mark_seen {
            self.mark_seen(account, mailbox, &mut rows).await?;
        }
        Ok(Answer::Fetched { rows, not_reached })
    }

    /// Sets `\Seen` on what was read, and shows in the rows what became of it.
    async fn mark_seen(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        rows: &mut [FetchRow],
    ) -> Result<(), MailboxError> {
        let seen = posthorn_imap::types::SystemFlags::SEEN;
        let unseen: Vec<u32> = rows
            .iter()
            .filter(|row| !row.flags.system.contains(seen))
            .map(|row| row.uid)
            .collect();
        if unseen.is_empty() {
            return Ok(());
        }
        let uids = uids_of(unseen);
        let change = FlagChange {
            mode: FlagMode::Add,
            flags: Flags::system(System::SEEN),
        };
        let stored = self
            .write(account, move |tx| {
                mailbox::store_flags(tx, account, mailbox, &uids, &change, None)
            })
            .await;
        let stored = self.unless_stuck(stored)?;
        for after in stored.into_iter().flat_map(|stored| stored.rows) {
            if let Some(row) = rows.iter_mut().find(|row| row.uid == after.uid.0) {
                row.flags = translate::flags(&after.flags);
                row.modseq = after.modseq.0;
                row.newly_seen = after.is_changed;
            }
        }
        Ok(())
    }
}

/// The rows until enough octets are gathered, and the UIDs that were not reached.
fn read_rows(tx: &Tx<'_>, request: &Request) -> Result<(Vec<FetchRow>, Vec<u32>), MailboxError> {
    let uids: Vec<Uid> = uids_of(request.uids.clone());
    let mut rows = Vec::new();
    let mut octets = 0_u64;
    let mut found = mailbox::messages(tx, request.account, request.mailbox, &uids)?.into_iter();
    for message in found.by_ref() {
        let row = read_row(tx, request, message)?;
        let sections = row
            .sections
            .iter()
            .flatten()
            .map(|section| u64::try_from(section.len()).unwrap_or(u64::MAX));
        octets = octets.saturating_add(sections.sum());
        rows.push(row);
        if octets > request.octets_at_most {
            break;
        }
    }
    let left: HashSet<u32> = found.map(|message| message.uid.0).collect();
    let not_reached = request
        .uids
        .iter()
        .copied()
        .filter(|uid| left.contains(uid))
        .collect();
    Ok((rows, not_reached))
}

fn read_row(tx: &Tx<'_>, request: &Request, message: MessageRow) -> Result<FetchRow, MailboxError> {
    let want = &request.want;
    let email_id = message.email;
    let mut row = bare_row(message);
    if !(want.envelope || want.body_structure || want.body || want.preview || !want.sections.is_empty()) {
        return Ok(row);
    }
    let Some(email) = mailbox::email(tx, request.account, email_id)? else {
        return Err(StoreError::Corrupt(format!("message {email_id} has no description")).into());
    };
    if !want.sections.is_empty() {
        let raw = tx.blob(&email.blob)?;
        let parts = Parts::from_bytes(&email.parts)
            .ok_or_else(|| StoreError::Corrupt(format!("the parts of message {email_id} cannot be read")))?;
        row.sections = cut_all(&raw, &parts, &want.sections)?;
    }
    row.envelope = want.envelope.then_some(email.envelope);
    row.body_structure = want.body_structure.then_some(email.body_structure);
    row.body = want.body.then_some(email.body);
    row.preview = want.preview.then_some(email.preview);
    Ok(row)
}

/// One command may name a hundred overlapping pieces of a large message; they are held all together.
fn cut_all(raw: &[u8], parts: &Parts, wants: &[SectionWant]) -> Result<Vec<Option<Vec<u8>>>, MailboxError> {
    let mut sections = Vec::new();
    let mut octets = 0_usize;
    for want in wants {
        let section = cut(raw, parts, want);
        octets = octets.saturating_add(section.as_ref().map_or(0, Vec::len));
        if octets > ROW_OCTETS {
            return Err(MailboxError::Limit(
                "these sections are too large to be asked for in one command",
            ));
        }
        sections.push(section);
    }
    Ok(sections)
}

fn cut(raw: &[u8], parts: &Parts, want: &SectionWant) -> Option<Vec<u8>> {
    let section = parts.section(raw, &want.section)?;
    let Some(Partial { offset, length }) = want.partial else {
        return Some(section.into_owned());
    };
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(section.len());
    let end = start
        .saturating_add(usize::try_from(length).unwrap_or(usize::MAX))
        .min(section.len());
    Some(section.get(start..end).unwrap_or_default().to_vec())
}
