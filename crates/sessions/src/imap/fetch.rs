//! FETCH: rows from the small table, descriptions and sections from the large ones only when asked for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use posthorn_base::Uid;
use posthorn_imap::types::{FetchWant, Partial, SectionForm, SectionWant};
use posthorn_imap::{Answer, FetchRow};
use posthorn_mailbox::{self as mailbox, FlagChange, FlagMode, Flags, MailboxError, MessageRow, System};
use posthorn_message::{Kind, Parts, Section};
use posthorn_store::{StoreError, Tx};

use super::place::Place;
use super::{ImapHandler, bare_row, translate, uids_of};

/// Octets of the sections of one message in one answer.
const ROW_OCTETS: usize = 128 * 1024 * 1024;

/// What one question asks for.
pub(super) struct Request {
    pub(super) place: Place,
    pub(super) uids: Vec<u32>,
    pub(super) want: FetchWant,
    pub(super) octets_at_most: u64,
}

impl ImapHandler {
    pub(super) async fn fetch(&self, request: Request, mark_seen: bool) -> Result<Answer, MailboxError> {
        let place = request.place;
        let Some((mut rows, not_reached)) = self.read(move |tx| read_rows(tx, &request)).await? else {
            return Ok(Answer::UnknownEncoding);
        };
        if mark_seen {
            self.mark_seen(place, &mut rows).await?;
        }
        Ok(Answer::Fetched { rows, not_reached })
    }

    /// Sets `\Seen` on what was read, and shows in the rows what became of it.
    async fn mark_seen(&self, place: Place, rows: &mut [FetchRow]) -> Result<(), MailboxError> {
        let Place { owner, mailbox } = place;
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
            .write(owner, move |tx| {
                mailbox::store_flags(tx, owner, mailbox, &uids, &change, None)
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

/// Rows, and the UIDs that were not reached.
type Batch = (Vec<FetchRow>, Vec<u32>);

/// The rows until enough octets are gathered. `None`: of one, a part cannot be decoded (RFC 3516).
fn read_rows(tx: &Tx<'_>, request: &Request) -> Result<Option<Batch>, MailboxError> {
    let Place { owner, mailbox } = request.place;
    let uids: Vec<Uid> = uids_of(request.uids.clone());
    let mut rows = Vec::new();
    let mut octets = 0_u64;
    let mut found = mailbox::messages(tx, owner, mailbox, &uids)?.into_iter();
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
    let left: HashSet<u32> = found.map(|message| message.uid.0).collect();
    let not_reached = request
        .uids
        .iter()
        .copied()
        .filter(|uid| left.contains(uid))
        .collect();
    Ok(Some((rows, not_reached)))
}

fn read_row(tx: &Tx<'_>, request: &Request, message: MessageRow) -> Result<Option<FetchRow>, MailboxError> {
    let want = &request.want;
    let email_id = message.email;
    let mut row = bare_row(message);
    if !(want.envelope || want.body_structure || want.body || want.preview || !want.sections.is_empty()) {
        return Ok(Some(row));
    }
    let Some(email) = mailbox::email(tx, request.place.owner, email_id)? else {
        return Err(StoreError::Corrupt(format!("message {email_id} has no description")).into());
    };
    if !want.sections.is_empty() {
        let raw = tx.blob(&email.blob)?;
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

/// One command may name a hundred overlapping pieces of a large message; they are held all together.
/// `None`: one of them cannot be decoded.
fn cut_all(
    raw: &[u8],
    parts: &Parts,
    wants: &[SectionWant],
) -> Result<Option<Vec<Option<Vec<u8>>>>, MailboxError> {
    let mut sections = Vec::new();
    let mut octets = 0_usize;
    // A part is decoded once, however many pieces of it are wanted.
    let mut decoded: HashMap<&Section, Option<Cow<'_, [u8]>>> = HashMap::new();
    for want in wants {
        let whole = match want.form {
            SectionForm::Stored => parts.section(raw, &want.section),
            SectionForm::Decoded | SectionForm::DecodedSize => {
                if !decoded.contains_key(&want.section) {
                    let Some(section) = decode(raw, parts, &want.section) else {
                        return Ok(None);
                    };
                    decoded.insert(&want.section, section);
                }
                let section = decoded.get(&want.section).and_then(Option::as_deref);
                section.map(Cow::Borrowed)
            }
        };
        let section = whole.map(|whole| match want.form {
            SectionForm::Stored | SectionForm::Decoded => cut(whole, want.partial),
            SectionForm::DecodedSize => whole.len().to_string().into_bytes(),
        });
        octets = octets.saturating_add(section.as_ref().map_or(0, Vec::len));
        if octets > ROW_OCTETS {
            return Err(MailboxError::Limit(
                "these sections are too large to be asked for in one command",
            ));
        }
        sections.push(section);
    }
    Ok(Some(sections))
}

/// A section behind its transfer encoding, which only a leaf has; the inner `None`: there is no such
/// section, the outer: its encoding is not known.
fn decode<'a>(raw: &'a [u8], parts: &Parts, section: &Section) -> Option<Option<Cow<'a, [u8]>>> {
    let Some(whole) = parts.section(raw, section) else {
        return Some(None);
    };
    match parts.part(&section.part) {
        Some(part) if part.kind == Kind::Leaf && !section.part.is_empty() => {
            let header = raw.get(part.header()).unwrap_or_default();
            let body = raw.get(part.body()).unwrap_or_default();
            posthorn_message::decode_known_body(header, body).map(Some)
        }
        Some(_) | None => Some(Some(whole)),
    }
}

fn cut(whole: Cow<'_, [u8]>, partial: Option<Partial>) -> Vec<u8> {
    let Some(Partial { offset, length }) = partial else {
        return whole.into_owned();
    };
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(whole.len());
    let end = start
        .saturating_add(usize::try_from(length).unwrap_or(usize::MAX))
        .min(whole.len());
    whole.get(start..end).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use posthorn_message::{SectionText, render};

    use super::*;

    const MAIL: &[u8] = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Transfer-Encoding: base64\r\n\r\nAGhlbGxv\r\n\
        --b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n\
        --b\r\nContent-Transfer-Encoding: x-uue\r\n\r\nM\r\n--b--\r\n";

    fn read(part: &[u32], form: SectionForm, partial: Option<Partial>) -> Option<Option<Vec<u8>>> {
        let section = Section {
            part: part.to_vec(),
            text: SectionText::Whole,
        };
        let want = SectionWant {
            section,
            form,
            partial,
        };
        let sections = cut_all(MAIL, &render(MAIL).parts, &[want]).unwrap();
        sections.map(|mut sections| sections.pop().unwrap())
    }

    #[test]
    fn a_part_is_read_behind_its_transfer_encoding() {
        use SectionForm::{Decoded, DecodedSize, Stored};
        let found = |octets: &[u8]| Some(Some(octets.to_vec()));
        let middle = Partial { offset: 1, length: 4 };
        assert_eq!(read(&[1], Stored, None), found(b"AGhlbGxv"));
        assert_eq!(read(&[1], Decoded, None), found(b"\0hello"));
        assert_eq!(read(&[1], Decoded, Some(middle)), found(b"hell"));
        assert_eq!(read(&[1], DecodedSize, None), found(b"6"));
        assert_eq!(read(&[2], Decoded, None), found(b"a=b"));
        assert_eq!(read(&[4], Decoded, None), Some(None));
        assert_eq!(read(&[], Decoded, None), found(MAIL));
    }

    #[test]
    fn an_unknown_encoding_is_said_and_not_guessed() {
        assert_eq!(read(&[3], SectionForm::Decoded, None), None);
        assert_eq!(read(&[3], SectionForm::DecodedSize, None), None);
        assert!(read(&[3], SectionForm::Stored, None).is_some());
    }
}
