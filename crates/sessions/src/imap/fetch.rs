//! FETCH: rows from the small table, descriptions and sections from the large ones only when asked for.

use posthorn_base::Uid;
use posthorn_imap::types::FetchWant;
use posthorn_imap::{Answer, FetchRow};
use posthorn_mailbox::{self as mailbox, FlagChange, FlagMode, Flags, MailboxError, MessageRow, System};
use posthorn_message::Parts;
use posthorn_store::{StoreError, Tx};

use super::place::Place;
use super::sections::{Raw, cut_all};
use super::{ImapHandler, bare_row, translate, uids_of};

/// Messages that are few enough to be read on the session's own thread.
const FEW: usize = 16;

/// What one question asks for.
pub(super) struct Request {
    pub(super) place: Place,
    pub(super) uids: Vec<u32>,
    pub(super) want: FetchWant,
    pub(super) octets_at_most: u64,
}

impl ImapHandler {
    pub(super) async fn fetch(&mut self, request: Request, mark_seen: bool) -> Result<Answer, MailboxError> {
        let place = request.place;
        let is_long = request.uids.len() > FEW;
        let work = move |tx: &mut Tx<'_>| read_rows(tx, &request);
        let read = if is_long {
            self.read_long(work)
        } else {
            self.read(work)
        };
        let Some((mut rows, not_reached)) = read.await? else {
            return Ok(Answer::UnknownEncoding);
        };
        if mark_seen {
            self.mark_seen(place, &mut rows).await?;
        }
        Ok(Answer::Fetched { rows, not_reached })
    }

    /// Sets `\Seen` on what was read, and shows in the rows what became of it.
    async fn mark_seen(&mut self, place: Place, rows: &mut [FetchRow]) -> Result<(), MailboxError> {
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
        let change = FlagChange::new(FlagMode::Add, Flags::system(System::SEEN));
        let stored = self.store_flags(place, uids, change, None).await;
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

/// Rows, and the UIDs that were not reached.
type Batch = (Vec<FetchRow>, Vec<u32>);

/// The rows until enough octets are gathered. `None`: of one, a part cannot be decoded (RFC 3516).
fn read_rows(tx: &Tx<'_>, request: &Request) -> Result<Option<Batch>, MailboxError> {
    let Place { owner, mailbox } = request.place;
    let uids: Vec<Uid> = uids_of(request.uids.clone());
    let mut octets = 0_u64;
    let mut found = mailbox::messages(tx, owner, mailbox, &uids)?.into_iter();
    let mut rows = Vec::with_capacity(found.len());
    for message in found.by_ref() {
        let Some(row) = read_row(tx, request, message)? else {
            return Ok(None);
        };
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
    let not_reached = found.map(|message| message.uid.0).collect();
    Ok(Some((rows, not_reached)))
}

fn read_row(tx: &Tx<'_>, request: &Request, message: MessageRow) -> Result<Option<FetchRow>, MailboxError> {
    let want = &request.want;
    let email_id = message.email;
    let mut row = bare_row(message, want);
    if !want.needs_content() {
        return Ok(Some(row));
    }
    let Some(email) = mailbox::email(tx, request.place.owner, email_id)? else {
        return Err(StoreError::Corrupt(format!("message {email_id} has no description")).into());
    };
    if !want.sections.is_empty() {
        let raw = Raw::new(email.blob.size_octets, |range| tx.blob_part(&email.blob, range));
        let parts = Parts::from_bytes(&email.parts)
            .ok_or_else(|| StoreError::Corrupt(format!("the parts of message {email_id} cannot be read")))?;
        let Some(sections) = cut_all(&raw, &parts, &want.sections)? else {
            return Ok(None);
        };
        row.sections = sections;
    }
    row.envelope = want.envelope.then_some(email.envelope);
    row.body_structure = want.body_structure.then_some(email.body_structure);
    row.body = want.body.then_some(email.body);
    row.preview = want.preview.then_some(email.preview);
    Ok(Some(row))
}
