//! Properties of the whole session: any split of the input gives the same output, no input panics, and
//! nothing a peer sends makes it hold more than its limits.

use std::time::Instant;

use posthorn_base::session::{Output, Session};
use posthorn_base::{Rights, Timestamp};
use posthorn_imap::types::{ChangedUids, Flags, ThreadNode};
use posthorn_imap::{
    Answer, Ask, Config, Event, FetchRow, ImapSession, Limits, MailboxHandle, MailboxInfo, MailboxStatus,
    MessageChange, PeekedMailbox, SelectedMailbox, StoredMessage, WatchedAnnotation, WatchedMailbox,
    WatchedMailboxes,
};
use proptest::prelude::*;

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a fixed moment; it never runs")]
    Instant::now()
}

fn session(now: Instant) -> ImapSession {
    session_with(4_096, now)
}

/// A session that takes commands of so many octets.
fn session_with(command_octets: usize, now: Instant) -> ImapSession {
    let config = Config {
        hostname: "mail.example".to_owned(),
        allow_plaintext_login: true,
        starttls: true,
        mechanisms: vec![posthorn_sasl::Mechanism::Plain],
        reference: "ref".to_owned(),
        limits: Limits {
            command_octets,
            message_octets: 10_000,
            batch_messages: 3,
            ..Limits::default()
        },
    };
    ImapSession::new(config, now)
}

fn row(uid: u32, sections: usize) -> FetchRow {
    FetchRow {
        uid,
        flags: Flags::default(),
        modseq: 5,
        internal_date: Timestamp::from_secs(0),
        saved_at: Timestamp::from_secs(0),
        size_octets: 3,
        email_id: String::new(),
        thread_id: String::new(),
        envelope: None,
        body_structure: None,
        body: None,
        preview: None,
        sections: vec![Some(b"abc".to_vec()); sections],
        newly_seen: false,
    }
}

/// A shell that says yes to everything, over a mailbox of five messages.
#[expect(clippy::too_many_lines, reason = "one short arm per question")]
fn yes(ask: Ask) -> Answer {
    match ask {
        Ask::Credentials(_) => Answer::Credentials(posthorn_sasl::Answer::Verified {
            identity: "u@example".to_owned(),
        }),
        Ask::Mailboxes => Answer::Mailboxes(vec![MailboxInfo {
            name: "a/b".to_owned(),
            special_use: None,
            subscribed: true,
            exists: true,
            rights: Rights::ALL,
        }]),
        Ask::Status { .. } => Answer::Status(MailboxStatus::default()),
        Ask::Watch { .. } => Answer::Watched(WatchedMailboxes {
            changed: vec![WatchedMailbox {
                mailbox: MailboxHandle(2),
                name: "a/b".to_owned(),
                subscribed: true,
                uid_validity: 2,
                uid_next: 9,
                messages: 3,
                unseen: 1,
                highest_modseq: 6,
            }],
            names: Some(Vec::new()),
            annotations: vec![WatchedAnnotation {
                mailbox: Some(("a/b".to_owned(), true)),
                entry: "/shared/comment".to_owned(),
            }],
            modseq: 8,
        }),
        Ask::Peek { .. } => Answer::Peeked(PeekedMailbox {
            mailbox: MailboxHandle(2),
            uid_validity: 2,
            first_recent_uid: 3,
            uids: [2, 3, 13].into_iter().collect(),
        }),
        Ask::Acl { .. } => Answer::Acl(vec![("a b@x".to_owned(), Rights::READ)]),
        Ask::MyRights { .. } | Ask::GrantableRights { .. } => Answer::Rights(Rights::LOOKUP),
        Ask::Metadata { .. } => Answer::Metadata(vec![("/shared/comment".to_owned(), b"a\0b".to_vec())]),
        Ask::ChangeAcl { .. } | Ask::SetMetadata { .. } => Answer::Ok,
        Ask::Quota { .. } => Answer::Quota {
            root: String::new(),
            used_octets: 1,
            limit_octets: None,
        },
        Ask::Select { .. } => Answer::Selected(SelectedMailbox {
            mailbox: MailboxHandle(1),
            uid_validity: 1,
            uid_next: 20,
            highest_modseq: 4,
            uids: [2, 3, 5, 8, 13].into_iter().collect(),
            first_recent_uid: 8,
            first_unseen_uid: Some(3),
            keywords: Vec::new(),
            mailbox_id: String::new(),
            rights: Rights::ALL,
            missed: None,
        }),
        Ask::Sort { .. } => Answer::Sorted {
            uids: vec![13, 3, 99],
            highest_modseq: 7,
        },
        Ask::Thread { .. } => Answer::Threads(vec![
            ThreadNode {
                uid: Some(13),
                children: 1,
            },
            ThreadNode {
                uid: Some(3),
                children: 0,
            },
        ]),
        Ask::ChangedUids { .. } => Answer::ChangedUids(ChangedUids {
            changed: [3, 8, 20].into_iter().collect(),
            vanished: [4, 5].into_iter().collect(),
        }),
        Ask::Create { .. } => Answer::Created {
            mailbox_id: "F1".to_owned(),
        },
        Ask::Delete { .. }
        | Ask::Rename { .. }
        | Ask::Subscribe { .. }
        | Ask::AppendStart { .. }
        | Ask::AppendNext { .. } => Answer::Ok,
        Ask::AppendFinish { .. } => Answer::Appended {
            uid_validity: 1,
            uids: vec![20],
        },
        Ask::Fetch { uids, want, .. } => Answer::Fetched {
            rows: uids
                .into_iter()
                .map(|uid| row(uid, want.sections.len()))
                .collect(),
            not_reached: Vec::new(),
        },
        Ask::Store { uids, change, .. } => Answer::Stored {
            changed: uids
                .into_iter()
                .map(|uid| StoredMessage {
                    now: MessageChange {
                        uid,
                        flags: change.flags.clone(),
                        modseq: 6,
                    },
                    modseq_before: 2,
                })
                .collect(),
            modified: Vec::new(),
        },
        Ask::Copy { uids, .. } => Answer::Copied {
            uid_validity: 2,
            pairs: std::iter::zip(uids, 1..).collect(),
        },
        Ask::Expunge { uids, .. } => Answer::Expunged {
            uids: uids.unwrap_or_else(|| vec![3]),
            highest_modseq: 7,
        },
        Ask::Search { .. } => Answer::Found {
            uids: vec![3, 13],
            highest_modseq: 7,
        },
        Ask::Changes { .. } => Answer::Changes {
            vanished: vec![5],
            changed: Vec::new(),
            arrived: vec![20],
            uid_next: 21,
            highest_modseq: 8,
            rights: Rights::READ,
        },
    }
}

/// All that came out, with neighbouring chunks joined.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    sent: Vec<u8>,
    appended: Vec<u8>,
    events: Vec<Event>,
    asks: Vec<String>,
    is_closed: bool,
    /// What the shell says to the next questions, from the last on; `None`: yes.
    refusals: Vec<Option<Answer>>,
}

impl Heard {
    fn drain(&mut self, session: &mut ImapSession, now: Instant) {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(octets) => self.sent.extend(octets),
                Output::Event(Event::AppendData(octets)) => self.appended.extend(octets),
                Output::Event(event) => self.events.push(event),
                Output::Ask(ask) => {
                    self.asks.push(format!("{ask:?}"));
                    let refusal = self.refusals.pop().flatten();
                    session.answer(now, refusal.unwrap_or_else(|| yes(ask)));
                }
                Output::StartTls => self.asks.push("tls".to_owned()),
                Output::StartCompression => {
                    self.asks.push("compression".to_owned());
                    session.handle_compression(now);
                }
                Output::EndCompression => self.asks.push("end of compression".to_owned()),
                Output::Close => self.is_closed = true,
            }
        }
    }
}

fn play<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Heard {
    let now = now();
    let mut session = session(now);
    let mut heard = Heard::default();
    heard.drain(&mut session, now);
    for piece in pieces {
        session.handle_input(now, piece);
        heard.drain(&mut session, now);
    }
    heard
}

/// Lines that mean something, and parts that may stand anywhere.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "a NOOP\r\n",
        "a SELECT INBOX\r\n",
        "a LOGIN {1+}\r\nu {1}\r\np\r\n",
        "a APPEND INBOX (\\Seen) {5+}\r\nhello\r\n",
        "a APPEND INBOX {5}\r\nhello\r\n",
        "a APPEND x (\\Foo) {10+}\r\nz LOGOUT\r\n\r\n",
        "a FETCH 1:* (FLAGS BODY[])\r\n",
        "a UID FETCH 3:8 (UID MODSEQ) (CHANGEDSINCE 2)\r\n",
        "a ENABLE QRESYNC\r\n",
        "a ENABLE IMAP4rev2\r\n",
        "a ENABLE UTF8=ACCEPT UIDONLY\r\n",
        "a LANGUAGE de EN\r\n",
        "a APPEND \"\u{fc}\" UTF8 (~{5+}\r\nhello) () {3}\r\nyou\r\n",
        "a SEARCH RETURN (SAVE PARTIAL -1:-2) OLDER 5\r\n",
        "a ESEARCH IN (selected mailboxes (a b) subtree-one x) RETURN (MIN PARTIAL 1:2) MODSEQ 1 1:2\r\n",
        "a NOTIFY SET STATUS (selected (MessageNew (UID BODY[]) MessageExpunge FlagChange)) (personal (MailboxName))\r\n",
        "a NOTIFY SET (selected-delayed (MessageNew MessageExpunge)) (subtree (a b) (MessageNew MessageExpunge))\r\n",
        "a NOTIFY NONE\r\n",
        "a STORE $ FLAGS ()\r\n",
        "a SORT RETURN (ALL SAVE) (REVERSE DATE) UTF-8 MODSEQ 1\r\n",
        "a UID THREAD REFERENCES UTF-8 1:2\r\n",
        "a UID FETCH $ UID (PARTIAL 1:2)\r\n",
        "a SELECT INBOX (QRESYNC (1 2 1:9 (1 2)))\r\n",
        "a UID FETCH 1:* FLAGS (VANISHED CHANGEDSINCE 2)\r\n",
        "a STORE 1,2 +FLAGS (\\Deleted)\r\n",
        "a SEARCH OR SEEN NOT (DELETED 1:3)\r\n",
        "a LIST (SUBSCRIBED) \"\" (% *) RETURN (STATUS (MESSAGES))\r\n",
        "a IDLE\r\n",
        "DONE\r\n",
        "a EXPUNGE\r\n",
        "a MOVE 1 x\r\n",
        "a CLOSE\r\n",
        "a AUTHENTICATE PLAIN AHUAcA==\r\n",
        "a CREATE {8}\r\nb LOGOUT\r\n",
    ]);
    let junk = prop::collection::vec(any::<u8>(), 0..12);
    let near = "[aA ]{0,2}(UID )?(FETCH|STORE|SEARCH|LIST|APPEND|STATUS|COPY)[ 0-9:*,(){}+\"\\\\\\[\\]<>.A-Z]{0,24}\r\n";
    prop_oneof![
        6 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => junk,
        3 => near.prop_map(String::into_bytes),
    ]
}

fn logged_in(lines: Vec<Vec<u8>>) -> Vec<u8> {
    let mut input = b"0 LOGIN u p\r\n1 SELECT INBOX\r\n".to_vec();
    input.extend(lines.concat());
    input
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_split_of_the_input_gives_the_same_output(
        lines in prop::collection::vec(line(), 0..12),
        cuts in prop::collection::vec(1usize..40, 1..20),
    ) {
        let input = logged_in(lines);
        let whole = play(std::iter::once(input.as_slice()));
        let mut pieces = Vec::new();
        let mut rest = input.as_slice();
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(play(pieces.into_iter()), whole);
    }

    #[test]
    fn no_octets_panic(input in prop::collection::vec(any::<u8>(), 0..300)) {
        let heard = play(input.chunks(7));
        prop_assert!(heard.sent.starts_with(b"* OK "));
    }

    #[test]
    fn what_was_enabled_holds_from_then_on(lines in prop::collection::vec(line(), 0..12)) {
        let mut input = b"0 LOGIN u p\r\n1 ENABLE IMAP4rev2 UIDONLY\r\n2 SELECT INBOX\r\n".to_vec();
        input.extend(lines.concat());
        let heard = play(std::iter::once(input.as_slice()));
        for line in String::from_utf8_lossy(&heard.sent).lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let is_old = matches!(
                words.as_slice(),
                ["*", _, "FETCH" | "EXPUNGE" | "RECENT", ..] | ["*", "SEARCH", ..]
            );
            prop_assert!(!is_old && !line.contains("\\Recent"), "{}", line);
        }
    }

    #[test]
    fn every_reply_line_of_a_known_tag_is_well_formed(lines in prop::collection::vec(line(), 0..12)) {
        let heard = play(std::iter::once(logged_in(lines).as_slice()));
        for line in heard.sent.split_inclusive(|&octet| octet == b'\n') {
            prop_assert!(line.ends_with(b"\r\n"), "{}", line.escape_ascii());
        }
    }
}

/// Well-formed commands without their tags.
const COMMANDS: [&str; 18] = [
    "NOOP",
    "SELECT INBOX",
    "EXAMINE {5+}\r\nother",
    "APPEND INBOX (\\Seen) {5+}\r\nhello",
    "APPEND INBOX {5+}\r\nhello (\\Seen) {3+}\r\nyou",
    "UID REPLACE 3 INBOX {5+}\r\nhello",
    "FETCH 1:* (FLAGS BODY[])",
    "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 2)",
    "STORE 1:* +FLAGS (\\Deleted)",
    "UID SEARCH ALL",
    "SEARCH RETURN (MIN) MODSEQ 1",
    "LIST \"\" * RETURN (STATUS (MESSAGES))",
    "EXPUNGE",
    "UID MOVE 1:* x",
    "COPY 1:* x",
    "CLOSE",
    "CREATE x",
    "STATUS x (MESSAGES)",
];

fn refusal() -> impl Strategy<Value = Option<Answer>> {
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Answer::Unavailable)),
        1 => Just(Some(Answer::NoSuchMailbox)),
        1 => Just(Some(Answer::Refused("no".to_owned()))),
    ]
}

proptest! {
    #[test]
    fn every_command_has_one_reply_in_its_turn_whatever_the_shell_says(
        commands in prop::collection::vec(prop::sample::select(&COMMANDS[..]), 1..12),
        refusals in prop::collection::vec(refusal(), 0..20),
    ) {
        let now = now();
        let mut session = session(now);
        let mut heard = Heard::default();
        session.handle_input(now, &logged_in(Vec::new()));
        heard.drain(&mut session, now);
        heard.sent.clear();
        heard.refusals = refusals;
        for (number, command) in commands.iter().enumerate() {
            session.handle_input(now, format!("t{number} {command}\r\n").as_bytes());
        }
        heard.drain(&mut session, now);
        let sent = String::from_utf8_lossy(&heard.sent).into_owned();
        let replied: Vec<&str> = sent
            .lines()
            .filter(|line| line.starts_with('t'))
            .filter_map(|line| line.split(' ').next())
            .collect();
        let expected: Vec<String> = (0..commands.len()).map(|number| format!("t{number}")).collect();
        prop_assert!(!heard.is_closed || sent.contains("* BYE "), "{}", sent);
        match heard.is_closed {
            true => prop_assert!(expected.iter().zip(&replied).all(|(a, b)| a == b), "{}", sent),
            false => prop_assert_eq!(replied, expected, "{}", sent),
        }
    }
}

fn answer_to(command: &[u8]) -> String {
    let mut input = b"0 LOGIN u p\r\n1 SELECT INBOX\r\n".to_vec();
    input.extend_from_slice(command);
    let heard = play(input.chunks(1_000));
    let sent = String::from_utf8_lossy(&heard.sent);
    let last = sent.trim_end().lines().last().unwrap_or_default();
    last.to_owned()
}

#[test]
fn a_hundred_thousand_ranges_are_taken_if_the_limit_lets_them() {
    let now = now();
    let mut session = session_with(1_000_000, now);
    let set = vec!["1:5"; 100_000].join(",");
    let input = format!("0 LOGIN u p\r\n1 SELECT INBOX\r\na FETCH {set} UID\r\n");
    session.handle_input(now, input.as_bytes());
    let mut heard = Heard::default();
    heard.drain(&mut session, now);
    let sent = String::from_utf8(heard.sent).unwrap();
    assert_eq!(sent.matches(" FETCH (UID ").count(), 5);
    assert!(sent.ends_with("a OK FETCH completed\r\n"));
}

#[test]
fn a_set_beyond_the_limit_of_commands_ends_the_session() {
    let set = vec!["1:5"; 100_000].join(",");
    let last = answer_to(format!("a FETCH {set} UID\r\n").as_bytes());
    assert_eq!(last, "* BYE [TOOBIG] The command is too long");
}

#[test]
fn what_a_literal_may_have_unasked_depends_on_the_log_in() {
    let literal = |octets: usize| format!("a LOGIN u {{{octets}+}}\r\n{}\r\n", "p".repeat(octets));
    let answer = |input: String| {
        let mut session = session_with(10_000, now());
        session.handle_input(now(), input.as_bytes());
        let mut heard = Heard::default();
        heard.drain(&mut session, now());
        String::from_utf8(heard.sent).unwrap()
    };
    let before = answer(literal(4_096));
    assert!(before.contains("a OK [CAPABILITY "), "{before}");
    let before = answer(literal(4_097));
    assert!(
        before.ends_with("* BYE [TOOBIG] The literal is too large\r\n"),
        "{before}"
    );
    let after = answer(format!("0 LOGIN u p\r\n{}", literal(4_097)));
    assert!(after.lines().last().unwrap().starts_with("a BAD "), "{after}");
    assert!(!after.contains("BYE"), "{after}");
}

#[test]
fn deep_nesting_is_refused_and_the_session_goes_on() {
    let nested = format!("a SEARCH {}\r\nb NOOP\r\n", "(".repeat(4_000));
    assert_eq!(answer_to(nested.as_bytes()), "b OK NOOP completed");
    let list = format!("a LIST {}\r\n", "(".repeat(4_000));
    assert!(answer_to(list.as_bytes()).starts_with("a BAD "));
}

#[test]
fn the_session_takes_no_more_than_its_limits() {
    let now = now();
    let mut session = session(now);
    session.handle_input(now, &b"a NOOP\r\n".repeat(20_000));
    assert!(!session.wants_input());
    let mut heard = Heard::default();
    heard.drain(&mut session, now);
    assert!(session.wants_input());
    session.handle_input(now, b"b LOGIN u p\r\n");
    while let Some(output) = session.poll_output() {
        if let Output::Ask(_) = output {
            assert!(!session.wants_input());
        }
    }
}
