//! FETCH and UID FETCH (RFC 3501 section 6.4.5), with MODSEQ and CHANGEDSINCE (RFC 7162),
//! EMAILID and THREADID (RFC 8474), SAVEDATE (RFC 8514) and PREVIEW (RFC 8970), BINARY (RFC 3516).
//!
//! Messages are asked for in batches, and the next batch only once the rows of the last were polled, so
//! that a slow client costs one batch of memory. Rows are printed as they are polled; large sections are moved
//! into the output, not copied.

use std::borrow::Cow;
use std::collections::VecDeque;

use posthorn_message::SectionText;
use roaring::RoaringBitmap;

use super::connection::{Asked, Connection, Outcome, Step};
use super::inprogress::Share;
use super::news::{self, Telling};
use super::reply::{Fault, Reply};
use super::selected::Selected;
use super::store::take_batch;
use crate::ask::{Answer, Ask, FetchRow};
use crate::codec::{date, fetch as codec, structure, text, vanished};
use crate::types::FetchWant;
use crate::types::fetch::{FetchCommand, FetchItem, FetchSection, Spelling};
use crate::types::sequence_set::Numbering;

/// Octets a section is guessed to have before any was seen.
const HEADER_OCTETS: u64 = 4_096;
const BODY_OCTETS: u64 = 65_536;
/// Rows are printed until there are so many octets for one write.
const ROWS_OCTETS: usize = 16_384;
/// A section below this is copied between its neighbours; a larger one is sent as it came.
const COPIED_OCTETS: usize = 8_192;

/// A FETCH under way.
#[derive(Debug)]
pub(super) struct Fetching {
    items: Vec<FetchItem>,
    want: FetchWant,
    mark_seen: bool,
    /// Not asked yet.
    left: RoaringBitmap,
    /// Answered and not printed yet.
    rows: VecDeque<FetchRow>,
    batch: usize,
    asked: u64,
    came: u64,
    /// All that were asked for.
    goal: u64,
    /// What was expunged since CHANGEDSINCE is told, if it is among these numbers.
    vanished_among: Option<RoaringBitmap>,
    then: Then,
}

/// What comes once all rows are printed.
#[derive(Debug)]
enum Then {
    /// FETCH's own reply.
    Fetched,
    /// Another command's.
    Reply(Reply),
    /// More news.
    Tell(Telling),
}

pub(super) fn start(connection: &mut Connection, fetch: FetchCommand) -> Outcome {
    if fetch.modifiers.vanished {
        connection.qresync_enabled()?;
    }
    if fetch.items.contains(&FetchItem::ModSeq) {
        connection.enable_condstore();
    }
    connection.may_name_by(fetch.numbering)?;
    let selected = connection.selected()?;
    let mut left = selected.resolve(fetch.numbering, &fetch.set)?;
    if let Some(page) = fetch.modifiers.partial {
        left = page.among(&left);
    }
    let mut items = fetch.items;
    if fetch.numbering == Numbering::Uid && !selected.enabled.uid_only {
        // RFC 3501 section 6.4.8: the response tells the UID, asked or not. UIDFETCH does so anyway.
        items.retain(|item| *item != FetchItem::Uid);
        items.insert(0, FetchItem::Uid);
    }
    let (mailbox, is_read_only) = (selected.mailbox, selected.is_read_only());
    let vanished_among = fetch.modifiers.vanished.then(|| selected.named_uids(&fetch.set));
    let mut fetching = Fetching::new(connection, items, left, Then::Fetched);
    fetching.mark_seen = !is_read_only && marks_seen(&fetching.items);
    fetching.vanished_among = vanished_among;
    match fetch.modifiers.changed_since {
        Some(since_modseq) => {
            let ask = Ask::ChangedUids {
                mailbox,
                since_modseq,
            };
            Ok(Step::Ask(ask, Asked::FetchSince(fetching)))
        }
        None => resume(connection, fetching),
    }
}

/// Shows new messages with the items that NOTIFY asked for.
pub(super) fn start_news(
    connection: &mut Connection,
    mut items: Vec<FetchItem>,
    uids: RoaringBitmap,
    telling: Telling,
) -> Outcome {
    if connection.condstore {
        // RFC 7162 section 3.2.4.
        items.extend([FetchItem::Uid, FetchItem::ModSeq]);
        items = codec::unique(items);
    }
    if connection.enabled.uid_only {
        items.retain(|item| *item != FetchItem::Uid);
    }
    let mut fetching = Fetching::new(connection, items, uids, Then::Tell(telling));
    fetching.mark_seen = marks_seen(&fetching.items) && !connection.selected()?.is_read_only();
    resume(connection, fetching)
}

/// Shows the messages that changed while a client was away, in front of the reply to its SELECT.
pub(super) fn start_resync(connection: &mut Connection, changed: RoaringBitmap, reply: Reply) -> Outcome {
    let mut items = vec![FetchItem::Flags, FetchItem::ModSeq];
    if !connection.enabled.uid_only {
        items.insert(0, FetchItem::Uid);
    }
    let fetching = Fetching::new(connection, items, changed, Then::Reply(reply));
    resume(connection, fetching)
}

/// Does reading these items mean that the message was seen?
fn marks_seen(items: &[FetchItem]) -> bool {
    items
        .iter()
        .any(|item| matches!(item, FetchItem::Section(section) if !section.is_peek))
}

/// What the shell must look up.
fn wanted(items: &[FetchItem]) -> FetchWant {
    let mut want = FetchWant::default();
    for item in items {
        match item {
            FetchItem::Envelope => want.envelope = true,
            FetchItem::BodyStructure => want.body_structure = true,
            FetchItem::Body => want.body = true,
            FetchItem::Preview => want.preview = true,
            FetchItem::EmailId | FetchItem::ThreadId => want.object_ids = true,
            FetchItem::Section(section) => want.sections.push(section.want.clone()),
            FetchItem::Flags
            | FetchItem::InternalDate
            | FetchItem::Size
            | FetchItem::Uid
            | FetchItem::ModSeq
            | FetchItem::SaveDate => {}
        }
    }
    want
}

impl Fetching {
    fn new(connection: &Connection, items: Vec<FetchItem>, uids: RoaringBitmap, then: Then) -> Box<Self> {
        let limits = &connection.config.limits;
        let want = wanted(&items);
        Box::new(Self {
            mark_seen: false,
            batch: batch_size(&want, limits.batch_messages, limits.batch_octets),
            items,
            want,
            goal: uids.len(),
            left: uids,
            rows: VecDeque::new(),
            asked: 0,
            came: 0,
            vanished_among: None,
            then,
        })
    }

    /// How far it is.
    pub(super) const fn share(&self) -> Share {
        Share {
            done: self.came,
            goal: self.goal,
        }
    }
}

/// How many messages to ask for at once.
fn batch_size(want: &FetchWant, batch_messages: usize, batch_octets: u64) -> usize {
    if !want.needs_content() {
        return batch_messages.saturating_mul(10);
    }
    let octets_per_message = want.sections.iter().fold(0u64, |octets, want| {
        let guess = match want.section.text {
            SectionText::Header
            | SectionText::HeaderFields(_)
            | SectionText::HeaderFieldsNot(_)
            | SectionText::Mime => HEADER_OCTETS,
            SectionText::Whole | SectionText::Text => BODY_OCTETS,
        };
        let most = want.partial.map_or(guess, |partial| partial.length);
        octets.saturating_add(most)
    });
    let fitting = batch_octets
        .checked_div(octets_per_message)
        .map_or(batch_messages, |fitting| {
            usize::try_from(fitting).unwrap_or(usize::MAX)
        });
    fitting.clamp(1, batch_messages.max(1))
}

/// CHANGEDSINCE: of the messages named, only those that changed. Of those that vanished, only what the
/// client does not count; the others are news (RFC 7162 section 3.2.10).
pub(super) fn since_answered(
    connection: &mut Connection,
    mut fetching: Box<Fetching>,
    answer: Answer,
) -> Outcome {
    let Answer::ChangedUids(missed) = answer else {
        return Err(answer.into());
    };
    fetching.left &= missed.changed;
    fetching.goal = fetching.left.len();
    if let Some(named) = fetching.vanished_among.take() {
        let mut vanished = missed.vanished & named;
        let uids = connection.selected()?.uids();
        let is_news = !vanished.is_disjoint(uids);
        std::ops::SubAssign::sub_assign(&mut vanished, uids);
        connection.noticed |= is_news;
        let mut out = Vec::new();
        vanished::print_earlier(&mut out, &vanished);
        connection.send(out);
    }
    resume(connection, fetching)
}

/// Prints the next rows, or asks for the next batch.
pub(super) fn resume(connection: &mut Connection, mut fetching: Box<Fetching>) -> Outcome {
    if !fetching.rows.is_empty() {
        print_rows(connection, &mut fetching)?;
        return Ok(Step::Send(fetching));
    }
    let uids = take_batch(&mut fetching.left, fetching.batch);
    if uids.is_empty() {
        return match fetching.then {
            Then::Fetched => Ok(Step::Done(completed(&fetching))),
            Then::Reply(reply) => Ok(Step::Done(reply)),
            Then::Tell(telling) => news::others(connection, telling),
        };
    }
    fetching.asked = fetching
        .asked
        .saturating_add(u64::try_from(uids.len()).unwrap_or(u64::MAX));
    let octets_at_most = connection.config.limits.batch_octets;
    let ask = Ask::Fetch {
        mailbox: connection.selected()?.mailbox,
        uids,
        want: fetching.want.clone(),
        mark_seen: fetching.mark_seen,
        octets_at_most,
    };
    Ok(Step::Ask(ask, Asked::Fetch(fetching)))
}

/// RFC 5530: messages that another session expunged are missing; the EXPUNGE comes with a later command.
fn completed(fetching: &Fetching) -> Reply {
    let reply = Reply::ok("FETCH completed");
    match fetching.came < fetching.asked {
        true => reply.with_code("EXPUNGEISSUED"),
        false => reply,
    }
}

pub(super) fn answered(connection: &mut Connection, mut fetching: Box<Fetching>, answer: Answer) -> Outcome {
    let (rows, not_reached) = match (answer, fetching.then) {
        (Answer::Fetched { rows, not_reached }, then) => {
            fetching.then = then;
            (rows, not_reached)
        }
        (Answer::MailboxGone, _) => return Err(Fault::MailboxGone),
        // The client knows that there are new messages; what cannot be read now it may ask for itself.
        (_, Then::Tell(telling)) => return news::others(connection, telling),
        (answer, Then::Fetched | Then::Reply(_)) => return Err(answer.into()),
    };
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    fetching.came = fetching.came.saturating_add(count(rows.len()));
    fetching.asked = fetching.asked.saturating_sub(count(not_reached.len()));
    fetching.left.extend(not_reached);
    let condstore = connection.condstore;
    let selected = connection.selected()?;
    let mut out = Vec::new();
    selected.meet_keywords(&mut out, rows.iter().flat_map(|row| &row.flags.keywords));
    for row in rows.iter().filter(|row| row.newly_seen) {
        selected.note_told(row.uid, row.modseq);
    }
    // A client that reckons by mod-sequences must hear of what happened before these changes as well.
    let tells_modseq = condstore && rows.iter().any(|row| row.modseq > selected.since_modseq);
    connection.noticed |= tells_modseq || fetching.came < fetching.asked;
    connection.send(out);
    fetching.rows = rows.into();
    Ok(Step::Send(fetching))
}

/// Prints rows until there is enough for a write.
fn print_rows(connection: &mut Connection, fetching: &mut Fetching) -> Result<(), Fault> {
    let condstore = connection.condstore;
    let selected = connection.selected()?;
    let mut numbers = selected.ascending();
    let mut pieces = Pieces::default();
    while let Some(row) = fetching.rows.pop_front() {
        if numbers.open_fetch(&mut pieces.open, row.uid) {
            print_row(&mut pieces, selected, &fetching.items, row, condstore);
        }
        if pieces.octets() >= ROWS_OCTETS {
            break;
        }
    }
    pieces.done.push(pieces.open);
    for piece in pieces.done {
        connection.send(piece);
    }
    Ok(())
}

/// Prints the rest of `* n FETCH (…)`.
fn print_row(
    pieces: &mut Pieces,
    selected: &Selected,
    items: &[FetchItem],
    mut row: FetchRow,
    condstore: bool,
) {
    let mut sections = std::mem::take(&mut row.sections).into_iter();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            pieces.open.push(b' ');
        }
        if let FetchItem::Section(section) = item {
            pieces.section(section, sections.next().flatten());
        } else {
            print_item(&mut pieces.open, selected, item, &row);
        }
    }
    if row.newly_seen {
        // RFC 7162 section 3.2.4.
        let also = [
            (FetchItem::Uid, condstore && !selected.enabled.uid_only),
            (FetchItem::Flags, true),
            (FetchItem::ModSeq, condstore),
        ];
        for (item, _) in also
            .iter()
            .filter(|(item, is_due)| *is_due && !items.contains(item))
        {
            pieces.open.push(b' ');
            print_item(&mut pieces.open, selected, item, &row);
        }
    }
    pieces.open.extend_from_slice(b")\r\n");
}

/// Responses in the making: large sections stay the vectors they came in.
#[derive(Default)]
struct Pieces {
    done: Vec<Vec<u8>>,
    open: Vec<u8>,
    /// Of `done`.
    done_octets: usize,
}

impl Pieces {
    fn octets(&self) -> usize {
        self.done_octets.saturating_add(self.open.len())
    }

    fn section(&mut self, section: &FetchSection, octets: Option<Vec<u8>>) {
        codec::print_section(&mut self.open, section);
        self.open.push(b' ');
        match octets {
            // Of nothing the size is a number too.
            None if section.spelling == Spelling::BinarySize => self.open.push(b'0'),
            None => self.open.extend_from_slice(b"NIL"),
            Some(digits) if section.spelling == Spelling::BinarySize => self.open.extend_from_slice(&digits),
            Some(mut octets) => {
                match section.spelling == Spelling::Binary {
                    true => text::binary_head(&mut self.open, &octets),
                    false => {
                        text::replace_nul(&mut octets);
                        text::literal_head(&mut self.open, octets.len());
                    }
                }
                if octets.len() < COPIED_OCTETS {
                    self.open.extend_from_slice(&octets);
                    return;
                }
                self.done_octets = self.octets().saturating_add(octets.len());
                self.done.push(std::mem::take(&mut self.open));
                self.done.push(octets);
            }
        }
    }
}

/// The structure as the client's revision of IMAP has it.
fn shown<'a>(selected: &Selected, structure: Option<&'a [u8]>) -> Option<Cow<'a, [u8]>> {
    structure.map(|structure| match selected.enabled.rev2 {
        true => Cow::Borrowed(structure),
        false => structure::for_rev1(structure),
    })
}

fn print_item(out: &mut Vec<u8>, selected: &Selected, item: &FetchItem, row: &FetchRow) {
    let ready = |out: &mut Vec<u8>, label: &str, octets: Option<&[u8]>| {
        out.extend_from_slice(label.as_bytes());
        out.extend_from_slice(octets.unwrap_or(b"NIL"));
    };
    match item {
        FetchItem::Flags => {
            out.extend_from_slice(b"FLAGS ");
            selected.print_message_flags(out, row.uid, &row.flags);
        }
        FetchItem::InternalDate => {
            out.extend_from_slice(b"INTERNALDATE ");
            date::print_date_time(out, row.internal_date);
        }
        FetchItem::Size => {
            out.extend_from_slice(b"RFC822.SIZE ");
            text::number(out, row.size_octets);
        }
        FetchItem::Uid => {
            out.extend_from_slice(b"UID ");
            text::number(out, row.uid);
        }
        FetchItem::ModSeq => out.extend_from_slice(format!("MODSEQ ({})", row.modseq).as_bytes()),
        FetchItem::Envelope => ready(out, "ENVELOPE ", row.envelope.as_deref()),
        FetchItem::BodyStructure => ready(
            out,
            "BODYSTRUCTURE ",
            shown(selected, row.body_structure.as_deref()).as_deref(),
        ),
        FetchItem::Body => ready(out, "BODY ", shown(selected, row.body.as_deref()).as_deref()),
        FetchItem::EmailId => out.extend_from_slice(format!("EMAILID ({})", row.email_id).as_bytes()),
        FetchItem::ThreadId => out.extend_from_slice(format!("THREADID ({})", row.thread_id).as_bytes()),
        FetchItem::SaveDate => {
            out.extend_from_slice(b"SAVEDATE ");
            date::print_date_time(out, row.saved_at);
        }
        FetchItem::Preview => {
            out.extend_from_slice(b"PREVIEW ");
            text::string(out, row.preview.as_deref().unwrap_or_default().as_bytes());
        }
        // Sections are moved, see `Pieces`.
        FetchItem::Section(_) => {}
    }
}
