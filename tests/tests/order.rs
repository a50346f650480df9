//! The order of UIDs is the order in which messages become visible, and of mod-sequences that of changes: under many
//! writers at once, and for a client that comes back after the server was killed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use posthorn_tests::{Ending, Imap, Message, Node, Options, Random, until};

const DELIVERIES: usize = 20;
const APPENDS: usize = 15;
const COPIES: usize = 15;
const EACH: usize = 8;

fn number_behind(text: &str, label: &str) -> Option<u64> {
    let (_, rest) = text.split_once(label)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn text(responses: Vec<Vec<u8>>) -> Vec<String> {
    let lines = responses.into_iter();
    lines.map(|line| String::from_utf8(line).unwrap()).collect()
}

fn append(imap: &mut Imap) -> io::Result<()> {
    imap.command("APPEND INBOX {12+}\r\nSubject: a\r\n").map(|_| ())
}

/// Looks again and again until it has seen so many messages, and fails when one appears that should have been there.
fn observe(node: &Node, count: usize) {
    let mut imap = node.imap("anna");
    imap.select("INBOX").unwrap();
    let (mut seen, mut uid_next, mut modseq) = (BTreeSet::new(), 0, 0);
    while seen.len() < count {
        let status = text(imap.command("STATUS INBOX (UIDNEXT HIGHESTMODSEQ)").unwrap());
        let status = status.iter().find(|line| line.starts_with("* STATUS")).unwrap();
        let told = number_behind(status, "UIDNEXT ").unwrap();
        let highest = number_behind(status, "HIGHESTMODSEQ ").unwrap();
        assert!(
            told >= uid_next && highest >= modseq,
            "{status} after {uid_next} {modseq}"
        );
        imap.command("NOOP").unwrap();
        let rows = text(imap.command("UID FETCH 1:* (MODSEQ)").unwrap());
        let rows: BTreeMap<u64, u64> = rows
            .iter()
            .filter_map(|row| Some((number_behind(row, "(UID ")?, number_behind(row, "MODSEQ (")?)))
            .collect();
        for (uid, of_message) in &rows {
            let is_new = seen.insert(*uid);
            // All below the UIDNEXT of before were to be seen then; all up to its mod-sequence had happened.
            assert!(!is_new || *uid >= uid_next, "{uid} appears below {uid_next}");
            assert!(
                !is_new || *of_message > modseq,
                "{uid} has {of_message}, not above {modseq}"
            );
        }
        assert_eq!(seen.len(), rows.len(), "a message went away");
        // What was told before this look must be in it.
        assert!(told <= rows.keys().max().map_or(1, |last| last + 1));
        uid_next = rows.keys().max().map_or(uid_next, |last| last + 1);
        modseq = highest.max(rows.values().copied().max().unwrap_or(0));
    }
}

#[test]
fn no_uid_appears_below_one_that_was_seen() {
    let node = Node::start(Options::default());
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let mut first = node.imap("anna");
    first.command("CREATE source").unwrap();
    first.command("APPEND source {12+}\r\nSubject: c\r\n").unwrap();
    let all = (DELIVERIES + APPENDS + COPIES) * EACH;
    std::thread::scope(|scope| {
        let (node, to) = (&node, to.as_str());
        for _ in 0..2 {
            scope.spawn(move || observe(node, all));
        }
        for _ in 0..DELIVERIES {
            scope.spawn(move || {
                let mut smtp = node.smtp();
                for _ in 0..EACH {
                    let reply = smtp.send(from, &[to], &Message::short(from, to)).unwrap();
                    assert_eq!(reply.code, 250);
                }
            });
        }
        for _ in 0..APPENDS {
            scope.spawn(move || {
                let mut imap = node.imap("anna");
                (0..EACH).for_each(|_| append(&mut imap).unwrap());
            });
        }
        for _ in 0..COPIES {
            scope.spawn(move || {
                let mut imap = node.imap("anna");
                imap.select("source").unwrap();
                for _ in 0..EACH {
                    imap.command("COPY 1 INBOX").unwrap();
                }
            });
        }
    });
    let uids: Vec<u32> = node.inbox("anna").iter().map(|stored| stored.uid).collect();
    let expected: Vec<u32> = (1..=u32::try_from(all).unwrap()).collect();
    assert_eq!(uids, expected);
}

/// What a client with QRESYNC keeps (RFC 7162 section 6).
#[derive(Clone, Debug, Default)]
struct Memory {
    uid_validity: u64,
    modseq: u64,
    /// Flags by UID, for what the client knows.
    messages: BTreeMap<u64, BTreeSet<String>>,
}

impl Memory {
    /// Hears the responses to a command that ended well.
    fn hear(&mut self, lines: &[String]) {
        let (mut code, mut highest) = (None, self.modseq);
        for line in lines {
            if let Some(modseq) = number_behind(line, "[HIGHESTMODSEQ ") {
                code = Some(modseq);
            }
            if let Some(uid_validity) = number_behind(line, "[UIDVALIDITY ") {
                self.uid_validity = uid_validity;
            }
            if let Some(set) = line.strip_prefix("* VANISHED ") {
                for uid in numbers(set.trim_start_matches("(EARLIER) ")) {
                    self.messages.remove(&uid);
                }
            }
            let uid = number_behind(line, "UID ").filter(|_| line.contains(" FETCH ("));
            if let (Some(uid), Some((_, flags))) = (uid, line.split_once("FLAGS (")) {
                let flags = flags.split(')').next().unwrap().split_whitespace();
                let flags = flags.filter(|flag| *flag != "\\Recent").map(str::to_owned);
                self.messages.insert(uid, flags.collect());
                highest = highest.max(number_behind(line, "MODSEQ (").unwrap());
            }
        }
        self.modseq = code.unwrap_or(highest);
    }
}

fn numbers(set: &str) -> impl Iterator<Item = u64> {
    set.trim().split(',').flat_map(|range| {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        from.parse::<u64>().unwrap()..=to.parse().unwrap()
    })
}

/// Keeps up with a mailbox until the server is gone; what it then knows is in `memory`.
fn keep_up(mut imap: Imap, memory: &mut Memory) -> io::Result<()> {
    imap.command("ENABLE QRESYNC")?;
    open(&mut imap, memory)?;
    loop {
        let lines = text(imap.command("NOOP")?);
        learn(&mut imap, memory, lines)?;
    }
}

/// Opens INBOX and learns what has changed since `memory`.
fn open(imap: &mut Imap, memory: &mut Memory) -> io::Result<()> {
    let select = match memory.modseq {
        0 => "SELECT INBOX".to_owned(),
        modseq => format!("SELECT INBOX (QRESYNC ({} {modseq}))", memory.uid_validity),
    };
    let lines = text(imap.command(&select)?);
    match memory.modseq {
        0 => learn(imap, memory, lines)?,
        // The answer alone must tell everything.
        _ => memory.hear(&lines),
    }
    Ok(())
}

/// New messages come without their flags: they are asked for, until the answer tells of no newer ones. Only all
/// of it together is known, up to the mod-sequence that was told.
fn learn(imap: &mut Imap, memory: &mut Memory, mut lines: Vec<String>) -> io::Result<()> {
    let from = memory.messages.keys().max().map_or(1, |last| last + 1);
    loop {
        let fetched = text(imap.command(&format!("UID FETCH {from}:* (FLAGS MODSEQ)"))?);
        let is_all = !fetched.iter().any(|line| line.ends_with(" EXISTS"));
        lines.extend(fetched);
        if is_all {
            memory.hear(&lines);
            return Ok(());
        }
    }
}

/// Adds, changes and removes until the server is gone.
fn disturb(mut imap: Imap, seed: u64, done: &AtomicUsize) -> io::Result<()> {
    let mut random = Random::from_seed(seed);
    imap.select("INBOX")?;
    loop {
        let uid = 1 + random.below(200);
        match random.below(6) {
            0 | 1 => append(&mut imap)?,
            2 => drop(imap.command(&format!("UID STORE {uid}:{} +FLAGS.SILENT (\\Flagged)", uid + 3))?),
            3 => drop(imap.command(&format!("UID STORE {uid} FLAGS (k{})", random.below(5)))?),
            4 => {
                imap.command(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"))?;
                imap.command(&format!("UID EXPUNGE {uid}"))?;
            }
            _ => drop(imap.command(&format!("UID MOVE {uid} INBOX"))?),
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn who_comes_back_after_a_crash_is_told_exactly_what_changed() {
    let mut node = Node::start(Options::default());
    let mut random = Random::seeded();
    let mut memories = vec![Memory::default(); 3];
    for _ in 0..6 {
        let done = AtomicUsize::new(0);
        let enough = 20 + random.below(150);
        let seeds: Vec<u64> = (0..4).map(|_| random.number()).collect();
        let clients: Vec<Imap> = (0..seeds.len() + memories.len())
            .map(|_| node.imap("anna"))
            .collect();
        std::thread::scope(|scope| {
            let (done, mut clients) = (&done, clients.into_iter());
            for memory in &mut memories {
                let imap = clients.next().unwrap();
                scope.spawn(move || keep_up(imap, memory).unwrap_err());
            }
            for (imap, seed) in clients.zip(seeds) {
                scope.spawn(move || disturb(imap, seed, done).unwrap_err());
            }
            until("much has changed", || {
                (done.load(Ordering::SeqCst) >= enough).then_some(())
            });
            node.stop(Ending::Killed);
        });
        node.check_store();
        node.serve();
        let mut imap = node.imap("anna");
        let mut truth = Memory::default();
        imap.command("ENABLE QRESYNC").unwrap();
        open(&mut imap, &mut truth).unwrap();
        for memory in &mut memories {
            let before = memory.clone();
            let mut imap = node.imap("anna");
            imap.command("ENABLE QRESYNC").unwrap();
            open(&mut imap, memory).unwrap();
            assert_eq!(memory.messages, truth.messages, "{before:?}");
            assert_eq!(memory.modseq, truth.modseq);
        }
    }
    assert!(memories.iter().all(|memory| memory.messages.len() > 10));
}

#[test]
fn who_idles_is_told_of_arrivals_flags_and_expunges_as_they_happen() {
    let node = Node::start(Options::default());
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let (mut idle, mut other) = (node.imap("anna"), node.imap("anna"));
    idle.select("INBOX").unwrap();
    other.select("INBOX").unwrap();
    let tag = idle.begin("IDLE").unwrap();
    assert!(idle.response().unwrap().starts_with(b"+"));
    let mut expect = |start: &str, what: &mut dyn FnMut()| {
        what();
        loop {
            let line = String::from_utf8(idle.response().unwrap()).unwrap();
            if line.starts_with(start) {
                break;
            }
            assert!(line.ends_with(" RECENT"), "{line} instead of {start}");
        }
    };
    let mut smtp = node.smtp();
    for _ in 0..20 {
        let message = Message::short(from, &to);
        expect("* 1 EXISTS", &mut || {
            assert_eq!(smtp.send(from, &[&to], &message).unwrap().code, 250);
        });
        expect("* 1 FETCH (FLAGS (\\Deleted", &mut || {
            other.command("NOOP").unwrap();
            other.command("STORE 1 FLAGS (\\Deleted)").unwrap();
        });
        expect("* 1 EXPUNGE", &mut || {
            other.command("EXPUNGE").unwrap();
        });
    }
    idle.wire.send(b"DONE\r\n").unwrap();
    idle.end(&tag).unwrap();
}

#[test]
fn who_says_notify_is_told_between_commands_also_of_mailboxes_that_are_not_open() {
    let node = Node::start(Options::default());
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let mut told = node.imap("anna");
    told.command("NOTIFY SET (personal (MessageNew MessageExpunge MailboxName))")
        .unwrap();
    let mut next = || String::from_utf8(told.response().unwrap()).unwrap();
    let reply = node.smtp().send(from, &[&to], &Message::short(from, &to));
    assert_eq!(reply.unwrap().code, 250);
    assert!(next().starts_with("* STATUS INBOX (MESSAGES 1 UIDNEXT 2 "));
    let mut other = node.imap("anna");
    other.command("CREATE Later").unwrap();
    assert_eq!(next(), "* LIST (\\HasNoChildren \\Subscribed) \"/\" Later");
    other.select("INBOX").unwrap();
    other.command("MOVE 1 Later").unwrap();
    assert!(next().starts_with("* STATUS INBOX (MESSAGES 0 UIDNEXT 2 "));
    assert!(next().starts_with("* STATUS Later (MESSAGES 1 UIDNEXT 2 "));
}
