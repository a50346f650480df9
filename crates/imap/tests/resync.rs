//! RFC 7162 section 3.2: a client that keeps to the rules, cut off at any line of any exchange while others
//! change the mailbox at any moment, knows the mailbox exactly once it has come back.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use posthorn_base::session::{Output, Session};
use posthorn_base::{Rights, Timestamp};
use posthorn_imap::types::{ChangedUids, FlagMode, Flags, SystemFlags};
use posthorn_imap::{
    Answer, Ask, Config, FetchRow, ImapSession, Limits, MailboxHandle, MessageChange, ResyncFrom,
    SelectedMailbox, StoredMessage,
};
use proptest::prelude::*;

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a fixed moment; it never runs")]
    Instant::now()
}

/// What somebody else does.
#[derive(Clone, Debug)]
enum Other {
    Nothing,
    Deliver,
    Flag(u32),
    Expunge(u32),
}

/// The mailbox behind the session.
#[derive(Debug, Default)]
struct Mailbox {
    uid_last: u32,
    modseq: i64,
    messages: BTreeMap<u32, (SystemFlags, i64)>,
    expunged: Vec<(u32, i64)>,
}

impl Mailbox {
    fn act(&mut self, other: &Other) {
        match other {
            Other::Nothing => {}
            Other::Deliver => {
                self.modseq += 1;
                self.uid_last += 1;
                let row = (SystemFlags::default(), self.modseq);
                self.messages.insert(self.uid_last, row);
            }
            Other::Flag(place) => {
                if let Some(uid) = self.at(*place) {
                    self.add(uid, SystemFlags::ANSWERED);
                }
            }
            Other::Expunge(place) => {
                if let Some(uid) = self.at(*place) {
                    self.expunge(&[uid]);
                }
            }
        }
    }

    fn at(&self, place: u32) -> Option<u32> {
        let count = self.messages.len().max(1);
        self.messages.keys().nth(place as usize % count).copied()
    }

    fn add(&mut self, uid: u32, flags: SystemFlags) {
        if let Some((have, modseq)) = self.messages.get_mut(&uid)
            && !have.contains(flags)
        {
            self.modseq += 1;
            *have = have.with(flags);
            *modseq = self.modseq;
        }
    }

    fn expunge(&mut self, uids: &[u32]) -> Vec<u32> {
        let gone: Vec<u32> = uids
            .iter()
            .copied()
            .filter(|uid| self.messages.contains_key(uid))
            .collect();
        if !gone.is_empty() {
            self.modseq += 1;
        }
        for uid in &gone {
            self.messages.remove(uid);
            self.expunged.push((*uid, self.modseq));
        }
        gone
    }

    fn change(&self, uid: u32) -> Option<MessageChange> {
        let (system, modseq) = *self.messages.get(&uid)?;
        let keywords = Vec::new();
        let flags = Flags { system, keywords };
        Some(MessageChange { uid, flags, modseq })
    }

    fn since(&self, modseq: i64) -> ChangedUids {
        let changed = self.messages.iter().filter(|(_, row)| row.1 > modseq);
        let vanished = self.expunged.iter().filter(|row| row.1 > modseq);
        ChangedUids {
            changed: changed.map(|(uid, _)| *uid).collect(),
            vanished: vanished.map(|(uid, _)| *uid).collect(),
        }
    }

    fn open(&self, resync: Option<ResyncFrom>) -> SelectedMailbox {
        SelectedMailbox {
            mailbox: MailboxHandle(1),
            uid_validity: 3,
            uid_next: self.uid_last + 1,
            highest_modseq: self.modseq,
            uids: self.messages.keys().copied().collect(),
            first_recent_uid: u32::MAX,
            first_unseen_uid: None,
            keywords: Vec::new(),
            mailbox_id: "m".to_owned(),
            rights: Rights::ALL,
            missed: resync.map(|from| self.since(from.modseq)),
        }
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Credentials(_) => Answer::Credentials(posthorn_sasl::Answer::Verified {
                identity: "u@example".to_owned(),
            }),
            Ask::Select { resync, .. } => Answer::Selected(self.open(resync)),
            Ask::ChangedUids { since_modseq, .. } => Answer::ChangedUids(self.since(since_modseq)),
            Ask::Changes { since_modseq, .. } => {
                let missed = self.since(since_modseq);
                Answer::Changes {
                    vanished: missed.vanished.iter().collect(),
                    changed: missed.changed.iter().filter_map(|uid| self.change(uid)).collect(),
                    arrived: missed.changed.iter().collect(),
                    uid_next: self.uid_last + 1,
                    highest_modseq: self.modseq,
                    rights: Rights::ALL,
                }
            }
            Ask::Fetch { uids, .. } => Answer::Fetched {
                rows: uids
                    .into_iter()
                    .filter_map(|uid| self.change(uid))
                    .map(row)
                    .collect(),
                not_reached: Vec::new(),
            },
            Ask::Store { uids, change, .. } => {
                assert_eq!(change.mode, FlagMode::Add);
                let stored = uids.into_iter().filter_map(|uid| {
                    let modseq_before = self.change(uid)?.modseq;
                    self.add(uid, change.flags.system);
                    let now = self.change(uid)?;
                    Some(StoredMessage { now, modseq_before })
                });
                Answer::Stored {
                    changed: stored.collect(),
                    modified: Vec::new(),
                }
            }
            Ask::Expunge { uids, .. } => Answer::Expunged {
                uids: self.expunge(&uids.unwrap_or_default()),
                highest_modseq: self.modseq,
            },
            Ask::Search { .. } => Answer::Found {
                uids: self.messages.keys().copied().collect(),
                highest_modseq: self.modseq,
            },
            // No other question comes of the commands below; this answer would end the session.
            Ask::Mailboxes
            | Ask::Status { .. }
            | Ask::Peek { .. }
            | Ask::Watch { .. }
            | Ask::Quota { .. }
            | Ask::Metadata { .. }
            | Ask::SetMetadata { .. }
            | Ask::Acl { .. }
            | Ask::MyRights { .. }
            | Ask::GrantableRights { .. }
            | Ask::ChangeAcl { .. }
            | Ask::Create { .. }
            | Ask::Delete { .. }
            | Ask::Rename { .. }
            | Ask::Subscribe { .. }
            | Ask::AppendStart { .. }
            | Ask::AppendNext { .. }
            | Ask::AppendFinish { .. }
            | Ask::Copy { .. }
            | Ask::Sort { .. }
            | Ask::Thread { .. } => Answer::Ok,
        }
    }
}

fn row(change: MessageChange) -> FetchRow {
    FetchRow {
        uid: change.uid,
        flags: change.flags,
        modseq: change.modseq,
        internal_date: Timestamp::from_secs(0),
        saved_at: Timestamp::from_secs(0),
        size_octets: 1,
        email_id: String::new(),
        thread_id: String::new(),
        envelope: None,
        body_structure: None,
        body: None,
        preview: None,
        sections: Vec::new(),
        newly_seen: false,
    }
}

/// What a client keeps over connections (RFC 7162 section 6).
#[derive(Debug, Default)]
struct Client {
    known: BTreeMap<u32, String>,
    modseq: i64,
    /// All messages up to this UID were fetched once.
    fetched_to: u32,
}

/// What a client has heard since the last tagged reply.
#[derive(Default)]
struct Heard {
    code: Option<i64>,
    highest: i64,
}

fn number_behind(line: &str, label: &str) -> Option<i64> {
    let (_, rest) = line.split_once(label)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

impl Client {
    fn hear(&mut self, lines: &[&str], silent: &str) {
        let mut heard = Heard::default();
        for line in lines {
            if let Some(code) = number_behind(line, "[HIGHESTMODSEQ ") {
                heard.code = Some(code);
            }
            if let Some(set) = line.strip_prefix("* VANISHED ") {
                for uid in numbers(set.trim_start_matches("(EARLIER) ")) {
                    self.known.remove(&uid);
                }
            }
            if line.starts_with("* ") && line.contains(" FETCH (") {
                let uid = u32::try_from(number_behind(line, "UID ").expect(line)).unwrap();
                heard.highest = heard.highest.max(number_behind(line, "MODSEQ (").expect(line));
                if let Some((_, rest)) = line.split_once("FLAGS (") {
                    let flags = rest.split(')').next().unwrap_or_default();
                    self.known.insert(uid, flags.to_owned());
                } else if let Some(flags) = self.known.get_mut(&uid) {
                    // The reply to its own silent STORE.
                    if !flags.contains(silent) {
                        *flags = format!("{flags} {silent}").trim().to_owned();
                    }
                }
            }
            if line.contains(" OK ") && !line.starts_with("* ") {
                self.modseq = heard.code.unwrap_or(heard.highest.max(self.modseq));
                heard = Heard::default();
            }
        }
    }
}

fn numbers(set: &str) -> Vec<u32> {
    let range = |text: &str| {
        let (from, to) = text.split_once(':').unwrap_or((text, text));
        from.parse::<u32>().unwrap()..=to.parse().unwrap()
    };
    set.trim().split(',').flat_map(range).collect()
}

/// What a client does in one connection.
#[derive(Clone, Debug)]
enum Step {
    Noop,
    FetchNew,
    Fetch,
    UidFetch(u32),
    StoreSilent(u32),
    UidStore(u32),
    UidExpunge(u32),
    Search,
}

impl Step {
    fn command(&self, client: &Client) -> String {
        let at = |place: u32| {
            let count = client.known.len().max(1);
            client
                .known
                .keys()
                .nth(place as usize % count)
                .copied()
                .unwrap_or(1)
        };
        match self {
            Self::Noop => "NOOP".to_owned(),
            Self::FetchNew => format!("UID FETCH {}:* (FLAGS MODSEQ)", client.fetched_to + 1),
            Self::Fetch => "FETCH 1:* (UID FLAGS MODSEQ)".to_owned(),
            Self::UidFetch(place) => format!("UID FETCH {} (FLAGS MODSEQ)", at(*place)),
            Self::StoreSilent(number) => format!("STORE {number} +FLAGS.SILENT (\\Seen)"),
            Self::UidStore(place) => format!("UID STORE {} +FLAGS (\\Flagged)", at(*place)),
            Self::UidExpunge(place) => format!("UID EXPUNGE {}", at(*place)),
            Self::Search => "SEARCH SEEN".to_owned(),
        }
    }
}

/// One connection, others at work before each answer; the first `lines` lines reach the client.
fn connect(
    client: &mut Client,
    mailbox: &mut Mailbox,
    steps: &[Step],
    others: &[(Other, bool)],
    lines: usize,
) {
    let config = Config {
        hostname: String::new(),
        allow_plaintext_login: true,
        starttls: false,
        mechanisms: Vec::new(),
        reference: String::new(),
        limits: Limits {
            batch_messages: 1,
            ..Limits::default()
        },
    };
    let mut session = ImapSession::new(config, now());
    let mut others: VecDeque<&(Other, bool)> = others.iter().collect();
    let mut sent = Vec::new();
    let select = match client.modseq {
        0 => "SELECT INBOX".to_owned(),
        modseq => format!("SELECT INBOX (QRESYNC (3 {modseq}))"),
    };
    let mut commands = vec!["LOGIN u p".to_owned(), "ENABLE QRESYNC".to_owned(), select];
    commands.extend(steps.iter().map(|step| step.command(client)));
    for command in commands {
        session.handle_input(now(), format!("t {command}\r\n").as_bytes());
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(octets) => sent.extend(octets),
                Output::Ask(ask) => {
                    let answer = mailbox.answer(ask);
                    if let Some((other, is_noticed)) = others.pop_front() {
                        mailbox.act(other);
                        if *is_noticed {
                            session.handle_notice(now());
                        }
                    }
                    session.answer(now(), answer);
                }
                Output::Event(_) => {}
                Output::StartTls | Output::StartCompression | Output::EndCompression | Output::Close => {
                    panic!("{}", String::from_utf8_lossy(&sent))
                }
            }
        }
    }
    let sent = String::from_utf8(sent).unwrap();
    let heard: Vec<&str> = sent.lines().take(lines).collect();
    client.hear(&heard, "\\Seen");
    let fetches_new = steps
        .iter()
        .any(|step| matches!(step, Step::FetchNew | Step::Fetch));
    if fetches_new && heard.len() == sent.lines().count() {
        let uid_next = heard.iter().find_map(|line| number_behind(line, "[UIDNEXT "));
        client.fetched_to = u32::try_from(uid_next.unwrap() - 1).unwrap();
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Noop),
        Just(Step::FetchNew),
        Just(Step::Fetch),
        (0..9_u32).prop_map(Step::UidFetch),
        Just(Step::StoreSilent(1)),
        (0..9_u32).prop_map(Step::UidStore),
        (0..9_u32).prop_map(Step::UidExpunge),
        Just(Step::Search),
    ]
}

fn other() -> impl Strategy<Value = (Other, bool)> {
    let act = prop_oneof![
        2 => Just(Other::Nothing),
        1 => Just(Other::Deliver),
        1 => (0..9_u32).prop_map(Other::Flag),
        1 => (0..9_u32).prop_map(Other::Expunge),
    ];
    (act, any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_is_lost_wherever_the_connection_breaks(
        connections in prop::collection::vec(
            (
                prop::collection::vec(step(), 0..8),
                prop::collection::vec(other(), 0..20),
                prop::collection::vec(other(), 0..4),
                prop_oneof![Just(usize::MAX), 10..60_usize],
            ),
            1..4,
        ),
    ) {
        let mut mailbox = Mailbox::default();
        for _ in 0..4 {
            mailbox.act(&Other::Deliver);
        }
        let mut client = Client::default();
        connect(&mut client, &mut mailbox, &[Step::Fetch], &[], usize::MAX);
        for (steps, others, meanwhile, lines) in &connections {
            connect(&mut client, &mut mailbox, steps, others, *lines);
            for (other, _) in meanwhile {
                mailbox.act(other);
            }
        }
        connect(&mut client, &mut mailbox, &[Step::FetchNew], &[], usize::MAX);
        let there: Vec<(u32, usize)> = mailbox
            .messages
            .iter()
            .map(|(uid, (flags, _))| (*uid, flags.names().count()))
            .collect();
        let known: Vec<(u32, usize)> = client
            .known
            .iter()
            .map(|(uid, flags)| (*uid, flags.split_whitespace().count()))
            .collect();
        prop_assert_eq!(known, there);
    }
}
