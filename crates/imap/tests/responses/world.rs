//! A shell with random answers, and a session that is asked for them.

use std::time::Instant;

use imap_codec::decode::Decoder;
use imap_codec::imap_types::IntoStatic;
use imap_codec::imap_types::response::{Code, Data, Response};
use imap_codec::{GreetingCodec, ResponseCodec};
use posthorn_base::session::{Output, Session};
use posthorn_base::{Rights, Timestamp};
use posthorn_imap::types::{ChangedUids, Flags, SystemFlags, ThreadNode};
use posthorn_imap::{
    Answer, Ask, Config, FetchRow, ImapSession, Limits, MailboxHandle, MailboxInfo, MailboxStatus,
    MessageChange, SelectedMailbox, StoredMessage,
};

use crate::dice::Dice;

/// The UIDs of the selected mailbox.
pub(crate) const UIDS: [u32; 6] = [2, 3, 5, 8, 13, 100_000_000];

/// What the shell answers.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) rows: Vec<FetchRow>,
    pub(crate) names: Vec<String>,
    pub(crate) status: MailboxStatus,
    pub(crate) selected: SelectedMailbox,
    /// For SEARCH and SORT.
    pub(crate) found: Vec<u32>,
    pub(crate) threads: Vec<ThreadNode>,
    /// For COPY and MOVE.
    pub(crate) pairs: Vec<(u32, u32)>,
    pub(crate) appended: Vec<u32>,
    /// Messages that a STORE leaves alone.
    pub(crate) modified: Vec<u32>,
    pub(crate) used_octets: u64,
    pub(crate) limit_octets: u64,
    /// What every question gets instead.
    pub(crate) refusal: Option<Answer>,
}

pub(crate) fn text(dice: &mut Dice) -> String {
    const PIECES: [&str; 16] = [
        "a", "Z", " ", "\"", "\\", "ü", "日本", "&", "-", "~", "%", "(", ")", "{3}", "NIL", "0",
    ];
    (0..dice.below(8))
        .map(|_| PIECES[dice.below(PIECES.len())])
        .collect()
}

pub(crate) fn octets(dice: &mut Dice) -> Vec<u8> {
    (0..dice.below(60))
        .map(|_| u8::try_from(1 + dice.below(255)).unwrap())
        .collect()
}

pub(crate) fn flags(dice: &mut Dice) -> Flags {
    const KEYWORDS: [&str; 4] = ["$Forwarded", "work", "NonJunk", "a[b"];
    Flags {
        system: SystemFlags::from_bits(u8::try_from(dice.below(32)).unwrap()),
        keywords: KEYWORDS
            .iter()
            .filter(|_| dice.is_one_in(3))
            .map(|keyword| (*keyword).to_owned())
            .collect(),
    }
}

fn modseq(dice: &mut Dice) -> i64 {
    match dice.is_one_in(4) {
        true => i64::MAX,
        false => i64::try_from(1 + dice.below(1_000)).unwrap(),
    }
}

fn small(dice: &mut Dice) -> u32 {
    match dice.is_one_in(4) {
        true => u32::MAX,
        false => u32::try_from(1 + dice.below(1_000)).unwrap(),
    }
}

fn row(dice: &mut Dice, uid: u32) -> FetchRow {
    FetchRow {
        uid,
        flags: flags(dice),
        modseq: modseq(dice),
        internal_date: Timestamp::from_secs(i64::from(small(dice))),
        saved_at: Timestamp::from_secs(0),
        size_octets: u64::from(small(dice)),
        email_id: "M1".to_owned(),
        thread_id: "T1".to_owned(),
        envelope: None,
        body_structure: None,
        body: None,
        preview: Some(text(dice)),
        sections: Vec::new(),
        newly_seen: dice.is_one_in(3),
    }
}

/// A random subset of the UIDs.
pub(crate) fn some_uids(dice: &mut Dice) -> Vec<u32> {
    UIDS.into_iter().filter(|_| !dice.is_one_in(3)).collect()
}

impl World {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let mut names: Vec<String> = (0..4)
            .map(|_| text(dice))
            .filter(|name| !name.is_empty())
            .collect();
        names.sort();
        names.dedup();
        let source = some_uids(dice);
        Self {
            rows: UIDS.into_iter().map(|uid| row(dice, uid)).collect(),
            names,
            status: MailboxStatus {
                messages: small(dice),
                recent: small(dice),
                unseen: small(dice),
                deleted: small(dice),
                deleted_octets: u64::from(small(dice)) * 7_000,
                size_octets: u64::from(small(dice)) * 9_000,
                uid_next: small(dice),
                uid_validity: small(dice),
                highest_modseq: modseq(dice),
                mailbox_id: "F1".to_owned(),
            },
            selected: SelectedMailbox {
                mailbox: MailboxHandle(1),
                uid_validity: small(dice),
                uid_next: u32::MAX,
                highest_modseq: modseq(dice),
                uids: UIDS.into_iter().collect(),
                first_recent_uid: 8,
                first_unseen_uid: Some(3),
                keywords: flags(dice).keywords,
                mailbox_id: "F1".to_owned(),
                rights: Rights::ALL,
                missed: None,
            },
            found: some_uids(dice),
            threads: Vec::new(),
            pairs: source.iter().copied().zip(u32::MAX - 6..).collect(),
            appended: (1..=small(dice).min(1)).map(|_| small(dice)).collect(),
            modified: some_uids(dice),
            used_octets: u64::from(small(dice)) * 3_000,
            limit_octets: u64::from(small(dice)) * 5_000,
            refusal: None,
        }
    }

    /// Plays the commands behind SELECT and reads everything that came of them.
    pub(crate) fn hear(&self, commands: &str) -> Vec<Response<'static>> {
        #[expect(clippy::disallowed_methods, reason = "a fixed moment; it never runs")]
        let now = Instant::now();
        let config = Config {
            hostname: "mail.example".to_owned(),
            allow_plaintext_login: true,
            starttls: true,
            mechanisms: vec![posthorn_sasl::Mechanism::Plain],
            reference: "ref".to_owned(),
            limits: Limits {
                batch_messages: 2,
                ..Limits::default()
            },
        };
        let mut session = ImapSession::new(config, now);
        session.handle_input(now, b"0 LOGIN u p\r\n");
        let mut sent = Vec::new();
        self.drain(&mut session, &mut sent);
        session.handle_input(now, commands.as_bytes());
        self.drain(&mut session, &mut sent);
        read(&sent)
    }

    fn drain(&self, session: &mut ImapSession, sent: &mut Vec<u8>) {
        #[expect(clippy::disallowed_methods, reason = "a fixed moment; it never runs")]
        let now = Instant::now();
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(octets) => sent.extend(octets),
                Output::Ask(ask) => session.answer(now, self.answer(ask)),
                Output::Event(_)
                | Output::StartTls
                | Output::StartCompression
                | Output::EndCompression
                | Output::Close => {}
            }
        }
    }

    fn answer(&self, ask: Ask) -> Answer {
        let is_free = matches!(ask, Ask::Credentials(_) | Ask::Select { .. });
        match (&self.refusal, is_free) {
            (Some(refusal), false) => refusal.clone(),
            (Some(_), true) | (None, _) => self.yes(ask),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one short arm per question")]
    fn yes(&self, ask: Ask) -> Answer {
        match ask {
            Ask::Credentials(_) => Answer::Credentials(posthorn_sasl::Answer::Verified {
                identity: "u@example".to_owned(),
            }),
            Ask::Mailboxes => Answer::Mailboxes(
                self.names
                    .iter()
                    .map(|name| MailboxInfo {
                        name: name.clone(),
                        special_use: None,
                        subscribed: true,
                        exists: true,
                        rights: Rights::ALL,
                    })
                    .collect(),
            ),
            Ask::Status { .. } => Answer::Status(self.status.clone()),
            Ask::Quota { .. } => Answer::Quota {
                root: String::new(),
                used_octets: self.used_octets,
                limit_octets: Some(self.limit_octets),
            },
            Ask::Select { resync, .. } => {
                let mut selected = self.selected.clone();
                selected.missed = resync.map(|_| ChangedUids {
                    changed: [3, 8].into_iter().collect(),
                    vanished: [1, 4, 6, 7].into_iter().collect(),
                });
                Answer::Selected(selected)
            }
            Ask::Fetch { uids, want, .. } => Answer::Fetched {
                rows: self
                    .rows
                    .iter()
                    .filter(|row| uids.contains(&row.uid))
                    .cloned()
                    .map(|mut row| {
                        row.sections.resize(want.sections.len(), None);
                        row
                    })
                    .collect(),
                not_reached: Vec::new(),
            },
            Ask::Store { uids, .. } => Answer::Stored {
                changed: self
                    .rows
                    .iter()
                    .filter(|row| uids.contains(&row.uid))
                    .filter(|row| !self.modified.contains(&row.uid))
                    .map(stored)
                    .collect(),
                modified: uids
                    .into_iter()
                    .filter(|uid| self.modified.contains(uid))
                    .collect(),
            },
            Ask::Copy { .. } => Answer::Copied {
                uid_validity: self.selected.uid_validity,
                pairs: self.pairs.clone(),
            },
            Ask::AppendFinish { .. } => Answer::Appended {
                uid_validity: self.selected.uid_validity,
                uids: self.appended.clone(),
            },
            Ask::Search { .. } => Answer::Found {
                uids: self.found.clone(),
                highest_modseq: 77,
            },
            Ask::Sort { .. } => Answer::Sorted {
                uids: self.found.clone(),
                highest_modseq: 77,
            },
            Ask::Thread { .. } => Answer::Threads(self.threads.clone()),
            Ask::Changes { since_modseq, .. } => Answer::Changes {
                vanished: Vec::new(),
                changed: Vec::new(),
                arrived: Vec::new(),
                uid_next: u32::MAX,
                highest_modseq: since_modseq,
                rights: Rights::ALL,
            },
            Ask::Create { .. } => Answer::Created {
                mailbox_id: "F2".to_owned(),
            },
            Ask::AppendStart { .. } => Answer::Ok,
            _ => Answer::Unavailable,
        }
    }
}

fn stored(row: &FetchRow) -> StoredMessage {
    StoredMessage {
        now: MessageChange {
            uid: row.uid,
            flags: row.flags.clone(),
            modseq: row.modseq,
        },
        modseq_before: 1,
    }
}

/// Everything a session said, in `imap-codec`'s reading.
fn read(sent: &[u8]) -> Vec<Response<'static>> {
    let (mut rest, _) = GreetingCodec::default().decode(sent).unwrap();
    let mut responses = Vec::new();
    while !rest.is_empty() {
        let (after, response) = ResponseCodec::default()
            .decode(rest)
            .unwrap_or_else(|error| panic!("{error:?} at {}", rest[..rest.len().min(300)].escape_ascii()));
        responses.push(response.into_static());
        rest = after;
    }
    responses
}

/// The data among responses.
pub(crate) fn data<'a>(responses: &'a [Response<'static>]) -> impl Iterator<Item = &'a Data<'static>> {
    responses.iter().filter_map(|response| match response {
        Response::Data(data) => Some(data),
        Response::Status(_) | Response::CommandContinuationRequest(_) => None,
    })
}

/// The response codes, tagged or not.
pub(crate) fn codes(responses: &[Response<'static>]) -> Vec<Code<'static>> {
    responses
        .iter()
        .filter_map(|response| match response {
            Response::Status(status) => status.code().cloned().map(IntoStatic::into_static),
            Response::Data(_) | Response::CommandContinuationRequest(_) => None,
        })
        .collect()
}
